"""What writing a run and writing a study have in common."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import ClassVar, Self

from stiffgui.errors import InputError, need_folder
from stiffgui.runs.maintenance import leave_plain, migrate
from stiffgui.runs.opening import is_ours
from stiffgui.runs.schema import Kind
from stiffgui.writer_lock import WriterLock, held, identity, writer_of

BESIDE = ("-wal", "-shm")  # SQLite's own files beside an open database
LOG_PAGES = 250  # of 4 kB that the log may have before they are copied into the file
BUSY_SECONDS = 30.0  # that another process, which makes a copy, may hold the file


class FileWriter:
    """A .stiff file being written, by nobody else: WAL while open, one plain file after `close`.

    `replace` allows that the file exists; `lock` is its lock, where the caller has seen to both
    before. Raises InputError when it exists and may not be replaced, when another process writes
    it, and when it cannot be written.
    """

    KIND: ClassVar[Kind]
    SYNCHRONOUS: ClassVar[str] = "NORMAL"

    def __init__(
        self, path: str | Path, *, replace: bool = False, lock: WriterLock | None = None
    ) -> None:
        self.path = Path(path)
        if lock is None:
            refuse_existing(self.path, replace)
        with self._locked(lock):
            for end in ("", *BESIDE):
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)
            self._open()

    @classmethod
    def _of_existing(cls, path: str | Path, lock: WriterLock | None = None) -> Self:
        """A file that can be read, as one of the present version."""
        writer = cls.__new__(cls)
        writer.path = Path(path)
        with writer._locked(lock):
            migrate(writer.path, cls.KIND)
            writer._open()
        return writer

    @contextlib.contextmanager
    def _locked(self, lock: WriterLock | None) -> Iterator[None]:
        """Take the lock, and keep it where nothing goes wrong on the way."""
        with writing_to(self.path):
            self._lock = lock or WriterLock(self.path)
            try:
                yield
            except BaseException:
                self._lock.release()
                raise

    def _open(self) -> None:
        self._database = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        self._database.execute(f"PRAGMA synchronous = {self.SYNCHRONOUS}")
        self._identity = identity(self.path)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """What is written within it is there at once, or not at all. Raises NotWritten."""
        if identity(self.path) != self._identity:
            raise Gone(self.path)
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield self._database
            self._database.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            self._make_room()
            raise NotWritten(self.path, error) from None
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._database.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")

    def _make_room(self) -> None:
        """Copy what the log has into the file and empty it: of a small disk it may be most."""
        self._roll_back()
        with contextlib.suppress(sqlite3.Error):
            self._database.execute("PRAGMA busy_timeout = 0")  # readers are not waited for
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._database.execute(f"PRAGMA busy_timeout = {1000 * BUSY_SECONDS:.0f}")

    def move(self) -> Path:
        """Go on in another file beside: what was written so far is there, too; where it is now.

        Raises NotWritten.
        """
        place = free_beside(self.path)
        try:
            lock = WriterLock(place)
            try:
                with contextlib.closing(sqlite3.connect(place)) as target:
                    self._database.backup(target)
                self._database.close()
                for end in BESIDE:  # of the file that went: of another they would be a danger
                    self.path.with_name(self.path.name + end).unlink(missing_ok=True)
            except BaseException:
                lock.release()
                raise
        except (OSError, sqlite3.Error) as error:
            raise NotWritten(place, error) from None
        self._lock.release()
        self.path, self._lock = place, lock
        self._open()
        return place

    def give_up(self) -> None:
        """Write no more: what was committed is there."""
        with contextlib.suppress(sqlite3.Error):  # a reader is still there: WAL stays
            leave_plain(self._database)
        self._database.close()
        self._lock.release()


def lock_to_write(path: Path) -> WriterLock:
    """The lock of a file that is to be written. Raises InputError as `FileWriter`."""
    with writing_to(path):
        return WriterLock(path)


def refuse_existing(path: Path, replace: bool) -> None:
    """Raise InputError for a name that is no .stiff file's, or a file that may not be replaced.

    Never replaced, whatever is asked, is a file that is neither a run nor a study.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file in it, such as {path / 'run.stiff'}.")
    if path.suffix != ".stiff":
        raise InputError(f"{path} does not end in .stiff: name it {path.with_suffix('.stiff')}.")
    if not path.exists():
        return
    if not replace:
        raise InputError(
            f"{path} exists: choose another name, or add --force (in Python force=True) to replace "
            f"it."
        )
    writer = writer_of(path)
    if writer is not None and writer.alive:
        raise held(path, writer)
    if not is_ours(path):
        raise InputError(
            f"{path} was not written by stiffgui and is not replaced: choose another name."
        )


def _is_gone(folder: Path) -> bool:
    try:
        folder.stat()
    except FileNotFoundError:
        return True
    except OSError:  # it may not be looked at
        return False
    return False


class NotWritten(InputError):
    """What could not be written just now, and may be later: it is lost to nobody yet."""

    def __init__(self, path: Path, error: Exception) -> None:
        self.path = path
        code = getattr(error, "sqlite_errorcode", None)
        self.is_full = code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) == errno.ENOSPC
        reason = getattr(error, "strerror", None) or str(error)
        if code == sqlite3.SQLITE_CANTOPEN and not os.access(path.parent, os.W_OK):
            reason = "nothing may be written in its folder"
        self.reason = "the disk is full" if self.is_full else reason
        mend = "make room" if self.is_full else "choose a place where you may write"
        then = f"What was written before is kept; {mend}, and go on with --resume."
        if _is_gone(path.parent):
            self.reason = f"its folder {path.parent} is gone"
            then = "Make the folder, and train again."
        super().__init__(f"{path} cannot be written: {self.reason}. {then}")


class Gone(NotWritten):
    """The file is not where it was: it was moved, removed or replaced while it was written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, OSError("it was moved, removed or replaced"))


def free_beside(path: Path) -> Path:
    """The first of NAME-2, NAME-3, ... that does not exist."""
    names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(name for name in names if not name.exists())


@contextlib.contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Turn what goes wrong while writing `path` into an InputError."""
    try:
        need_folder(path)
        yield
    except (OSError, sqlite3.Error) as error:
        problem = NotWritten(path, error)
        if problem.is_full:
            raise problem from None
        raise InputError(
            f"{path} cannot be written: {problem.reason}. Choose a place where you may write."
        ) from None
