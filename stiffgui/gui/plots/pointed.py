"""What the pointer is told of a plot: the values of a point, a cell or a box, beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from stiffgui.figures.numerals import minus
from stiffgui.figures.picture import Axis, Box, Image, Panel, Points
from stiffgui.gui.plots.axes import grouped, on_axis

REACH = 10  # pixels from a point within which the pointer tells about it
BESIDE = QPoint(14, 18)  # pixels from the pointer


class ValueTip(QLabel):
    """One in each window, for as long as the pointer rests. It is a part of the window, and none
    for the pointer: a tool tip comes under it, goes with any click or focus elsewhere, and ends."""

    @classmethod
    def of(cls, window: QWidget) -> ValueTip:
        """That of a window."""
        there = window.findChild(cls, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return there if there is not None else cls(window)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setObjectName("valueTip")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def tell(self, text: str, pointer: QPoint) -> None:
        """Show a text beside the pointer, a place in the window; hide for none."""
        self.setText(text)
        self.adjustSize()
        room, size = self._window.rect(), self.size()
        x, y = pointer.x() + BESIDE.x(), pointer.y() + BESIDE.y()
        if x + size.width() > room.right():
            x = pointer.x() - BESIDE.x() - size.width()
        if y + size.height() > room.bottom():
            y = pointer.y() - BESIDE.x() - size.height()
        self.move(max(x, 0), max(y, 0))
        self.raise_()
        self.setVisible(bool(text))


def nearest(
    points: Points, x: float, y: float, panel: Panel, pixel: tuple[float, float]
) -> int | None:
    """The point nearest to x, y, if it is near enough; `pixel` is one's width and height."""
    if not len(points.x):
        return None
    across, up = pixel
    ratio = float(across / up) if up else 1.0
    px, py = (on_axis(v, axis.scale) for v, axis in ((points.x, panel.x), (points.y, panel.y)))
    dx = px - float(on_axis(x, panel.x.scale))
    dy = (py - float(on_axis(y, panel.y.scale))) * ratio
    distances = np.hypot(np.nan_to_num(dx, nan=np.inf), np.nan_to_num(dy, nan=np.inf))
    row = int(distances.argmin())
    return row if distances[row] <= REACH * float(across or 0) else None


def describe_cell(
    panel: Panel, image: Image, row: int, column: int, together: Sequence[Panel] = ()
) -> str:
    """Where a cell lies, and its value; in panels with the same cells, theirs beside it."""
    where = (
        f"{axis.label} {number_on(float(at), axis)}".strip()
        for axis, at in ((panel.y, image.y[row]), (panel.x, image.x[column]))
    )
    values = [
        f"{other.title or each.colours.label} {_value(float(each.values[row, column]))}"
        for other in (together if any(other is panel for other in together) else (panel,))
        for each in other.of(Image)
        if np.array_equal(each.x, image.x) and np.array_equal(each.y, image.y)
    ]
    return minus("\n".join([" · ".join(where), *values]))


def describe_point(panel: Panel, points: Points, row: int) -> str:
    """A point's place, what is known of it, its sample and its layer, a line each."""
    lines = [
        f"{axis.label} {number_on(float(values[row]), axis)}"
        for axis, values in ((panel.x, points.x), (panel.y, points.y))
    ]
    lines += [f"{name} {_value(float(values[row]))}" for name, values in points.numbers.items()]
    places = []
    sample, layer = points.places.sample, points.places.layer
    if np.ndim(sample):
        places.append(f"sample {int(np.asarray(sample)[row]) + 1}")
    if np.ndim(layer):
        places.append(f"layer {int(np.asarray(layer)[row])}")
    return minus("\n".join([*lines, *([" · ".join(places)] if places else [])]))


def describe_box(box: Box) -> str:
    """What a box is of, and the numbers that it shows."""
    least, low, median, high, most = (f"{span:.4g}" for span in box.spans)
    ranges = f"median {median}\nquartiles {low} … {high}\nrange {least} … {most}"
    return minus("\n".join(filter(None, (box.group, ranges))))


def number_on(value: float, axis: Axis) -> str:
    """A value on an axis, as it is told."""
    if name := axis.tick_at(value):
        return name
    return grouped(round(value)) if axis.whole else f"{value + 0.0:.4g}"


def _value(value: float) -> str:
    if np.isnan(value):
        return "undefined"
    return f"{value + 0.0:.4g}" if np.isfinite(value) else "infinite"
