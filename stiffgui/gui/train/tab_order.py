"""In which order Tab goes through the parts of Train."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from stiffgui.gui.settings.panel import ExperimentPanel


def order_tabs(*parts: QWidget) -> None:
    """Let Tab go through the parts one after another, inside each as its `tab_stops()` say or its
    controls were made; those in another window than the first have an order of their own."""
    stops = [
        widget
        for part in parts
        for widget in (part, *_inside(part))
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.window() is parts[0].window()
    ]
    for before, after in pairwise(stops):
        QWidget.setTabOrder(before, after)


def _inside(part: QWidget) -> list[QWidget]:
    return part.tab_stops() if isinstance(part, ExperimentPanel) else part.findChildren(QWidget)
