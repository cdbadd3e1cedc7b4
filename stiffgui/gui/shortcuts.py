"""Every shortcut in a dialog: those of the menus, and the keys of widgets."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QLabel, QMainWindow, QScrollArea, QVBoxLayout, QWidget

from stiffgui.gui.keyboard import keys_of

Group = tuple[str, dict[str, str]]  # where keys work; keys -> what they do


class Shortcuts(QDialog):
    """Lists what the window's menus and widgets declare."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.groups = [*_of_menus(window), *_of_widgets(window)]
        self.text = QLabel("".join(map(_table, self.groups)))
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.text.setContentsMargins(16, 4, 16, 12)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(self.text)
        area.setAccessibleName(self.windowTitle())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        self.resize(self.text.sizeHint().width() + 24, min(640, window.height() - 40))


def keys(action: QAction) -> str:
    """The keys of an action, as the system writes them."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def _of_menus(window: QMainWindow) -> Iterator[Group]:
    for menu in window.menuBar().actions():
        shown = menu.menu()
        entries = shown.actions() if shown is not None else []  # type: ignore[attr-defined]
        named = {keys(action): plain(action) for action in entries if keys(action)}
        if named:
            yield plain(menu), named


def _of_widgets(window: QMainWindow) -> list[Group]:
    kinds = {type(widget): keys_of(widget) for widget in window.findChildren(QWidget)}
    return [group for group in kinds.values() if group[1]]


def plain(action: QAction) -> str:
    """The words of an action."""
    return action.text().replace("&", "").rstrip("…")


def _table(group: Group) -> str:
    rows = "".join(
        f"<tr><td width='150'><b>{escape(pressed)}</b></td><td>{escape(does)}</td></tr>"
        for pressed, does in group[1].items()
    )
    return f"<h4>{escape(group[0])}</h4><table cellpadding='2'>{rows}</table>"
