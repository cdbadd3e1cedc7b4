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
from stiffgui.tasks.one_hot import columns_of, encoded_names
from stiffgui.tasks.table.columns import choose, need_columns, without_group
from stiffgui.tasks.table.filling import suspected
from stiffgui.tasks.table.fingerprint import Fingerprint, digest
from stiffgui.tasks.table.judging import MOST_CATEGORIES, sentences
from stiffgui.tasks.table.numbers import Numbers, numbers, refuse_repeated
from stiffgui.tasks.table.reading import sheet_of, stamp
from stiffgui.tasks.table.relevance import relevance
from stiffgui.tasks.table.sheet import Reading, Sheet
from stiffgui.tasks.table.splitting import Split, split
from stiffgui.tasks.table.text import DELIMITERS

KEPT_ROWS = 10_000  # of each part
NUMBER_BYTES = 8
# Settings of how it is read that earlier versions had not.
LATER = ("outputs_path", "sheet", "rows_along", "fill_value", "categories")


class Table(Task):
    """Table of your own

    Samples from a file: CSV, Parquet, Excel, NPZ or NetCDF. Inputs and outputs are standardised
    with the training set, inputs then multiplied by the input scale. The experiment remembers the
    table's columns, rows and a digest: only `data` needs the file.
    """

    standardises: ClassVar[bool] = True

    kind: Literal["table"] = "table"
    validated_by: ClassVar[str] = "validation_fraction"
    path: str = setting(
        "",
        title="Table",
        help="The file: .csv, .tsv, .txt, .dat, .parquet, .xlsx, .npy, .npz or .nc; text also in "
        ".gz or .zip.",
    )
    outputs_path: str = setting(
        "",
        title="Table of outputs",
        help="A second file that holds the outputs, with rows in the same order, or with a column "
        "that tells rows apart and that both files have; empty: all is in one file.",
    )
    sheet: str = setting(
        "",
        title="Sheet",
        help="Which sheet of a workbook is read, by its name; empty takes the first.",
        advanced=True,
    )
    rows_along: str = setting(
        "",
        title="Rows along",
        help="Which dimension of a NetCDF file counts the rows; variables with others become a "
        "column for each place, NAME_1, NAME_2, ... Empty takes the one that comes first.",
        advanced=True,
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
    fill_value: str = setting(
        "",
        title="Fill value",
        help="A number that stands for a missing value, such as -9999; several with commas.",
        advanced=True,
    )
    categories: str = setting(
        "refuse",
        title="Categories",
        help="What becomes of inputs that are text with few different values.",
        choices={
            "refuse": "they are no inputs",
            "one-hot": f"each value, of {MOST_CATEGORIES} at most, becomes an input of 0 or 1",
        },
        advanced=True,
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

    @field_validator("path", "outputs_path")
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
        fields = type(self).model_fields
        later = {name: getattr(self, name) for name in LATER}
        settings += tuple(f"{k}={v}" for k, v in later.items() if v != fields[k].default)
        if self.path and self.found and Fingerprint.from_json(self.found).settings == settings:
            return self
        text = self._look_at(settings).to_json() if self.path else ""
        object.__setattr__(self, "found", text)
        return self

    def _look_at(self, settings: tuple[str, ...]) -> Fingerprint:
        sheet, file = sheet_of(self.reading), Path(self.path).name
        one_hot, group = self.categories == "one-hot", self.group_column.strip()
        chosen = choose(sheet, file, self.input_columns, self.output_columns, one_hot, group)
        read = self._numbers(chosen.inputs, chosen.outputs)
        refuse_repeated(file, read)
        notes = [*sheet.notes, *sentences(file, dict(chosen.left_out))]
        for column, known in read.categories:
            notes.append(f"{file}: {column!r} has an input for each of {', '.join(known)}")
        if read.dropped:
            notes.append(
                f"{file}: {read.dropped} of {len(sheet.frame)} rows are left out, as they have "
                f"missing or infinite values"
            )
        fill = suspected(sheet)
        if fill is not None:
            notes.append(f"{file}: {fill.sentence}: if it means missing, set task.fill_value to it")
        made = {n for column, known in read.categories for n in encoded_names(column, known)}
        x = tuple("" if name in made else sheet.unit(name) for name in read.inputs)
        y = tuple(map(sheet.unit, read.outputs))
        units = {"input_units": x if any(x) else (), "output_units": y if any(y) else ()}
        return Fingerprint.of(settings, read, notes=tuple(notes), **units)

    @property
    def reading(self) -> Reading:
        """How its file is read."""
        where = self.path, self.delimiter, self.sheet, self.rows_along
        return Reading(*where, self.fill_value, self.outputs_path)

    @property
    def notes(self) -> tuple[str, ...]:
        known, file = self._fingerprint().notes, Path(self.path).name
        _, validation, test = self._sizes
        parts = {"test": test} | ({"choose by": validation} if self.validation_fraction else {})
        few = [
            f"{file}: {count or 'no'} row{'' if count == 1 else 's'} to {what}: too few to tell"
            for what, count in parts.items()
            if count < 2
        ]
        return (*known, *few)

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
        return mine.numbers == theirs.numbers

    @property
    def kept_rows(self) -> int | None:
        return KEPT_ROWS if self.keep == "some" else None

    def data(self) -> Data:
        return _data(self, stamp(self.path), stamp(self.outputs_path))

    def _sampled(self) -> Data:
        remembered = self._fingerprint()
        # Those that were chosen then, whatever would be guessed now.
        inputs = columns_of(remembered.inputs, remembered.categories)
        read = self._numbers(inputs, remembered.outputs)
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
            units = remembered.output_units
            data = standardised(x_train, y_train, x_test, y_test, *names, units, validation)
            data = replace(data, input_units=remembered.input_units)
            data = replace(data, input_categories=remembered.categories)
            return replace(data, input_shift=shift, input_scale=scale)

        data = scaled(scale)
        if self.relevance == "none":
            return data
        return scaled(scale / relevance(data.x_train / self.input_scale, data.y_train))

    def _numbers(self, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Numbers:
        sheet, file = sheet_of(self.reading), Path(self.path).name
        for key, names in (("input_columns", inputs), ("output_columns", outputs)):
            need_columns(sheet, file, names, f"task.{key}")
        inputs, groups = without_group(sheet, file, inputs, outputs, self.group_column)
        drop, one_hot = self.missing == "drop", self.categories == "one-hot"
        return numbers(sheet, file, inputs, outputs, drop, groups, one_hot)

    def _fingerprint(self) -> Fingerprint:
        if not self.found:
            raise InputError("task.path is empty: give the path of a table.", "task.path")
        return Fingerprint.from_json(self.found)


@lru_cache(maxsize=2)
def _data(task: Table, *when: tuple[int, int] | None) -> Data:
    """Every look at a network asks for the data: made anew only when task or file change."""
    return task._sampled()


def new_rows(task: Task, path: Path, sheet: str = "") -> Sheet:
    """A table of other rows for what has learnt a task, read as the task's own."""
    how = Reading(str(path.expanduser().absolute()), sheet=sheet)
    if isinstance(task, Table):
        how = replace(how, rows_along=task.rows_along, fill_value=task.fill_value)
        how = replace(how, letter="x" if task.outputs_path else "c")
    return sheet_of(how)
