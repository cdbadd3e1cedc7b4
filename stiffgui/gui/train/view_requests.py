"""Asking the view child for what Fit and Eigenvalues show."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QObject, Signal

from stiffgui.gui.train.runs.entry import RunEntry
from stiffgui.gui.train.training_thread import ViewThread
from stiffgui.session.messages import Look, View

LOOK_SECONDS = 0.6


class ViewRequests(QObject):
    """Asks at a rate that leaves training its core; the newest request wins.

    Signals: `viewed(View)`, and `answered(message)` for every other answer of the child.
    """

    viewed = Signal(object)
    answered = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.thread_ = ViewThread()
        self._number = 0
        self._asked: tuple[Any, ...] = ()
        self._due = 0.0
        self._pause = LOOK_SECONDS
        self.thread_.answered.connect(self._answered)
        self.thread_.lost.connect(lambda: self.soon(anew=True))

    def soon(self, anew: bool = False) -> None:
        """The next `look` asks at once; with `anew` even when nothing has changed."""
        self._due = 0.0
        if anew:
            self._asked = ()

    def look(
        self,
        run: RunEntry,
        epoch: int | None,
        layer: int,
        trial: int,
        all_layers: bool,
        contours: bool,
        trajectories: int,
    ) -> None:
        """Ask for a network of a run: of a kept epoch, or for None the newest."""
        newest = run.newest if epoch is None else None
        now = time.monotonic()
        at = newest[0] if newest is not None else run.epoch if epoch is None else epoch
        wanted: tuple[Any, ...] = (id(run), at, newest is not None, run.state, layer, trial)
        wanted += (all_layers, contours, trajectories)
        if now < self._due or wanted == self._asked or (newest is None and not run.snapshot_epochs):
            return
        self._asked, self._due = wanted, now + self._pause
        self._number += 1
        request = Look(
            self._number,
            run.experiment.to_toml(),
            at,
            min(trial, run.experiment.training.trials - 1),
            min(layer, run.experiment.architecture.depth),
            str(run.path),
            newest[1] if newest is not None else None,
            all_layers,
            contours,
            trajectories,
        )
        self.thread_.ask(request)

    def _answered(self, message: Any) -> None:
        if isinstance(message, View):
            self._pause = max(LOOK_SECONDS, 10 * message.seconds)
            if self._asked and message.epoch != self._asked[1]:
                self._asked = ()  # a newer one was asked for, or it is not in the file yet: again
            self.viewed.emit(message)
        else:
            self.answered.emit(message)
