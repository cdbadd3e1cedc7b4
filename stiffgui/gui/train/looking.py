"""What the viewers show: asked for, drawn when it comes, dimmed while it is of something else."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer

from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.train.paint_queue import PaintQueue
from stiffgui.gui.train.view_requests import NEWEST, ViewRequests, look_at, place_of
from stiffgui.gui.train.views import TrainViews
from stiffgui.session.views import Look, View

LATE_MILLISECONDS = 250  # until what is still of another epoch is dimmed


class Looking:
    """Wants what the state of the views says, and says where something else is seen as yet."""

    def __init__(self, views: TrainViews, requests: ViewRequests, drawing: PaintQueue) -> None:
        self._views, self._requests, self._drawing = views, requests, drawing
        self._seen: tuple[Path, int] | None = None  # run and epoch of what is drawn
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
            self._drawing.take(view.pictures)
            self._views.timeline.arrived()
            self._mark_stale()

    def _mark_stale(self) -> None:
        """Dim what is of another run at once, what is of another epoch if that takes a while."""
        run, wanted = self._views.state.run, self._requests.wanted
        if run is None or (wanted is None and self._seen is None):
            return
        asked = place_of(wanted) or (run.path, NEWEST)
        if asked == self._seen:
            self._late.stop()
        elif self._seen is None or asked[0] != self._seen[0]:
            self._drawing.forget()
            self._say_stale()
        elif not self._late.isActive():
            self._late.start()

    def _say_stale(self) -> None:
        run, wanted = self._views.state.run, self._requests.wanted
        if run is None:
            return
        if wanted is None:
            self._views.dim(f"Waiting for the first epoch of {run.name} …")
        else:
            epoch = grouped(run.begins + wanted.epoch)
            self._views.dim(f"Computing epoch {epoch} of {run.name} …")
