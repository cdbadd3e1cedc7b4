"""A calm card: a title, one line of explanation, a menu, and a plot below."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui.gui.theme import Theme

DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotDotLine,
)
STROKES = ("——", "– –", "–·–", "····", "–··")  # DASHES as text, for legends
# What a card's menu copies: the word of `copy_asked`, text, tool tip.
COPIES = (
    ("picture", "Copy &picture", "The figure as it would be exported, to the clipboard"),
    ("data", "Copy &data", "What is drawn, as CSV text, to the clipboard"),
    ("script", "Copy as P&ython", "A script that redraws the figure from the run file"),
)


CALL = "Press Run (Ctrl+R)."


class Elided(QLabel):
    """A label that shortens its text with an ellipsis rather than cutting it off."""

    def __init__(self) -> None:
        super().__init__("")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width()
        )
        if len(shown) < min(len(self.text()), 7):
            return  # three letters tell nothing; the tool tip has it all
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, shown)


class Card(QFrame):
    """A framed view. `figure` is the name under which `stiffgui export` draws the same.

    `empty` says what will be seen here. Its menu (right click, context-menu key, or the button
    in its corner) emits `export_asked` (figure) and `copy_asked` (picture, data or script;
    figure), or resets the view.
    """

    export_asked = Signal(str)
    copy_asked = Signal(str, str)

    def __init__(self, title: str, figure: str, empty: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self.figure = figure
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
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addLayout(self.head, 1)
        top.addWidget(self._menu_button(title))
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(10, 7, 8, 8)
        self.body.setSpacing(4)
        self.body.addLayout(top)
        self._promise = empty
        self._empty = QLabel()
        self._empty.setObjectName("cardNote")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.body.addWidget(self._empty, 1)
        self._waiting: list[QWidget] | None = []
        self.expect(False)

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures whose `export_options` this card knows."""
        return (self.figure,)

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        export = menu.addAction("&Export…")
        export.setToolTip("Write the figure or its data to a file (Ctrl+E)")
        export.triggered.connect(lambda: self.export_asked.emit(self.figure))
        menu.addSeparator()
        for what, text, tip in COPIES:
            action = menu.addAction(text)
            action.setToolTip(tip)
            action.triggered.connect(
                lambda _=False, what=what: self.copy_asked.emit(what, self.figure)
            )
        menu.addSeparator()
        reset = menu.addAction("&Reset view")
        reset.setToolTip("Show everything again (double click)")
        reset.triggered.connect(lambda: self.reset_view())
        return menu

    def _menu_button(self, title: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName("moreButton")
        button.setText("⋯")
        button.setAccessibleName(f"Menu of {title}")
        button.setToolTip("Export, copy, reset the view (also by right click)")
        button.clicked.connect(
            lambda: self.menu.popup(button.mapToGlobal(QPoint(0, button.height())))
        )
        return button

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu at the pointer, or by the context-menu key."""
        self.menu.popup(event.globalPos())
        event.accept()

    def reset_view(self) -> None:
        """Show everything of every plot again."""
        for plot in self.findChildren(pg.PlotWidget):
            plot.enableAutoRange()

    def say(self, text: str) -> None:
        """The line beside the title."""
        if self.note.text() != text:
            self.note.setText(text)
            self.note.setToolTip(text)

    def add(self, widget: QWidget, stretch: int = 1) -> None:
        """Put a widget below the title; it is seen from the first `fill` on."""
        self.body.addWidget(widget, stretch)
        if self._waiting is not None:
            widget.hide()
            self._waiting.append(widget)

    def add_control(self, widget: QWidget) -> None:
        """Put a control beside the title; like the view, it is seen from the first `fill` on."""
        self.head.addWidget(widget)
        if self._waiting is not None:
            widget.hide()
            self._waiting.append(widget)

    def expect(self, computing: bool) -> None:
        """What an empty card says: how to fill it, or that what it will show is being computed."""
        self._empty.setText(f"{self._promise}\n\n{'Computing…' if computing else CALL}")

    def fill(self) -> None:
        """Something is there to be shown: the view takes the place of the empty card's words."""
        if self._waiting is None:
            return
        self._empty.hide()
        for widget in self._waiting:
            widget.show()
        self._waiting = None


COUNTED = ("epoch", "optimiser step", "layer")  # labels of axes
NARROW = 0.35  # decades of a logarithmic axis


class Axis(pg.AxisItem):  # type: ignore[misc]
    """An axis whose logarithmic ticks do not crowd: fewer digits the more decades it spans.

    What is COUNTED has no ticks between whole numbers.
    """

    def tickSpacing(self, low: float, high: float, size: float) -> list[Any]:
        levels = list(super().tickSpacing(low, high, size))
        if self.labelText not in COUNTED:
            return levels
        return [level for level in levels if level[0] >= 1] or [(1.0, 0.0)]

    def tickValues(self, low: float, high: float, size: float) -> list[Any]:
        """Within a third of a decade whole multiples are too rare: round values instead."""
        if not self.logMode or high - low >= NARROW or not np.isfinite((low, high)).all():
            return list(super().tickValues(low, high, size))
        first, last = 10**low, 10**high
        step = 10 ** math.floor(math.log10(max(last - first, 1e-300)))
        step *= next(s for s in (0.1, 0.2, 0.5, 1.0) if (last - first) / (s * step) <= 6 or s == 1)
        told = np.arange(math.ceil(first / step), math.floor(last / step) + 1) * step
        return [(high - low, np.log10(told).tolist())]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if not self.logMode:
            return list(super().tickStrings(values, scale, spacing))
        decades = self.range[1] - self.range[0]
        if decades < NARROW:
            return [f"{10**value:.4g}" for value in values]
        told: Iterable[int] = range(1, 10)
        for least, digits in ((4, (1,)), (1, (1, 2, 5)), (0.5, (1, 2, 3, 4, 5, 7))):
            if decades > least:
                told = digits
                break
        return [_power(value, told) for value in values]


def _power(value: float, told: Iterable[int]) -> str:
    """10^value as text; empty where it is a whole multiple of a decade that is not told."""
    decade = math.floor(value + 1e-9)
    digit = 10 ** (value - decade)
    whole = round(digit)
    if abs(digit - whole) < 1e-6 and whole not in told:
        return ""
    size = 10**value
    return f"{size:.0f}" if 1000 <= size < 1e5 else f"{size:.3g}"


class _Plot(pg.PlotWidget):  # type: ignore[misc]
    """A plot that leaves the context menu to its card."""

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ContextMenu:
            event.ignore()
            return False
        return bool(super().viewportEvent(event))


def plot_widget(left: str, bottom: str) -> pg.PlotWidget:
    """A plot with quiet axes, no pyqtgraph menu, and double-click to reset the view."""
    axes = {"left": Axis("left"), "bottom": Axis("bottom")}
    for axis in axes.values():
        plain_numbers(axis)
    plot = _Plot(enableMenu=False, axisItems=axes)
    plot.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
    plot.setAccessibleName(f"{left} against {bottom}")
    plot.setToolTip("Drag to move, wheel to zoom, double-click to see everything again")
    plot.setToolTipDuration(2500)
    plot.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)  # one stop of Tab, not two
    adopt_menu(plot.getPlotItem(), plot)
    plot.hideButtons()
    plot.setLabel("left", left)
    plot.setLabel("bottom", bottom)
    plot.mouseDoubleClickEvent = lambda _: plot.enableAutoRange()
    return plot


def plain_numbers(axis: pg.AxisItem) -> None:
    """Let an axis write the values themselves, not thousandths or thousands of them.

    Switching its automatic prefix off is not enough: pyqtgraph works a scale out all the same.
    """
    axis.setSIPrefixEnableRanges(())
    axis.enableAutoSIPrefix(False)


def adopt_menu(item: Any, parent: QWidget) -> None:
    """Let a plot item's menu, which pyqtgraph makes without a parent, go with `parent`."""
    item.ctrlMenu.setParent(parent, item.ctrlMenu.windowFlags())


def colour_plot(plot: pg.PlotWidget, theme: Theme) -> None:
    """Give a plot the theme's colours."""
    plot.setBackground(theme.card)
    item = plot.getPlotItem()
    item.showGrid(x=True, y=True, alpha=0.12)
    for side in ("left", "bottom"):
        axis: Any = item.getAxis(side)
        axis.setPen(pg.mkPen(theme.border))
        axis.setTextPen(pg.mkPen(theme.faint))
        axis.setStyle(tickLength=4)  # outwards: ticks inside look like data


def grouped(number: int) -> str:
    """A whole number with its thousands set apart."""
    return f"{number:,}".replace(",", "\u202f")
