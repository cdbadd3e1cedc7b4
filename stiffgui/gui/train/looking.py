"""What the viewers show: asked for, drawn when it comes, dimmed while it is of something else."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer

from stiffgui.figures import Figure
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.train.paint_queue import PaintQueue
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.gui.train.view_requests import NEWEST, ViewRequests, look_at, place_of
from stiffgui.gui.train.views import TrainViews
from stiffgui.session.views import Look, View

LATE_MILLISECONDS = 250  # until what is still of another epoch, or set otherwise, is dimmed


class Looking:
    """Wants what the state of the views says, and says where something else is seen as yet."""

    def __init__(
        self, views: TrainViews, requests: ViewRequests, drawing: PaintQueue, bench: Workbench
    ) -> None:
        self._bench = bench
        self._views, self._requests, self._drawing = views, requests, drawing
        self._seen: tuple[Path, int] | None = None  # run and epoch of what is drawn
        self._figures: dict[str, Figure] = {}  # that are drawn
        self._dimmed: list[str] = []
        self._late = QTimer(requests, singleShot=True, interval=LATE_MILLISECONDS)
        self._late.timeout.connect(self._say_stale)
        requests.viewed.connect(self._viewed)

    def look(self) -> None:
        """Want to see what is chosen."""
        self._requests.want(look_at(self._views))
        self._mark_stale()

    def close(self) -> None:
        """Nothing more is asked for or said."""
        self._late.stop()
        self._requests.close()

    def _viewed(self, look: Look, view: View) -> None:
        """Draw an answer, unless another run is shown by now."""
        run = self._views.state.run
        if run is not None and look.source.path == run.path:
            self._seen = place_of(look)
            self._figures |= {n: figure for n, figure in look.figures if n in view.pictures}
            self._dimmed = []  # no longer, once they are drawn
            self._drawing.take(view.pictures)
            self._views.timeline.arrived()
            self._mark_stale()

    def _mark_stale(self) -> None:
        """Dim what is of another run at once, what is of another epoch or set otherwise if that
        takes a while."""
        run, wanted = self._views.state.run, self._requests.wanted
        if run is None:
            return
        asked = place_of(wanted) or (run.path, NEWEST)
        if asked == self._seen and not self._behind():
            self._late.stop()
            self._views.lift(self._dimmed)
            self._dimmed = []
        elif self._seen is None or asked[0] != self._seen[0]:
            self._drawing.forget()
            self._say_stale()
        elif not self._late.isActive():
            self._late.start()

    def _behind(self) -> dict[str, Figure]:
        """The figures that are wanted, and are drawn with other settings."""
        wanted = self._requests.wanted
        figures = {} if wanted is None else dict(wanted.figures)
        return {
            n: figure for n, figure in figures.items() if self._figures.get(n, figure) != figure
        }

    def _say_stale(self) -> None:
        run, wanted = self._views.state.run, self._requests.wanted
        if run is None:
            return
        self._dimmed = [*self._views.viewers()]
        if wanted is None:
            said = self._bench.awaited(run)
        elif place_of(wanted) != self._seen:
            said = f"Computing epoch {grouped(run.begins + wanted.epoch)} of {run.name} …"
        else:
            behind = self._behind()
            self._dimmed = [name for name in self._dimmed if name in behind]
            for name in self._dimmed:
                self._views.dim(f"Computing {behind[name].work} …", [name], through=True)
            return
        self._views.dim(said, self._dimmed)
