"""Predictions of the rows of a table, from file to file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stiffgui.errors import InputError
from stiffgui.tasks.scores import r2

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs.surrogate import Prediction, Surrogate


def predict_table(
    surrogate: Surrogate, rows: Path, out: Path | None, sheet: str = ""
) -> tuple[str | None, list[str]]:
    """Predict the rows of a table, inputs being the columns that have their names.

    `sheet`: which one of a workbook. Writes the CSV of `Prediction.to_frame` to `out`, over what
    is there; without it the text comes back. With it come sentences on how the table was read and
    what the predictions rest on, and R2 against the outputs that the table has. Raises InputError
    where a file cannot be read or written.
    """
    from stiffgui.tasks.table import new_rows

    read = new_rows(surrogate.snapshot.experiment.task, rows, sheet)
    given = read.frame.set_axis(list(read.names), axis=1)
    try:
        found = surrogate.predict(given)
    except InputError as error:
        raise InputError(f"{rows.name}: {error}") from None
    try:
        text = found.to_frame().to_csv(None if out is None else out, index=False)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written: {error.strerror or error}. Choose another place."
        ) from None
    return text, [*read.notes, *surrogate.sentences(found), *_against(found, given)]


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
