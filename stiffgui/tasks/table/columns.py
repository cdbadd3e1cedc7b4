"""Which columns are inputs and which outputs, and whether they hold numbers to learn from."""

from __future__ import annotations

import csv
import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.tasks.table.formats import Sheet

Array = NDArray[np.float64]
# Pairs of patterns that are tried, in this order, where nothing is said.
GUESSES = (
    ("x_*", "y_*"),
    ("x[0-9]*", "y[0-9]*"),
    ("x[0-9]*", "y"),
    ("x", "y"),
    ("in_*", "out_*"),
    ("input*", "output*"),
    ("input*", "target*"),
    ("feature*", "target*"),
)
OUTPUTS = ("y_*", "y[0-9]*", "y", "target*", "output*")  # where nothing is named as an input
MANY = 6  # names that a sentence lists at most
LARGEST = 1e150  # the squares of a standard deviation must not overflow
MINIMUM_ROWS = 3  # two to train on, one to test


@dataclass(frozen=True)
class Numbers:
    """The chosen columns as float64: x [rows, d], y [rows, o], and how many rows were dropped.

    `groups` [rows] numbers the groups of rows that belong together, in their order; None where
    every row is by itself.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    x: Array
    y: Array
    dropped: int = 0
    groups: NDArray[np.int64] | None = None

    @property
    def group_sizes(self) -> tuple[int, ...]:
        """How many rows each group has; empty without groups."""
        return () if self.groups is None else tuple(np.bincount(self.groups).tolist())

    def rows_of(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of a split's places, which are those of rows or of groups."""
        return places if self.groups is None else np.flatnonzero(np.isin(self.groups, places))


def guess(sheet: Sheet) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Inputs and outputs by the names that people give them; both empty when none fit.

    Of a table whose outputs alone have such a name, every other column of numbers is an input.
    """
    paired = _paired(sheet.names)
    if any(paired):
        return paired
    for y in OUTPUTS:
        outputs = _matching(y, sheet.names)
        inputs = _other_numbers(sheet, outputs)
        if inputs and outputs:
            return inputs, outputs
    return (), ()


def _paired(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    for x, y in GUESSES:
        inputs, outputs = _matching(x, names), _matching(y, names)
        if inputs and outputs:
            return inputs, outputs
    return (), ()


def _other_numbers(sheet: Sheet, outputs: tuple[str, ...]) -> tuple[str, ...]:
    kinds = [kind.kind for kind in sheet.frame.dtypes]
    named = zip(sheet.names, kinds, strict=True)
    return tuple(name for name, kind in named if name not in outputs and kind in "iufb")


def choose(
    sheet: Sheet, file: str, inputs: str, outputs: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of input and output columns; `inputs` and `outputs` are names or patterns with commas.

    What is empty is guessed. Where nothing fits a guess and only outputs are given, every other
    column of numbers is an input. Raises InputError naming the pattern that matches nothing, and
    for a column on both sides.
    """
    names = sheet.names
    _refuse_duplicates(file, names)
    guessed = guess(sheet)
    if outputs.strip() and not inputs.strip() and not any(_paired(names)):
        y = chosen(file, names, outputs, "task.output_columns")
        rest = _other_numbers(sheet, y)
        if not rest:
            raise InputError(
                f"{file} has no column of numbers left to be an input: name fewer outputs.",
                "task.output_columns",
            )
        return rest, y
    if not (inputs.strip() and outputs.strip()) and not all(guessed):
        raise InputError(
            f"{file}: no columns are named x_* and y_*; say which are inputs and which outputs, "
            f"with task.input_columns and task.output_columns, of {_listed(names)}.",
            "task.output_columns" if inputs.strip() else "task.input_columns",
        )
    x = chosen(file, names, inputs, "task.input_columns") if inputs.strip() else guessed[0]
    y = chosen(file, names, outputs, "task.output_columns") if outputs.strip() else guessed[1]
    both = [name for name in y if name in x]
    if both:
        raise InputError(
            f"{file}: column {both[0]!r} is chosen as input and as output; leave it out of one.",
            "task.output_columns",
        )
    return x, y


def numbers(
    sheet: Sheet,
    file: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    drop: bool,
    groups: pd.Series | None = None,
) -> Numbers:
    """The chosen columns as numbers; rows with the same value in `groups` belong together.

    Raises InputError, naming row (from 1, below the header) and column, for text and for missing
    or infinite values (unless `drop`), for fewer than three rows, and for constant columns.
    """
    rows = len(sheet.frame)
    if rows < MINIMUM_ROWS:
        raise InputError(
            f"{file} has {rows or 'no'} row{'' if rows == 1 else 's'}: at least {MINIMUM_ROWS} "
            f"are needed, two to train on and one to test.",
            "task.path",
        )
    values = np.column_stack(
        [as_numbers(file, name, sheet.frame[sheet.names.index(name)]) for name in inputs + outputs]
    )
    bad = ~np.isfinite(values)
    gaps = np.flatnonzero(bad.any(1))
    if len(gaps) and not drop:
        column = (inputs + outputs)[int(bad[gaps[0]].argmax())]
        raise InputError(
            f"{file}: {len(gaps)} of {rows} rows have missing or infinite values, {_rows(gaps)} "
            f"(the first in column {column!r}): correct them, or set task.missing to drop.",
            "task.missing",
        )
    usable = values[~bad.any(1)]
    if len(usable) < MINIMUM_ROWS:
        raise InputError(
            f"{file}: {len(usable)} of {rows} rows have no missing or infinite value; at least "
            f"{MINIMUM_ROWS} are needed: correct the table.",
            "task.missing",
        )
    huge = np.abs(usable).max(0) > LARGEST
    if huge.any():
        name = (inputs + outputs)[int(huge.argmax())]
        raise InputError(
            f"{file}: column {name!r} has values beyond {LARGEST:g}, too large to be "
            f"standardised: correct them, or leave the column out.",
            f"task.{'output' if name in outputs else 'input'}_columns",
        )
    varies = np.ptp(usable, axis=0) > 0
    constant = [name for name, v in zip(inputs + outputs, varies, strict=True) if not v]
    if constant:
        where = "outputs" if constant[0] in outputs else "inputs"
        key = f"task.{where[:-1]}_columns"
        raise InputError(
            f"{file}: {_listed(constant)} {'is' if len(constant) == 1 else 'are'} constant, "
            f"which teaches nothing: leave {'it' if len(constant) == 1 else 'them'} out of {key}.",
            key,
        )
    x, y = usable[:, : len(inputs)], usable[:, len(inputs) :]
    return Numbers(inputs, outputs, x, y, len(gaps), _numbered(groups, bad.any(1)))


def _numbered(groups: pd.Series | None, dropped: Any) -> NDArray[np.int64] | None:
    """Groups of the other rows, from 0 on in the order of their first rows; missing is one."""
    import pandas as pd

    if groups is None:
        return None
    codes, _ = pd.factorize(groups[~dropped].astype(str))
    return np.asarray(codes, dtype=np.int64)


def without_group(
    sheet: Sheet, file: str, inputs: tuple[str, ...], outputs: tuple[str, ...], column: str
) -> tuple[tuple[str, ...], pd.Series | None]:
    """The inputs, without the column that says which rows belong together, and its values.

    Raises InputError when no column has that name, or it is an output.
    """
    name = column.strip()
    if not name:
        return inputs, None
    if name not in sheet.names:
        hint = nearest(name, sheet.names) or f" It has {_listed(sheet.names)}."
        raise InputError(f"{file}: no column is named {name!r}.{hint}", "task.group_column")
    if name in outputs:
        raise InputError(
            f"{file}: column {name!r} is an output: choose another to group rows by.",
            "task.group_column",
        )
    values = sheet.frame[sheet.names.index(name)]
    return tuple(other for other in inputs if other != name), values


def as_numbers(file: str, name: str, column: pd.Series) -> Array:
    """A column as float64, gaps as NaN. Raises InputError naming the row that holds text."""
    row = first_text(column)
    if row is not None:
        raise InputError(
            f"{file}: row {row + 1} of column {name!r} holds {_cell(column.iloc[row])}, not a "
            f"number: correct it, or leave the column out.",
            "task.path",
        )
    import pandas as pd

    return np.asarray(pd.to_numeric(_plain(column), errors="coerce"), dtype=np.float64)


def _plain(column: pd.Series) -> pd.Series:
    """Categories as the values that they stand for."""
    return column.astype(object) if column.dtype.name == "category" else column


def first_text(column: pd.Series) -> int | None:
    """Position of the first cell that is neither a number nor missing."""
    import pandas as pd

    if column.dtype.kind in "iufb":
        return None
    if column.dtype.kind in "cmM":  # complex numbers, times and spans of time
        return 0
    numbers = pd.to_numeric(_plain(column), errors="coerce")
    text = np.flatnonzero(np.asarray(numbers.isna() & column.notna(), dtype=bool))
    return int(text[0]) if len(text) else None


def chosen(file: str, names: Sequence[str], patterns: str, key: str) -> tuple[str, ...]:
    """The names that patterns with commas choose, in the table's order.

    Raises InputError naming the pattern that matches nothing.
    """
    named: dict[str, None] = {}
    for pattern in _split(patterns, names):
        matching = _matching(pattern, names)
        if not matching:
            hint = nearest(pattern.replace("*", ""), names) or f" It has {_listed(names)}."
            raise InputError(f"{file}: no column is named {pattern!r}.{hint}", key)
        named |= dict.fromkeys(matching)
    return tuple(name for name in names if name in named)


def as_patterns(wanted: Sequence[str], names: Sequence[str]) -> str:
    """The shortest text by which `chosen` chooses exactly `wanted`; empty for none.

    Raises InputError when a name is one that no text chooses.
    """
    targets = tuple(name for name in names if name in wanted)
    if len(targets) > 1:
        # What the first and the last in order share, all share.
        pairs = zip(min(targets), max(targets), strict=False)
        common = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        stem = common[: common.rfind("_") + 1]
        guesses = [pattern for pair in GUESSES for pattern in pair]
        for pattern in (*guesses, f"{stem}*", f"{common}*"):
            if _matching(pattern, names) == targets and _split(pattern, names) == [pattern]:
                return pattern
    fields = [_quoted(name) for name in targets]
    for name, field in zip(targets, fields, strict=True):
        chosen_by = [_matching(pattern, names) for pattern in _split(field, names)]
        if chosen_by != [(name,)]:
            raise InputError(f"column {name!r} cannot be chosen by its name: rename it.")
    return ", ".join(fields)


def _quoted(name: str) -> str:
    """A name so that `_split` keeps it whole; ends and line breaks that it drops match any."""
    inner = name.replace("\n", "?").replace("\r", "?")
    start, end = len(inner) - len(inner.lstrip()), len(inner.rstrip())
    inner = "?" * start + inner[start:end] + "?" * (len(inner) - end) if inner.strip() else ""
    return f'"{inner.replace(chr(34), chr(34) * 2)}"' if {",", '"'} & set(inner) else inner


def _split(patterns: str, names: Sequence[str]) -> list[str]:
    """Names between commas; one that holds a comma may stand in quotes or alone."""
    if patterns.strip() in names:
        return [patterns.strip()]
    fields = next(csv.reader([patterns.replace("\n", ",")], skipinitialspace=True), [])
    return [field.strip() for field in fields if field.strip()]


def _matching(pattern: str, names: Sequence[str]) -> tuple[str, ...]:
    """Exact name first: a column may be called a[1]."""
    if pattern in names:
        return (pattern,)
    low = pattern.lower()
    return tuple(name for name in names if fnmatch.fnmatchcase(name.lower(), low))


def duplicates(names: Sequence[str]) -> list[str]:
    """Names that stand more than once."""
    return [name for name in dict.fromkeys(names) if list(names).count(name) > 1]


def _refuse_duplicates(file: str, names: Sequence[str]) -> None:
    twice = duplicates(names)
    if twice:
        places = [str(k + 1) for k, name in enumerate(names) if name == twice[0]]
        what = f"columns {' and '.join(places)} have no name"
        if twice[0]:
            what = f"columns {' and '.join(places)} are both named {twice[0]!r}"
        raise InputError(f"{file}: {what}; give every column its own name.", "task.path")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:MANY])
    more = len(names) - MANY
    return f"{shown} and {more} more" if more > 0 else shown


def _rows(positions: NDArray[np.int64]) -> str:
    shown = ", ".join(str(row + 1) for row in positions[:MANY])
    rows = "row" if len(positions) == 1 else "rows"
    return f"{rows} {shown}{', ...' if len(positions) > MANY else ''}"


def _cell(value: object) -> str:
    text = repr(str(value))
    return text if len(text) <= 42 else f"{text[:40]}...'"
