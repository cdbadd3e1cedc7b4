"""The keys of a plot that was reached by Tab."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt

MOVES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
ZOOMS = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}
RESETS = (Qt.Key.Key_0, Qt.Key.Key_Home)
STEP = 0.1  # of what is in view, by which an arrow key moves
KEYS = (
    "On a plot reached by Tab",
    {"← → ↑ ↓": "move", "+ −": "zoom", "0, Home": "show everything again"},
)


def move_by_key(box: Any, key: Qt.Key) -> bool:
    """Move or zoom what a pyqtgraph ViewBox shows; whether the key does so."""
    if key in MOVES:
        (x0, x1), (y0, y1) = box.viewRange()
        across, up = MOVES[key]
        box.translateBy(x=STEP * across * (x1 - x0), y=STEP * up * (y1 - y0))
    elif key in ZOOMS:
        box.scaleBy((ZOOMS[key], ZOOMS[key]))
    return key in MOVES or key in ZOOMS
