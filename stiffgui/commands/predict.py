"""`stiffgui predict`: what a run says of new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from stiffgui.commands.options import Force
from stiffgui.commands.terminal import STANDARD_OUTPUT, tell, tell_nearest, write
from stiffgui.errors import InputError, need_folder


def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN.stiff")],
    rows: Annotated[Path, typer.Argument(metavar="NEW.csv", help="A table with the inputs.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The .csv file to write; default: print it.")
    ] = None,
    epoch: Annotated[
        str, typer.Option(help="A number, last, or best: of least validation error.")
    ] = "best",
    sheet: Annotated[
        str, typer.Option(help="Which sheet of a workbook is read; default: the first.")
    ] = "",
    force: Force = False,
) -> None:
    """Predict the outputs of new rows, in own units: mean over trials, and spread.

    The inputs are the columns of NEW.csv that have their names. A row is written for every row:
    what tells it apart (columns that are neither input nor output, else its number), NAME and
    NAME_spread for each output, and in `outside` which inputs lie beyond the training rows. Where
    NEW.csv has a column for an output, R² against it is told.
    """
    from stiffgui.runs import open_run
    from stiffgui.runs.predicting import predict_table

    out = None if out == STANDARD_OUTPUT else out
    if out is not None and out.exists() and not force:
        raise InputError(f"{out} exists: give another name, or --force to replace it.")
    if out is not None:
        need_folder(out)
    wanted = _epoch(epoch)
    with open_run(run) as opened:
        if isinstance(wanted, int):
            tell_nearest(opened, wanted)
        found = predict_table(opened.surrogate(wanted), rows, out, sheet)
    if out is None:
        write(found.text)
    for sentence in found.said:
        tell(sentence)


def _epoch(text: str) -> int | Literal["best", "last"]:
    if text == "best":
        return "best"
    if text == "last":
        return "last"
    if not text.isdecimal():
        raise InputError(f"--epoch {text}: give a number from 0 on, best or last.")
    return int(text)
