"""A shaded band between two curves, as one plain polygon."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QBrush, QPainter, QPolygonF


class BandItem(pg.GraphicsObject):  # type: ignore[misc]
    """The area between low and high, in the plot's own (maybe logarithmic) coordinates.

    pyqtgraph's FillBetweenItem records and replays an antialiased picture at every paint; with
    six bands that took half of the window's time while training. A polygon takes a twentieth.
    """

    def __init__(self) -> None:
        super().__init__()
        self.brush = QBrush()
        self.polygon = QPolygonF()
        self._limits: tuple[Any, Any] = ((None, None), (None, None))

    def set_brush(self, brush: QBrush) -> None:
        """Colour the area."""
        self.brush = brush

    def set_data(self, x: Any, low: Any, high: Any) -> None:
        """Values [n] each; rows with an unknown value are left out."""
        known = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
        x, low, high = x[known], low[known], high[known]
        self.prepareGeometryChange()
        self.polygon = QPolygonF(
            [QPointF(a, b) for a, b in zip(x.tolist(), low.tolist(), strict=True)]
            + [QPointF(a, b) for a, b in zip(x[::-1].tolist(), high[::-1].tolist(), strict=True)]
        )
        empty = (None, None)
        self._limits = (
            ((x[0], x[-1]), (float(low.min()), float(high.max()))) if len(x) else (empty, empty)
        )
        self.informViewBoundsChanged()
        self.update()

    def dataBounds(
        self, axis: int, frac: float = 1.0, orthoRange: Any = None
    ) -> tuple[float | None, float | None]:
        """Limits along an axis, for the view's automatic range."""
        limits: tuple[float | None, float | None] = self._limits[axis]
        return limits

    def boundingRect(self) -> QRectF:
        return self.polygon.boundingRect()

    def paint(self, painter: QPainter, *_: Any) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(pg.mkPen(None))
        painter.setBrush(self.brush)
        painter.drawPolygon(self.polygon)
