"""Only one process writes a study at a time."""

from __future__ import annotations

from pathlib import Path

from stiffgui.errors import InputError
from stiffgui.file_lock import Held, PassingLock


class StudyLock(PassingLock):
    """Held while a study is written. Raises InputError when another process holds it."""

    def __init__(self, study: Path) -> None:
        try:
            super().__init__(study.with_name(study.name + "-lock"))
        except Held:
            raise InputError(
                f"{study} is being written by another process: wait until it has ended, or "
                f"stop it, or choose another name with --out."
            ) from None
