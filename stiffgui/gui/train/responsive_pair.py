"""Two cards side by side, or where there is no room for both, one of them and tabs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QTabBar, QVBoxLayout, QWidget

from stiffgui.gui.plots.card import Card

LEAST = 230  # pixels that a card needs to be read


class ResponsivePair(QWidget):
    """Turns into tabs when it becomes narrower than two cards need, and back."""

    def __init__(self, left: Card, right: Card) -> None:
        super().__init__()
        self.cards = (left, right)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(f"{left.accessibleName()} or {right.accessibleName()}")
        self.tabs.setToolTip("Which of the two is shown; a wider window shows both")
        row = self._row = QSplitter(Qt.Orientation.Horizontal)
        row.setHandleWidth(7)
        for card in self.cards:
            self.tabs.addTab(card.accessibleName())
            row.addWidget(card)
            card.setMinimumSize(180, 140)
        row.setSizes([1000, 1000])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.tabs)
        layout.addWidget(row, 1)
        self.tabs.currentChanged.connect(self._arrange)
        self.narrow = False
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Both cards, or tabs."""
        super().resizeEvent(event)
        narrow = event.size().width() < 2 * LEAST + self._row.handleWidth()
        if narrow != self.narrow:
            self.narrow = narrow
            self._arrange()

    def _arrange(self) -> None:
        self.tabs.setVisible(self.narrow)
        for place, card in enumerate(self.cards):
            card.setVisible(not self.narrow or place == self.tabs.currentIndex())
