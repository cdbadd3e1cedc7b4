"""A calm card: a title, one line of explanation, a menu, and a view below."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui.gui.plots.elided import Elided

# What a card's menu copies: the word of `copy_asked`, text, tool tip.
COPIES = (
    ("picture", "Copy &picture", "The figure as it would be exported, to the clipboard"),
    ("data", "Copy &data", "What is drawn, as CSV text, to the clipboard"),
    ("script", "Copy as P&ython", "A script that redraws the figure from the run file"),
)
LEAST_LARGE, LEAST_SMALL, LEAST_CONTROL = (380, 220), (240, 80), 44  # pixels
CALL, COMPUTING = "Press Run (Ctrl+R).", "Computing…"


WIDE = 57  # letters beside each other


class Card(QFrame):
    """A framed view. `empty` says what will be seen here.

    Its menu (right click, context-menu key, or the button in its corner) emits `export_asked`
    and `copy_asked(picture, data or script)`, or resets the view. Where cards can change places
    a small one has a button that emits `enlarge_asked`. `explain_asked`: after `offer_help`.
    """

    export_asked = Signal()
    copy_asked = Signal(str)
    enlarge_asked = Signal()
    explain_asked = Signal()
    title_double_clicked = Signal()

    def __init__(self, title: str, empty: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self.title = title
        self.setAccessibleName(title)
        heading = QLabel(title)
        heading.setObjectName("cardTitle")
        self.note = Elided()
        self.note.setObjectName("cardNote")
        self.head = QHBoxLayout()  # titles, note, then what a card adds
        self.head.setSpacing(6)
        self.head.addWidget(heading)
        self.head.addWidget(self.note, 1)
        self.menu = self._make_menu()
        top = self._top = QHBoxLayout()
        top.setSpacing(4)
        top.addLayout(self.head, 1)
        self._enlarge = _button("⤢", f"Enlarge {title}", "Change places with the large card")
        self._enlarge.clicked.connect(self.enlarge_asked)
        self._enlarge.hide()
        top.addWidget(self._enlarge)
        self.help = _button("?", f"Explain {title}", "What is seen here, and how to read it (F1)")
        self.help.clicked.connect(self.explain_asked)
        self.help.hide()
        self._has_help = False
        top.addWidget(self.help)
        more = _button(
            "⋯", f"Menu of {title}", "Export, copy, reset the view (also by right click)"
        )
        more.clicked.connect(lambda: self.menu.popup(more.mapToGlobal(QPoint(0, more.height()))))
        top.addWidget(more)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(10, 7, 8, 8)
        self.body.setSpacing(4)
        self.body.addLayout(top)
        self.promise = empty
        self._empty = QLabel()
        self._empty.setObjectName("cardNote")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.body.addWidget(self._empty, 1)
        self._filling: list[QWidget] = []
        self._only_wide: list[QWidget] = []
        self._is_filled = False
        self.expect()

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        export = menu.addAction("&Export…")
        export.setToolTip("Write the figure or its data to a file (Ctrl+E)")
        export.triggered.connect(lambda: self.export_asked.emit())
        menu.addSeparator()
        for what, text, tip in COPIES:
            action = menu.addAction(text)
            action.setToolTip(tip)
            action.triggered.connect(lambda _=False, what=what: self.copy_asked.emit(what))
        menu.addSeparator()
        reset = menu.addAction("&Reset view")
        reset.setToolTip("Show everything again (double click)")
        reset.triggered.connect(lambda: self.reset_view())
        return menu

    @property
    def is_seen(self) -> bool:
        """Whether it is shown, and not behind a tab."""
        return self.isVisible() and not self.visibleRegion().isEmpty()

    def offer_help(self) -> None:
        """From now on the card can be explained: a large one by a button, too."""
        action = QAction("E&xplain", self)
        self.menu.insertAction(self.menu.actions()[0], action)
        action.setToolTip(self.help.toolTip())
        action.triggered.connect(self.explain_asked)
        self._has_help = True
        self.help.setVisible(not self._enlarge.isVisibleTo(self))

    @property
    def plot(self) -> QWidget | None:
        """The first of its plots that are seen."""
        return None

    def set_large(self, large: bool) -> None:
        """Whether it is the large one of several cards: a small one can be enlarged."""
        self._enlarge.setVisible(not large)
        self.help.setVisible(large and self._has_help)
        self.setMinimumSize(*(LEAST_LARGE if large else LEAST_SMALL))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """On the title: tell so."""
        if event.position().y() < self._top.geometry().bottom():
            self.title_double_clicked.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu at the pointer, or by the context-menu key."""
        self.menu.popup(event.globalPos())
        event.accept()

    def reset_view(self) -> None:
        """Show everything again."""

    def say(self, text: str) -> None:
        """The line beside the title."""
        if self.note.text() != text:
            self.note.setText(text)
            self.note.setToolTip(text)

    def add(self, widget: QWidget, stretch: int = 1) -> None:
        """Put a widget below the title; it is seen from the first `fill` on."""
        self.body.addWidget(widget, stretch)
        self._await(widget)

    def add_control(self, widget: QWidget) -> None:
        """Put a control beside the title; like the view, it is seen from the first `fill` on."""
        self.head.addWidget(widget)
        if isinstance(widget, QComboBox | QSpinBox):  # cut before the title is
            widget.setMinimumWidth(LEAST_CONTROL)
        self._await(widget)

    def _await(self, widget: QWidget) -> None:
        self._filling.append(widget)
        if not self._is_filled:
            widget.hide()

    def expect(self, sentence: str = CALL) -> None:
        """What an empty card says: how to fill it, or what it waits for."""
        self._empty.setText(f"{self.promise}\n\n{sentence}".strip())

    def lack(self, sentence: str) -> None:
        """Say why nothing comes."""
        self.say(sentence)
        self.expect(sentence)

    def fill(self) -> None:
        """Something is there to be shown: the view takes the place of the empty card's words."""
        if self._is_filled:
            return
        self._is_filled = True
        self._empty.hide()
        for widget in self._filling:
            widget.show()
        self._fold()

    def show_where_wide(self, widget: QWidget) -> None:
        """A control is seen only where there is room for it: a small card does without."""
        self._only_wide.append(widget)
        self._fold()

    def _fold(self) -> None:
        is_wide = self.width() >= WIDE * self.fontMetrics().averageCharWidth()
        for widget in self._only_wide:
            widget.setVisible(self._is_filled and is_wide)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def clear(self) -> None:
        """There is nothing to be shown any more: the empty card's words again."""
        self._is_filled = False
        for widget in self._filling:
            widget.hide()
        self._empty.show()
        self.say("")


def _button(text: str, name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName("moreButton")
    button.setText(text)
    button.setAccessibleName(name)
    button.setToolTip(tip)
    return button
