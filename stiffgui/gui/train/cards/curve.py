"""One series of one run in a history plot, and its entry in the legend."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent

from stiffgui.gui.plots.band import Band
from stiffgui.gui.plots.card import DASHES, STROKES, Elided
from stiffgui.gui.plots.curves import smoothed, thinned
from stiffgui.gui.train.cards.history_view import HistoryView


class LegendEntry(Elided):
    """A stroke, a name and a value; where room is short the name is shortened, never the value."""

    def __init__(self, stroke: str, colour: str) -> None:
        super().__init__()
        self._stroke, self._colour = stroke, QColor(colour)
        self._name = self._value = ""

    def tell(self, name: str, value: str) -> bool:
        """Show them; whether they are new."""
        if (name, value) == (self._name, self._value):
            return False
        self._name, self._value = name, value
        self.setText(f"{name} {value}")
        return True

    def paintEvent(self, _: QPaintEvent) -> None:
        painter, metrics = QPainter(self), self.fontMetrics()
        middle = Qt.AlignmentFlag.AlignVCenter
        left = metrics.horizontalAdvance(f"{self._stroke} ")
        value = f" {self._value}"
        room = self.width() - left - metrics.horizontalAdvance(value)
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, max(room, 0))
        painter.setPen(self._colour)
        painter.drawText(self.rect(), middle, self._stroke)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), middle, f"{name}{value}")


class Curve:
    """One series of one run: line, band, faint raw line, and its label in the legend."""

    def __init__(self, plot: pg.PlotWidget, number: int, colour: str, banded: bool) -> None:
        self.plot, self.number, self.colour = plot, number, colour
        shade, faint = pg.mkColor(colour), pg.mkColor(colour)
        shade.setAlpha(45)
        faint.setAlpha(90)
        self.band = Band(pg.mkBrush(shade))
        if banded:
            plot.addItem(self.band)
        self.raw = plot.plot(pen=pg.mkPen(faint, width=1))
        self.line = plot.plot(pen=pg.mkPen(colour, width=1, style=DASHES[number % len(DASHES)]))
        self.items = (self.band, self.raw, self.line) if banded else (self.raw, self.line)
        self.label = LegendEntry(STROKES[number % len(STROKES)], colour)
        self.label.setParent(plot)  # only the newest run's goes into the legend
        self.banded = banded
        self.x = self.median = np.empty(0)

    def draw(self, x: Any, epochs: Any, quartiles: Any, view: HistoryView, log: bool) -> None:
        """Draw quartiles over trials [3, E], measured at epochs [E], against x [E]."""
        low, median, high = quartiles
        self.x, self.median = x, smoothed(median, epochs, view.smoothing)
        if log:
            low, median, high = (np.where(v > 0, v, np.nan) for v in (low, median, high))
        shown = np.where(self.median > 0, self.median, np.nan) if log else self.median
        rows = thinned(shown)
        self.line.setData(x[rows], shown[rows])
        if view.smoothing:
            rows = thinned(median)
            self.raw.setData(x[rows], median[rows])
        elif self.raw.xData is not None and len(self.raw.xData):
            self.raw.setData([], [])
        if self.banded:
            rows = thinned(median, 100)
            edges = np.stack([x, low, high])[:, rows]
            if log:
                edges[1:] = np.log10(edges[1:])
            self.band.set_data(*edges)

    def value_at(self, x: float | None) -> float:
        """The drawn value at or before x; the last one for None."""
        known = np.flatnonzero(np.isfinite(self.median))
        if not len(known):
            return float("nan")
        if x is None:
            return float(self.median[known[-1]])
        row = int(np.searchsorted(self.x, x, side="right")) - 1
        return float(self.median[row]) if row >= 0 else float("nan")

    def remove(self) -> None:
        """Take everything out of the plot and the legend."""
        for item in self.items:
            self.plot.removeItem(item)
        self.label.hide()
        self.label.deleteLater()
