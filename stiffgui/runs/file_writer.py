"""What writing a run and writing a study have in common."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Self

from stiffgui.errors import InputError, need_folder
from stiffgui.runs.maintenance import leave_plain, migrate
from stiffgui.runs.opening import is_ours
from stiffgui.runs.schema import Kind
from stiffgui.writer_lock import WriterLock, held, writer_of


class FileWriter:
    """A .stiff file being written, by nobody else: WAL while open, one plain file after `close`.

    `replace` allows that the file exists; `lock` is its lock, where the caller
    has seen to both before. Raises
    InputError when it exists and may not be replaced, when another process writes it, and when it
    cannot be written.
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
            for end in ("", "-wal", "-shm"):  # SQLite's own files beside an open database
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
        self._database = sqlite3.connect(self.path, timeout=30.0, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(f"PRAGMA synchronous = {self.SYNCHRONOUS}")

    def _put(self, key: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def give_up(self) -> None:
        """Write no more: what was committed is there."""
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(sqlite3.OperationalError):  # a reader is still there: WAL stays
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
        raise InputError(f"{path} exists: choose another name, or add --force to replace it.")
    writer = writer_of(path)
    if writer is not None and writer.alive:
        raise held(path, writer)
    if not is_ours(path):
        raise InputError(
            f"{path} was not written by stiffgui and is not replaced: choose another name."
        )


def is_full(error: Exception) -> bool:
    """Whether there was no room left."""
    code = getattr(error, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) == errno.ENOSPC


def full(path: Path) -> InputError:
    """What to say of that."""
    return InputError(
        f"{path} cannot be written: the disk is full. What was written before is kept; make room, "
        f"and go on with --resume."
    )


@contextlib.contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Turn what goes wrong while writing `path` into an InputError."""
    try:
        need_folder(path)
        yield
    except (OSError, sqlite3.Error) as error:
        if is_full(error):
            raise full(path) from None
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{path} cannot be written: {reason}. Choose a place where you may write."
        ) from None
