"""Files of matrices: opened as runs of one epoch, while a child of their own measures them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from stiffgui.gui.child_thread import ChildThread
from stiffgui.gui.requests import Requests
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.matrices import Progress
from stiffgui.session.matrices import OpenMatrices
from stiffgui.session.run_entry import RunEntry
from stiffgui.session.service import Failure
from stiffgui.tasks.table import ENDINGS as TABLES

TICK_MILLISECONDS = 1000
WIDTH, MARGIN = 560, 12  # pixels


class MatrixBar(QFrame):
    """What is being computed of a file of matrices, at the lower edge of `page`, over what is
    there: a page that made room would draw every plot anew. Emits `cancelled`."""

    cancelled = Signal()

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self.setObjectName("toast")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        page.installEventFilter(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 6, 4)
        self.text = QLabel()
        self.text.setObjectName("cardNote")
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setMinimumWidth(100)
        layout.addWidget(self.text, 1)
        self.cancel = QPushButton("Cancel")
        self.cancel.setObjectName("quiet")
        self.cancel.setToolTip("Compute no more of it; what is shown stays")
        self.cancel.clicked.connect(self.cancelled)
        layout.addWidget(self.cancel)
        self._name, self._what, self._since, self._left = "", "", 0.0, 0.0
        self._timer = QTimer(self, interval=TICK_MILLISECONDS)
        self._timer.timeout.connect(self._say)
        self.hide()

    def show_progress(self, name: str, progress: Progress) -> None:
        """Say what has begun."""
        self._name, self._what, self._left = name, progress.what, progress.seconds
        self._since = time.monotonic()
        self._timer.start()
        self._say()
        self.show()
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The page has another size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        page, high = self.parentWidget(), self.sizeHint().height()
        assert page is not None
        wide = min(WIDTH, page.width() - 2 * MARGIN)
        self.setGeometry((page.width() - wide) // 2, page.height() - high - MARGIN, wide, high)
        self.raise_()

    def end(self) -> None:
        """Nothing is computed any more."""
        self._timer.stop()
        self.hide()

    def _say(self) -> None:
        spent = time.monotonic() - self._since
        words = [f"{self._name}: {self._what}, {spent:.0f} s"]
        if self._left:  # LAPACK tells nothing on the way
            left = self._left - spent
            words.append(f"about {left:.0f} s left" if left > 0 else "longer than expected")
        self.text.setText("  ·  ".join(words))


class MatrixFiles(QObject):
    """Opens files of matrices in the workbench, and says on `page` what is computed of them.
    `as_table(path)` takes what holds no square ones.

    Emits `said(sentence, details)` and `noted(sentence)`.
    """

    said = Signal(str, str)
    noted = Signal(str)

    def __init__(self, bench: Workbench, as_table: Callable[[Path], object], page: QWidget) -> None:
        super().__init__()
        self._bench, self._as_table = bench, as_table
        self._requests: Requests | None = None
        self._open: list[Path] = []
        self._unseen: list[Path] = []
        self.bar = MatrixBar(page)
        self.bar.cancelled.connect(self.cancel)

    def open(self, path: Path, patterns: Sequence[str] = ()) -> None:
        """Show the matrices of a file as soon as something is known of them."""
        if self._requests is None:
            self._requests = Requests(ChildThread("The process that measures matrices"))
            self._requests.thread_.start()
        self._open.append(path)
        self._unseen.append(path)
        if len(self._open) == 1:
            self.bar.show_progress(path.name, Progress("starting", 0.0, path))
        self._requests.ask(
            OpenMatrices(path, tuple(patterns)),
            lambda problem: self._ended(path, problem),
            lambda failure: self._failed(path, failure),
            lambda progress: self._take(path, progress),
        )

    @property
    def busy(self) -> bool:
        """Whether something is being computed."""
        return bool(self._open)

    def poll(self) -> None:
        """Take what has come on the way."""
        if self._requests is not None:
            self._requests.poll()

    def cancel(self) -> None:
        """Compute no more; what is shown stays."""
        if self._requests is not None and self._open:
            name, self._open, self._unseen = self._open[0].name, [], []
            self._requests.thread_.end_work()
            self._requests.close()
            self._requests = None  # the next file has a child of its own
            self.bar.end()
            self.noted.emit(f"{name}: what is known of it stays, and no more is computed.")

    def close(self) -> None:
        """End the child."""
        self.bar.end()
        if self._requests is not None:
            self._requests.close()

    def _take(self, path: Path, progress: Progress) -> None:
        if not progress.news:
            self.bar.show_progress(path.name, progress)
            return
        self._bench.read_again(progress.path)
        if path in self._unseen:  # a run of an earlier session, too, is what was asked for
            self._unseen.remove(path)
            self._show(path, progress.path)

    def _show(self, path: Path, run: Path) -> None:
        def opened(found: RunEntry) -> None:
            if found.network is not None:
                also = "; Import table takes it as a table" if path.suffix.lower() in TABLES else ""
                self.noted.emit(f"Shown is {found.network.sentence}{also}.")

        self._bench.open_run(run, opened)

    def _ended(self, path: Path, problem: str) -> None:
        self._forget(path)
        if problem and path.suffix.lower() in TABLES:
            self.noted.emit(f"{path.name} holds no square matrices: it is imported as a table.")
            self._as_table(path)
        elif problem:
            self.said.emit(problem, "")

    def _failed(self, path: Path, failure: Failure) -> None:
        self._forget(path)
        self.said.emit(failure.sentence, failure.details)

    def _forget(self, path: Path) -> None:
        for paths in (self._open, self._unseen):
            if path in paths:
                paths.remove(path)
        if not self._open:
            self.bar.end()
