"""Asking the view child for what Fit, Eigenvalues and Trajectories show: what, and how often."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from stiffgui.gui.requests import Requests
from stiffgui.gui.train.views import TrainViews
from stiffgui.session.service import Failure
from stiffgui.session.views import Look, View, look_at_stored

LOOK_SECONDS = 0.6
NEWEST = -1  # instead of an epoch
REST_MILLISECONDS = 150  # at an epoch, until all samples of it are looked at


def look_at(views: TrainViews) -> Look | None:
    """What is chosen to be seen; None when nothing of it can be seen yet."""
    state = views.state
    source, run = state.source(), state.run
    if source is None or run is None or (source.network is None and not run.snapshot_epochs):
        return None
    if source.network is not None:
        epoch = source.network[0]
    else:  # of a run that goes on elsewhere, what is kept already
        epoch = run.snapshot_epochs[-1] if state.epoch is None else state.epoch
    return Look(source, epoch, source.network is not None, tuple(views.wanted().items()))


def place_of(look: Look | None) -> tuple[Path, int] | None:
    """The run and the epoch that a look shows; NEWEST while a training is followed."""
    return None if look is None else (look.source.path, NEWEST if look.live else look.epoch)


def _other_epoch(one: Look, other: Look) -> bool:
    """Whether two looks show the same of two stored epochs."""

    def but_epoch(look: Look) -> list[tuple[str, dict[str, Any]]]:
        return [(name, figure.model_dump(exclude={"epoch"})) for name, figure in look.figures]

    stored = not (one.live or other.live)
    return stored and one.source == other.source and but_epoch(one) == but_epoch(other)


class ViewRequests(QObject):
    """One look at a time, the newest that is wanted next.

    What a person chooses is asked for at once; what only follows training, at a rate that
    leaves training its core. Until the child has answered once, what a file keeps is drawn here.
    Signals: `viewed(Look, View)`, `failed(Failure)`.
    """

    viewed = Signal(object, object)
    failed = Signal(object)

    def __init__(self, requests: Requests, training: Callable[[], bool]) -> None:
        super().__init__()
        self._requests, self._training = requests, training
        self.wanted: Look | None = None  # the newest, asked for or not
        self._asked: Look | None = None  # the last one sent
        self._under_way = self._warm = False
        self._due, self._pause = 0.0, LOOK_SECONDS
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._send)
        self._moving = QTimer(self, singleShot=True, interval=REST_MILLISECONDS)
        self._moving.timeout.connect(self._rest)

    def pending(self) -> bool:
        """Whether a look is under way, and will be answered."""
        return self._under_way

    def close(self) -> None:
        """Nothing more is asked for."""
        self._timer.stop()
        self._moving.stop()

    def want(self, look: Look | None) -> None:
        """Ask for a look when it is due, unless it was wanted before; of an epoch soon after
        another, for one with few samples until it rests there."""
        wanted = self.wanted and replace(self.wanted, few=False)
        if look == wanted and (self._training() or not self._timer.isActive()):
            return
        if look is not None and not look.live and wanted is not None:
            moves = self._moving.isActive() and _other_epoch(look, wanted)
            self._moving.start()
            look = replace(look, few=moves)
        self.wanted = look
        if look is None:
            self._asked = None
        if not self._under_way:
            self._send_when_due()

    def _rest(self) -> None:
        if self.wanted is not None and self.wanted.few:
            self.wanted = replace(self.wanted, few=False)
            if not self._under_way:
                self._send_when_due()

    def _send_when_due(self) -> None:
        self._timer.stop()
        look = self.wanted
        if look is None or look == self._asked:
            return
        seconds = self._due - time.monotonic()
        if seconds > 0 and self._training() and self._only_follows(look):
            self._timer.start(int(1000 * seconds) + 1)
        else:
            self._send()

    def _only_follows(self, look: Look) -> bool:
        """Whether a look differs from the last one only in that training has gone on."""
        last = self._asked
        return last is not None and look.live and replace(look, epoch=last.epoch) == last

    def _send(self) -> None:
        look = self.wanted
        if look is not None:
            self._asked, self._under_way = look, True
            self._due = time.monotonic() + self._pause
            stored = None if self._warm else look_at_stored(look)
            if stored is not None:
                self.viewed.emit(look, stored)
            self._requests.ask(
                look, lambda view: self._answered(look, view), self._failed, newest=True
            )

    def _answered(self, look: Look, view: View) -> None:
        self._under_way = False
        # The first one is slow by what it imports.
        self._pause = max(LOOK_SECONDS, 10 * view.seconds if self._warm else 0.0)
        self._warm = True
        if not look.live:
            self._moving.start()  # counted from what is seen
        self.viewed.emit(look, view)
        if self._asked == self.wanted and self._is_early(view):
            self._timer.start(int(1000 * self._pause))
        else:
            self._send_when_due()

    def _is_early(self, view: View) -> bool:
        """Whether another epoch came because training has not written this one yet."""
        return self._training() and self.wanted is not None and view.epoch != self.wanted.epoch

    def _failed(self, failure: Failure) -> None:
        self._under_way = False
        if failure.lost:  # the look that the child owed is asked for again
            self._asked = None
        else:
            self.failed.emit(failure)
        self._send_when_due()
