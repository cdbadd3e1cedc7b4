"""What Train shows of its runs, drawn one part at a time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

from PySide6.QtCore import QTimer

from stiffgui.figures import Picture
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.gui.train.timeline import NOTHING_YET
from stiffgui.gui.train.view_state import ViewState
from stiffgui.gui.train.views import TrainViews
from stiffgui.session.run_entry import RunEntry
from stiffgui.settings import kind_of

LATE_SECONDS = 0.5  # of training, by which a plane is behind that says so


class PaintQueue:
    """Draws the parts in turn: no pause of the window is longer than the slowest of them takes.

    A part that has nothing new to show does nothing.
    """

    def __init__(self, parts: TrainViews, bench: Workbench, state: ViewState) -> None:
        self._parts, self._bench, self._state = parts, bench, state
        self._pictures: dict[str, Picture | str] = {}  # those that a part has still to draw
        self.tasks: dict[str, Callable[[], None]] = {
            "errors": lambda: parts.errors.refresh(state.drawn, state.epoch),
            "stiffness": lambda: parts.stiffness.refresh(state.drawn, state.epoch),
            "layers": self._draw_layers,
            "progress": self._show_progress,
            "runs": parts.runs.follow,
        }
        self._turns = cycle(self.tasks)

    def next_part(self) -> None:
        """Draw the part whose turn it is, and what has come while nothing could be seen."""
        self.tasks[next(self._turns)]()
        self._draw_arrived()

    def every_part(self) -> None:
        """Draw all of them."""
        for draw in self.tasks.values():
            draw()
        while self._pictures:
            self._draw()

    def take(self, pictures: dict[str, Picture | str]) -> None:
        """Pictures that have arrived: drawn as soon as nothing else is to be done, one by one."""
        self._pictures |= pictures
        QTimer.singleShot(0, self._parts, self._draw_arrived)

    @property
    def waiting(self) -> bool:
        """Whether something has arrived that is not drawn yet."""
        return bool(self._pictures)

    def forget(self) -> None:
        """What has arrived is of another run."""
        self._pictures.clear()

    def _draw_arrived(self) -> None:
        if self._pictures and self._parts.isVisible():
            self._draw()
            last = not self._pictures  # then, which epoch is framed
            then = self._draw_layers if last else self._draw_arrived
            QTimer.singleShot(0, self._parts, then)

    def _draw(self) -> None:
        name = next(iter(self._pictures))
        self._parts.show_picture(name, self._pictures.pop(name))

    def _draw_layers(self) -> None:
        if self._state.run is not None:
            shown = self._state.drawn[-1]
            self._parts.layers.refresh(shown, self._state.layer, self._state.epoch_shown)

    def _show_progress(self) -> None:
        """Progress, and the penalty's share."""
        run, parts, preparing = self._state.run, self._parts, self._bench.preparing
        help = preparing.help if preparing is not None else ""
        if run is None:
            time = self._bench.beforehand.get("time")
            if time:  # of machine code for other numbers nobody waits
                beside = preparing.short if preparing is not None else NOTHING_YET
                parts.timeline.say(f"Run takes {time} here; {beside}", help)
            else:
                told = preparing.sentence if preparing is not None else NOTHING_YET
                parts.timeline.say(told, help)
            return
        parts.timeline.say(self._progress(run), help)
        share = None
        penalty = "none" if run.foreign else kind_of(type(run.experiment.regularizer))
        if self._bench.model.value("regularizer.kind") == penalty != "none":
            shares = run.history.series["penalty_share"]
            share = float(shares[-1].mean()) if len(shares) else None
        parts.panel.show_share(share, run.name)

    def _progress(self, run: RunEntry) -> str:
        preparing, running = self._bench.preparing, run is self._bench.running
        if preparing is not None and running:
            return f"{self._bench.state_of(run)}: {preparing.sentence}"
        of = f" / {run.begins + run.total:,}" if run.total else ""
        words = [f"epoch {run.begins + run.epoch:,}{of}"]
        seen, taken = self._state.epoch, 0.0
        if running and len(run.history.seconds) > 1:
            taken = float(run.history.seconds[-1]) or 1e-9
            plane = self._parts.eigenvalues
            behind = run.epoch - plane.seen_epoch > LATE_SECONDS * run.epoch / taken
            if seen is None and plane.is_seen and not plane.is_stale and behind:
                seen = plane.seen_epoch
        if seen is not None and seen >= 0:
            words[0] += f"; shown {run.begins + seen:,}"
        words.append(self._bench.state_of(run))  # before what is cut where room is short
        if taken and not self._bench.paused:
            left = (run.total - run.epoch) * taken / max(run.epoch, 1)
            steps = run.epoch * run.experiment.steps_per_epoch
            words.append(f"{int(left) // 60:02d}:{int(left) % 60:02d} left")
            words.append(f"{steps / taken:,.0f} steps/s")
        words = [word.replace(",", "\u202f") for word in words]
        if preparing is not None:  # nobody waits for it
            words.append(preparing.short)
        return "    ".join(words)
