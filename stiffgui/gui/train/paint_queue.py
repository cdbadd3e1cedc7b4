"""What Train shows of its runs, drawn one part at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import cycle

from stiffgui.gui.plots.card import Card
from stiffgui.gui.train.cards.eigenvalues import EigenvaluesCard
from stiffgui.gui.train.cards.fit import FitCard
from stiffgui.gui.train.cards.trajectories import TrajectoriesCard
from stiffgui.gui.train.runs.entry import RunEntry
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.gui.train.views import TrainViews
from stiffgui.regularizers import NoPenalty, Stiffness
from stiffgui.session.views import View


class PaintQueue:
    """Draws the parts in turn: no pause of the window is longer than the slowest of them takes.

    A part that has nothing new to show does nothing.
    """

    def __init__(self, parts: TrainViews, bench: Workbench) -> None:
        self._parts, self._bench = parts, bench
        self._views: dict[Card, View] = {}  # those that a card has still to draw
        self.tasks: dict[str, Callable[[], None]] = {
            "errors": lambda: parts.errors.refresh(bench.visible()),
            "stiffness": lambda: parts.stiffness.refresh(bench.visible()),
            "layers": self._draw_layers,
            "progress": self._tell,
        }
        self._viewing = parts.fit, parts.eigenvalues, parts.trajectories
        self.tasks |= {card.figure: partial(self._show, card) for card in self._viewing}
        self._turns = cycle(self.tasks)

    def next_part(self) -> None:
        """Draw the part whose turn it is."""
        self.tasks[next(self._turns)]()

    def every_part(self) -> None:
        """Draw all of them."""
        for draw in self.tasks.values():
            draw()

    def take(self, view: View) -> None:
        """A view that has arrived, to be drawn when its cards have their turns."""
        self._views = dict.fromkeys(self._viewing, view)

    def _draw_layers(self) -> None:
        run, parts = self._bench.shown, self._parts
        if run is not None:
            epoch = run.epoch if parts.timeline.live else parts.timeline.epoch
            parts.layers.refresh(run, parts.eigenvalues.layer.value(), epoch)

    def _tell(self) -> None:
        """Progress, and the penalty's share."""
        run, parts = self._bench.shown, self._parts
        if run is None:
            return
        parts.timeline.say(self._progress(run))
        shares = run.history.series["penalty_share"]
        penalised = len(shares) and not isinstance(run.experiment.regularizer, NoPenalty)
        parts.panel.show_share(float(shares[-1].mean()) if penalised else None)

    def _progress(self, run: RunEntry) -> str:
        words = [f"epoch {run.epoch:,} / {run.total:,}"]
        if run is self._bench.running and len(run.history.seconds) > 1:
            taken = float(run.history.seconds[-1]) or 1e-9
            left = (run.total - run.epoch) * taken / max(run.epoch, 1)
            words.append(f"{run.epoch * run.steps_per_epoch / taken:,.0f} steps/s")
            words.append(f"{int(left) // 60:02d}:{int(left) % 60:02d} left")
        words.append(self._state(run))
        return "    ".join(words).replace(",", "\u202f")

    def _state(self, run: RunEntry) -> str:
        if run is not self._bench.running:
            return run.state
        if self._bench.paused:
            return "paused"
        if not run.epoch and isinstance(run.experiment.regularizer, Stiffness):
            return "preparing the penalty"  # compiled at its first use on a machine: some seconds
        return run.state

    def _show(self, card: FitCard | EigenvaluesCard | TrajectoriesCard) -> None:
        view = self._views.pop(card, None)
        if view is not None:
            card.show_view(view)
