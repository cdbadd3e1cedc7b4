"""Only one process writes a study at a time."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from stiffgui.errors import InputError


class StudyLock:
    """Held while a study is written; the system lets go of it when the process dies.

    A file beside the study, locked by SQLite, whose locks work alike on every system. Raises
    InputError when another process holds it.
    """

    def __init__(self, study: Path) -> None:
        self._path = study.with_name(study.name + "-lock")
        while True:
            self._database = sqlite3.connect(
                self._path, timeout=0.0, isolation_level=None, check_same_thread=False
            )
            try:
                self._database.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                self._database.close()
                if "locked" not in str(error):
                    raise
                raise InputError(
                    f"{study} is being written by another process: wait until it has ended, or "
                    f"stop it, or choose another name with --out."
                ) from None
            if self._path.exists():  # the one before us may just have removed the file we locked
                return
            self._database.close()

    def release(self) -> None:
        """Let another process write."""
        try:
            self._path.unlink()  # while it is ours: afterwards it may be another's
        except OSError:  # Windows removes no file that is open
            self._database.close()
            with contextlib.suppress(OSError):
                self._path.unlink()
        self._database.close()
