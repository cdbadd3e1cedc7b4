"""Axes of plots: ticks that do not crowd, whole numbers where they are counted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from stiffgui.figures.numerals import minus
from stiffgui.figures.picture import MANY_TICKS, Axis, Scale

NARROW = 0.35  # decades of a logarithmic axis
UPRIGHT, ACROSS = 15, 34  # pixels that a number needs
GAP = 8  # pixels between two numbers beside each other
LONGEST = 110  # of a text that stands upright
FIRST_WIDTH = 30  # of a number before any is drawn, as pyqtgraph has it
FEWEST, MOST = 2.5, 6.0  # numbers on less than NARROW
SAME = 1e-12  # of a value: what differs less is the same but for rounding
SPARSE = 0.6  # of pyqtgraph's ticks on an upright axis
# Digits that are written in each decade, and the smallest gap between two of them in decades.
DIGITS = (
    (range(1, 10), math.log10(10 / 9)),
    ((1, 2, 3, 4, 5, 7), math.log10(5 / 4)),
    ((1, 2, 5), math.log10(2)),
    ((1, 3), math.log10(3)),
)


class PlotAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis whose logarithmic ticks do not crowd: fewer digits the more decades it spans."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        # Its numbers and grid lines take longer to draw than most of what stands between them.
        self.setCacheMode(pg.QtWidgets.QGraphicsItem.CacheMode.DeviceCoordinateCache)
        # Where one unit is as long on both axes, a narrower axis shows another range with other
        # numbers, which need a wider one, and so on: it only grows.
        self.setStyle(autoReduceTextSpace=False)
        self.whole = False
        self._named = True
        self._ticks: list[tuple[float, str]] = []
        self._turned = False  # the texts stand upright
        self.enableAutoSIPrefix(False)

    def updateAutoSIPrefix(self) -> None:
        """Write the values themselves, not thousandths or thousands of them.

        Switching that off is not enough: pyqtgraph works a scale out all the same.
        """

    def show_axis(self, axis: Axis) -> None:
        """Take over label, scale and ticks."""
        if self.labelText != axis.label:
            self.setLabel(axis.label)
        log = axis.scale == "log"
        if self.logMode != log:
            self.setLogMode(x=log, y=log)
        self.whole = axis.whole
        if bool(axis.ticks) != bool(self._ticks):
            self.textWidth = FIRST_WIDTH  # that of names is not that of numbers
        self._ticks = [(float(on_axis(place, axis.scale)), text) for place, text in axis.ticks]
        if self._ticks or self._tickLevels is not None:
            self._write_ticks()
        self.show_name(self._named)

    def labelString(self) -> str:
        """The label as HTML, which pyqtgraph sets it as."""
        look = ";".join(f"{key}: {value}" for key, value in self.labelStyle.items())
        return f"<span style='{look}'>{escape(self.labelText)}</span>"

    def show_name(self, shown: bool) -> None:
        """Whether the label is seen: a small plot does without."""
        self._named = shown
        shown = shown and bool(self.labelText)
        if self.label.isVisible() != shown:
            self.showLabel(shown)

    def _write_ticks(self) -> None:
        """Texts beside each other: a word on each line where they would touch."""
        room = self.size().width() / max(len(self._ticks), 1)
        metrics = QFontMetricsF(self.font())
        wide = max((metrics.horizontalAdvance(text) for _, text in self._ticks), default=0)
        crowded = self.orientation == "bottom" and wide > room - 6
        turned = crowded and len(self._ticks) >= MANY_TICKS
        if turned != self._turned:
            self._turned = turned
            self.setHeight(min(wide, LONGEST) + UPRIGHT if turned else None)
        if turned:
            cut = Qt.TextElideMode.ElideMiddle
            texts = [metrics.elidedText(text, cut, LONGEST) for _, text in self._ticks]
        elif crowded:
            cut = Qt.TextElideMode.ElideRight
            # pyqtgraph allows four fifths of a text's height: an empty line makes up for it.
            texts = [
                "\n".join([*(metrics.elidedText(word, cut, room) for word in text.split()), ""])
                for _, text in self._ticks
            ]
        else:
            texts = [text for _, text in self._ticks]
        ticks = [(place, text) for (place, _), text in zip(self._ticks, texts, strict=True)]
        self.setStyle(hideOverlappingLabels=not ticks)
        self.setTicks([ticks] if ticks else None)

    def generateDrawSpecs(self, painter: Any) -> Any:
        """A number at the upper end stands below it, where it is not cut, if nothing is there."""
        specs = super().generateDrawSpecs(painter)
        if specs is None or self.orientation != "left":
            return specs
        axis, ticks, texts = specs
        cut = [place for place, (rect, _, _) in enumerate(texts) if rect.top() < 0]
        for place in reversed(cut):
            rect, flags, text = texts[place]
            moved = rect.translated(0, -rect.top())
            free = not any(moved.intersects(other) for other, _, text_ in texts if text_ != text)
            texts[place : place + 1] = [(moved, flags, text)] if free else []
        return axis, ticks, texts

    def drawPicture(self, painter: Any, axis: Any, ticks: Any, texts: Any) -> None:
        if not self._turned:
            super().drawPicture(painter, axis, ticks, texts)
            return
        super().drawPicture(painter, axis, ticks, [])
        painter.setPen(self.textPen())
        for rect, _, text in texts:
            painter.save()
            painter.translate(rect.center().x(), rect.top())
            painter.rotate(90)
            half = rect.height()
            place = QRectF(0, -half, LONGEST, 2 * half)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
            painter.restore()

    def resizeEvent(self, event: Any = None) -> None:
        super().resizeEvent(event)
        if getattr(self, "_ticks", None):  # pyqtgraph resizes it while it is being made
            self._write_ticks()

    @property
    def _upright(self) -> float:
        """Pixels of height that a number needs."""
        return max(UPRIGHT, QFontMetricsF(self.font()).height())

    def _across(self, low: float, high: float) -> float:
        """Pixels of width that a number needs, with a gap to the next."""
        metrics = QFontMetricsF(self.font())
        return max(metrics.horizontalAdvance(minus(f"{end:.2g}")) for end in (low, high)) + GAP

    def tickSpacing(self, low: float, high: float, size: float) -> list[Any]:
        sparse = SPARSE if self.orientation == "left" else 1.0  # texts are as high as they are
        levels = list(super().tickSpacing(low, high, sparse * size))
        if self.whole:
            levels = [level for level in levels if level[0] >= 1] or [(1.0, 0.0)]
        if not self.logMode and levels:
            room = self._upright if self.orientation == "left" else self._across(low, high)
            least = room * (high - low) / size
            if levels[0][0] < least:
                levels = [(_round_step(least), 0.0)]
        return levels

    def tickValues(self, low: float, high: float, size: float) -> list[Any]:
        """Within a third of a decade whole multiples are too rare: round values instead."""
        given = self._tickLevels is not None
        if given or not self.logMode or high - low >= NARROW or not np.isfinite((low, high)).all():
            return list(super().tickValues(low, high, size))
        first, last = 10**low, 10**high
        if last - first < SAME * last:  # no number lies between them
            return list(super().tickValues(low, high, size))
        room = self._upright if self.orientation == "left" else self._across(first, last)
        # The uppermost two are the closest.
        least = last * (1 - 10 ** -min(room / size * (high - low), high - low))
        least = min(max(least, (last - first) / MOST), (last - first) / FEWEST)
        step = _round_step(least)
        ticks = np.arange(math.ceil(first / step), math.floor(last / step) + 1) * step
        return [(high - low, np.log10(ticks).tolist())]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if not self.logMode:
            return list(map(minus, super().tickStrings(values, scale, spacing)))
        decades = self.range[1] - self.range[0]
        if decades < NARROW:
            sizes = [10**value for value in values]
            parts = [b / max(b - a, SAME * b) for a, b in pairwise(sizes)]
            digits = max([4, *(math.ceil(math.log10(part)) + 1 for part in parts)])
            return [minus(f"{size:.{digits}g}") for size in sizes]
        upright = self.orientation in ("left", "right")
        size, room = (self.height(), self._upright) if upright else (self.width(), ACROSS)
        pixels = size / decades
        fits = (digits for digits, gap in DIGITS if gap * pixels >= room)
        labelled: Iterable[int] = next(fits, (1,))
        return [_power(value, labelled) for value in values]


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below."""
    decade = 10.0 ** math.floor(math.log10(least))
    return decade * next(s for s in (1, 2, 5, 10) if s * decade >= least)


def _power(value: float, labelled: Iterable[int]) -> str:
    """10^value as text; empty where it is a whole multiple of a decade without a label."""
    decade = math.floor(value + 1e-9)
    digit = 10 ** (value - decade)
    whole = round(digit)
    if abs(digit - whole) < 1e-6 and whole not in labelled:
        return ""
    size = 10**value
    return f"{size:.0f}" if 1000 <= size < 1e5 else minus(f"{size:.3g}")


def on_axis(values: Any, scale: Scale) -> Any:
    """Values as places on an axis: logarithms where it is logarithmic, NaN where there is none."""
    if scale == "linear":
        return np.asarray(values, np.float64)
    values = np.asarray(values, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(values > 0, np.log10(np.where(values > 0, values, 1.0)), np.nan)


def from_axis(place: float, scale: Scale) -> float:
    """The value at a place on an axis."""
    return float(10**place) if scale == "log" else float(place)


def grouped(number: int) -> str:
    """A whole number with its thousands set apart."""
    return f"{number:,}".replace(",", "\u202f")
