"""Writes a run file while training."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from stiffgui._version import __version__
from stiffgui.experiment import Experiment
from stiffgui.runs.file_writer import FileWriter, NotWritten
from stiffgui.runs.foreign import ForeignNetwork
from stiffgui.runs.schema import ERRORS, FACTORS, RUN, SAMPLES, create, describe, quoted
from stiffgui.training import Event, Record
from stiffgui.training.decisions import Decisions
from stiffgui.training.quantities import QUANTITIES, Quantity
from stiffgui.writer_lock import WriterLock

COMMIT_SECONDS = 0.5  # how much a killed process may lose
SYNC_SECONDS = 10.0  # how much a power failure may take besides


class RunWriter(FileWriter):
    """A run file being written; what is given becomes durable with the next `commit`, at once.

    Without an experiment it is the run of a foreign network, with so many `trials`. `quantities`
    are what it records of every epoch, by default what a trainer does.
    """

    KIND = RUN

    def __init__(
        self,
        path: str | Path,
        experiment: Experiment | None,
        *,
        trials: int = 1,
        quantities: Sequence[Quantity] | None = None,
        replace: bool = False,
        lock: WriterLock | None = None,
    ) -> None:
        super().__init__(path, replace=replace, lock=lock)
        self._trials = trials if experiment is None else experiment.training.trials
        self._begin()
        recorded = _recorded(experiment) if quantities is None else list(quantities)
        self._queue.append(lambda database: create(database, recorded))
        if experiment is not None:
            self._put("experiment", experiment.to_toml())
        else:
            self._put("trials", str(trials))
            self._put("first_trial", "0")
        self._provenance = provenance(experiment)
        self._put("provenance", json.dumps(self._provenance))
        self._put("ending", "running")

    @classmethod
    def reopen(
        cls,
        path: str | Path,
        experiment: Experiment,
        epoch: int,
        *,
        recorded: bool = True,
        lock: WriterLock | None = None,
        begun: Mapping[str, Any],
    ) -> RunWriter:
        """Continue a run file after `epoch`, with the provenance `begun`; what lies beyond it is
        written anew.

        With `recorded` false the errors of `epoch` itself go too: only the stop had asked for
        them. A file of an older version becomes one of the present version.
        """
        writer = cls._of_existing(path, lock)
        writer._trials = experiment.training.trials
        again = provenance(experiment) | {"epoch": epoch}
        writer._provenance = {**begun, "resumed": [*begun.get("resumed", []), again]}
        writer._begin()
        writer.describe(_recorded(experiment))
        for table in ("history", "indices", "spectra", "snapshots", "events"):
            writer._do(f"DELETE FROM {table} WHERE epoch > ?", (epoch,))
        if not recorded:
            writer._do("DELETE FROM history WHERE epoch = ?", (epoch,))
        writer._put("experiment", experiment.to_toml())
        writer._put("provenance", json.dumps(writer._provenance))
        writer._put("ending", "running")
        return writer

    def _begin(self) -> None:
        self._queue: list[Callable[[sqlite3.Connection], object]] = []  # until it is committed
        self._waiting = 0  # bytes in it, without what is short
        self._committed, self._synced = time.monotonic(), -inf
        self._described: set[str] = set()

    def _do(self, statement: str, values: Sequence[Any] = ()) -> None:
        self._queue.append(lambda database: database.execute(statement, values))

    def _put(self, key: str, value: str) -> None:
        self._do("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def decisions(self, decided: Decisions) -> None:
        """Keep what was decided for this training."""
        self._put("decisions", decided.model_dump_json())

    def network(self, facts: ForeignNetwork) -> None:
        """Keep what is known of a foreign network."""
        self._put("network", facts.model_dump_json())

    def describe(self, quantities: Sequence[Quantity]) -> None:
        """Say what is recorded besides from now on."""
        told = list(quantities)
        self._queue.append(lambda database: describe(database, told))
        self._described.update(quantity.name for quantity in quantities)

    def note(self, **facts: Any) -> None:
        """Keep more facts with the provenance."""
        self._provenance |= facts
        self._put("provenance", json.dumps(self._provenance))

    def record(self, record: Record) -> None:
        """Append one epoch."""
        names = "".join(f", {quoted(name)}" for name in record.values)
        marks = ", ?" * len(record.values)
        columns = [_values(values) for values in record.values.values()]
        per_trial = zip(*columns, strict=True) if columns else [()] * self._trials
        rows = [
            (record.epoch, trial, record.seconds, *values) for trial, values in enumerate(per_trial)
        ]
        statement = (
            f"INSERT OR REPLACE INTO history (epoch, trial, seconds{names}) VALUES (?, ?, ?{marks})"
        )
        self._queue.append(lambda database: database.executemany(statement, rows))
        if record.indices:
            self._describe(record.indices)
            arrays = dict(record.indices) | {f"flagged.{k}": v for k, v in record.flagged.items()}
            self._blob("INSERT OR REPLACE INTO indices VALUES (?, ?)", arrays, record.epoch)
        if record.errors:
            self._do(ERRORS)
            self._blob("INSERT OR REPLACE INTO errors VALUES (?, ?)", record.errors, record.epoch)

    def event(self, event: Event) -> None:
        """Append one event. A live change also updates the stored experiment's events only."""
        self._do(
            "INSERT INTO events (epoch, step, kind, text, trial, key, value) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (event.epoch, event.step, event.kind, event.text, event.trial, event.key, event.value),
        )

    def spectrum(
        self, epoch: int, layer: int, trial: int, arrays: Mapping[str, NDArray[Any]]
    ) -> None:
        """Keep arrays of real numbers on one layer (from 1 on) of one trial's network."""
        self._blob(
            "INSERT OR REPLACE INTO spectra VALUES (?, ?, ?, ?)", arrays, epoch, layer, trial
        )

    def factor(self, layer: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep of a layer's first matrix what its pseudospectrum is taken of."""
        self._do(FACTORS)
        self._blob("INSERT OR REPLACE INTO factors VALUES (?, ?)", arrays, layer)

    def drop_spectra(self, epoch: int) -> None:
        """Keep those of an epoch no longer."""
        self._do("DELETE FROM spectra WHERE epoch = ?", (epoch,))

    def snapshot(self, epoch: int, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Keep the networks of an epoch."""
        self._blob("INSERT OR REPLACE INTO snapshots VALUES (?, ?)", parameters, epoch)

    def drop_snapshot(self, epoch: int) -> None:
        """Keep the networks of an epoch no longer."""
        self._do("DELETE FROM snapshots WHERE epoch = ?", (epoch,))

    def samples(self, content: bytes) -> None:
        """Keep what `Samples.to_bytes` made of the data."""
        self._do(SAMPLES)
        self._do("INSERT OR REPLACE INTO samples VALUES (1, ?)", (content,))

    def checkpoint(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Replace the state from which training can be resumed."""
        self._blob("INSERT OR REPLACE INTO checkpoint VALUES (?, ?)", arrays, 1)

    @property
    def waiting(self) -> int:
        """Bytes that wait to be committed, at least."""
        return self._waiting

    def commit(self) -> None:
        """Make everything so far durable and visible to readers. Raises NotWritten: then it waits
        for the next time."""
        with self._transaction() as database:
            for write in self._queue:
                write(database)
        self._queue.clear()
        self._waiting = 0
        self._committed = now = time.monotonic()
        if now - self._synced > SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Let what was committed survive a power failure. Raises NotWritten."""
        try:
            self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            raise NotWritten(self.path, error) from None
        self._synced = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether the last commit was a while ago."""
        return time.monotonic() - self._committed > COMMIT_SECONDS

    def end(self, ending: str) -> None:
        """Note how training ended: `finished`, `stopped`, `diverged`."""
        self._put("ending", ending)

    def close(self, ending: str) -> None:
        """Note how it ended, and leave one plain file. Raises NotWritten."""
        self.end(ending)
        try:
            self.commit()
        finally:
            self.give_up()

    def _describe(self, indices: Iterable[str]) -> None:
        """Say once what the indices are."""
        new = [name for name in indices if name not in self._described]
        if new:
            self.describe([QUANTITIES[name] for name in new if name in QUANTITIES])
            self._described.update(new)

    def _blob(self, statement: str, arrays: Mapping[str, NDArray[Any]], *keys: int) -> None:
        contiguous = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
        content = save(contiguous)
        self._waiting += len(content)
        self._do(statement, (*keys, content))


def _recorded(experiment: Experiment | None) -> list[Quantity]:
    """What a training records of trials and of the run."""
    none = set() if experiment is not None and experiment.task.validated else {"validation_error"}
    return [q for q in QUANTITIES.values() if q.per != "layer" and q.name not in none]


def provenance(experiment: Experiment | None) -> dict[str, Any]:
    """Where and with what a run was made; without an experiment by someone else's training, which
    may do without torch."""
    torch: Any = sys.modules.get("torch") if experiment is None else import_module("torch")
    facts: dict[str, Any] = {
        "stiffgui": __version__,
        "python": platform.python_version(),
        **({"torch": torch.__version__} if torch is not None else {}),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
    if experiment is None:
        return facts
    training = experiment.training
    device = "cuda" if training.device != "cpu" and torch.cuda.is_available() else "cpu"
    return facts | {"device": device, "seed": training.seed}


def _values(array: NDArray[np.float64]) -> list[float | None]:
    return [None if not np.isfinite(v) else float(v) for v in array]
