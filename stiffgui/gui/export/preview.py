"""The picture as it will be written, as large as there is room, or why there is none."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

LEAST_PIXELS = 100


class PreviewLabel(QLabel):
    """Shows a picture or a sentence; its size is its own, whatever it shows.

    Emits `resized` when the picture could be sharper, or larger than it needs to be.
    """

    resized = Signal()

    def __init__(self) -> None:
        super().__init__("Drawing…")
        self.setAccessibleName("Preview")
        self.setToolTip("The figure as it will be written")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        # Without a height that follows from the width, as word wrap would have it.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._whole = QPixmap()

    def sizeHint(self) -> QSize:
        return QSize(420, 300)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 120)

    def pixels_of(self, aspect: float) -> float:
        """The longer side of a picture that fits, of that width over height."""
        width = min(self.width(), self.height() * aspect)
        return max(LEAST_PIXELS, width, width / aspect) * self.devicePixelRatioF()

    def show_content(self, content: bytes) -> None:
        """Show a PNG."""
        self._whole = QPixmap()
        self._whole.loadFromData(content)
        self._fit()

    def show_message(self, text: str) -> None:
        """Say why there is no picture."""
        self._whole = QPixmap()
        self.setText(text)

    def _fit(self) -> None:
        if not self._whole.isNull():
            ratio = self.devicePixelRatioF()
            ways = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            scaled = self._whole.scaled(self.size() * ratio, *ways)
            scaled.setDevicePixelRatio(ratio)
            self.setPixmap(scaled)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        if not self._whole.isNull():
            self.resized.emit()
