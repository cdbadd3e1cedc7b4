"""Writes a study file while its chunks come in."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from pathlib import Path

from stiffgui.runs.maintenance import migrate
from stiffgui.runs.opening import STUDY
from stiffgui.runs.writer import companions, provenance, refuse_existing, writing_to
from stiffgui.states import State
from stiffgui.study.declaration import Study
from stiffgui.study.plan import Chunk, plan
from stiffgui.study.schema import TABLES


class StudyWriter:
    """A study file being written: WAL while open, one plain file after `close`.

    Raises InputError when the file exists (unless `replace`), or cannot be written.
    """

    def __init__(self, path: Path, study: Study, *, replace: bool = False) -> None:
        self.path = path
        refuse_existing(path, replace)
        with writing_to(path):
            for stale in (path, *companions(path)):
                stale.unlink(missing_ok=True)
            self._open()
            self._database.executescript(TABLES)
            self._database.execute(f"PRAGMA application_id = {STUDY.application}")
            self._database.execute(f"PRAGMA user_version = {STUDY.version}")
            with self._database:
                self._put("study", study.to_toml())
                self._put("provenance", json.dumps(provenance(study.experiment)))
                for chunk in plan(study):
                    self._database.execute(
                        "INSERT INTO chunks (number, variant, first, count, state) "
                        "VALUES (?, ?, ?, ?, 'waiting')",
                        (chunk.number, chunk.variant, chunk.first, chunk.count),
                    )

    @classmethod
    def reopen(cls, path: Path) -> StudyWriter:
        """Continue a study file that `open_study` could read, as one of the present version."""
        writer = cls.__new__(cls)
        writer.path = path
        with writing_to(path):
            migrate(path, STUDY)
            writer._open()
        return writer

    def _open(self) -> None:
        self._database = sqlite3.connect(self.path, timeout=30.0, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")  # a chunk may be hours of work

    def pending(self) -> list[tuple[Chunk, int, bytes | None]]:
        """Chunks that are not done, with the epoch and the bytes they go on from, if any."""
        rows = self._database.execute(
            "SELECT number, variant, first, count, epoch, run FROM chunks "
            "WHERE state IN ('waiting', 'stopped') ORDER BY number"
        ).fetchall()
        return [(Chunk(*row[:4]), row[4] or 0, row[5]) for row in rows]

    def store(
        self, number: int, state: State, epoch: int, seconds: float, worker: str, run: bytes
    ) -> None:
        """Keep the run of a chunk that has finished, or stopped on the way."""
        with writing_to(self.path), self._database:
            self._database.execute(
                "UPDATE chunks SET state = ?, epoch = ?, seconds = ?, worker = ?, ended = ?, "
                "run = ? WHERE number = ?",
                (state, epoch, seconds, worker, time.strftime("%Y-%m-%dT%H:%M:%S%z"), run, number),
            )

    def close(self) -> None:
        """Leave one plain file."""
        with contextlib.suppress(sqlite3.OperationalError):  # a reader is still there: WAL stays
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._database.execute("PRAGMA journal_mode = DELETE")
        self._database.close()

    def _put(self, key: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
