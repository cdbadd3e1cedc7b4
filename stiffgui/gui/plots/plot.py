"""A plot: axes at the left and below, and a box between them that is moved and zoomed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyqtgraph as pg
from PySide6.QtWidgets import QGraphicsGridLayout, QSizePolicy, QWidget

from stiffgui.gui.plots.axes import PlotAxis

GRID = 30  # opacity of grid lines, of 255


class Plot(pg.GraphicsView):  # type: ignore[misc]
    """What of pyqtgraph's PlotWidget is used here.

    That one makes a form of settings and a menu for each plot, which takes longer than all else
    of it, and which nobody would see.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.box = pg.ViewBox(enableMenu=False)
        self.axes: Mapping[str, PlotAxis] = {side: PlotAxis(side) for side in ("left", "bottom")}
        self.drawn: list[Any] = []  # items, in the order in which they came
        layout: QGraphicsGridLayout = self.centralLayout
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addItem(self.box, 0, 1)
        layout.addItem(self.axes["left"], 0, 0)
        layout.addItem(self.axes["bottom"], 1, 1)
        layout.setRowStretchFactor(0, 1)
        layout.setColumnStretchFactor(1, 1)
        for axis in self.axes.values():
            axis.linkToView(self.box)
            axis.setZValue(0.5)  # above images, below what is drawn from 1 on

    def add(self, item: Any, in_range: bool = True) -> None:
        """Put a graphics item into the box; whether the automatic range looks at it."""
        self.drawn.append(item)
        self.box.addItem(item, ignoreBounds=not in_range)

    def remove(self, item: Any) -> None:
        """Take a graphics item out of the box."""
        self.drawn.remove(item)
        self.box.removeItem(item)

    def show_grid(self, shown: bool) -> None:
        """Whether there are grid lines at the ticks of both axes."""
        for axis in self.axes.values():
            if axis.grid != (GRID if shown else False):
                axis.setGrid(GRID if shown else False)
