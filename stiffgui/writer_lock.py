"""Who writes a file: one process at a time, whom others can name, and which may have died."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import platform
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from stiffgui.errors import InputError

HEARTBEAT_SECONDS = 5.0  # between signs of life
SILENT_SECONDS = 60.0  # after which a writer on another host has died
TRIES = 20  # to take a lock whose file is just being removed
MOST_STEPS = 10_000  # of SQLite's, to read a line
WAIT_SECONDS = 1.0  # for somebody who only asks whether it is held


@dataclass(frozen=True)
class Writer:
    """A process that writes a file, or died while it did. `since`: seconds since 1970."""

    user: str
    host: str
    process: int
    program: str
    since: float
    alive: bool = True

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this host, whose files SQLite can share."""
        return self.host == platform.node()

    def __str__(self) -> str:
        """In words: `stiffgui of ada on host, process 12, since 14:05`."""
        began, now = time.localtime(self.since), time.localtime()
        day = "%H:%M" if began[:3] == now[:3] else "%Y-%m-%d %H:%M"
        since = time.strftime(day, began)
        where = f"{self.program} of {self.user} on {self.host}"
        return f"{where}, process {self.process}, since {since}"


class WriterLock:
    """Held while a file is written; lets go when its process dies. Lies beside the file.

    The lock is SQLite's on a database of its own, which works alike on every system; who holds it
    is in there, and its time of change is a sign of life for other hosts. Raises InputError when
    another process writes the file, and sqlite3.Error where the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._lock = lock_of(path)
        for _ in range(TRIES):
            taken = self._taken(path)
            if taken is not None:
                break
        else:
            raise held(path, writer_of(path))
        self._database = taken
        self._over = threading.Event()
        threading.Thread(target=self._live, daemon=True).start()

    def _taken(self, path: Path) -> sqlite3.Connection | None:
        """The lock; None where its file was removed meanwhile by whoever had it before."""
        is_new = not self._lock.exists()
        if is_new:
            _connect(self._lock, "rwc", 0.0).close()
        elif (writer := writer_of(path)) is not None and writer.alive and not writer.is_here:
            raise held(path, writer)
        before = identity(self._lock)
        database: sqlite3.Connection | None = None
        try:
            database = _connect(self._lock, "rw", WAIT_SECONDS)
            database.execute("BEGIN IMMEDIATE")
            if before is not None and identity(self._lock) == before:
                database.execute("CREATE TABLE IF NOT EXISTS writer (facts TEXT)")
                database.execute("DELETE FROM writer")
                database.execute("INSERT INTO writer VALUES (?)", (json.dumps(_me()),))
                database.execute("COMMIT")
                database.execute("BEGIN IMMEDIATE")  # others may read, none may write
                taken, database = database, None
                return taken
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise held(path, writer_of(path)) from None
            if is_new:  # of a full disk, where nothing is to stay
                self._lock.unlink(missing_ok=True)
                raise
            if self._lock.exists():
                raise
        except sqlite3.DatabaseError:  # what a power failure left of it
            self._lock.unlink(missing_ok=True)
        finally:
            if database is not None:
                database.close()
        return None

    def _live(self) -> None:
        while not self._over.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(OSError):
                os.utime(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let another process write."""
        if self._over.is_set():
            return
        self._over.set()
        with contextlib.suppress(OSError):  # while it is ours: afterwards it may be another's
            self._lock.unlink()
        self._database.close()
        if os.name == "nt":  # which removes no file that is open
            with contextlib.suppress(OSError):
                self._lock.unlink()


def without_links(path: Path) -> Path:
    """The file that a path leads to; of links that lead round in a ring one of them, which cannot
    be opened (Path.resolve raises RuntimeError before Python 3.13)."""
    return Path(os.path.realpath(path))


def lock_of(path: Path) -> Path:
    """Where the lock of a file lies."""
    path = without_links(path)
    return path.with_name(f"{path.name}-lock")


def writer_of(path: Path) -> Writer | None:
    """Who writes a file, or died while writing it; None when nobody does."""
    lock = lock_of(path)
    try:
        changed = lock.stat().st_mtime
        if not lock.is_file():
            return None
        with contextlib.closing(_connect(lock, "ro", WAIT_SECONDS)) as database:
            database.set_progress_handler(lambda: True, MOST_STEPS)
            facts = json.loads(database.execute("SELECT facts FROM writer").fetchone()[0])
        writer = Writer(**facts, alive=True)
    except (OSError, sqlite3.Error, ValueError, TypeError):
        return None
    here = writer.is_here
    alive = _is_held(lock) if here else time.time() - changed < SILENT_SECONDS
    return Writer(**facts, alive=alive) if lock.exists() else None


def held(path: Path, writer: Writer | None) -> InputError:
    """What to say to somebody else who wants to write a file."""
    who = "another process" if writer is None else str(writer)
    return InputError(
        f"{path} is being written by {who}: wait until it has ended, stop it, or choose another "
        f"name."
    )


@contextlib.contextmanager
def changing(path: Path) -> Iterator[None]:
    """While a file is changed, renamed or removed. Raises InputError when it is being written."""
    try:
        lock = WriterLock(path)
    except sqlite3.Error:  # a folder that cannot be written: whatever is tried next says why
        yield
        return
    with lock:
        yield


def _is_held(lock: Path) -> bool:
    """Whether a process of this host has the lock; of a file that cannot be locked from here, too,
    where it shows signs of life."""
    try:
        with contextlib.closing(_connect(lock, "rw", 0.0)) as database:
            database.execute("BEGIN IMMEDIATE")
            return False
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return True
    except sqlite3.Error:
        return False
    with contextlib.suppress(OSError):
        return time.time() - lock.stat().st_mtime < SILENT_SECONDS
    return False


def _connect(lock: Path, mode: str, seconds: float) -> sqlite3.Connection:
    uri = f"{lock.as_uri()}?mode={mode}"
    database = sqlite3.connect(
        uri, uri=True, timeout=seconds, isolation_level=None, check_same_thread=False
    )
    try:
        if mode != "ro":
            database.execute("PRAGMA journal_mode = MEMORY")
            database.execute("PRAGMA synchronous = OFF")
    except sqlite3.Error:
        database.close()
        raise
    return database


def identity(path: Path) -> tuple[int, int] | None:
    """By which a file is told from another that takes its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _me() -> dict[str, object]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # nobody by name
        user = "somebody"
    program = Path(sys.argv[0]).name if sys.argv and sys.argv[0] not in ("", "-c", "-m") else ""
    known = program.removesuffix(".py").removesuffix(".exe")
    if known == "__main__":
        known = Path(sys.argv[0]).parent.name
    me = Writer(user, platform.node(), os.getpid(), known or "Python", time.time())
    return {name: value for name, value in asdict(me).items() if name != "alive"}
