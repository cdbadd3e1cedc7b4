"""Small changes to a run file after training: a note, and one plain file to move about."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from stiffgui.errors import InputError


def set_note(path: Path, text: str) -> None:
    """Keep a person's note with a run that is not being written.

    Raises InputError when the file cannot be changed.
    """
    try:
        with contextlib.closing(_connect(path)) as database, database:
            database.execute("INSERT OR REPLACE INTO meta VALUES ('note', ?)", (text,))
    except sqlite3.Error as error:
        raise InputError(
            f"the note cannot be kept in {path}: {error}. Check that the file may be written."
        ) from None


def settle(path: Path) -> None:
    """Take in what an interrupted training left beside the file, so that it can be moved alone.

    A file that cannot be written stays as it is.
    """
    with contextlib.suppress(sqlite3.Error), contextlib.closing(_connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode = DELETE")


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=2.0)
