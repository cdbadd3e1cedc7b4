"""Runs that another process writes: what it has written is seen within a second."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from stiffgui.gui.requests import Requests
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.session.following import Follow, News
from stiffgui.session.run_entry import RunEntry

MILLISECONDS = 400  # between two looks; the writer commits every half second


class Following(QObject):
    """Reads on in the followed runs of the window; never writes. Emits `read(run)`."""

    read = Signal(object)

    def __init__(self, bench: Workbench, requests: Requests) -> None:
        super().__init__()
        self._bench, self._requests = bench, requests
        self._timer = QTimer(self, singleShot=True, interval=MILLISECONDS)
        self._timer.timeout.connect(self._ask)
        bench.runs_changed.connect(self._look_again)

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _followed(self) -> list[RunEntry]:
        return [run for run in self._bench.runs if run.is_followed]

    def _look_again(self) -> None:
        if self._followed() and not self._timer.isActive() and not self._under_way():
            self._timer.start()

    def _under_way(self) -> bool:
        return self._requests.waits_for(Follow)

    def _ask(self) -> None:
        runs = {run.path: run for run in self._followed()}
        if runs:
            work = Follow(tuple(run.position for run in runs.values()))
            self._requests.ask(
                work,
                lambda found: self._take({runs[path]: news for path, news in found.items()}),
                lambda _: self._look_again(),
                newest=True,
            )

    def _take(self, found: dict[RunEntry, News]) -> None:
        for run, news in found.items():
            if run in self._bench.runs and run.is_followed:
                self._bench.read_on(run, news)
                self.read.emit(run)
        self._look_again()
