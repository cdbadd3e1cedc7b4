"""The timeline: drag to any past epoch while training goes on; Live returns to the newest."""

from __future__ import annotations

import bisect

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSlider, QToolButton

WALK_MILLISECONDS = 700  # as fast as views are asked for
NOTHING_YET = "every epoch can be seen again here"


class Timeline(QFrame):
    """Emits `moved(epoch)`, None for the newest; snaps to the epochs whose networks are stored."""

    moved = Signal(object)

    def __init__(self, branch: QAction) -> None:
        super().__init__()
        self.setObjectName("card")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Epoch")
        self.slider.setToolTip("Show the network of a past epoch while training goes on")
        self.play = QPushButton("▶")
        self.play.setCheckable(True)
        self.play.setObjectName("quiet")
        self.play.setFixedWidth(34)
        self.play.setAccessibleName("Play the epochs")
        self.play.setToolTip("Walk through the kept epochs, one after another")
        self._walk = QTimer(self)
        self._walk.setInterval(WALK_MILLISECONDS)
        self._walk.timeout.connect(self.next_kept)
        self.play.toggled.connect(self._play_toggled)
        self.button = QPushButton("Live")
        self.button.setCheckable(True)
        self.button.setChecked(True)
        self.button.setToolTip("Follow the newest epoch (Ctrl+L)")
        self.button.setObjectName("live")
        self.branch = QToolButton()
        branch.setIconText("Branch")
        self.branch.setDefaultAction(branch)
        self.branch.setObjectName("quiet")
        self.text = QLabel(NOTHING_YET)
        self.text.setObjectName("cardNote")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addWidget(self.play)
        layout.addWidget(self.slider, 1)
        for widget in (self.button, self.branch, self.text):
            layout.addWidget(widget)
        self.slider.valueChanged.connect(self._dragged)
        self.button.toggled.connect(lambda _: self._tell())
        self._kept: list[int] = []

    @property
    def live(self) -> bool:
        """Whether the newest epoch is followed."""
        return self.button.isChecked()

    @property
    def epoch(self) -> int:
        """The kept epoch nearest to the slider."""
        value, kept = self.slider.value(), self._kept
        if not kept:
            return value
        k = bisect.bisect_left(kept, value)
        return min(kept[max(0, k - 1) : k + 1], key=lambda e: abs(e - value))

    def set_range(self, epoch: int, total: int, kept: list[int]) -> None:
        """The last finished epoch, the epochs asked for, and the kept epochs."""
        self._kept = kept
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(epoch, 1))
        if self.live:
            self.slider.setValue(epoch)
        self.slider.blockSignals(False)

    def go_to(self, epoch: int) -> None:
        """Show a past epoch."""
        with QSignalBlocker(self.button), QSignalBlocker(self.slider):  # told once, at the end
            self.button.setChecked(False)
            self.slider.setValue(epoch)
        self._tell()

    def go_live(self) -> None:
        """Follow the newest epoch."""
        self.button.setChecked(True)

    def next_kept(self) -> None:
        """Show the kept epoch after the shown one; after the last one, stop playing."""
        later = [epoch for epoch in self._kept if epoch > self.epoch]
        if later:
            self.go_to(later[0])
        if len(later) < 2:
            self.play.setChecked(False)

    def _play_toggled(self, on: bool) -> None:
        self.play.setText("❚❚" if on else "▶")
        if not on:
            self._walk.stop()
            return
        if self._kept and self.epoch >= self._kept[-1]:
            self.go_to(self._kept[0])
        self._walk.start()

    def say(self, text: str) -> None:
        """Progress, rate and time left."""
        if text != self.text.text():
            self.text.setText(text)

    def _dragged(self) -> None:
        self.button.setChecked(False)
        self._tell()

    def _tell(self) -> None:
        self.moved.emit(None if self.live else self.epoch)
