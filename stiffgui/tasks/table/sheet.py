"""What every format has in common: how a table is read, and the columns that come of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stiffgui.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

GAPS = ("", "na", "n/a", "nan", "null", "none", "inf", "-inf")


@dataclass(frozen=True)
class Reading:
    """A table's file and how it is read; what is empty is found out.

    `letter` begins the names of columns that have none: c1, c2, ...
    """

    path: str
    delimiter: str = "auto"
    sheet: str = ""
    rows_along: str = ""
    fill_value: str = ""
    outputs_path: str = ""
    letter: str = "c"


@dataclass(frozen=True)
class Sheet:
    """Columns as they are named in the file (a name may stand twice) and their values.

    `frame` has the columns by position, 0, 1, ... `units` belong to the columns, empty where none
    has one. `notes` say how the file was read. `choices` are the sheets of the workbook, or the
    dimensions of a file that has several. Of two files `first` is the number of columns of the
    one with the inputs.
    """

    names: tuple[str, ...]
    frame: pd.DataFrame
    units: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    first: int | None = None

    def column(self, name: str) -> pd.Series:
        """The values of a column."""
        return self.frame[self.names.index(name)]

    def unit(self, name: str) -> str:
        """The unit of a column; empty where none is known."""
        return self.units[self.names.index(name)] if self.units else ""


def unreadable(sentence: str) -> InputError:
    """Why a file is no table that can be used."""
    return InputError(sentence, "task.path")


class Head(NamedTuple):
    """What stands above the numbers: names and units of columns, and over how many rows."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    rows: int
    notes: tuple[str, ...]


def head_of(rows: Sequence[Sequence[str]], letter: str, above: Sequence[str] = ()) -> Head:
    """The head of a table by its first three rows of text.

    Where the first row holds numbers alone, columns are named by the comment `above`, if it has a
    name for each, else c1, c2, ...
    """
    first = rows[0]
    numbers = [field for field in first if field.lower() not in GAPS]
    if numbers and all(map(is_number, numbers)):
        if len(above) == len(first):
            return Head(tuple(above), (), 0, ("columns are named by the comment above them",))
        names = tuple(f"{letter}{k + 1}" for k in range(len(first)))
        ends = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        return Head(names, (), 0, (f"its first line holds numbers, so columns are named {ends}",))
    units = _units(rows[1], rows[2]) if len(rows) > 2 else ()
    said = f"its second row is read as units ({_shown(units)})" if units else ""
    return Head(tuple(first), units, 2 if units else 1, (said,) if said else ())


def _units(row: Sequence[str], below: Sequence[str]) -> tuple[str, ...]:
    """A row's fields, if they are units of the numbers below: text above numbers; a 1 may be
    among several others."""
    words = [field for field in row if field.lower() not in GAPS and not is_number(field)]
    numbers = [field for field in row if is_number(field) and field.lower() not in GAPS]
    pairs = zip(row, below, strict=False)
    above_numbers = all(is_number(b) or b.lower() in GAPS for a, b in pairs if a in words)
    if len(row) != len(below) or not words or not above_numbers or not any(map(is_number, below)):
        return ()
    if numbers and (set(numbers) != {"1"} or len(words) < 2):
        return ()
    return tuple(plain_unit(field) for field in row)


def plain_unit(text: str) -> str:
    """A unit without brackets around it; empty for what has none."""
    inner = re.sub(r"^[\[(](.*)[\])]$", r"\1", text.strip()).strip()
    return "" if inner.lower() in (*GAPS, "1", "-", "unitless", "dimensionless") else inner


def _shown(units: Sequence[str]) -> str:
    known = list(dict.fromkeys(unit for unit in units if unit))
    return ", ".join(known[:4]) + (", ..." if len(known) > 4 else "")


def is_number(text: str) -> bool:
    """Whether a field of text is a number, with a point or a comma."""
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
