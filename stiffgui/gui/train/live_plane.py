"""The eigenvalues of the layer that is looked at, moving while its run trains."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

from stiffgui.gui.train.cards.eigenvalues import EigenvaluesCard
from stiffgui.gui.train.motion import Moment, Motion
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.gui.train.view_state import ViewState
from stiffgui.session.run_entry import RunEntry
from stiffgui.training.controls import Watched

TICK_MILLISECONDS = 30  # training sends at most so many frames; what lies between costs it time
SAMPLES, SAMPLES_SLOWLY = 16, 4  # as it trains; at a pace, for which more epochs count


class LivePlane(QObject):
    """Asks the training for frames of what the card shows, and lets the card draw them.

    `painted` counts the drawn moments that were computed at an epoch of their own.
    """

    def __init__(
        self,
        bench: Workbench,
        state: ViewState,
        card: EigenvaluesCard,
        take: Callable[[], None],
    ) -> None:
        super().__init__(card)  # and ends with it
        self._take = take  # what training has sent
        self._bench, self._state, self._card = bench, state, card
        self._asked: tuple[RunEntry, Watched] | None = None
        self._run: RunEntry | None = None  # whose frames are in motion
        self.motion = Motion(0, 0)
        self.painted = 0
        self._closed = False
        self._timer = QTimer(self, interval=TICK_MILLISECONDS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)
        card.tools.pace.currentIndexChanged.connect(self._pace_chosen)

    def close(self) -> None:
        """Nothing moves any more."""
        self._closed = True
        self._timer.stop()

    def follow(self) -> None:
        """Something else may be looked at, or be training, by now."""
        run, card, state = self._bench.running, self._card, self._state
        wanted = None
        if run is not None and run is state.run and card.is_seen and card.can_move:
            slowly = bool(card.tools.pace.currentData())
            samples = SAMPLES_SLOWLY if slowly else SAMPLES
            wanted = run, Watched((state.layer,), state.trial, samples, dense=slowly)
        if wanted != self._asked:
            self._asked = wanted
            self._bench.watch(None if wanted is None else wanted[1])
        place = (state.run, state.layer, state.trial)
        if place != (self._run, self.motion.layer, self.motion.trial):
            self._run = state.run
            self.motion = Motion(state.layer, state.trial, float(card.tools.pace.currentData()))
            card.rest()
        if self._moves and not self._closed and not self._timer.isActive():
            self._timer.start()

    def _pace_chosen(self) -> None:
        self.motion.set_pace(float(self._card.tools.pace.currentData()), time.monotonic())
        self.follow()

    @property
    def _moves(self) -> bool:
        """Whether the run that is looked at trains, or has frames that its pace has not come to."""
        trains = self._run is not None and self._run is self._bench.running
        return trains or bool(self.motion.pace and self.motion.behind)

    def tick(self) -> None:
        """Draw what has moved."""
        run, card, motion = self._run, self._card, self.motion
        if run is None or run is not self._state.run:
            self._timer.stop()
            return
        self._take()
        now = time.monotonic()
        while run.frames:
            motion.take(run.frames.popleft(), now)
        if not self._moves:
            self._timer.stop()
        # Paused, the picture of the same epoch, of all samples, takes the place of what moved.
        rests = self._bench.paused and not motion.behind and card.drawn_epoch >= card.seen_epoch
        seen = card.is_seen and card.can_move
        if not self._moves or rests or self._state.epoch is not None or not seen:
            card.rest()
            return
        moment = motion.now(now)
        if moment is not None:
            self.show(run, moment)

    def show(self, run: RunEntry, moment: Moment) -> None:
        """Draw a moment of a run."""
        self._card.show_moment(moment, run.experiment.architecture.step_size)
        self.painted += moment.computed
