"""Tables that have been read, kept until the file changes: settings are checked at every edit."""

from __future__ import annotations

from pathlib import Path

from stiffgui.tasks.table.formats import Sheet, read_sheet

MOST = 4  # sheets that stay in memory

_read: dict[tuple[str, str, int, int], Sheet] = {}


def stamp(path: str | Path) -> tuple[int, int] | None:
    """Time and size of a file, by which a change shows; None where there is none."""
    try:
        stat = Path(path).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def sheet_of(path: str | Path, delimiter: str = "auto") -> Sheet:
    """The table at a path; read anew when its time or size differ. Raises like `read_sheet`."""
    place, when = Path(path), stamp(path)
    if when is None:
        return read_sheet(place, delimiter)  # says what is wrong
    key = (str(place), delimiter, *when)
    if key not in _read:
        sheet = read_sheet(place, delimiter)
        while len(_read) >= MOST:
            _read.pop(next(iter(_read)))
        _read[key] = sheet
    return _read[key]
