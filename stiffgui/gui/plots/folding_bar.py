"""A toolbar that takes more lines where it is narrow, and a menu where there is no room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

GAP = 6  # pixels between controls and lines
LEAST = 120  # that a control needs, which is cut where it would have more


class FoldingBar(QWidget):
    """Shows `controls` in lines; those for which there is no room stand in the menu of a button
    at the end of the last line."""

    def __init__(self) -> None:
        super().__init__()
        self.controls: Sequence[QWidget] = ()
        self.absent: set[QWidget] = set()  # controls that have no meaning now
        self._room = 10_000  # pixels of height
        self._lines: list[QHBoxLayout] = []
        self._places: list[list[QWidget]] = []
        self._around = QVBoxLayout(self)
        self._around.setContentsMargins(0, 0, 0, 0)
        self._around.setSpacing(GAP)
        self.more = QToolButton(self)
        self.more.setText("»")
        self.more.setObjectName("quiet")
        self.more.setAccessibleName("More controls")
        self.more.setToolTip("Controls for which the card is too small")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu, entry, panel = QMenu(self.more), QWidgetAction(self), QWidget()
        self._panel = QVBoxLayout(panel)
        entry.setDefaultWidget(panel)
        menu.addAction(entry)
        self.more.setMenu(menu)
        self.more.hide()

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST, super().minimumSizeHint().height())

    def set_room(self, height: int) -> None:
        """Be at most so high, but for the first line."""
        self._room = height
        self.arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other lines of another width."""
        super().resizeEvent(event)
        self.arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Larger text, fewer controls in a line."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.arrange()

    def arrange(self) -> None:
        """Put every control where there is room for it."""
        shown = [control for control in self.controls if control not in self.absent]
        height = GAP + max((control.sizeHint().height() for control in shown), default=1)
        lines = self._broken(shown, max(1, (self._room + GAP) // height))
        if lines == self._places:
            return
        self._places = lines
        for number, line in enumerate(lines):
            if number == len(self._lines):
                self._lines.append(QHBoxLayout())
                self._lines[number].setSpacing(GAP)
                self._around.addLayout(self._lines[number])
                self._around.setAlignment(self._lines[number], Qt.AlignmentFlag.AlignLeft)
            for control in line:
                self._lines[number].addWidget(control)
        placed = [control for line in lines for control in line]
        rest = [control for control in shown if control not in placed]
        for control in rest:
            self._panel.addWidget(control)
        if rest:
            self._lines[len(lines) - 1].addWidget(self.more)
        self.more.setVisible(bool(rest))

    def _broken(self, controls: Sequence[QWidget], most: int) -> list[list[QWidget]]:
        """The controls of each line, of at most so many."""
        more = self.more.sizeHint().width() + GAP
        widths = [control.sizeHint().width() + GAP for control in controls]
        lines: list[list[QWidget]] = [[]]
        used, room = 0, self.width() + GAP
        for number, (control, width) in enumerate(zip(controls, widths, strict=True)):
            control.setMaximumWidth(max(LEAST, self.width() - more))
            last = len(lines) == most
            there = room - more if last and used + sum(widths[number:]) > room else room
            if lines[-1] and used + width > there:
                if last:
                    break
                lines.append([])
                used = 0
            lines[-1].append(control)
            used += width
        return lines
