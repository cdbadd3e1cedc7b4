"""`stiffgui predict`: what a run says of new rows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import typer

from stiffgui.commands.terminal import tell
from stiffgui.errors import InputError, need_folder

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs.surrogate import Prediction, Surrogate


def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN.stiff")],
    rows: Annotated[Path, typer.Argument(metavar="NEW.csv", help="A table with the inputs.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The CSV file to write; default: print it.")
    ] = None,
    epoch: Annotated[
        str, typer.Option(help="A number, last, or best: of least validation error.")
    ] = "best",
    sheet: Annotated[
        str, typer.Option(help="Which sheet of a workbook is read; default: the first.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Predict the outputs of new rows, in own units: mean over trials, and spread.

    The inputs are the columns of NEW.csv that have their names. A row is written for every row:
    NAME and NAME_spread for each output, and in `outside` which inputs lie beyond the training
    rows. Where NEW.csv has a column for an output, R² against it is told.
    """
    from stiffgui.runs import open_run
    from stiffgui.tasks.table import new_rows

    if out is not None and out.exists() and not force:
        raise InputError(f"{out} exists: give another name, or --force to replace it.")
    if out is not None:
        need_folder(out)
    with open_run(run) as opened:
        read = new_rows(opened.experiment.task, rows, sheet)
        given = read.frame.set_axis(list(read.names), axis=1)
        surrogate = opened.surrogate(_epoch(epoch))
        try:
            found = surrogate.predict(given)
        except InputError as error:
            raise InputError(f"{rows.name}: {error}") from None
        said = [*read.notes, *surrogate.sentences(found), *_against(surrogate, found, given)]
    text = found.to_frame().to_csv(None if out is None else out, index=False)
    if text is not None:
        sys.stdout.write(text)
    for sentence in said:
        tell(sentence)


def _epoch(text: str) -> int | Literal["best", "last"]:
    if text == "best":
        return "best"
    if text == "last":
        return "last"
    try:
        return int(text)
    except ValueError:
        raise InputError(f"--epoch {text}: give a number, best or last.") from None


def _against(surrogate: Surrogate, found: Prediction, given: pd.DataFrame) -> list[str]:
    """R2 of the outputs that the rows hold already, where they all are numbers."""
    import pandas as pd

    from stiffgui.tasks.scores import r2

    said = []
    for k, name in enumerate(found.output_names):
        if list(given.columns).count(name) != 1:
            continue
        values = np.asarray(pd.to_numeric(given[name], errors="coerce"), np.float64)
        if np.isfinite(values).all():
            share = float(r2(values[:, None], found.mean[:, k : k + 1])[0])
            note = ": worse than their mean" if share < 0 else ""
            said.append(f"R² of {name} on these rows: {share:.3f}{note}")
    return said
