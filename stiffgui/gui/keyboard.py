"""Whose keys they are: a field's while one types in it, a control's that was reached by Tab, and
everywhere else those of the menus (Space, Right, Esc)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

FIELDS = QLineEdit | QAbstractSpinBox | QTextEdit | QPlainTextEdit
# What a click leaves the focus on, beside fields; a click on anything else gives it back.
CHOOSERS = QComboBox | QAbstractSlider | QAbstractItemView
OWN = {
    Qt.Key.Key_Space: QAbstractButton | QComboBox | QAbstractItemView,
    Qt.Key.Key_Right: QAbstractSlider | QAbstractItemView | QTabBar,
}
LEAVING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


class Keyboard(QObject):
    """Gives the focus of a window back to its main view, and decides whose a key is.

    `main_view()` is the widget that has the focus while nothing else needs it; `escape()` does what
    Escape does before it stops anything, and says whether there was something to do.
    """

    def __init__(
        self,
        window: QMainWindow,
        main_view: Callable[[], QWidget],
        escape: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._window, self._main_view, self._escape = window, main_view, escape
        self._by_keys = False  # the focus came where it is by Tab or a mnemonic
        window.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # what takes no click gives it the focus
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._moved)

    def give_back(self) -> None:
        """Let the main view have the focus."""
        self._main_view().setFocus()
        self._by_keys = False

    def _moved(self, before: QWidget | None, now: QWidget | None) -> None:
        if now is None or now.window() is not self._window:
            return
        clicked = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        lost = before is not None and self._is_gone(before)
        self._by_keys = not clicked
        if lost or (clicked and not isinstance(now, FIELDS | CHOOSERS)):
            self.give_back()

    def _is_gone(self, widget: QWidget) -> bool:
        """Whether the window does not show it any more."""
        try:
            return widget.window() is self._window and not widget.isVisibleTo(self._window)
        except RuntimeError:  # Qt has deleted it
            return True

    def keeps(self, event: QKeyEvent) -> bool:
        """Whether a key that is an action's, too, belongs to what has the focus instead."""
        focus, key = self._window.focusWidget(), Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            return isinstance(focus, FIELDS) or self._escape()
        uses = isinstance(focus, OWN.get(key, ())) or (
            key == Qt.Key.Key_Right and bool(keys_of(focus)[1])
        )
        alone = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        return self._by_keys and uses and alone

    def pressed(self, event: QKeyEvent) -> None:
        """A key that nobody wanted: Enter and Escape leave a field; Enter not one that has to be
        corrected."""
        focus = self._window.focusWidget()
        if event.key() not in LEAVING or not isinstance(focus, FIELDS):
            return
        if event.key() == Qt.Key.Key_Escape or not focus.property("invalid"):
            self.give_back()


def keys_of(kind: object) -> tuple[str, dict[str, str]]:
    """What a class of widgets declares as `KEYS`: where they work, and what each does."""
    found: tuple[str, dict[str, str]] = getattr(kind, "KEYS", ("", {}))
    return found


def keys_text(kind: object) -> str:
    """The keys of a class of widgets in a line."""
    return "; ".join(f"{keys}: {what}" for keys, what in keys_of(kind)[1].items())


def without_keys(name: str) -> str:
    """A name as the text of a button, a menu or a tab, where & would make a key of a letter."""
    return name.replace("&", "&&")
