"""Predictions of the rows of a table, from file to file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stiffgui.errors import InputError, no_writing
from stiffgui.plain_text import csv_text
from stiffgui.tasks.one_hot import columns_of
from stiffgui.tasks.scores import Array, r2

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs.surrogate import Prediction, Surrogate
    from stiffgui.tasks import Data

DIGITS = 9  # by which rows are known again


@dataclass(frozen=True)
class TablePrediction:
    """Predictions of a table's `rows`, as CSV `text` where no file has it; how many lie outside of
    the training rows, in words, else empty; and everything that is to be said of them."""

    rows: int
    text: str
    extrapolates: str
    said: list[str]


def predict_table(
    surrogate: Surrogate, rows: Path, out: Path | None, sheet: str = ""
) -> TablePrediction:
    """Predict the rows of a table, inputs being the columns that have their names.

    `sheet`: which one of a workbook. Writes the CSV of `Prediction.to_frame` to `out`, if one is
    given, over what is there. What is said: how the table was read, what the predictions rest on,
    and R2 against the outputs that the table has. Raises InputError where a file cannot be read or
    written.
    """
    from stiffgui.tasks.table import new_rows

    if out is not None and out.suffix.lower() not in ("", ".csv"):
        raise InputError(f"{out}: predictions are written as CSV: let its name end in .csv.")
    read = new_rows(surrogate.snapshot.experiment.task, rows, sheet)
    given = read.frame.set_axis(list(read.names), axis=1)
    if not len(given):
        raise InputError(f"{rows.name} has names of columns and no row: add the rows to predict.")
    try:
        found = surrogate.predict(given)
    except InputError as error:
        how = "".join(f" ({note.removeprefix(f'{rows.name}: ')})" for note in read.notes)
        raise InputError(f"{rows.name}: {str(error).removeprefix('the rows: ')}{how}") from None
    try:
        table = _with_rows_named(found.to_frame(), given, surrogate.data)
        text = csv_text(table)
        if out is not None:
            out.write_text(text, "utf-8")
    except OSError as error:
        raise no_writing(out or rows, error) from None
    said = [*read.notes, *surrogate.sentences(found), *_against(found, given)]
    said += _trained_on(surrogate, given)
    return TablePrediction(len(given), "" if out else text, found.extrapolates, said)


def _with_rows_named(found: pd.DataFrame, given: pd.DataFrame, data: Data) -> pd.DataFrame:
    """What tells rows apart before their predictions: the columns of the given table that are
    neither input nor output, else the row's number."""
    learnt = {
        *data.input_names,
        *data.output_names,
        *columns_of(data.input_names, data.input_categories),
    }
    own = [name not in learnt and name not in found for name in given.columns]
    if not any(own):
        found.insert(0, "row", np.arange(1, len(found) + 1))
        return found
    return given.loc[:, own].reset_index(drop=True).join(found)


def _trained_on(surrogate: Surrogate, given: pd.DataFrame) -> list[str]:
    """How many rows the networks have seen, of the training rows that the run keeps."""
    data = surrogate.data
    new = data.inputs_learnt(surrogate.rows(given))
    known, rows = set(_keys(data.x_train)), _keys(new)
    count = len([row for row in rows if row in known])
    return (
        []
        if not count
        else [
            f"{count} of {len(rows)} rows are rows the networks were trained on: R² of these is "
            f"no measure of new ones"
        ]
    )


def _against(found: Prediction, given: pd.DataFrame) -> list[str]:
    """R2 of the outputs that the rows hold already, where they all are numbers."""
    import pandas as pd

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


def _keys(x: Array) -> list[bytes]:
    return [row.tobytes() for row in x.round(DIGITS) + 0.0]
