"""Changes to a file outside of training: a note, one plain file to move about, a newer version."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

from stiffgui.errors import InputError
from stiffgui.runs.migrations import MIGRATIONS, STUDY_MIGRATIONS
from stiffgui.runs.opening import is_regular, open_file, size_of, version_of
from stiffgui.runs.schema import RUN, Kind
from stiffgui.writer_lock import changing, without_links

STEPS = {"run": MIGRATIONS, "study": STUDY_MIGRATIONS}


def set_note(path: Path, text: str) -> None:
    """Keep a person's note with a run that is not being written.

    Raises InputError when the file cannot be changed.
    """
    try:
        with changing(path):
            migrate(path)
            with contextlib.closing(connect(path)) as database, database:
                database.execute("INSERT OR REPLACE INTO meta VALUES ('note', ?)", (text,))
    except InputError as error:
        raise InputError(f"the note cannot be kept: {error}") from None
    except (OSError, sqlite3.Error) as error:
        raise InputError(
            f"the note cannot be kept in {path}: {error}. Check that the file may be written."
        ) from None


def settle(path: Path) -> None:
    """Take in what an interrupted training left beside the file, so that it can be moved alone.

    A file that cannot be written stays as it is.
    """
    with contextlib.suppress(sqlite3.Error, OSError):
        if is_regular(path):
            with contextlib.closing(connect(path)) as database:
                leave_plain(database)


def leave_plain(database: sqlite3.Connection) -> None:
    """Make one file of an open one and its journal. Raises sqlite3.Error while another reads it."""
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.execute("PRAGMA journal_mode = DELETE")


def migrate(path: Path, kind: Kind = RUN) -> None:
    """Make a file of an older version, which is to be written, one of the present version.

    That happens in a copy, which then takes the file's place at once: whatever goes wrong
    before leaves the file as it was. Raises InputError when the file cannot be read, is of a newer
    version or is in use, and OSError or sqlite3.Error when its folder cannot be written.
    """
    with contextlib.closing(open_file(path, kind)) as database:
        if version_of(database) >= kind.version:
            return
    path = without_links(path)  # a link stays a link
    settle(path)
    if size_of(path.with_name(path.name + "-wal")):
        raise InputError(f"{path} is being written by another program: wait until that has ended.")
    copy = path.with_name(f"{path.name}.{os.getpid()}-migrating")
    try:
        with (
            contextlib.closing(open_file(path, kind)) as source,
            contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
            target.execute("PRAGMA synchronous = FULL")
            target.execute("BEGIN")
            for version in range(version_of(target), kind.version):
                STEPS[kind.name][version](target)
            target.execute(f"PRAGMA user_version = {kind.version}")
            target.execute("COMMIT")
        shutil.copymode(path, copy)
        os.replace(copy, path)
    finally:
        copy.unlink(missing_ok=True)


def content_of(path: Path) -> bytes:
    """The bytes of a file, whole also while another process writes it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        with (
            contextlib.closing(connect(path)) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        return copy.read_bytes()


def connect(path: Path) -> sqlite3.Connection:
    """An existing file, to be changed."""
    return sqlite3.connect(f"{without_links(path).as_uri()}?mode=rw", uri=True, timeout=2.0)
