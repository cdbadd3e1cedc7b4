"""The timeline: drag to any past epoch while training goes on; Live returns to the newest."""

from __future__ import annotations

import bisect
import time

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
)

from stiffgui.gui.keyboard import keys_text
from stiffgui.gui.plots.elided import Elided

SPEEDS = (1, 2, 5, 10, 20)  # stored epochs a second
USUAL_SPEED = 10
PATIENCE_SECONDS = 2.0  # that playing waits for a picture
TICK = 4  # pixels
# Of the width that buttons leave half is for words, as far as these need it.
LONGEST = "epoch 100 000 / 100 000; shown 100 000   running   00:36 left   1 496 steps/s"
LIVE, LAST = ("Live", "Follow the newest epoch"), ("Last", "Show the last epoch")
NOTHING_YET = "every epoch can be seen again here"


class EpochSlider(QSlider):
    """A slider with a tick at each stored epoch."""

    KEYS = (
        "On the timeline",
        {"← →": "the stored epoch before or after", "Page Up, Page Down": "ten of them"},
    )

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.kept: list[int] = []

    def nearest(self) -> int:
        """The stored epoch nearest to the value; the value where there is none."""
        value, kept = self.value(), self.kept
        if not kept:
            return value
        k = bisect.bisect_left(kept, value)
        return min(kept[max(0, k - 1) : k + 1], key=lambda epoch: abs(epoch - value))

    def _span(self) -> tuple[int, int]:
        """Where the first epoch stands, and how many pixels lie between it and the last."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, option, self)
        return handle // 2, max(self.width() - handle, 1)

    def place_of(self, epoch: int) -> int:
        """The pixel at which an epoch stands."""
        first, span = self._span()
        low, high = self.minimum(), self.maximum()
        return first + QStyle.sliderPositionFromValue(low, high, epoch, span)

    def _go_to(self, x: float) -> None:
        first, span = self._span()
        low, high = self.minimum(), self.maximum()
        self.setValue(QStyle.sliderValueFromPosition(low, high, round(x) - first, span))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.sliderPressed.emit()
        self._go_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """It has followed the pointer already."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_PageDown: -10,
            Qt.Key.Key_PageUp: 10,
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self.kept:
            super().keyPressEvent(event)
        else:
            self.step(step)

    def step(self, count: int) -> None:
        """So many stored epochs on, or back."""
        if self.kept:
            place = self.kept.index(self.nearest()) + count
            self.setValue(self.kept[min(max(place, 0), len(self.kept) - 1)])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Below the groove, a tick at each stored epoch."""
        painter = QPainter(self)
        colour = QColor(self.palette().color(QPalette.ColorRole.PlaceholderText))
        first, span = self._span()
        low, high = self.minimum(), self.maximum()
        place = QStyle.sliderPositionFromValue
        for x in {first + place(low, high, epoch, span) for epoch in self.kept}:
            painter.fillRect(x, self.height() - TICK, 1, TICK, colour)
        painter.end()
        super().paintEvent(event)


class Timeline(QFrame):
    """Emits `moved(epoch)`, None for the newest; snaps to the epochs whose networks are stored."""

    moved = Signal(object)

    def __init__(self, branch: QAction) -> None:
        super().__init__()
        self.setObjectName("card")
        self.slider = EpochSlider()
        self.slider.setAccessibleName("Epoch")
        self.slider.setToolTip(
            f"Show the network of a past epoch while training goes on; a tick at each stored one\n"
            f"{keys_text(EpochSlider)}"
        )
        self.play = QPushButton("▶")
        self.play.setCheckable(True)
        self.play.setObjectName("quiet")
        self.play.setMinimumWidth(34)
        self.play.setAccessibleName("Play the epochs")
        self.play.setToolTip("Walk through the kept epochs, one after another")
        self._walk = QTimer(self)
        self._walk.timeout.connect(self._next_frame)
        self._awaited, self._since = False, 0.0  # a picture of the epoch that is shown
        self._missed = False  # a frame, because of that
        self.speed, self.loop = QComboBox(), QCheckBox("loop")
        for speed in SPEEDS:
            self.speed.addItem(f"{speed} / s", speed)
        self.speed.currentIndexChanged.connect(self._set_speed)
        self.speed.setCurrentIndex(SPEEDS.index(USUAL_SPEED))
        self.speed.setAccessibleName("Speed of playing")
        self.speed.setToolTip("Stored epochs a second, as far as they can be drawn")
        self.loop.setAccessibleName("Loop")
        self.loop.setToolTip("After the last stored epoch, play from the first again")
        self.play.toggled.connect(self._play_toggled)
        self.button = QPushButton()
        self.button.setCheckable(True)
        self.button.setChecked(True)
        self.button.setObjectName("live")
        self.set_growing(False)
        self.branch = QToolButton()
        branch.setIconText("Branch")
        self.branch.setDefaultAction(branch)
        self.branch.setObjectName("quiet")
        self.text = Elided()
        self.text.setText(NOTHING_YET)
        self.text.setObjectName("cardNote")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        for control in (self.play, self.speed, self.loop):
            layout.addWidget(control)
        layout.addWidget(self.slider, 1)
        for widget in (self.button, self.branch):
            layout.addWidget(widget)
        layout.addWidget(self.text, 1)  # whatever it says, so that nothing shifts
        self.slider.valueChanged.connect(self._dragged)
        self.slider.sliderPressed.connect(lambda: self.play.setChecked(False))
        self.button.toggled.connect(self._live_toggled)

    def changeEvent(self, event: QEvent) -> None:
        """Words have room for the longest, not more."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.text.setMaximumWidth(self.text.fontMetrics().horizontalAdvance(LONGEST))

    @property
    def live(self) -> bool:
        """Whether the newest epoch is followed."""
        return self.button.isChecked()

    @property
    def epoch(self) -> int:
        """The kept epoch nearest to the slider."""
        return self.slider.nearest()

    def set_range(self, epoch: int, total: int, kept: list[int]) -> None:
        """The last finished epoch, the epochs asked for, and the kept epochs."""
        self.slider.kept = kept
        self.slider.update()
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(epoch, 1))
        if self.live:
            self.slider.setValue(epoch)
        self.slider.blockSignals(False)

    def set_growing(self, growing: bool) -> None:
        """Whether the run goes on: only then what is seen of it is live."""
        text, tip = LIVE if growing else LAST
        if self.button.text() != text:
            self.button.setText(text)
            self.button.setToolTip(f"{tip} (Ctrl+L)")
            self.button.setProperty("growing", growing)
            self.button.style().unpolish(self.button)
            self.button.style().polish(self.button)

    def go_to(self, epoch: int) -> None:
        """Show a past epoch."""
        with QSignalBlocker(self.button), QSignalBlocker(self.slider):  # told once, at the end
            self.button.setChecked(False)
            self.slider.setValue(epoch)
        self._tell()

    def go_live(self) -> None:
        """Follow the newest epoch."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(self.slider.maximum())
        self.button.setChecked(True)

    def next_kept(self) -> None:
        """Show the kept epoch after the shown one; after the last one begin anew, or stop."""
        kept = self.slider.kept
        later = kept[bisect.bisect_right(kept, self.epoch) :]
        if later:
            self.go_to(later[0])
        elif kept and self.loop.isChecked():
            self.go_to(kept[0])
        if len(later) < 2 and not self.loop.isChecked():
            self.play.setChecked(False)

    def _next_frame(self) -> None:
        """A slow view is not outrun: the shown epoch is waited for."""
        self._missed = self._awaited and time.monotonic() - self._since < PATIENCE_SECONDS
        if not self._missed:
            self.next_kept()

    def arrived(self) -> None:
        """What is shown has come; a frame that had to wait for it is next."""
        self._awaited = False
        if self._missed and self.play.isChecked():
            self._missed = False
            QTimer.singleShot(0, self, self._next_frame)

    def _set_speed(self) -> None:
        self._walk.setInterval(1000 // int(self.speed.currentData()))

    def _play_toggled(self, on: bool) -> None:
        self.play.setText("❚❚" if on else "▶")
        if not on:
            self._walk.stop()
            return
        kept = self.slider.kept
        if kept and self.epoch >= kept[-1]:
            self.go_to(kept[0])
        self._walk.start()

    def play_from_start(self) -> None:
        """Play all stored epochs."""
        if self.slider.kept:
            self.go_to(self.slider.kept[0])
            self.play.setChecked(True)

    def say(self, text: str, help: str = "") -> None:
        """Progress, rate and time left; `help` explains it."""
        if text != self.text.text():
            self.text.setText(text)
            self.text.setToolTip("\n".join(filter(None, (text, help))))

    def _live_toggled(self, on: bool) -> None:
        """What is played or not, the newest is followed from now on."""
        if on:
            self.play.setChecked(False)
        self._tell()

    def _dragged(self) -> None:
        self.button.setChecked(False)
        self._tell()

    def _tell(self) -> None:
        self._awaited, self._since = True, time.monotonic()
        self.moved.emit(None if self.live else self.epoch)
