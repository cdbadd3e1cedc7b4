"""Writes a study file while its chunks come in."""

from __future__ import annotations

import json
import time
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from stiffgui.runs.file_writer import FileWriter, writing_to
from stiffgui.runs.opening import broken
from stiffgui.runs.schema import STUDY, make_tables
from stiffgui.runs.writer import provenance
from stiffgui.states import State
from stiffgui.study.declaration import Study
from stiffgui.study.plan import Chunk, plan
from stiffgui.study.schema import TABLES
from stiffgui.training.decisions import Decisions, decide, former

EVERY_VARIANT = TypeAdapter(list[Decisions])


class StudyWriter(FileWriter):
    """A study file being written."""

    KIND = STUDY
    SYNCHRONOUS = "FULL"  # a chunk may be hours of work

    def __init__(self, path: Path, study: Study, *, replace: bool = False) -> None:
        super().__init__(path, replace=replace)
        with writing_to(path):
            make_tables(self._database, TABLES, STUDY)
            with self._database:
                self._put("study", study.to_toml())
                self._put("provenance", json.dumps(provenance(study.experiment)))
                decided = [decide(e, "cpu") for e in study.experiments()]
                self._put("decisions", EVERY_VARIANT.dump_json(decided).decode())
                for chunk in plan(study):
                    self._database.execute(
                        "INSERT INTO chunks (number, variant, first, count, state) "
                        "VALUES (?, ?, ?, ?, 'waiting')",
                        (chunk.number, chunk.variant, chunk.first, chunk.count),
                    )

    @classmethod
    def reopen(cls, path: Path) -> StudyWriter:
        """Continue a study file that `open_study` could read, as one of the present version."""
        return cls._of_existing(path)

    def decided(self, study: Study) -> list[Decisions]:
        """What every chunk of each variant keeps; of an older file, what was done then.

        Raises InputError when the file is damaged.
        """
        row = self._database.execute("SELECT value FROM meta WHERE key = 'decisions'").fetchone()
        if row is None:
            return [former(e) for e in study.experiments()]
        try:
            found = EVERY_VARIANT.validate_json(row[0])
        except ValidationError:
            found = []
        if len(found) != len(study.all_variants):
            raise broken(self.path, STUDY)
        return found

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
        self._close()
