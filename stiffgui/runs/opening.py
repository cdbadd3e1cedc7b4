"""Opens .stiff files for reading: whole, of the right kind, of a version that is known."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import stat
import sys
import tempfile
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from stiffgui.errors import InputError, no_reading
from stiffgui.runs.schema import RUN, STUDY, Kind
from stiffgui.writer_lock import Writer, without_links, writer_of

if TYPE_CHECKING:
    import pandas as pd

BEGUN_SECONDS = 2.0  # for which one waits for the first lines of a file that has a writer
MOST_BYTES = 1_000_000_000  # of one value: networks, or a chunk of a study
MOST_COLUMNS = 2000
STEPS, STEPS_A_BYTE = 500_000, 2  # of SQLite's, for a statement that reads a whole file
AT_ONCE = 10_000  # steps between two looks at them
MORE_BYTES = 200_000_000  # of memory, beside twice what the file has
BESIDE = ("-wal", "-journal", "-shm")  # what SQLite opens, too
COPIES = 5  # of a file that another host writes, until it was left alone meanwhile


class FileReader(ABC):
    """A .stiff file opened for reading; it may still be being written. `content` are its bytes,
    where it is in memory.

    Raises InputError when it is missing, of another kind, of a newer version, or cut off. Use as
    a context manager, or `close()`.
    """

    KIND: ClassVar[Kind] = RUN

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        self.path, self._content = path, content
        database = open_file(path, self.KIND) if content is None else open_bytes(content, path)
        self._database = database
        size = None if content is None else len(content)
        self._steps = Steps(path, size)
        database.set_progress_handler(self._steps, AT_ONCE)
        weakref.finalize(self, database.close)  # one that is dropped, as in a notebook, lets go too
        try:
            self.provenance: dict[str, Any] = json.loads(self._meta("provenance"))
        except (ValueError, RecursionError):
            raise broken(path, self.KIND) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """Who unpickles it opens the file again."""
        path = self.path.absolute()
        return type(self), (path,) if self._content is None else (path, self._content)

    def __repr__(self) -> str:
        try:
            facts = self._in_words()
        except InputError:
            facts = "closed, or not to be read any more"
        return f"<{type(self).__name__} {self.path}: {facts}>"

    def _repr_html_(self) -> str:
        """For a notebook."""
        return f"<p>{escape(repr(self))}</p>{self._frame().to_html()}"

    @abstractmethod
    def _in_words(self) -> str:
        """What it is, in a few words."""

    @abstractmethod
    def _frame(self) -> pd.DataFrame:
        """Its last numbers."""

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextlib.contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Within it everything is as at the first look, also while somebody writes."""
        if self._database.in_transaction:
            yield
            return
        self._database.execute("BEGIN")
        try:
            yield
        finally:
            self._database.rollback()

    @property
    def writer(self) -> Writer | None:
        """Who writes it, or died while writing it; None where nobody does."""
        return None if self._content is not None else writer_of(self.path)

    @property
    def name(self) -> str:
        """What figures and tables call it: the file's name without its ending."""
        return self.path.stem

    def _meta(self, key: str, default: str | None = None) -> str:
        rows = self._rows("SELECT value FROM meta WHERE key = ?", key)
        if not rows and default is None:
            raise broken(self.path, self.KIND)
        value = rows[0][0] if rows else default
        if not isinstance(value, str):
            raise broken(self.path, self.KIND)
        return value

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        try:
            self._steps.begin()
            return self._database.execute(statement, values).fetchall()
        except (sqlite3.Error, UnicodeDecodeError):
            raise broken(self.path, self.KIND) from None


class Steps:
    """Ends a statement that takes more steps, or brings more, than a file of its size can: pages
    may refer to one another so that rows never end."""

    def __init__(self, path: Path, size: int | None) -> None:
        self._path, self._size, self._left, self._most = path, size, 0, 0

    def begin(self) -> None:
        size = self._size
        if size is None:
            size = sum(size_of(self._path.with_name(self._path.name + end)) for end in ("", "-wal"))
        self._left = (STEPS + STEPS_A_BYTE * size) // AT_ONCE
        self._most = _peak() + MORE_BYTES + 2 * size

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0 or _peak() > self._most


def _peak() -> int:
    """Bytes of memory that this process has had at most; 0 where that cannot be asked."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def is_regular(path: Path) -> bool:
    """Whether a file, and what SQLite would open beside it, are files that have an end.

    Raises OSError where there is none.
    """
    path = without_links(path)
    modes = [path.stat().st_mode]
    for end in BESIDE:
        with contextlib.suppress(FileNotFoundError):  # whoever writes it may just have ended
            modes.append(path.with_name(path.name + end).stat().st_mode)
    return all(map(stat.S_ISREG, modes))


def kind_of_file(path: Path) -> str:
    """`run` or `study`; `run` also for whatever is neither, so that opening it says why."""
    return STUDY.name if _application(path) == STUDY.application else RUN.name


def is_ours(path: Path) -> bool:
    """Whether a file is a run or a study, or damaged ones' remains, or empty."""
    marks = (RUN.application, STUDY.application)
    if _application(path) in marks:
        return True
    if not path.is_file():
        return False
    with path.open("rb") as file:  # nobody can have it open as a database
        header = file.read(72)
    mark = int.from_bytes(header[68:], "big")
    return not header or (header[:16] == b"SQLite format 3\0" and mark in marks)


def _application(path: Path) -> int:
    """The mark of an SQLite file, 0 of any other.

    By SQLite: while a file is being written, its header may still be in the journal.
    """
    try:
        if is_regular(path):
            with contextlib.closing(_connect(path, RUN)) as database:
                return int(database.execute("PRAGMA application_id").fetchone()[0])
    except (OSError, sqlite3.Error, InputError):
        pass
    return 0


def open_file(path: Path, kind: Kind) -> sqlite3.Connection:
    """The file opened for reading; it may still be being written.

    Whether it is whole is SQLite's judgement, which knows of its journal. Raises InputError when
    it is missing, cut off, of another kind or of a newer version.
    """
    try:
        regular = is_regular(path)
    except OSError as error:
        raise no_reading(path, error) from None
    if not regular:
        raise _of_no_kind(path, kind)
    writer = writer_of(path)
    if writer is not None and writer.alive and not writer.is_here:
        return _checked(_copied(path, kind), path, kind)
    database = _connect(path, kind)
    end = time.monotonic() + BEGUN_SECONDS
    while writer is not None and _is_empty(database) and time.monotonic() < end:
        time.sleep(0.01)
    return _checked(database, path, kind)


def _is_empty(database: sqlite3.Connection) -> bool:
    """Whether a file has nothing in it yet: it has only just been begun."""
    [marks] = database.execute("PRAGMA application_id").fetchone()
    return marks == 0 and not database.execute("SELECT 1 FROM sqlite_master").fetchone()


def open_bytes(content: bytes, path: Path, kind: Kind = RUN) -> sqlite3.Connection:
    """A file's bytes opened in memory. Raises InputError as `open_file`."""
    database = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        database.deserialize(content)
    except sqlite3.Error:
        database.close()
        raise broken(path, kind) from None
    return _checked(guarded(database), path, kind)


def broken(path: Path, kind: Kind = RUN) -> InputError:
    """What to say of a file that cannot be read to its end."""
    again = "train again" if kind is RUN else "run the study again"
    return InputError(
        f"{path} is cut off or damaged: use a complete copy of the {kind.name} file, or {again}. "
        f"`stiffgui repair` saves what is readable of it."
    )


def _of_no_kind(path: Path, kind: Kind) -> InputError:
    if path.is_dir():
        return InputError(f"{path} is a folder: give the path of a .stiff file in it.")
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
    if version < 1 or not _is_plain(database):
        database.close()
        raise broken(path, kind)
    if version > kind.version:
        database.close()
        raise InputError(
            f"{path} was written by a newer stiffgui (file version {version}, this one reads up "
            f"to {kind.version}): update stiffgui."
        )
    return database


def _is_plain(database: sqlite3.Connection) -> bool:
    """Whether a file has nothing but tables of columns, so that reading it computes nothing."""
    try:
        rows = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
        for what, name, table, sql in rows:
            if what == "index" and sql is None:  # a primary key's own
                continue
            if what != "table" or name != table:
                return False
            columns = database.execute("SELECT hidden FROM pragma_table_xinfo(?)", (name,))
            hidden = [kind for (kind,) in columns]
            if not hidden or len(hidden) > MOST_COLUMNS or any(hidden):
                return False  # a virtual table, or a generated column
        return True
    except sqlite3.Error:
        return False


def guarded(database: sqlite3.Connection) -> sqlite3.Connection:
    """A stranger's file, opened so that no statement takes for ever or brings more than there is
    room for, and nothing that it says is run."""
    database.execute("PRAGMA trusted_schema = OFF")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    return database


def _connect(path: Path, kind: Kind) -> sqlite3.Connection:
    uri = without_links(path).as_uri()
    database = sqlite3.connect(f"{uri}?mode=ro", uri=True, check_same_thread=False)
    try:
        database.execute("SELECT 1 FROM sqlite_master").fetchone()
        return guarded(database)
    except sqlite3.OperationalError:  # a folder in which SQLite cannot make its shared memory
        database.close()
        return _copied(path, kind)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        database.close()
        raise _unreadable(error, path, kind) from None


def _copied(path: Path, kind: Kind) -> sqlite3.Connection:
    """A file and its journal as they are just now, in memory: where SQLite cannot share them with
    whoever writes, on another host or in a folder that may only be read.

    While the journal begins as before, what was copied out of it into the file stands in it, too.
    """
    journal = path.with_name(f"{path.name}-wal")
    try:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.stiff"
            for _ in range(COPIES):
                begins = _beginning(journal)
                shutil.copyfile(path, copy)
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(journal, copy.with_name(f"{copy.name}-wal"))
                if _beginning(journal) == begins:
                    break
            memory = sqlite3.connect(":memory:", check_same_thread=False)
            with contextlib.closing(sqlite3.connect(copy)) as source:
                source.backup(memory)
            return guarded(memory)
    except OSError as error:
        raise no_reading(path, error) from None
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise _unreadable(error, path, kind) from None


def _beginning(journal: Path) -> bytes:
    try:
        with journal.open("rb") as file:
            return file.read(32)
    except FileNotFoundError:
        return b""


def _unreadable(error: Exception, path: Path, kind: Kind) -> InputError:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
        return _of_no_kind(path, kind)
    return broken(path, kind)
