"""What stands in the toolbar of a workspace: a chooser of what is shipped, buttons, menus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
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

LEAST_CHOOSER, LEAST = 90, 260  # pixels: where room is short the name is cut, never a button
GAP = 6


class WorkspaceBar(QWidget):
    """Emits `chosen(name)` of a preset or a study. `caption` labels the chooser, `name` and `tip`
    describe it. Buttons for which there is no room stand in the menu of a last one."""

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
        label = self._label = QLabel(caption)
        label.setBuddy(self.chooser)
        self._buttons: list[QToolButton] = []
        self._roomy: dict[QToolButton, str] = {}  # with the longest text of each
        self.more = QToolButton()
        self.more.setText("»")
        self.more.setAccessibleName("More buttons")
        self.more.setToolTip("Buttons for which the window is too narrow")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(QMenu(self.more))
        self.more.hide()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GAP)
        self._row.addWidget(label)
        self._row.addWidget(self.chooser, 1)
        self._row.addWidget(self.more)

    def sizeHint(self) -> QSize:
        return QSize(self._needed(self.chooser.sizeHint().width()), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST, super().minimumSizeHint().height())

    def _needed(self, chooser: int, buttons: Sequence[QToolButton] | None = None) -> int:
        """The width with these buttons, all by default."""
        shown = self._buttons if buttons is None else buttons
        widths = [chooser, *(each.sizeHint().width() for each in (self._label, *shown))]
        return sum(widths) + GAP * len(widths)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Buttons from the right go into the menu until the others have room."""
        super().resizeEvent(event)
        shown = list(self._buttons)
        if self._needed(LEAST_CHOOSER) > self.width():
            while shown and self._needed(LEAST_CHOOSER, [*shown, self.more]) > self.width():
                shown.pop()
        hidden = self._buttons[len(shown) :]
        menu = self.more.menu()
        menu.clear()
        for button in self._buttons:
            button.setVisible(button not in hidden)
        for button in hidden:
            menu.addAction(button.defaultAction() or button.menu().menuAction())
        self.more.setVisible(bool(hidden))

    def _add(self, button: QToolButton) -> None:
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._buttons.append(button)
        self._row.insertWidget(self._row.count() - 1, button)

    def add_actions(self, actions: Mapping[str, QAction], *names: str) -> None:
        """A button for each of these actions."""
        for name in names:
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setObjectName(name)
            self._add(button)

    def keep_room(self, name: str, text: str) -> None:
        """The button of an action is wide enough for this text, too: nothing moves when it says
        so."""
        button = next(each for each in self._buttons if each.objectName() == name)
        self._roomy[button] = text
        self._keep_rooms()

    def _keep_rooms(self) -> None:
        for button, text in self._roomy.items():
            usual = button.text()
            button.setMinimumWidth(0)
            button.setText(text)
            button.setMinimumWidth(button.sizeHint().width())
            button.setText(usual)

    def changeEvent(self, event: QEvent) -> None:
        """Widths are those of the present font and style."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._keep_rooms()

    def add_menu(self, text: str, tip: str, menu: QMenu) -> None:
        """A button that opens a menu."""
        button = QToolButton()
        button.setText(f"{text} ▾")
        button.setToolTip(tip)
        button.setAccessibleName(text)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        menu.setTitle(text)
        self._add(button)

    def show_name(self, name: str) -> None:
        """Name what is loaded without loading it; what is not shipped by its own name."""
        row = self.chooser.findData(name)
        if row < 0 and name:
            self.chooser.setPlaceholderText(name)
        self.chooser.setCurrentIndex(row)
