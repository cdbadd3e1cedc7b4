"""The user's own table as a task."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import field_validator, model_validator

from stiffgui.errors import InputError
from stiffgui.settings import setting
from stiffgui.tasks.base import Data, Task, standardised
from stiffgui.tasks.table.columns import Numbers, choose, numbers
from stiffgui.tasks.table.fingerprint import Fingerprint, digest
from stiffgui.tasks.table.formats import DELIMITERS
from stiffgui.tasks.table.reading import sheet_of, stamp


class Table(Task):
    """Table of your own

    Samples from a file: CSV, Parquet, Excel, NPZ or NetCDF. Inputs and outputs are standardised
    with the training set, inputs then multiplied by the input scale. The experiment remembers the
    table's columns, rows and a digest: only `data` needs the file.
    """

    kind: Literal["table"] = "table"
    path: str = setting(
        "",
        title="Table",
        help="The file: .csv, .tsv, .txt, .dat, .parquet, .xlsx, .npz or .nc.",
    )
    input_columns: str = setting(
        "",
        title="Inputs",
        help="Names or patterns such as x_*, with commas; empty takes columns named x_*, or all "
        "but the outputs.",
    )
    output_columns: str = setting(
        "",
        title="Outputs",
        help="Names or patterns such as y_*, with commas; empty takes columns named y_*.",
    )
    missing: str = setting(
        "refuse",
        title="Missing values",
        help="What happens to rows with missing or infinite values.",
        choices={"refuse": "the rows are named", "drop": "the rows are left out"},
    )
    test_fraction: float = setting(
        0.2, title="Test fraction", help="Share of the rows that are kept for testing.", gt=0, lt=1
    )
    seed: int = setting(
        0,
        title="Split seed",
        help="Seed of the split into training and test rows. All trials see the same data.",
        ge=0,
        le=2**31 - 1,
    )
    input_scale: float = setting(
        0.3,
        title="Input scale",
        help="Standard deviation of every input that the network sees: smaller makes a smoother "
        "map, which many inputs and few rows need.",
        gt=0,
        le=100,
        logarithmic=True,
    )
    delimiter: str = setting(
        "auto",
        title="Delimiter",
        help="What stands between the fields of a text file.",
        choices=DELIMITERS,
        advanced=True,
    )
    found: str = setting(
        "",
        title="Found",
        help="Columns and rows that the file had when it was chosen; written by stiffgui.",
        hidden=True,
    )

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: str) -> str:
        # A run must find its table from any folder.
        return str(Path(path.strip()).expanduser().absolute()) if path.strip() else ""

    @model_validator(mode="after")
    def _look(self) -> Self:
        """Look at the table once: only when it, or what is asked of it, is new."""
        columns = self.input_columns, self.output_columns
        settings = (self.path, *columns, self.missing, self.delimiter)
        if self.path and self.found and Fingerprint.from_json(self.found).settings == settings:
            return self
        text = Fingerprint.of(settings, self._numbers()).to_json() if self.path else ""
        object.__setattr__(self, "found", text)
        return self

    @property
    def inputs(self) -> int:
        return len(self._fingerprint().inputs)

    @property
    def outputs(self) -> int:
        return len(self._fingerprint().outputs)

    @property
    def training_samples(self) -> int:
        return self._fingerprint().rows - self.test_samples

    @property
    def test_samples(self) -> int:
        """Size of the test set: one row at least, and all but two at most."""
        rows = self._fingerprint().rows
        return min(max(round(rows * self.test_fraction), 1), rows - 2)

    @property
    def columns(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the input and the output columns."""
        remembered = self._fingerprint()
        return remembered.inputs, remembered.outputs

    def data(self) -> Data:
        return _data(self, stamp(self.path))

    def _sampled(self) -> Data:
        remembered, read = self._fingerprint(), self._numbers()
        if digest(read) != remembered.digest:
            raise InputError(
                f"{self.path} has changed since this experiment was made ({remembered.rows} rows "
                f"then, {len(read.x)} now): bring the earlier table back, or choose the table "
                f"again for a new run.",
                "task.path",
            )
        order = np.random.default_rng(self.seed).permutation(remembered.rows)
        test, train = order[: self.test_samples], order[self.test_samples :]
        shift, spread = read.x[train].mean(0), read.x[train].std(0)
        scale = np.where(spread > 0, spread, 1.0) / self.input_scale
        x = (read.x - shift) / scale
        names = remembered.inputs, remembered.outputs
        data = standardised(x[train], read.y[train], x[test], read.y[test], *names)
        return replace(data, input_shift=shift, input_scale=scale)

    def _numbers(self) -> Numbers:
        sheet, file = sheet_of(self.path, self.delimiter), Path(self.path).name
        inputs, outputs = choose(sheet, file, self.input_columns, self.output_columns)
        return numbers(sheet, file, inputs, outputs, self.missing == "drop")

    def _fingerprint(self) -> Fingerprint:
        if not self.found:
            raise InputError("task.path is empty: give the path of a table.", "task.path")
        return Fingerprint.from_json(self.found)


@lru_cache(maxsize=2)
def _data(task: Table, when: tuple[int, int] | None) -> Data:
    """Every look at a network asks for the data: made anew only when task or file change."""
    return task._sampled()
