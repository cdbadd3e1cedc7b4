"""The user's own table as a task."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import field_validator, model_validator

from stiffgui.errors import InputError
from stiffgui.settings import setting
from stiffgui.tasks.base import Array, Data, Task, standardised
from stiffgui.tasks.table.columns import Numbers, choose, numbers, without_group
from stiffgui.tasks.table.fingerprint import Fingerprint, digest
from stiffgui.tasks.table.formats import DELIMITERS
from stiffgui.tasks.table.reading import sheet_of, stamp
from stiffgui.tasks.table.relevance import relevance
from stiffgui.tasks.table.splitting import Split, split

KEPT_ROWS = 10_000  # of each part
NUMBER_BYTES = 8


class Table(Task):
    """Table of your own

    Samples from a file: CSV, Parquet, Excel, NPZ or NetCDF. Inputs and outputs are standardised
    with the training set, inputs then multiplied by the input scale. The experiment remembers the
    table's columns, rows and a digest: only `data` needs the file.
    """

    kind: Literal["table"] = "table"
    validated_by: ClassVar[str] = "validation_fraction"
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
    validation_fraction: float = setting(
        0.0,
        title="Validation fraction",
        help="Share of the rows by which the best epoch is chosen: neither trained nor tested on.",
        ge=0,
        lt=1,
    )
    group_column: str = setting(
        "",
        title="Group column",
        help="Rows that have the same value in this column stay together when rows are split into "
        "training, validation and test; empty: every row by itself.",
    )
    seed: int = setting(
        0,
        title="Split seed",
        help="Seed of the split into training, validation and test rows. All trials see the same "
        "data.",
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
    relevance: str = setting(
        "none",
        title="Relevance",
        help="What inputs are multiplied by besides, with mean square 1: the less they matter the "
        "less the network sees of them.",
        choices={
            "none": "all alike",
            "gaussian-process": "1 / length scale of a Gaussian process fitted to training rows; "
            "some seconds",
        },
    )
    keep: str = setting(
        "some",
        title="Kept in the run",
        help=f"Rows that the run file keeps, so that it shows and predicts where the table is not. "
        f"With all of them it can be resumed there, too. A number takes {NUMBER_BYTES} bytes.",
        choices={
            "some": f"all, or the first {KEPT_ROWS:,} of each part".replace(",", " "),
            "all": "all",
        },
        advanced=True,
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
        grouped = (self.group_column,) if self.group_column else ()
        settings = (self.path, *columns, self.missing, self.delimiter, *grouped)
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
        return self._sizes[0]

    @property
    def validation_samples(self) -> int:
        """Size of the validation set."""
        return self._sizes[1]

    @property
    def test_samples(self) -> int:
        """Size of the test set."""
        return self._sizes[2]

    @property
    def _sizes(self) -> tuple[int, int, int]:
        """Rows of training, validation and test set."""
        groups = np.array(self._fingerprint().groups or [1] * self._fingerprint().rows)
        train, validation, test = (int(groups[part].sum()) for part in self._split())
        return train, validation, test

    def _split(self) -> Split:
        known = self._fingerprint()
        fractions = self.test_fraction, self.validation_fraction
        return split(known.groups or known.rows, self.seed, *fractions)

    @property
    def columns(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the input and the output columns."""
        remembered = self._fingerprint()
        return remembered.inputs, remembered.outputs

    def same_numbers(self, other: Task) -> bool:
        """Whether another table holds the same columns, rows and numbers."""
        if not isinstance(other, Table):
            return False
        mine, theirs = self._fingerprint(), other._fingerprint()
        return mine._replace(settings=()) == theirs._replace(settings=())

    @property
    def kept_rows(self) -> int | None:
        return KEPT_ROWS if self.keep == "some" else None

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
        train, kept, test = (read.rows_of(places) for places in self._split())
        shift, spread = read.x[train].mean(0), read.x[train].std(0)
        scale = np.where(spread > 0, spread, 1.0) / self.input_scale

        def scaled(scale: Array) -> Data:
            x = (read.x - shift) / scale
            pairs = ((x[rows], read.y[rows]) for rows in (train, test, kept))
            (x_train, y_train), (x_test, y_test), validation = pairs
            names = remembered.inputs, remembered.outputs
            data = standardised(x_train, y_train, x_test, y_test, *names, (), validation)
            return replace(data, input_shift=shift, input_scale=scale)

        data = scaled(scale)
        if self.relevance == "none":
            return data
        return scaled(scale / relevance(data.x_train / self.input_scale, data.y_train))

    def _numbers(self) -> Numbers:
        sheet, file = sheet_of(self.path, self.delimiter), Path(self.path).name
        inputs, outputs = choose(sheet, file, self.input_columns, self.output_columns)
        inputs, groups = without_group(sheet, file, inputs, outputs, self.group_column)
        return numbers(sheet, file, inputs, outputs, self.missing == "drop", groups)

    def _fingerprint(self) -> Fingerprint:
        if not self.found:
            raise InputError("task.path is empty: give the path of a table.", "task.path")
        return Fingerprint.from_json(self.found)


@lru_cache(maxsize=2)
def _data(task: Table, when: tuple[int, int] | None) -> Data:
    """Every look at a network asks for the data: made anew only when task or file change."""
    return task._sampled()
