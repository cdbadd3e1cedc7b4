"""Tables that have been read, kept until the file changes: settings are checked at every edit."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from stiffgui.tasks.table.formats import Sheet, read_sheet


def stamp(path: str | Path) -> tuple[int, int] | None:
    """Time and size of a file, by which a change shows; None where there is none."""
    try:
        stat = Path(path).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def sheet_of(path: str | Path, delimiter: str = "auto") -> Sheet:
    """The table at a path; read anew when its time or size differ. Raises like `read_sheet`."""
    when = stamp(path)
    if when is None:
        return read_sheet(Path(path), delimiter)  # says what is wrong
    return _read(str(path), delimiter, when)


@lru_cache(maxsize=4)
def _read(path: str, delimiter: str, when: tuple[int, int]) -> Sheet:
    return read_sheet(Path(path), delimiter)
