"""A slider through the layers that shows an index of each: a row of coloured cells."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSlider, QToolTip

from stiffgui.figures.picture import ColourScale
from stiffgui.gui.plots.artists import colour_map
from stiffgui.gui.theme import LIGHT, Theme

HEIGHT = 24
DARK_SHARE = 0.6  # of a colour scale, below which its colours are dark


class LayerStrip(QSlider):
    """A cell for each layer from 1; a click, a drag or an arrow key chooses one."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(1, 1)
        self.setPageStep(1)
        self.values: tuple[float, ...] = ()
        self.colours = ColourScale(label="", low=0.0, high=1e-9)
        self._theme = LIGHT

    def sizeHint(self) -> QSize:
        return QSize(160, max(HEIGHT, self.fontMetrics().height() + 8))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        self.update()

    def show_values(self, values: tuple[float, ...], name: str) -> None:
        """An index of every layer. The colours of an index only ever reach higher."""
        known = [value for value in values if np.isfinite(value)]
        highest = self.colours.high if name == self.colours.label else 0.0
        self.colours = ColourScale(label=name, low=0.0, high=max([highest, 1e-9, *known]))
        self.values = values
        self.update()

    def forget(self) -> None:
        """Of another run: its colours begin anew."""
        self.values, self.colours = (), ColourScale(label="", low=0.0, high=1e-9)
        self.update()

    def cell(self, layer: int) -> QRectF:
        """Where a layer's cell lies."""
        width = self.width() / self.maximum()
        gap = 2 if width > 8 else 0
        return QRectF((layer - 1) * width, 2, width - gap, self.height() - 4)

    def layer_at(self, x: float) -> int:
        """The layer whose cell is there."""
        place = int(x * self.maximum() / max(self.width(), 1))
        return min(max(place + 1, 1), self.maximum())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setValue(self.layer_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.setValue(self.layer_at(event.position().x()))

    def event(self, event: QEvent) -> bool:
        """A layer's value as a tool tip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            layer = self.layer_at(event.pos().x())
            known = len(self.values) == self.maximum()
            value = f": {self.colours.label} {self.values[layer - 1]:.4g}" if known else ""
            QToolTip.showText(event.globalPos(), f"layer {layer}{value}\n{self.toolTip()}", self)
            return True
        return super().event(event)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        known = len(self.values) == self.maximum()
        shades = self.colours.shade(np.array(self.values)) if known else None
        colours = colour_map(self.colours.map, theme)
        widest = painter.fontMetrics().horizontalAdvance(str(self.maximum())) + 4
        for layer in range(1, self.maximum() + 1):
            cell, share = self.cell(layer), float("nan") if shades is None else shades[layer - 1]
            shaded = bool(np.isfinite(share))
            painter.fillRect(cell, colours.map(share, "qcolor") if shaded else QColor(theme.grid))
            if cell.width() > widest or layer == self.value():
                bright = "#ffffff" if share < DARK_SHARE else "#101010"
                painter.setPen(QColor(bright if shaded else theme.text))
                middle = cell.center()
                around = QRectF(middle.x() - widest, cell.top(), 2 * widest, cell.height())
                painter.drawText(around, Qt.AlignmentFlag.AlignCenter, str(layer))
        painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.text), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.cell(self.value()).adjusted(-0.5, -1, 0.5, 1))
