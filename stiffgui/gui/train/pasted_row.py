"""A row of numbers as other programs copy it."""

from __future__ import annotations

from collections.abc import Sequence

from stiffgui.errors import InputError
from stiffgui.tasks.table.columns import listed

DELIMITERS = ("\t", ";", ",")


def row_of(text: str, names: Sequence[str]) -> tuple[dict[str, float], str]:
    """Values by input: by the names of a header, or in the order of the inputs; and what was left
    out, in words.

    Cells are separated by tabs, semicolons, commas, spaces or lines; between tabs and semicolons a
    comma may be decimal. Of several rows the first is taken. Raises InputError where numbers are
    missing, or there are too many.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise InputError("There is nothing to paste: copy a row of numbers first.")
    delimiter = next((each for each in DELIMITERS if each in lines[0]), None)
    rows = [[cell.strip().strip('"') for cell in line.split(delimiter)] for line in lines]
    if len(rows) > 1 and max(map(len, rows)) == 1 and _number(rows[0][0], delimiter) is not None:
        rows = [[row[0] for row in rows]]  # a column of numbers
    head = rows[0]
    if all(_number(cell, delimiter) is None for cell in head if cell in names) and any(
        cell in names for cell in head
    ):
        others = [cell for cell in head if cell not in names]
        left_out = [f"{listed(others)} (no input)"] if others else []
        return _by_name(head, rows[1:], names, delimiter), _left_out([*left_out, *_more(rows[2:])])
    if len(head) != len(names):
        raise InputError(
            f"The row has {len(head)} value{'' if len(head) == 1 else 's'}, and there are "
            f"{len(names)} inputs: copy them with "
            f"their header, or all in the order of the form."
        )
    found = {name: _needed(cell, name, delimiter) for name, cell in zip(names, head, strict=True)}
    return found, _left_out(_more(rows[1:]))


def _more(rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"{len(rows)} further row{'' if len(rows) == 1 else 's'}"] if rows else []


def _left_out(what: Sequence[str]) -> str:
    return f"Pasted; left out: {', '.join(what)}." if what else ""


def _by_name(
    head: Sequence[str], rows: Sequence[Sequence[str]], names: Sequence[str], delimiter: str | None
) -> dict[str, float]:
    if not rows:
        raise InputError("There are names, but no row of numbers below them: copy both.")
    cells = dict(zip(head, rows[0], strict=False))
    return {name: _needed(cells[name], name, delimiter) for name in names if name in cells}


def _needed(cell: str, name: str, delimiter: str | None) -> float:
    value = _number(cell, delimiter)
    if value is None:
        raise InputError(f"{cell!r} is no number for input {name}: nothing was pasted.")
    return value


def _number(cell: str, delimiter: str | None) -> float | None:
    plain = cell if delimiter == "," else cell.replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
