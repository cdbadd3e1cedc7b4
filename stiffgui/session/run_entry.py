"""A run as the window sees it: its history, and what is shown of it."""

from __future__ import annotations

import math
from collections import deque
from pathlib import Path

from stiffgui.experiment import Experiment
from stiffgui.runs.foreign import ForeignNetwork, PerhapsForeign
from stiffgui.runs.history import History
from stiffgui.session.following import News, Position
from stiffgui.session.training import Arrays, Bundle
from stiffgui.training.decisions import Decisions
from stiffgui.training.records import Event, Frame, begins_at
from stiffgui.writer_lock import Writer

FRAMES = 64  # that wait to be drawn, at most


class RunEntry(PerhapsForeign):
    """Everything the plots need of one run; fed by bundles, or read from a file.

    It can be drawn like a run: `name`, `path`, `experiment`, `trials`, `series()`. One of a foreign
    network has no experiment, but so many `trials`, and what is known of the `network`.
    """

    def __init__(
        self,
        name: str,
        experiment: Experiment | None,
        path: Path,
        network: ForeignNetwork | None = None,
        trials: int = 1,
    ) -> None:
        self.name, self.path = name, path
        self._experiment, self.network = experiment, network
        self.colour, self.visible = 0, True
        self.state = "waiting"
        self.note = ""
        self.history = History(trials if experiment is None else experiment.training.trials)
        self.events: list[Event] = []
        self.snapshot_epochs: list[int] = []
        self.newest: tuple[int, Arrays] | None = None
        self._newest_epoch = 0  # that training has told of
        self.frames: deque[Frame] = deque(maxlen=FRAMES)  # that nobody has drawn yet
        self.decided: Decisions | None = None
        self.writer: Writer | None = None  # another process, while it writes the file
        self.unwatched: dict[str, float] = {}  # indices of its last stored network
        self.version = 0
        self.edition = 0  # of its file, which somebody else adds to

    @property
    def depth(self) -> int:
        """N; 0 where it is not known."""
        if self._experiment is not None:
            return self._experiment.architecture.depth
        measured = (values.shape[-1] for values in self.history.indices.values())
        return self.network.depth if self.network is not None else next(measured, 0)

    @property
    def trials(self) -> int:
        """R."""
        return self.history.trials

    @property
    def probe_count(self) -> int:
        """On how many training samples its indices are taken; at most, before it has begun."""
        if self.foreign:
            return self.network.samples if self.network is not None else 0
        return self.decided.cadence.samples if self.decided else self.experiment.watch.probe

    def series(self) -> History:
        """All its numbers so far, as `Run.series`."""
        return self.history

    @property
    def begins(self) -> int:
        """What is added to its epochs where they are told."""
        return begins_at(self.events)

    @property
    def epoch(self) -> int:
        """The last finished epoch, be anything measured there or not."""
        return max(self._newest_epoch, self._recorded, 0)

    @property
    def _recorded(self) -> int:
        return int(self.history.epochs[-1]) if len(self.history.epochs) else -1

    @property
    def total(self) -> int:
        """Epochs asked for, live changes included; 0 of a foreign network, which says none."""
        if self.foreign:
            return 0
        changes = [e.value for e in self.events if e.key == "training.epochs" and e.value]
        return int(changes[-1]) if changes else self.experiment.training.epochs

    @property
    def is_followed(self) -> bool:
        """Whether another process writes it, and here it can be seen how."""
        return self.state == "running" and self.writer is not None and self.writer.is_here

    @property
    def position(self) -> Position:
        """How far its file has been read."""
        return Position(self.path, self._recorded, len(self.events), self.writer)

    def read_on(self, news: News) -> None:
        """Append what another process has written."""
        if news.history is None:
            return
        if news.anew:
            self.history, self.events = news.history, []
        else:
            self.history.join(news.history)
        self.events += [Event(**event) for event in news.events]
        self.snapshot_epochs = list(news.kept)
        self.network = news.network or self.network
        self.version += 1

    def take(self, bundle: Bundle) -> None:
        """Append what a bundle brings."""
        for item in bundle.items:
            if isinstance(item, Event):
                self.events.append(item)
                continue
            if isinstance(item, Frame):
                self.frames.append(item)
                continue
            self.history.append(item)
            if item.keep:
                self.snapshot_epochs.append(item.epoch)
        if bundle.path is not None and bundle.path != self.path:
            self.path, self.name = bundle.path, bundle.path.stem
        if bundle.decided is not None:
            self.decided = bundle.decided
        self._newest_epoch = bundle.epoch
        if bundle.parameters is not None:
            self.newest = (bundle.epoch, bundle.parameters)
        self.version += 1

    @classmethod
    def read(cls, path: Path, resuming: bool = False) -> RunEntry:
        """A stored run; `resuming`, only what lies before the state it is resumed from.

        Raises InputError when the file cannot be read, or holds nothing to resume from.
        """
        from stiffgui.runs import open_run

        with open_run(path) as stored, stored.at_one_moment():
            last, experiment = math.inf, None if stored.foreign else stored.experiment
            if resuming:
                experiment, last = stored.experiment_now, stored.checkpoint_epoch
            run = cls(path.stem, experiment, path, stored.network, stored.trials)
            run.history = stored.series().until(last)
            run.note, run.decided = stored.note, None if stored.foreign else stored.decided
            run.events = [Event(**e) for e in stored.events if e["epoch"] <= last]
            run.snapshot_epochs = [epoch for epoch in stored.kept_epochs if epoch <= last]
            run.state, run.writer = stored.state, stored.writer
        run.version = 1
        return run
