"""The network as blocks, below the settings of its architecture."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget


class NetworkPicture(QWidget):
    """The network as blocks: lift, residual layers with their skip arcs, read-out."""

    MOST = 12

    def __init__(self) -> None:
        super().__init__()
        self.layers = 1
        self.setMinimumHeight(34)
        self.setAccessibleName("Picture of the network")

    def sizeHint(self) -> QSize:
        return QSize(200, 34)

    def show_depth(self, depth: int) -> None:
        """Draw so many layers; beyond a dozen the middle is left out."""
        self.layers = depth
        self.setToolTip(f"Lift, {depth} residual layers with their skip connections, read-out")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = QPen(self.palette().color(QPalette.ColorRole.PlaceholderText), 1)
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        shown = min(self.layers, self.MOST)
        gap = self.layers > shown
        pitch = min(26.0, (self.width() - 2.0) / (shown + 2 + gap))
        side, top, middle = pitch * 0.62, self.height() - 18.0, self.height() - 10.0
        place = 0
        for block in range(shown + 2):
            if gap and block == shown:
                for dot in range(3):
                    painter.setPen(line)
                    painter.drawPoint(round(place * pitch + side * dot / 2), round(middle))
                place += 1
            x = 1 + place * pitch
            layer = 0 < block <= shown
            painter.setPen(QPen(accent, 1) if layer else line)
            painter.setBrush(accent if layer else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(x, top, side, 16), 2, 2)
            painter.setPen(line)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if block <= shown:
                painter.drawLine(round(x + side), round(middle), round(x + pitch), round(middle))
            if layer:  # x_n = x_{n-1} + ...: the state also goes around the layer
                arc = QPainterPath()
                arc.moveTo(x - (pitch - side) / 2, middle - 8)
                arc.quadTo(x + side / 2, top - 22, x + side + (pitch - side) / 2, middle - 8)
                painter.drawPath(arc)
            place += 1
