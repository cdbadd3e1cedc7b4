"""What stands in the toolbar of a workspace: a chooser of what is shipped, buttons, menus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from stiffgui._shipped import Shipped

LEAST_CHOOSER = 90  # pixels: where room is short the name is cut, never a button


class WorkspaceBar(QWidget):
    """Emits `chosen(name)` of a preset or a study. `caption` labels the chooser, `name` and `tip`
    describe it."""

    chosen = Signal(str)

    def __init__(self, shipped: Shipped[Any], caption: str, name: str, tip: str) -> None:
        super().__init__()
        self.chooser = QComboBox()
        self.chooser.setAccessibleName(name)
        self.chooser.setToolTip(tip)
        self.chooser.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.chooser.setMinimumWidth(LEAST_CHOOSER)
        for key in shipped:
            self.chooser.addItem(shipped.title(key), key)
            place = self.chooser.count() - 1
            self.chooser.setItemData(place, shipped.summary(key), Qt.ItemDataRole.ToolTipRole)
        self.chooser.activated.connect(lambda k: self.chosen.emit(self.chooser.itemData(k)))
        label = QLabel(caption)
        label.setBuddy(self.chooser)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)
        self._row.addWidget(label)
        self._row.addWidget(self.chooser)
        self._row.addSpacing(8)

    def add_actions(self, actions: Mapping[str, QAction], *names: str) -> None:
        """A button for each of these actions."""
        for name in names:
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setObjectName(name)
            self._row.addWidget(button)

    def add_menu(self, text: str, tip: str, menu: QMenu) -> None:
        """A button that opens a menu."""
        button = QToolButton()
        button.setText(f"{text} ▾")
        button.setToolTip(tip)
        button.setAccessibleName(text)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        self._row.addWidget(button)

    def show_name(self, name: str) -> None:
        """Name what is loaded without loading it; what is not shipped by its own name."""
        row = self.chooser.findData(name)
        if row < 0 and name:
            self.chooser.setPlaceholderText(name)
        self.chooser.setCurrentIndex(row)
