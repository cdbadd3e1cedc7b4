"""Where the texts of a matplotlib figure lie: which cover each other, which are cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

TOUCH = 0.75  # pixels that boxes may share: letters do not fill theirs


@dataclass(frozen=True)
class Box:
    """A text and the corners [4, 2] of its rectangle, which may be turned."""

    text: str
    corners: np.ndarray

    def covers(self, other: Box) -> bool:
        """Whether two rectangles share more than an edge, by separating axes."""
        for box in (self, other):
            for edge in (box.corners[1] - box.corners[0], box.corners[3] - box.corners[0]):
                along = edge / np.linalg.norm(edge)
                mine, its = self.corners @ along, other.corners @ along
                if min(mine.max(), its.max()) - max(mine.min(), its.min()) < TOUCH:
                    return False
        return True


def text_boxes(figure: Figure) -> list[Box]:
    """The boxes of all texts that are seen, after the layout is made."""
    figure.draw_without_rendering()
    unseen = {id(label) for axes in figure.findobj(Axes) for label in _unseen_ticks(axes)}
    texts = figure.findobj(Text, include_self=False)
    return [_box(text) for text in texts if id(text) not in unseen and _is_seen(text)]


def _unseen_ticks(axes: Any) -> Iterator[Any]:
    """Ticks beyond the limits have labels, too, which nobody draws."""
    for axis in (axes.xaxis, axes.yaxis):
        seen = axis._update_ticks()
        for tick in (*axis.majorTicks, *axis.minorTicks):
            if tick not in seen:
                yield from (tick.label1, tick.label2)


def _is_seen(text: Any) -> bool:
    if not text.get_visible() or not text.get_text().strip():
        return False
    if text.get_clip_on() and text.get_clip_box() is not None:  # only in the axes
        return bool(text.get_window_extent().overlaps(text.axes.bbox))
    return True


def _box(text: Any) -> Box:
    extent, angle = text.get_window_extent(), text.get_rotation()
    middle = np.array([(extent.x0 + extent.x1) / 2, (extent.y0 + extent.y1) / 2])
    text.set_rotation(0)
    flat = text.get_window_extent()
    text.set_rotation(angle)
    turn = np.deg2rad(angle)
    across = np.array([np.cos(turn), np.sin(turn)]) * flat.width / 2
    up = np.array([-np.sin(turn), np.cos(turn)]) * flat.height / 2
    corners = [
        middle - across - up,
        middle + across - up,
        middle + across + up,
        middle - across + up,
    ]
    return Box(text.get_text(), np.array(corners))


def problems(figure: Figure) -> list[str]:
    """What is wrong with the texts, in words."""
    boxes = text_boxes(figure)
    wrong = [
        f"{one.text!r} and {other.text!r} cover each other"
        for one, other in combinations(boxes, 2)
        if one.covers(other)
    ]
    low, high = np.zeros(2), np.array([figure.bbox.width, figure.bbox.height])
    return wrong + [
        f"{box.text!r} is cut"
        for box in boxes
        if (box.corners < low - TOUCH).any() or (box.corners > high + TOUCH).any()
    ]
