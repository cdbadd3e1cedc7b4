"""Opens .stiff files for reading: whole, of the right kind, of a version that is known."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import weakref
from pathlib import Path
from typing import Any, ClassVar, Self

from stiffgui.errors import InputError
from stiffgui.runs.schema import RUN, STUDY, Kind


class FileReader:
    """A .stiff file opened for reading; it may still be being written.

    Raises InputError when it is missing, of another kind, of a newer version, or cut off. Use as
    a context manager, or `close()`.
    """

    KIND: ClassVar[Kind] = RUN

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path, self._database = path, database
        weakref.finalize(self, database.close)  # one that is dropped, as in a notebook, lets go too
        self.provenance: dict[str, Any] = json.loads(self._meta("provenance"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @property
    def name(self) -> str:
        """What figures and tables call it: the file's name without its ending."""
        return self.path.stem

    def _meta(self, key: str, default: str | None = None) -> str:
        rows = self._rows("SELECT value FROM meta WHERE key = ?", key)
        if not rows and default is None:
            raise broken(self.path, self.KIND)
        return str(rows[0][0]) if rows else str(default)

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error:
            raise broken(self.path, self.KIND) from None


def kind_of_file(path: Path) -> str:
    """`run` or `study`; `run` also for whatever is neither, so that opening it says why."""
    return STUDY.name if _application(path) == STUDY.application else RUN.name


def is_ours(path: Path) -> bool:
    """Whether a file is a run or a study, or damaged ones' remains, or empty."""
    with path.open("rb") as file:
        header = file.read(72)
    marks = (RUN.application, STUDY.application)
    return (
        not header
        or (header[:16] == b"SQLite format 3\0" and int.from_bytes(header[68:], "big") in marks)
        or _application(path) in marks
    )


def _application(path: Path) -> int:
    """The mark of an SQLite file, 0 of any other.

    By SQLite: while a file is being written, its header may still be in the journal.
    """
    try:
        if path.is_file():
            with contextlib.closing(_connect(path, RUN)) as database:
                return int(database.execute("PRAGMA application_id").fetchone()[0])
    except (OSError, sqlite3.Error, InputError):
        pass
    return 0


def open_file(path: Path, kind: Kind) -> sqlite3.Connection:
    """The file opened for reading; it may still be being written.

    Raises InputError when it is missing, cut off, of another kind or of a newer version.
    """
    try:
        with path.open("rb") as file:
            header = file.read(100)
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Check the path.") from None
    if header[:16] != b"SQLite format 3\0":
        raise _of_no_kind(path, kind)
    if len(header) < 100:
        raise broken(path, kind)
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    if size < (65536 if page == 1 else page) * pages and not _has_journal(path):
        raise broken(path, kind)
    return _checked(_connect(path, kind), path, kind)


def _has_journal(path: Path) -> bool:
    """Whether what the file lacks may stand in its journal: a process that died, or a full disk,
    leaves it there."""
    journal = path.with_name(f"{path.name}-wal")
    return journal.is_file() and journal.stat().st_size > 0


def open_bytes(content: bytes, path: Path, kind: Kind = RUN) -> sqlite3.Connection:
    """A file's bytes opened in memory. Raises InputError as `open_file`."""
    database = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        database.deserialize(content)
    except sqlite3.Error:
        database.close()
        raise broken(path, kind) from None
    return _checked(database, path, kind)


def broken(path: Path, kind: Kind = RUN) -> InputError:
    """What to say of a file that cannot be read to its end."""
    again = "train again" if kind is RUN else "run the study again"
    return InputError(
        f"{path} is cut off or damaged: use a complete copy of the {kind.name} file, or {again}."
    )


def _of_no_kind(path: Path, kind: Kind) -> InputError:
    return InputError(f"{path} is not a {kind.name} file: give a .stiff file that stiffgui wrote.")


def version_of(database: sqlite3.Connection) -> int:
    """The version of an open file."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _checked(database: sqlite3.Connection, path: Path, kind: Kind) -> sqlite3.Connection:
    try:
        application, version = (
            database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        )
    except sqlite3.Error:
        database.close()
        raise broken(path, kind) from None
    if application != kind.application:
        database.close()
        if application == STUDY.application:
            raise InputError(
                f"{path} is a study, not a run: `stiffgui show {path}` shows its table, and the "
                f"Study workspace opens its trials."
            )
        if application == RUN.application:
            raise InputError(f"{path} is a run, not a study: `stiffgui show {path}` shows it.")
        raise _of_no_kind(path, kind)
    if version > kind.version:
        database.close()
        raise InputError(
            f"{path} was written by a newer stiffgui (file version {version}, this one reads up "
            f"to {kind.version}): update stiffgui."
        )
    return database


def _connect(path: Path, kind: Kind) -> sqlite3.Connection:
    uri = path.resolve().as_uri()
    database = sqlite3.connect(f"{uri}?mode=ro", uri=True, check_same_thread=False)
    try:
        database.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:  # a folder in which SQLite cannot make its shared memory
        database.close()
        database = sqlite3.connect(f"{uri}?immutable=1", uri=True, check_same_thread=False)
    except sqlite3.DatabaseError:
        database.close()
        raise broken(path, kind) from None
    return database
