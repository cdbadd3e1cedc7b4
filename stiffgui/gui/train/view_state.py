"""What is looked at: one state that drives cards, exports and requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from stiffgui.figures import Drawn
from stiffgui.figures.sources import drawn
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.session.run_entry import RunEntry
from stiffgui.session.sources import RunFile, RunSource


class Pinned(NamedTuple):
    """The network that is kept as A while others are looked at."""

    run: RunEntry
    epoch: int
    layer: int
    trial: int


class Selected(NamedTuple):
    """One eigenvalue of a probe sample (from 0) in a layer (from 1), and where it was seen last."""

    sample: int
    layer: int
    value: complex


class ViewState(QObject):
    """The shown run, its epoch (None: the newest), layer and trial, and the runs beside it.

    Layers count from 1, trials from 0; both are kept within the shown run. Emits `changed`, and
    `noted(sentence)`.
    """

    changed = Signal()
    noted = Signal(str)

    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._bench = bench
        bench.runs_changed.connect(self._runs_changed)
        self._epoch: int | None = None
        self._layer, self._trial = 1, 0
        self._pinned: Pinned | None = None
        self._selected: Selected | None = None

    @property
    def run(self) -> RunEntry | None:
        """The run that is shown."""
        return self._bench.shown

    @property
    def epoch(self) -> int | None:
        """The stored epoch that is shown; None: the newest."""
        return self._epoch

    @property
    def layer(self) -> int:
        """The layer that is shown."""
        run = self.run
        return min(self._layer, max(1, run.depth)) if run else self._layer

    @property
    def trial(self) -> int:
        """The trial that is shown."""
        run = self.run
        return min(self._trial, run.trials - 1) if run else self._trial

    @property
    def epoch_shown(self) -> int:
        """The epoch that is shown, the last finished one for the newest."""
        if self._epoch is not None:
            return self._epoch
        return self.run.epoch if self.run is not None else 0

    def look_at(self, **place: Any) -> None:
        """Another epoch, layer or trial."""
        before = (self._epoch, self._layer, self._trial)
        for name, value in place.items():
            setattr(self, f"_{name}", value)
        if (self._epoch, self._layer, self._trial) != before:
            self.changed.emit()

    @property
    def pinned(self) -> Pinned | None:
        """A, for as long as its run is in the window."""
        return self._pinned

    def _runs_changed(self) -> None:
        """A run that goes on is another entry of the same file; one that went is A no longer."""
        a, runs = self._pinned, self._bench.runs
        if a is None or a.run in runs:
            return
        run = next((run for run in runs if run.path == a.run.path), None)
        self._pinned = None if run is None else a._replace(run=run)
        if run is None:
            self.noted.emit(f"{a.run.name} is no longer pinned as A: it was removed.")

    def pin(self, on: bool) -> None:
        """Keep what is shown as A, of the stored epochs the nearest one; or no longer."""
        run = self.run
        self._pinned = None
        if on and run is not None and run.snapshot_epochs:
            shown = self.epoch_shown
            epoch = min(run.snapshot_epochs, key=lambda kept: abs(kept - shown))
            self._pinned = Pinned(run, epoch, self.layer, self.trial)
        self.changed.emit()

    @property
    def selected(self) -> Selected | None:
        """The eigenvalue that is selected everywhere, if its sample is one of the shown run's."""
        one, run = self._selected, self.run
        return one if one is None or run is None or one.sample < run.probe_count else None

    def select(self, one: Selected | None) -> None:
        """Select an eigenvalue with its sample and its layer; or nothing."""
        if one != self._selected:
            self._selected = one
            self.changed.emit()

    @property
    def place(self) -> dict[str, Any]:
        """The settings of a figure that the state decides."""
        sample = None if self.selected is None else self.selected.sample
        where = {"epoch": self._epoch, "layer": self.layer, "trial": self.trial}
        return where | {"sample": sample}

    @property
    def drawn(self) -> list[Drawn]:
        """The runs that are drawn together, the shown one last."""
        return drawn([Drawn(run, run.colour, run.name) for run in self._bench.visible()])

    def name_of(self, run: RunEntry) -> str:
        """What pictures of several runs call one of them; empty where it is not drawn."""
        return next((each.name for each in self.drawn if each.run is run), "")

    def source(self, together: bool = False) -> RunSource | None:
        """The files of the runs that are seen (A before the shown one), with the newest network
        where that is looked at; None when there is nothing to be seen yet."""
        run = self.run
        if run is None:
            return None
        pinned = [self.pinned.run] if self.pinned is not None else []
        runs: Sequence[RunEntry] = self._bench.visible() if together else [*pinned, run]
        files = tuple(RunFile(r.path, r.colour, r.name, r.edition, r.named, r.given) for r in runs)
        return RunSource(files, run.newest if self._epoch is None else None)
