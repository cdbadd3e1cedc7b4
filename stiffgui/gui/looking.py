"""Asking the view child for what Fit and Eigenvalues show, and for exports."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from stiffgui.gui.live_run import LiveRun
from stiffgui.gui.training_thread import ViewThread
from stiffgui.session.messages import Export, Exported, Failed, Look, View

LOOK_SECONDS = 0.6


class Looking(QObject):
    """Asks at a rate that leaves training its core; the newest request wins.

    Signals: `viewed(View)`, `exported(path)`, `failed(sentence, details)`.
    """

    viewed = Signal(object)
    exported = Signal(str)
    failed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.thread_ = ViewThread()
        self.pending: set[int] = set()  # exports that are not yet answered
        self._number = 0
        self._asked: tuple[Any, ...] = ()
        self._due = 0.0
        self._pause = LOOK_SECONDS
        self.thread_.answered.connect(self._answered)

    def soon(self, anew: bool = False) -> None:
        """The next `look` asks at once; with `anew` even when nothing has changed."""
        self._due = 0.0
        if anew:
            self._asked = ()

    def look(self, run: LiveRun, epoch: int | None, layer: int, trial: int) -> None:
        """Ask for a network of a run: of a kept epoch, or for None the newest."""
        newest = run.newest if epoch is None else None
        now = time.monotonic()
        at = newest[0] if newest is not None else run.epoch if epoch is None else epoch
        wanted = (id(run), at, newest is not None, run.state, layer, trial)
        if now < self._due or wanted == self._asked or (newest is None and not run.kept):
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
        )
        self.thread_.ask(request)

    def export(
        self, runs: list[LiveRun], figure: str, path: Path, kind: str, options: dict[str, Any]
    ) -> None:
        """Ask for a figure of runs in a file; it may replace an existing one."""
        self._number += 1
        self.pending.add(self._number)
        names = [str(run.path) for run in runs]
        self.thread_.ask(Export(self._number, names, figure, str(path), kind, options))

    def _answered(self, message: Any) -> None:
        if isinstance(message, View):
            self._pause = max(LOOK_SECONDS, 10 * message.seconds)
            self.viewed.emit(message)
        elif isinstance(message, Exported):
            self.pending.discard(message.number)
            self.exported.emit(message.path)
        elif isinstance(message, Failed):
            self.pending.discard(message.number)
            self.failed.emit(message.sentence, message.details)
