"""The command palette: type a few letters of an action or a setting, press Enter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from stiffgui.gui.shortcuts import keys

NOTHING = "No action and no setting is called so: type fewer letters."


@dataclass(frozen=True)
class Found:
    """One line: `attempt()` says what keeps it from being done, and is empty when it is done;
    `then()` follows once the palette is closed."""

    text: str
    tip: str
    attempt: Callable[[], str] = lambda: ""
    then: Callable[[], object] = lambda: None


class Palette(QDialog):
    """Finds actions by the letters of their names, in order; disabled ones are left out.

    `find(words)` gives what else is found, which stands first.
    """

    def __init__(
        self,
        actions: Iterable[QAction],
        find: Callable[[Sequence[str]], Sequence[Found]],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find an action or a setting")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = [a for a in actions if a.isEnabled()]
        self._more = find
        self.words = QLineEdit()
        self.words.setPlaceholderText("A few letters of an action, or a setting: weight 0.01")
        self.words.setAccessibleName("Action or setting to find")
        self.words.installEventFilter(self)
        self.found = QListWidget()
        self.found.setAccessibleName("Found")
        self.problem = QLabel()
        self.problem.setProperty("problem", True)
        self.problem.setWordWrap(True)
        self.problem.hide()
        layout = QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addWidget(self.problem)
        layout.addWidget(self.found)
        self.resize(520, 360)
        self.words.textChanged.connect(self._find)
        self.words.returnPressed.connect(self.choose)
        self.found.itemActivated.connect(lambda _: self.choose())
        self._find("")

    def _find(self, text: str) -> None:
        self.problem.hide()
        self.found.clear()
        wanted = text.lower().split()
        for found in [*(self._more(wanted) if wanted else ()), *self._of_actions(wanted)]:
            item = QListWidgetItem(found.text)
            item.setToolTip(found.tip)
            item.setData(Qt.ItemDataRole.UserRole, found)
            self.found.addItem(item)
        self.found.setCurrentRow(0)
        if not self.found.count():
            self._say(NOTHING)

    def _say(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _of_actions(self, wanted: Sequence[str]) -> list[Found]:
        """Those whose name has every word come before those whose help does."""
        by_name = sorted(
            self._actions, key=lambda a: not all(w in a.text().lower() for w in wanted)
        )
        return [
            Found(
                f"{action.text()}    {keys(action)}".rstrip(), action.toolTip(), then=action.trigger
            )
            for action in by_name
            if all(word in f"{action.text()}   {action.toolTip()}".lower() for word in wanted)
        ]

    def choose(self) -> None:
        """Do what is chosen, and close; or say in place why it cannot be done."""
        item = self.found.currentItem()
        if item is None:
            return
        found: Found = item.data(Qt.ItemDataRole.UserRole)
        wrong = found.attempt()
        self._say(wrong)
        if not wrong:
            self.accept()
            found.then()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and Down move in the list while typing."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            row = self.found.currentRow() + step
            self.found.setCurrentRow(min(max(row, 0), self.found.count() - 1))
            if step:
                return True
        return super().eventFilter(watched, event)
