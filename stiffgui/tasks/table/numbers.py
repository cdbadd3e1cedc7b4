"""The numbers of the chosen columns, and why they are none to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError
from stiffgui.tasks.one_hot import Categories, as_category, encoded_names
from stiffgui.tasks.table.columns import MANY, listed
from stiffgui.tasks.table.judging import categories, first_text, values_of

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.tasks.table.sheet import Sheet

Array = NDArray[np.float64]
LARGEST = 1e150  # the squares of a standard deviation must not overflow
MINIMUM_ROWS = 3  # two to train on, one to test


@dataclass(frozen=True)
class Numbers:
    """The chosen columns as float64: x [rows, d], y [rows, o], and how many rows were dropped.

    `groups` [rows] numbers the groups of rows that belong together, in their order; None where
    every row is by itself. `categories` are those of columns that became an input for each.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    x: Array
    y: Array
    dropped: int = 0
    groups: NDArray[np.int64] | None = None
    categories: Categories = ()

    @property
    def group_sizes(self) -> tuple[int, ...]:
        """How many rows each group has; empty without groups."""
        return () if self.groups is None else tuple(np.bincount(self.groups).tolist())

    def rows_of(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of a split's places, which are those of rows or of groups."""
        return places if self.groups is None else np.flatnonzero(np.isin(self.groups, places))


def numbers(
    sheet: Sheet,
    file: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    drop: bool,
    groups: pd.Series | None = None,
    one_hot: bool = False,
) -> Numbers:
    """The chosen columns as numbers; rows with the same value in `groups` belong together.

    With `one_hot` an input of text with few different values becomes one for each of them.
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
    columns = {name: sheet.column(name) for name in inputs + outputs}
    known = {n: tuple(categories(columns[n])) for n in inputs if one_hot}
    known = {name: values for name, values in known.items() if values}
    values = np.column_stack(
        [
            _codes(column, known[name]) if name in known else as_numbers(file, name, column)
            for name, column in columns.items()
        ]
    )
    bad = ~np.isfinite(values)
    _check_gaps(file, bad, inputs, outputs, drop)
    usable = values[~bad.any(1)]
    _check_numbers(file, usable, inputs, outputs)
    y = usable[:, len(inputs) :]
    expanded = [_expanded(usable[:, k], n, known.get(n, ())) for k, n in enumerate(inputs)]
    kept = tuple((n, used) for n, (_, used) in zip(inputs, expanded, strict=True) if used)
    named = dict(kept)
    names = [encoded_names(n, named[n]) if n in named else (n,) for n in inputs]
    return Numbers(
        tuple(name for several in names for name in several),
        outputs,
        np.column_stack([block for block, _ in expanded]),
        y,
        len(bad) - len(usable),
        _numbered(groups, bad.any(1)),
        kept,
    )


def _check_gaps(
    file: str,
    bad: NDArray[np.bool_],
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    drop: bool,
) -> None:
    """Raise InputError for missing values, unless they are dropped and enough rows are left."""
    gaps = np.flatnonzero(bad.any(1))
    rows, left = len(bad), len(bad) - len(gaps)
    enough = left >= MINIMUM_ROWS
    emptiest = [] if enough else _emptiest(bad, inputs, outputs)
    if len(gaps) and not drop and not emptiest:
        column = (inputs + outputs)[int(bad[gaps[0]].argmax())]
        raise InputError(
            f"{file}: {len(gaps)} of {rows} rows have missing or infinite values, {_rows(gaps)} "
            f"(the first in column {column!r}): correct them"
            f"{', or set task.missing to drop' if enough else ''}.",
            "task.missing",
        )
    if not enough:
        mend = f"leave out {listed(emptiest)}" if emptiest else "correct the table"
        raise InputError(
            f"{file}: {left} of {rows} rows have no missing or infinite value; at least "
            f"{MINIMUM_ROWS} are needed: {mend}.",
            "task.missing",
        )


def _emptiest(
    bad: NDArray[np.bool_], inputs: tuple[str, ...], outputs: tuple[str, ...]
) -> list[str]:
    """The columns with the most gaps, without which enough rows are left; empty for none."""
    names, order = inputs + outputs, np.argsort(-bad.sum(0), kind="stable")
    for k in range(1, len(names)):
        left = [names[place] for place in order[k:]]
        if (~bad[:, order[k:]].any(1)).sum() >= MINIMUM_ROWS:
            learnable = set(left) & set(inputs) and set(left) & set(outputs)
            return [name for name in names if name not in left] if learnable else []
    return []


def _codes(column: pd.Series, known: tuple[str, ...]) -> Array:
    """Places of categories, gaps as NaN."""
    places = {category: float(k) for k, category in enumerate(known)}
    return np.array([places.get(as_category(value), np.nan) for value in column])


def _expanded(values: Array, name: str, known: tuple[str, ...]) -> tuple[Array, tuple[str, ...]]:
    """A column as it is, or one for each of the categories that are left, and these."""
    if not known:
        return values[:, None], ()
    codes = np.unique(values)
    return np.asarray(values[:, None] == codes, np.float64), tuple(known[int(k)] for k in codes)


def _check_numbers(
    file: str, usable: Array, inputs: tuple[str, ...], outputs: tuple[str, ...]
) -> None:
    """Raise InputError for columns with values that are too large, or all the same."""
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
            f"{file}: {listed(constant)} {'is' if len(constant) == 1 else 'are'} constant, "
            f"which teaches nothing: leave {'it' if len(constant) == 1 else 'them'} out of {key}.",
            key,
        )


def refuse_repeated(file: str, read: Numbers) -> None:
    """Raise InputError for two inputs with the same numbers."""
    seen: dict[bytes, str] = {}
    made = {n for column, known in read.categories for n in encoded_names(column, known)}
    for name, column in zip(read.inputs, (read.x + 0.0).T, strict=True):
        if name in made:
            continue
        first = seen.setdefault(column.tobytes(), name)
        if first != name:
            raise InputError(
                f"{file}: columns {first!r} and {name!r} hold the same numbers: leave one of them "
                f"out of task.input_columns.",
                "task.input_columns",
            )


def _numbered(groups: pd.Series | None, dropped: Any) -> NDArray[np.int64] | None:
    """Groups of the other rows, from 0 on in the order of their first rows; missing is one."""
    import pandas as pd

    if groups is None:
        return None
    codes, _ = pd.factorize(groups[~dropped].astype(str))
    return np.asarray(codes, dtype=np.int64)


def as_numbers(file: str, name: str, column: pd.Series, part: str = "column") -> Array:
    """A column as float64, gaps as NaN. Raises InputError naming the row that holds text, and
    which part of the table to leave out."""
    row = first_text(column)
    if row is not None:
        raise InputError(
            f"{file}: row {row + 1} of column {name!r} holds {_cell(column.iloc[row])}, not a "
            f"number: correct it, or leave the {part} out.",
            "task.path",
        )
    return values_of(column)


def _rows(positions: NDArray[np.int64]) -> str:
    shown = ", ".join(str(row + 1) for row in positions[:MANY])
    rows = "row" if len(positions) == 1 else "rows"
    return f"{rows} {shown}{', ...' if len(positions) > MANY else ''}"


def _cell(value: object) -> str:
    text = repr(str(value))
    return text if len(text) <= 42 else f"{text[:40]}...'"
