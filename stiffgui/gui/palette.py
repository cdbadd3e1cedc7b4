"""The command palette: type a few letters of an action, press Enter."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget


class Palette(QDialog):
    """Finds actions by the letters of their names, in order; disabled ones are left out."""

    def __init__(self, actions: Iterable[QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find an action")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = [a for a in actions if a.isEnabled()]
        self.words = QLineEdit()
        self.words.setPlaceholderText("Type a few letters of an action")
        self.words.setAccessibleName("Action to find")
        self.words.installEventFilter(self)
        self.found = QListWidget()
        self.found.setAccessibleName("Actions found")
        layout = QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addWidget(self.found)
        self.resize(440, 320)
        self.words.textChanged.connect(self._find)
        self.words.returnPressed.connect(self.choose)
        self.found.itemActivated.connect(lambda _: self.choose())
        self._find("")

    def _find(self, words: str) -> None:
        self.found.clear()
        wanted = words.lower().split()
        # Those whose name has every word come before those whose help does.
        by_name = sorted(
            self._actions, key=lambda a: not all(w in a.text().lower() for w in wanted)
        )
        for action in by_name:
            text = f"{action.text()}   {action.toolTip()}"
            if all(word in text.lower() for word in wanted):
                keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                item = QListWidgetItem(f"{action.text()}    {keys}" if keys else action.text())
                item.setToolTip(action.toolTip())
                item.setData(Qt.ItemDataRole.UserRole, action)
                self.found.addItem(item)
        self.found.setCurrentRow(0)

    def choose(self) -> None:
        """Close, and do the chosen action."""
        item = self.found.currentItem()
        self.accept()
        if item is not None:
            item.data(Qt.ItemDataRole.UserRole).trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and Down move in the list while typing."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            row = self.found.currentRow() + step
            self.found.setCurrentRow(min(max(row, 0), self.found.count() - 1))
            if step:
                return True
        return super().eventFilter(watched, event)
