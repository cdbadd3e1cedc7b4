"""What the table of runs tells though the run did not watch it: of its last stored network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import nan

from PySide6.QtCore import QTimer

from stiffgui.gui.requests import Requests
from stiffgui.gui.train.runs.columns import INDICES_TOLD
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.session.run_entry import RunEntry
from stiffgui.session.views import Measure

REST_MILLISECONDS = 500  # without anything else to draw


class Unwatched:
    """Asks for one run after another, while nothing trains and nothing else is to be drawn."""

    def __init__(self, bench: Workbench, requests: Requests, drawing: Callable[[], bool]) -> None:
        self._bench, self._requests, self._drawing = bench, requests, drawing
        self._timer = QTimer(requests, singleShot=True, interval=REST_MILLISECONDS)
        self._timer.timeout.connect(self._ask)

    def wait(self) -> None:
        """Something has been drawn: begin when nothing more is to be."""
        if not self._bench.busy:
            self._timer.start()

    def _ask(self) -> None:
        busy = self._bench.busy or self._drawing() or self._requests.waits_for(Measure)
        for run in () if busy else self._bench.runs:
            names = tuple(n for n in INDICES_TOLD if n not in run.history.indices | run.unwatched)
            if names and run.snapshot_epochs and run.state != "running":
                take = partial(self._take, run, dict.fromkeys(names, nan))
                self._requests.ask(Measure(run.path, names), take, take)
                return

    def _take(self, run: RunEntry, nothing: dict[str, float], found: object) -> None:
        run.unwatched |= found if isinstance(found, dict) else nothing
        self._bench.runs_changed.emit()
        self.wait()
