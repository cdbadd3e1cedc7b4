"""Tables that have been read, kept until the file changes: settings are checked at every edit."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from stiffgui.errors import InputError
from stiffgui.tasks.table.filling import without_fill
from stiffgui.tasks.table.formats import WITH_SHEETS, read_sheet
from stiffgui.tasks.table.joining import joined
from stiffgui.tasks.table.sheet import Reading, Sheet


def stamp(path: str | Path) -> tuple[int, int] | None:
    """Time and size of a file, by which a change shows; None where there is none."""
    try:
        stat = Path(path).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def sheet_of(how: Reading) -> Sheet:
    """The table; read anew when the time or size of a file differ. Raises like `read_sheet`."""
    return _read(how, stamp(how.path), stamp(how.outputs_path))


@lru_cache(maxsize=4)
def _read(how: Reading, *when: tuple[int, int] | None) -> Sheet:
    files = [Path(path) for path in (how.path, how.outputs_path) if path]
    if how.sheet and not any(file.suffix.lower() in WITH_SHEETS for file in files):
        raise InputError(
            f"{files[0].name} has no sheets: leave sheet {how.sheet!r} out.", "task.sheet"
        )
    if not how.outputs_path:
        return without_fill(read_sheet(Path(how.path), how), how.fill_value)
    paths = Path(how.path), Path(how.outputs_path)
    # Without headers their columns are x1, x2, ... and y1, y2, ...
    x, y = (read_sheet(p, replace(how, letter=c)) for p, c in zip(paths, "xy", strict=True))
    return without_fill(joined(x, y, paths[0].name, paths[1].name), how.fill_value)
