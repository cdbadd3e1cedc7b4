"""A calm card: a title, one line of explanation, and a plot below."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from stiffgui.gui.theme import Theme

DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotDotLine,
)


class Card(QFrame):
    """A framed view. `figure` is the name under which `stiffgui export` draws the same."""

    export_asked = Signal(str)

    def __init__(self, title: str, figure: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self.figure = figure
        self.setAccessibleName(title)
        heading = QLabel(title)
        heading.setObjectName("cardTitle")
        self.note = QLabel("")
        self.note.setObjectName("cardNote")
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.head = QHBoxLayout()
        self.head.setSpacing(6)
        self.head.addWidget(heading)
        self.head.addWidget(self.note, 1)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(10, 7, 10, 8)
        self.body.setSpacing(4)
        self.body.addLayout(self.head)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda _: self.export_asked.emit(self.figure))

    def say(self, text: str) -> None:
        """The line beside the title."""
        if self.note.text() != text:
            self.note.setText(text)
            self.note.setToolTip(text)

    def add(self, widget: QWidget, stretch: int = 1) -> None:
        """Put a widget below the title."""
        self.body.addWidget(widget, stretch)


def plot_widget(left: str, bottom: str) -> pg.PlotWidget:
    """A plot with quiet axes, no pyqtgraph menu, and double-click to reset the view."""
    plot = pg.PlotWidget(enableMenu=False)
    adopt_menu(plot.getPlotItem(), plot)
    plot.hideButtons()
    plot.setLabel("left", left)
    plot.setLabel("bottom", bottom)
    plot.mouseDoubleClickEvent = lambda _: plot.enableAutoRange()
    return plot


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
        axis.enableAutoSIPrefix(False)
        axis.setPen(pg.mkPen(theme.border))
        axis.setTextPen(pg.mkPen(theme.faint))
