"""Writes a study file while its chunks come in."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from stiffgui.errors import InputError
from stiffgui.runs.file_writer import FileWriter
from stiffgui.runs.opening import broken
from stiffgui.runs.run import Run
from stiffgui.runs.schema import STUDY, make_tables
from stiffgui.runs.writer import provenance
from stiffgui.states import State
from stiffgui.study.declaration import Study
from stiffgui.study.plan import Chunk, longer_variants, plan
from stiffgui.study.schema import TABLES, chunk_columns
from stiffgui.training.decisions import Decisions, decide, former

EVERY_VARIANT = TypeAdapter(list[Decisions])


class StudyWriter(FileWriter):
    """A study file being written."""

    KIND = STUDY
    SYNCHRONOUS = "FULL"  # a chunk may be hours of work

    def __init__(self, path: Path, study: Study, *, replace: bool = False) -> None:
        super().__init__(path, replace=replace)
        decided = [decide(e, "cpu") for e in study.experiments()]
        with self._transaction():
            make_tables(self._database, TABLES, STUDY)
            self._put("study", study.to_toml())
            self._put("provenance", json.dumps(provenance(study.experiment)))
            self._put("decisions", EVERY_VARIANT.dump_json(decided).decode())
            self._add(plan(study))

    @classmethod
    def reopen(cls, path: Path) -> StudyWriter:
        """Continue a study file that `open_study` could read, as one of the present version."""
        return cls._of_existing(path)

    def grow(self, held: Study, study: Study) -> None:
        """Make the file one of `study`, into which the study that it holds can grow.

        Chunks keep their runs; where there are more epochs, all of them go on. Raises InputError
        when they cannot: earlier versions kept no checkpoints of finished ones.
        """
        decided = dict(zip((v.name for v in held.all_variants), self.decided(held), strict=True))
        new = {variant.name: k for k, variant in enumerate(study.all_variants)}
        places = [new[variant.name] for variant in held.all_variants]
        with self._transaction():
            if chunk_columns(self._database).endswith("0"):
                self._database.execute(
                    "ALTER TABLE chunks ADD COLUMN candidate INTEGER NOT NULL DEFAULT 0"
                )
            for k in longer_variants(held, study, places):
                self._go_on(k)
            numbered = self._database.execute("SELECT number, variant FROM chunks").fetchall()
            self._database.executemany(
                "UPDATE chunks SET variant = ? WHERE number = ?",
                [(places[variant], number) for number, variant in numbered],
            )
            each = [
                decided.get(variant.name) or decide(study.experiment_of(k), "cpu")
                for k, variant in enumerate(study.all_variants)
            ]
            self._put("study", study.to_toml())
            self._put("decisions", EVERY_VARIANT.dump_json(each).decode())
            rows = self._database.execute(f"SELECT {chunk_columns(self._database)} FROM chunks")
            self._add(plan(study, [Chunk(*row) for row in rows.fetchall()]))

    def _go_on(self, variant: int) -> None:
        """Let the finished chunks of a variant wait for the epochs that it has more."""
        rows = self._database.execute(
            "SELECT number, run FROM chunks WHERE variant = ? AND state = 'finished'", (variant,)
        ).fetchall()
        for number, content in rows:
            with Run(self.path, content) as run:
                if run.checkpoint() is None:
                    raise InputError(
                        f"{self.path} was made by an earlier version, which kept no checkpoints: "
                        f"it grows by trials and variants, not by epochs.",
                        "training.epochs",
                    )
            self._database.execute(
                "UPDATE chunks SET state = 'stopped' WHERE number = ?", (number,)
            )

    def _add(self, chunks: Iterable[Chunk]) -> None:
        """Chunks that wait to be trained."""
        self._database.executemany(
            "INSERT INTO chunks (number, variant, first, count, candidate, state) "
            "VALUES (?, ?, ?, ?, ?, 'waiting')",
            [(c.number, c.variant, c.first, c.count, c.candidate) for c in chunks],
        )

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
            f"SELECT {chunk_columns(self._database)}, epoch, run FROM chunks "
            "WHERE state IN ('waiting', 'stopped') ORDER BY first, variant, number"
        ).fetchall()
        return [(Chunk(*row[:5]), row[5] or 0, row[6]) for row in rows]

    def store(
        self, number: int, state: State, epoch: int, seconds: float, worker: str, run: bytes
    ) -> None:
        """Keep the run of a chunk that has finished, or stopped on the way."""
        with self._transaction():
            self._database.execute(
                "UPDATE chunks SET state = ?, epoch = ?, seconds = ?, worker = ?, ended = ?, "
                "run = ? WHERE number = ?",
                (state, epoch, seconds, worker, time.strftime("%Y-%m-%dT%H:%M:%S%z"), run, number),
            )

    def _put(self, key: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def close(self) -> None:
        """Leave one plain file."""
        self.give_up()
