"""One process at a time: a lock that the system lets go of when its holder dies."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Self


class Held(Exception):
    """Another process has the lock."""


class FileLock:
    """Held until `release`, or as a context: a file locked by SQLite, whose locks work alike on
    every system. The file stays.

    Raises Held when another process still has it after some `seconds`, and sqlite3.Error where
    there can be no such file.
    """

    def __init__(self, path: Path, seconds: float = 0.0) -> None:
        self._database = sqlite3.connect(
            path, timeout=seconds, isolation_level=None, check_same_thread=False
        )
        try:
            self._database.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._database.close()
            if "locked" not in str(error):
                raise
            raise Held(str(path)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let another process have it."""
        self._database.close()
