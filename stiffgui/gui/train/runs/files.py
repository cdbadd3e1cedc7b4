"""Run files of a folder, and the way to the wastebasket and back."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtCore import QFile

from stiffgui.runs.maintenance import settle
from stiffgui.writer_lock import changing


def newest_first(folder: Path) -> list[Path]:
    """The run files of a folder."""
    return sorted(folder.glob("*.stiff"), key=touched, reverse=True)


def renamed(path: Path, name: Path) -> Path:
    """Where the file is now. Raises InputError when it is being written, and OSError."""
    with changing(path):
        settle(path)
        return path.rename(name)


def to_wastebasket(path: Path) -> Path:
    """Where the file is now: in the system's wastebasket, or without one in a folder beside it.

    Raises InputError when it is being written, and OSError.
    """
    with changing(path):
        settle(path)
        file = QFile(str(path))
        if file.moveToTrash():
            return Path(file.fileName())
        folder = path.parent / "deleted"
        folder.mkdir(exist_ok=True)
        return path.replace(folder / path.name)


def bring_back(kept: Path, path: Path) -> None:
    """Undo `to_wastebasket`, without overwriting anything."""
    if not path.exists():
        shutil.move(kept, path)
        (kept.parent.parent / "info" / f"{kept.name}.trashinfo").unlink(missing_ok=True)


def touched(path: Path) -> float:
    """When a run file or its journal was last written."""
    journal = path.with_name(path.name + "-wal")
    times = [p.stat().st_mtime for p in (path, journal) if p.exists()]
    return max(times, default=0.0)
