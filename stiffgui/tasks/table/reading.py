"""Tables that have been read, kept until the file changes: settings are checked at every edit."""

from __future__ import annotations

from pathlib import Path

from stiffgui.tasks.table.formats import Sheet, read_sheet

MOST = 4  # sheets that stay in memory

_read: dict[tuple[str, str, int, int], Sheet] = {}


def sheet_of(path: str | Path, delimiter: str = "auto") -> Sheet:
    """The table at a path; read anew when its time or size differ. Raises like `read_sheet`."""
    place = Path(path)
    try:
        stat = place.stat()
    except OSError:
        return read_sheet(place, delimiter)  # says what is wrong
    key = (str(place), delimiter, stat.st_mtime_ns, stat.st_size)
    if key not in _read:
        sheet = read_sheet(place, delimiter)
        while len(_read) >= MOST:
            _read.pop(next(iter(_read)))
        _read[key] = sheet
    return _read[key]
