"""A run as the window sees it: history as growing arrays. No Qt."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.experiment import Experiment
from stiffgui.session.messages import Arrays, Bundle
from stiffgui.stiffness.indices import network_index
from stiffgui.training.records import Event, Record

SERIES = ("train_error", "test_error", "penalty", "penalty_share", "l2_norm", "learning_rate")


class Column:
    """Rows appended one by one to an array that doubles when it is full."""

    def __init__(self) -> None:
        self._rows: NDArray[Any] | None = None
        self._used = 0

    def append(self, row: Any) -> None:
        values = np.asarray(row)
        if self._rows is None:
            self._rows = np.empty((256, *values.shape), values.dtype)
        elif self._used == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[self._used] = values
        self._used += 1

    @property
    def values(self) -> NDArray[Any]:
        """What has been appended, [rows, ...]; a view."""
        return self._rows[: self._used] if self._rows is not None else np.empty(0)


class RunEntry:
    """Everything the plots need of one run; fed by bundles, or read from a file."""

    def __init__(self, name: str, experiment: Experiment, path: Path) -> None:
        self.name, self.experiment, self.path = name, experiment, path
        self.colour, self.visible = 0, True
        self.state = "waiting"
        self.note = ""
        self.epochs, self.seconds = Column(), Column()
        self.series = {name: Column() for name in SERIES}
        self.index_epochs = Column()
        self.indices: dict[str, Column] = {}
        self.flagged: dict[str, NDArray[Any]] = {}
        self.events: list[Event] = []
        self.kept: list[int] = []
        self.newest: tuple[int, Arrays] | None = None
        self.version = 0

    @property
    def epoch(self) -> int:
        """The last finished epoch."""
        return int(self.epochs.values[-1]) if len(self.epochs.values) else 0

    @property
    def total(self) -> int:
        """Epochs asked for, live changes included."""
        changes = [e.value for e in self.events if e.key == "training.epochs" and e.value]
        return int(changes[-1]) if changes else self.experiment.training.epochs

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch, the short last one included."""
        return -(-self.experiment.task.training_samples // self.experiment.training.batch_size)

    def take(self, bundle: Bundle) -> None:
        """Append what a bundle brings."""
        for item in bundle.items:
            if isinstance(item, Event):
                self.events.append(item)
            else:
                self._append(item)
        if bundle.parameters is not None:
            self.newest = (bundle.epoch, bundle.parameters)
        self.version += 1

    def _append(self, record: Record) -> None:
        self.epochs.append(record.epoch)
        self.seconds.append(record.seconds)
        for name, column in self.series.items():
            column.append(getattr(record, name))
        if record.indices:
            self.index_epochs.append(record.epoch)
            for name, values in record.indices.items():
                self.indices.setdefault(name, Column()).append(values)
            self.flagged = dict(record.flagged)
        if record.keep:
            self.kept.append(record.epoch)

    def summed(self, name: str) -> NDArray[Any]:
        """An index summed over layers: [M, R]."""
        return network_index(self.indices[name].values)

    @classmethod
    def read(cls, path: Path, resuming: bool = False) -> RunEntry:
        """A stored run; `resuming`, only what lies before the state it is resumed from.

        Raises InputError when the file cannot be read, or holds nothing to resume from.
        """
        from stiffgui.runs import open_run

        with open_run(path) as stored:
            run = cls(path.stem, stored.experiment, path)
            last = math.inf
            if resuming:
                run.experiment, last = stored.experiment_now, stored.checkpoint_epoch
            history = stored.series()
            for row, epoch in enumerate(history.epochs[history.epochs <= last]):
                run.epochs.append(int(epoch))
                run.seconds.append(history.seconds[row])
                for name in SERIES:
                    run.series[name].append(history.series[name][row])
            for row, epoch in enumerate(history.index_epochs[history.index_epochs <= last]):
                run.index_epochs.append(int(epoch))
                for name, values in history.indices.items():
                    run.indices.setdefault(name, Column()).append(values[row])
            run.note = stored.note
            run.events = [Event(**e) for e in stored.events if e["epoch"] <= last]
            run.kept = [epoch for epoch in stored.snapshot_epochs if epoch <= last]
            # A file that says "running" and is opened is one whose training was interrupted.
            run.state = "interrupted" if stored.ending == "running" else stored.ending
        run.version = 1
        return run
