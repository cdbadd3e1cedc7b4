"""Make the icons of Windows and macOS of the SVG: `python packaging/icons.py`."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QGuiApplication, QIcon

ICONS = Path(__file__).parents[1] / "resources" / "icons"
PIXELS = 1024


def main() -> None:
    """Both, beside the SVG."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication([])
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QIcon(str(ICONS / "stiffgui.svg")).pixmap(PIXELS, PIXELS).save(buffer, "PNG")
    image = Image.open(io.BytesIO(bytes(buffer.data().data())))
    image.save(ICONS / "stiffgui.ico", sizes=[(n, n) for n in (16, 24, 32, 48, 64, 128, 256)])
    image.save(ICONS / "stiffgui.icns")
    application.quit()


if __name__ == "__main__":
    main()
