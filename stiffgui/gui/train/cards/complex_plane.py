"""Eigenvalues in the complex plane: points in a few colours over a stability region."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QCursor, QPainterPath, QTransform
from PySide6.QtWidgets import QGraphicsPathItem, QToolTip

from stiffgui.gui.plots.card import colour_plot, plot_widget
from stiffgui.gui.theme import Theme
from stiffgui.stiffness.pseudospectrum import Pseudospectrum
from stiffgui.stiffness.stability import REGIONS

COLOURS = 16
LINE_PIXELS = 16  # height of a number at a contour
REACH = 10  # pixels from a point within which the pointer tells about it


@dataclass(frozen=True)
class Points:
    """Eigenvalues [n] with the condition number, sample and layer of each."""

    values: NDArray[Any]
    conditions: NDArray[Any]
    samples: NDArray[Any]
    layers: NDArray[Any]


class ComplexPlane:
    """`plot` is the widget. A handful of brushes is made once: one for every point is slow."""

    def __init__(self) -> None:
        self.plot = plot_widget("Im λ (1/time)", "Re λ (1/time)")
        self.plot.setAspectLocked(True)
        self.plot.setAccessibleName("Eigenvalues in the complex plane")
        self.plot.mouseDoubleClickEvent = lambda _: self.reset_view()
        self.region = QGraphicsPathItem()
        self.region.setZValue(-10)
        self.dots = pg.ScatterPlotItem(size=5, pen=None, pxMode=True)
        self.plot.addItem(self.region, ignoreBounds=True)
        self.plot.addItem(self.dots)
        gradient = pg.colormap.get("viridis").map(np.linspace(0, 1, COLOURS), "qcolor")
        for colour in gradient:
            colour.setAlpha(210)
        self.brushes = np.array([pg.mkBrush(c) for c in gradient], dtype=object)
        self.contours: list[Any] = []
        self._line = pg.mkPen("gray")
        self.points: Points | None = None
        self.user_zoomed = False
        self._box: tuple[float, float, float] | None = None  # least, greatest Re, greatest Im
        self.plot.getViewBox().sigRangeChangedManually.connect(self._zoomed)
        self.plot.scene().sigMouseMoved.connect(self._hover)
        self.told = ""

    def set_theme(self, theme: Theme) -> None:
        colour_plot(self.plot, theme)
        self.region.setPen(pg.mkPen(theme.faint, style=Qt.PenStyle.DashLine))
        self.region.setBrush(pg.mkBrush(theme.disc))
        self._line, self._words = pg.mkPen(theme.accent, width=1), theme.accent

    def set_region(self, name: str, step: float) -> None:
        """Shade where the method of that name (of REGIONS) is stable at step size a."""
        method = REGIONS[name]
        curve = method.boundary(step)
        path = QPainterPath()
        path.addPolygon(pg.functions.arrayToQPolygonF(curve.real, curve.imag))
        if method.inverse:  # stable outside: an odd-even filling leaves the disc out
            far = 1000 / step
            path.addRect(QRectF(-far, -far, 2 * far, 2 * far))
        self.region.setPath(path)

    def show(self, points: Points, shade: NDArray[Any]) -> None:
        """Draw points; shade [n] runs from 0 to 1 through the colours."""
        # In a mixed order, always the same, so that the last sample or layer hides no other.
        order = np.random.default_rng(0).permutation(len(points.values))
        points = Points(*(values[order] for values in vars(points).values()))
        self.points = points
        chosen = np.round(np.clip(shade[order], 0, 1) * (COLOURS - 1)).astype(int)
        self.dots.setData(
            x=points.values.real, y=points.values.imag, brush=list(self.brushes[chosen])
        )
        self._fit_view()

    def show_contours(self, found: Pseudospectrum | None) -> None:
        """Draw where the smallest singular value of zI - J is eps, for a few eps; None: nothing."""
        for item in self.contours:
            self.plot.removeItem(item)
        self.contours = []
        if found is None:
            return
        p, q = found.real, found.imag
        place = QTransform.fromTranslate(p[0], q[0]).scale(p[1] - p[0], (q[-1] - q[0]) / len(q))
        apart = LINE_PIXELS * float(self.plot.getViewBox().viewPixelSize()[1])
        written = math.inf
        for level in found.levels():
            line = pg.IsocurveItem(found.smallest.T, level, pen=self._line)
            # A node of the grid stands half a cell inside its pixel.
            line.setTransform(place)
            line.setZValue(5)
            self.contours.append(line)
            column, row = _topmost(found.smallest < level)
            if q[row] < written - apart:  # numbers that would cover each other are left out
                written = q[row]
                text = pg.TextItem(f"{level:.2g}", color=self._words, anchor=(0.5, 0.8))
                text.setPos(p[column], q[row])
                self.contours.append(text)
        for item in self.contours:
            self.plot.addItem(item, ignoreBounds=True)

    def _fit_view(self) -> None:
        """Follow the points in steps, so that the axes stay still most of the time."""
        if self.points is None or self.user_zoomed or not self.points.values.size:
            return
        real, imag = self.points.values.real, self.points.values.imag
        left, right = min(float(real.min()), -0.1), max(float(real.max()), 0.1)
        top = max(float(imag.max()), 0.1)
        if self._box is not None:
            x0, x1, y1 = self._box
            inside = x0 < left and right < x1 and top < y1
            if inside and (right - left > 0.5 * (x1 - x0) or top > 0.5 * y1):
                return
        spare = 0.12 * max(right - left, 2 * top)
        self._box = (left - spare, right + spare, top + spare)
        x0, x1, y1 = self._box
        self.plot.setRange(xRange=(x0, x1), yRange=(-y1, y1), padding=0)

    def reset_view(self) -> None:
        """Show every point again."""
        self.user_zoomed, self._box = False, None
        self._fit_view()

    def _zoomed(self, _: object) -> None:
        self.user_zoomed = True

    def nearest(self, x: float, y: float, reach: float) -> int | None:
        """The row of the point nearest to x + iy, within `reach` (1/time)."""
        if self.points is None or not self.points.values.size:
            return None
        distances = np.abs(self.points.values - complex(x, y))
        row = int(distances.argmin())
        return row if distances[row] <= reach else None

    def _hover(self, place: Any) -> None:
        box = self.plot.getViewBox()
        row = None
        if box.sceneBoundingRect().contains(place):
            at = box.mapSceneToView(place)
            row = self.nearest(at.x(), at.y(), REACH * float(box.viewPixelSize()[0]))
        told = describe(self.points, row) if self.points is not None and row is not None else ""
        if told != self.told:
            self.told = told
            QToolTip.showText(QCursor.pos(), told, self.plot)


def _topmost(inside: NDArray[Any]) -> tuple[int, int]:
    """Column and row of the highest point of a region."""
    row = int(np.flatnonzero(inside.any(1)).max())
    columns = np.flatnonzero(inside[row])
    return int(columns[len(columns) // 2]), row


def describe(points: Points, row: int) -> str:
    """Eigenvalue, modulus, time scale, condition, sample and layer of a point, a line each."""
    value, condition = complex(points.values[row]), float(points.conditions[row])
    scale = f"{1 / abs(value.real):.4g}" if value.real else "infinite"
    sign = "+" if value.imag >= 0 else "−"
    real = f"{value.real:.4g}".replace("-", "−")
    lines = (
        f"λ = {real} {sign} {abs(value.imag):.4g} i (1/time)",
        f"modulus {abs(value):.4g}",
        f"time scale 1/|Re λ| {scale}",
        f"condition {condition:.4g}" if np.isfinite(condition) else "condition infinite",
        f"sample {points.samples[row] + 1} · layer {points.layers[row]}",
    )
    return "\n".join(lines)
