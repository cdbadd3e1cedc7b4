"""Asking the view child for what Predict shows, and for the rows of a table."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog

from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.requests import Requests
from stiffgui.gui.saving import ask_where
from stiffgui.gui.train.cards.predict import PredictCard
from stiffgui.gui.train.view_requests import LOOK_SECONDS, REST_MILLISECONDS
from stiffgui.gui.train.view_state import ViewState
from stiffgui.session.predictions import Predict, Predicted, PredictTable
from stiffgui.session.service import Failure
from stiffgui.session.sources import RunSource
from stiffgui.tasks.table import ENDINGS

if TYPE_CHECKING:
    from stiffgui.runs.predicting import TablePrediction

PATIENCE_MILLISECONDS = 1000  # until it is said that a table is being predicted


class Predicting(QObject):
    """One prediction at a time, the newest that is wanted next: of few points while a slider
    moves, at a rate that leaves training its core while it only follows that.

    Signals: `said(sentence, details)`, `noted(sentence)`.
    """

    said = Signal(str, str)
    noted = Signal(str)

    def __init__(
        self, card: PredictCard, state: ViewState, requests: Requests, training: Callable[[], bool]
    ) -> None:
        super().__init__()
        self._card, self._state, self._requests, self._training = card, state, requests, training
        self.wanted: Predict | None = None
        self._asked: Predict | None = None
        self._seen: Path | None = None  # the run whose prediction is drawn
        self._under_way = False
        self._due = self._begun = 0.0
        self._later = QTimer(self, singleShot=True)
        self._later.timeout.connect(self._send)
        self._moving = QTimer(self, singleShot=True, interval=REST_MILLISECONDS)
        self._moving.timeout.connect(self._rest)
        card.changed.connect(self.follow)
        card.table_asked.connect(self.ask_table)
        card.refused.connect(lambda sentence: self.said.emit(sentence, ""))

    def follow(self) -> None:
        """Want what the card is to show of the shown run, if it is seen."""
        work = self._work() if self._card.is_seen else None
        run = self._state.run
        if run is not None and self._seen not in (None, run.path):
            self._card.profile.dim(f"Waiting for a prediction of {run.name} …")
        if work is None:
            self.wanted = None
            return
        if self.wanted is not None and replace(self.wanted, few=False) == work:
            return
        moves = self.wanted is not None and not work.live and self._moving.isActive()
        self._moving.start()
        self.wanted = replace(work, few=moves or self._card.is_moving)
        self._send()

    def _work(self) -> Predict | None:
        """What the card asks for; None while there is no network."""
        run, source = self._state.run, self._state.source()
        if run is None or source is None or (source.network is None and not run.snapshot_epochs):
            return None
        card, alone = self._card, RunSource(source.files[-1:], source.network)
        card.place(**self._state.place)
        live = source.network is not None
        return Predict(alone, self._state.epoch_shown, live, card.slices, card.sensitivity)

    def _rest(self) -> None:
        if self.wanted is None or not self.wanted.few:
            return
        if self._card.is_moving:
            self._moving.start()
        else:
            self.wanted = replace(self.wanted, few=False)
            self._send()

    def _send(self) -> None:
        work, asked = self.wanted, self._asked
        if self._under_way or work is None or work == asked:
            return
        only_follows = asked is not None and replace(work, epoch=asked.epoch) == asked
        seconds = self._due - time.monotonic()
        if seconds > 0 and only_follows and self._training():
            self._later.start(int(1000 * seconds) + 1)
            return
        self._asked, self._under_way, self._begun = work, True, time.monotonic()
        self._requests.ask(
            work, lambda found: self._answered(work, found), self._failed, newest=True
        )

    def _answered(self, work: Predict, found: Predicted) -> None:
        self._under_way = False
        now = time.monotonic()
        self._due = now + max(LOOK_SECONDS, 10 * (now - self._begun))
        run = self._state.run
        if run is not None and run.path == work.source.path:
            self._seen = run.path
            self._card.show_predicted(found)
        self._send()

    def _failed(self, failure: Failure) -> None:
        self._under_way = False
        if failure.lost:
            self._asked = None
            self._send()
        else:
            self._card.profile.dim(failure.sentence)
            self.said.emit(failure.sentence, failure.details)

    # -------------------------------------------------------------------- a table

    def ask_table(self) -> None:
        """Choose a table, and where its predictions go."""
        kinds = f"Tables ({' '.join(f'*{ending}' for ending in ENDINGS)})"
        run = self._state.run
        start = str(run.path.parent) if run is not None else ""
        name, _ = QFileDialog.getOpenFileName(self._card, "Predict the rows of", start, kinds)
        if name:
            rows = Path(name)
            usual = rows.with_name(f"{rows.stem}-predicted.csv")
            out = ask_where(self._card, "Predictions", usual, CSV=".csv")
            if out is not None:
                self.predict_table(rows, out)

    def predict_table(self, rows: Path, out: Path) -> None:
        """Predict the rows of a file with the networks that are shown."""
        work = self._work()
        if work is None:
            return
        slow = QTimer(self, singleShot=True, interval=PATIENCE_MILLISECONDS)
        slow.timeout.connect(lambda: self.noted.emit(f"{rows.name} is being predicted …"))

        def done(found: TablePrediction) -> None:
            slow.deleteLater()
            count = f"{grouped(found.rows)} row{'' if found.rows == 1 else 's'}"
            beyond = f" {found.extrapolates}." if found.extrapolates else ""
            self.said.emit(f"Saved {out}: {count}.{beyond}", "\n".join(found.said))

        def failed(failure: Failure) -> None:
            slow.deleteLater()
            self.said.emit(failure.sentence, failure.details)

        slow.start()
        self._requests.ask(PredictTable(work.source, work.slices, rows, out), done, failed)
