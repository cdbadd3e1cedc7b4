"""How much a table may be, so that a small file that was made to do harm is refused at once."""

from __future__ import annotations

import re
import zipfile
from typing import IO

from stiffgui.errors import InputError
from stiffgui.tasks.table.sheet import unreadable

MOST_BYTES = 4_000_000_000  # of a file, which is read whole
MOST_COLUMNS = 5000
MOST_ROWS = 5_000_000  # of a sheet
LONGEST_LINE = 1_000_000  # characters
# What a packed file may hold: numbers as text are packed ten times smaller, seldom more.
UNPACKED_BYTES, UNPACKED_RATIO = 10_000_000, 30
# What a binary file may hold: of values of few kinds, eight stand in a byte.
CELLS, CELLS_A_BYTE = 5_000_000, 8

_PLACE = re.compile(rb"[\s:]r\s*=\s*[\"']([^\"']*)")  # of a row or a cell
_CELL = re.compile(rb"([A-Z]{0,3})([0-9]{1,7})")


def check_columns(name: str, count: int) -> None:
    """Raise InputError for too wide a table."""
    if count > MOST_COLUMNS:
        raise unreadable(
            f"{name} has {count} columns, more than the {MOST_COLUMNS} that can be read: keep "
            f"those that are needed."
        )


def check_cells(name: str, rows: int, columns: int, size: int) -> None:
    """Raise InputError where so few bytes cannot hold so many values that are worth reading."""
    check_columns(name, columns)
    if rows * columns > CELLS + CELLS_A_BYTE * size:
        raise unreadable(
            f"{name} says that it holds {rows} rows of {columns} columns in {size} bytes, more "
            f"than can be: save it again."
        )


def check_lines(name: str, lines: list[str]) -> None:
    """Raise InputError where one of the first lines is too long to be one."""
    if any(len(line) > LONGEST_LINE for line in lines):
        raise unreadable(
            f"{name} has a line of more than {LONGEST_LINE} characters: it is no table of numbers, "
            f"or its rows are not on lines of their own."
        )


def most_unpacked(size: int) -> int:
    """Bytes that a packed file of that size may hold."""
    return UNPACKED_BYTES + UNPACKED_RATIO * size


def check_archive(name: str, archive: zipfile.ZipFile, size: int) -> None:
    """Raise InputError where it holds more than is unpacked."""
    held = sum(entry.file_size for entry in archive.infolist())
    if held > most_unpacked(size):
        raise too_much(name, held)


def too_much(name: str, held: int) -> InputError:
    """What to say of a packed file that holds more than is unpacked."""
    return unreadable(
        f"{name} unpacks to more than {held // 1_000_000} MB, out of proportion to its size: "
        f"unpack it yourself, and choose what it holds."
    )


def check_workbook(file: IO[bytes], name: str, size: int) -> None:
    """Raise InputError for a workbook that is too large unpacked, or has cells far away, between
    which all would be filled up."""
    with zipfile.ZipFile(file) as archive:
        check_archive(name, archive, size)
        for entry in archive.infolist():
            content = archive.read(entry)
            if b"sheetData" not in content:
                if b"\0" in content[:200] and entry.filename.endswith(".xml"):
                    raise unreadable(f"{name} is not written in UTF-8: save it again.")
                continue
            for place in set(_PLACE.findall(content)):
                _check_place(name, place)
    file.seek(0)


def _check_place(name: str, place: bytes) -> None:
    found = _CELL.fullmatch(place)
    column = 0
    for letter in found[1] if found else b"":
        column = 26 * column + letter - 64
    if found is None or column > MOST_COLUMNS or int(found[2]) > MOST_ROWS:
        raise unreadable(
            f"{name} has a cell at {place[:20].decode('ascii', 'replace')!r}, beyond the "
            f"{MOST_COLUMNS} columns that can be read: delete what stands far away from the table."
        )
