"""Target, network and error of two inputs as pictures that fill their place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from stiffgui.figures.fit import Fit
from stiffgui.gui.theme import DARK, LIGHT, Theme

BAR = 10  # width of a colour bar
TITLES = ("target", "network", "network − target")


def lookup(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Values as numbers of 256 colours, the first row at the bottom (the y axis points up)."""
    scaled = (values[::-1] - low) * (255 / max(high - low, 1e-300))
    return np.ascontiguousarray(np.clip(scaled, 0, 255).astype(np.uint8))


class FitMaps(QWidget):
    """Three pictures in a row, two above one, or in a column, whichever makes them largest.

    Target and network share one colour scale and bar; the error has its own, about 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setAccessibleName("Target, network and error")
        self._theme = LIGHT
        self._fit: Fit | None = None
        self._output = 0
        self._images: list[QImage] = []
        self._values: list[NDArray[Any]] = []
        self._ends: list[tuple[float, float]] = []
        self.set_theme(LIGHT)

    def sizeHint(self) -> QSize:
        return QSize(300, 220)

    def set_theme(self, theme: Theme) -> None:
        """Colours: viridis, and red to blue through the theme's own neutral."""
        self._theme = theme
        neutral = "#20242b" if theme is DARK else "#f7f7f7"
        diverging = pg.ColorMap([0, 0.5, 1], ["#3b6fb6", neutral, "#c8553d"])
        self._tables = [_table(pg.colormap.get("viridis")), _table(diverging)]
        if self._fit is not None:
            self.show_fit(self._fit, self._output)

    def show_fit(self, fit: Fit, output: int) -> None:
        """Draw an output of a fit of kind maps."""
        self._fit, self._output = fit, output
        target, network = fit.square(fit.target, output), fit.square(fit.network, output)
        error = network - target
        bound = max(float(np.abs(error).max()), 1e-12)
        shared = (float(target.min()), float(target.max()))
        self._values = [target, network, error]
        self._ends = [shared, (-bound, bound)]
        self._images = []
        for k, values in enumerate(self._values):
            pixels = lookup(values, *self._ends[k == 2])
            side = pixels.shape[0]
            image = QImage(pixels.data, side, side, side, QImage.Format.Format_Indexed8).copy()
            image.setColorTable(self._tables[k == 2])
            self._images.append(image.convertToFormat(QImage.Format.Format_RGB32))
        self.update()

    # ------------------------------------------------------------------- places

    def places(self) -> tuple[list[QRectF], list[QRectF]]:
        """The rectangles of the three pictures, and of the two colour bars."""
        line = self.fontMetrics().height()
        left, number = self._margin(), self._bar_margin()
        width, height = self.width(), self.height()
        above, below = line + 3, 2 * line + 2
        gap, bars = 10, BAR + 8 + number
        rim = above + below
        sides = {  # columns of pictures: how large they get
            3: min((width - left - 2 * gap - 2 * bars) / 3, height - rim),
            2: min((width - left - gap - bars) / 2, height / 2 - rim),
            1: min(width - left - bars, height / 3 - rim),
        }
        columns = max(sides, key=lambda k: sides[k])
        side = max(20.0, sides[columns])
        total = left + columns * (side + gap) - gap + bars * (2 if columns == 3 else 1)
        rows = {3: 1, 2: 2, 1: 3}[columns]
        x = max(0.0, (width - total) / 2) + left
        y = max(0.0, (height - rows * (side + rim)) / 2) + above
        aside, down = side + gap, side + rim
        steps = {
            3: ((0, 0), (aside, 0), (2 * aside + bars, 0)),
            2: ((0, 0), (aside, 0), (0, down)),
            1: ((0, 0), (0, down), (0, 2 * down)),
        }[columns]
        pictures = [QRectF(x + dx, y + dy, side, side) for dx, dy in steps]
        bars_at = [QRectF(p.right() + 8, p.top(), BAR, side) for p in (pictures[1], pictures[2])]
        return pictures, bars_at

    def _margin(self) -> int:
        """Room for the numbers and the name of the vertical axis."""
        if self._fit is None:
            return 0
        texts = [_axis(v) for v in (self._fit.x[0, 1], self._fit.x[-1, 1])]
        return max(self.fontMetrics().horizontalAdvance(t) for t in (*texts, self._name(1))) + 6

    def _bar_margin(self) -> int:
        texts = [_short(v) for ends in self._ends for v in ends]
        return max((self.fontMetrics().horizontalAdvance(t) for t in texts), default=0) + 6

    def _name(self, axis: int) -> str:
        return self._fit.input_names[axis] if self._fit is not None else ""

    # ------------------------------------------------------------------ painting

    def paintEvent(self, _: QPaintEvent) -> None:
        if self._fit is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        pictures, bars = self.places()
        first_of_row = {round(p.top()): round(p.left()) for p in reversed(pictures)}
        for place, image, title in zip(pictures, self._images, TITLES, strict=True):
            painter.drawImage(place, image)
            self._frame(painter, place)
            painter.setPen(QColor(self._theme.text))
            above = QRectF(place.left() - 20, place.top() - 40, place.width() + 40, 37)
            painter.drawText(
                above, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, title
            )
            self._axes(painter, place, round(place.left()) == first_of_row[round(place.top())])
        if pictures[2].top() > pictures[1].bottom() and pictures[1].left() > pictures[2].left():
            beside = QRectF(pictures[1].left() + 40, pictures[2].top(), 200, pictures[2].height())
            painter.setPen(QColor(self._theme.faint))
            painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter, self._largest())
        for place, table, ends in zip(bars, self._tables, self._ends, strict=True):
            self._bar(painter, place, table, ends)

    def _largest(self) -> str:
        assert self._fit is not None
        error = self._values[2]
        row, column = np.unravel_index(np.abs(error).argmax(), error.shape)
        x = self._fit.x[row * self._fit.side + column]
        place = f"{self._name(0)} = {x[0]:.3g}\n{self._name(1)} = {x[1]:.3g}"
        return f"largest error\n{error[row, column]:.3g} at\n{place}".replace("-", "−")

    def _frame(self, painter: QPainter, place: QRectF) -> None:
        painter.setPen(QColor(self._theme.border))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place)

    def _axes(self, painter: QPainter, place: QRectF, left: bool) -> None:
        assert self._fit is not None
        painter.setPen(QColor(self._theme.faint))
        low, high = self._fit.x[0], self._fit.x[-1]
        line = self.fontMetrics().height()
        align = Qt.AlignmentFlag
        across = QRectF(place.left(), place.bottom() + 1, place.width(), line)
        painter.drawText(across, align.AlignLeft, _axis(low[0]))
        painter.drawText(across, align.AlignRight, _axis(high[0]))
        painter.drawText(across, align.AlignHCenter, self._name(0))
        if left:
            down = QRectF(0, place.top(), place.left() - 5, place.height())
            painter.drawText(down, align.AlignRight | align.AlignTop, _axis(high[1]))
            painter.drawText(down, align.AlignRight | align.AlignBottom, _axis(low[1]))
            painter.drawText(down, align.AlignRight | align.AlignVCenter, self._name(1))

    def _bar(
        self, painter: QPainter, place: QRectF, table: list[int], ends: tuple[float, float]
    ) -> None:
        column = np.arange(255, -1, -1, dtype=np.uint8).reshape(256, 1)
        pixels = np.ascontiguousarray(np.repeat(column, 4, axis=1))
        image = QImage(pixels.data, 4, 256, 4, QImage.Format.Format_Indexed8).copy()
        image.setColorTable(table)
        painter.drawImage(place, image)
        self._frame(painter, place)
        painter.setPen(QColor(self._theme.faint))
        beside = QRectF(place.right() + 4, place.top() - 2, 80, place.height() + 4)
        painter.drawText(beside, Qt.AlignmentFlag.AlignTop, _short(ends[1]))
        painter.drawText(beside, Qt.AlignmentFlag.AlignBottom, _short(ends[0]))
        if ends[0] == -ends[1]:
            painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter, "0")

    # ------------------------------------------------------------------- pointer

    def describe(self, at: QPointF) -> str:
        """Inputs, target, network and error under a point of the widget; empty outside."""
        if self._fit is None:
            return ""
        place = next((p for p in self.places()[0] if p.contains(at)), None)
        if place is None:
            return ""
        cells = self._fit.side - 1
        column = round((at.x() - place.left()) / place.width() * cells)
        row = round((place.bottom() - at.y()) / place.height() * cells)
        x = self._fit.x[row * self._fit.side + column]
        numbers = [
            f"{title} {values[row, column]:.4g}"
            for title, values in zip(TITLES, self._values, strict=True)
        ]
        inputs = f"{self._name(0)} = {x[0]:.3g}, {self._name(1)} = {x[1]:.3g}"
        return "\n".join([inputs, *numbers])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        text = self.describe(event.position())
        QToolTip.showText(event.globalPosition().toPoint(), text, self)


def _table(colours: Any) -> list[int]:
    """256 colours as 0xAARRGGBB."""
    rgb = colours.map(np.linspace(0, 1, 256), "byte")[:, :3].astype(int)
    return [0xFF000000 | int(r) << 16 | int(g) << 8 | int(b) for r, g, b in rgb]


def _short(value: float) -> str:
    return f"{value:.2g}".replace("-", "−")


def _axis(value: float) -> str:
    return f"{value:g}".replace("-", "−")
