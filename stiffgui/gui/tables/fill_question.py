"""Asks whether a number that stands far outside of all others means a missing value."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from stiffgui.tasks.table.filling import Fill


class FillQuestion(QWidget):
    """Shown while there is something to ask. Emits `answered(value)` where the value is missing."""

    answered = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._value = ""
        self._numbers: set[str] = set()  # values that are none of that kind
        self.label = QLabel("")
        self.label.setWordWrap(True)
        self.missing = QPushButton("It is missing")
        self.missing.setToolTip("Take every such value for a missing one")
        self.number = QPushButton("It is a number")
        self.number.setToolTip("Learn it as it is")
        self.missing.clicked.connect(lambda: self.answered.emit(self._value))
        self.number.clicked.connect(self._keep)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.label, 1)
        row.addWidget(self.missing)
        row.addWidget(self.number)
        self.hide()

    def ask(self, fill: Fill | None) -> None:
        """Ask about a value, unless it was said to be a number; nothing to ask without one."""
        self._value = fill.value if fill is not None else ""
        self.setVisible(fill is not None and self._value not in self._numbers)
        if fill is not None:
            self.label.setText(f"{fill.sentence}. Does it mean that the value is missing?")

    def _keep(self) -> None:
        self._numbers.add(self._value)
        self.hide()
