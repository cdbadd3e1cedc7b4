"""Legends and colour scales beside plots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from stiffgui.figures.numerals import minus
from stiffgui.figures.palette import ABOUT, HOLLOW, STROKES, SYMBOLS
from stiffgui.figures.picture import (
    Bars,
    Box,
    ColourScale,
    Curve,
    Item,
    Marker,
    Panel,
    Points,
    Region,
)
from stiffgui.gui.plots.artists import SHADES, colour_map, colour_of
from stiffgui.gui.plots.elided import Elided
from stiffgui.gui.theme import LIGHT, Theme

LEAST_BAR, BAR = 60, 8  # pixels between the numbers at its ends; of its height
USUAL_END = "−0.00"  # of a scale, as long as most are
MOST_GROUPS = 7  # beside the one whose labels are told


@dataclass(frozen=True)
class Entry:
    """A mark, a name and a value (`None`: the legend tells none)."""

    mark: str
    colour: str
    name: str
    curve: Curve | None = None

    def value(self, x: float | None) -> str:
        """The value at x, the last for None."""
        if self.curve is None:
            return ""
        row, doubtful = self.curve.row_at(x), self.curve.doubtful
        if row is None:
            return "–"
        about = ABOUT if doubtful is not None and row in doubtful else ""
        return minus(f"{about}{self.curve.y[row]:.3g}")


def entries_of(panels: Iterable[Panel], theme: Theme, group: str = "") -> list[Entry]:
    """An entry for each label of the panels, once. Where a group is named, its labels, and of
    every other group its colour, its name and the value of its first curve."""
    entries: dict[str, Entry] = {}
    others: dict[str, Entry] = {}
    for panel in panels:
        for line in panel.of(Curve):
            if group and line.group and line.label:
                shown = line if panel.values and line.group != group else None
                entry = Entry("■", _colour(line, theme), line.group, shown)
                others.setdefault(line.group, entry)
    own = [others.pop(group)] if group in others else []
    for panel in panels:
        for item in panel.items:
            mine = not group or item.group in ("", group)
            if panel.legend and item.label and mine and not isinstance(item, Region | Marker):
                name = item.entry.removeprefix(f"{group} · ") if group else item.entry
                mark, colour = _mark(item), _colour(item, theme)
                curve = item if isinstance(item, Curve) and panel.values else None
                entries.setdefault(item.label, Entry(mark, colour, name, curve))
    rest = list(others.values())
    more = len(rest) - MOST_GROUPS
    if more > 0:
        rest = [*rest[:MOST_GROUPS], Entry("", theme.faint, f"and {more} more")]
    return [*own, *entries.values(), *rest]


def _mark(item: Item) -> str:
    if isinstance(item, Curve):
        return STROKES[item.dash % len(STROKES)] if item.line else SYMBOLS[item.symbol or "o"]
    if isinstance(item, Points):
        return (SYMBOLS if item.filled else HOLLOW)[item.symbol]
    return "■"


def _colour(item: Item, theme: Theme) -> str:
    colour = item.colour if isinstance(item, Curve | Points | Bars | Box) else "faint"
    return str(colour_of(colour, theme).name())


class LegendEntry(Elided):
    """A mark, a name and a value; where room is short the name is shortened, never the value."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__()
        self.setParent(parent)  # shown without one it would be a window for a moment
        self.entry = Entry("", "#000000", "")
        self._value = ""

    def show_entry(self, entry: Entry, value: str) -> None:
        """Show them if they are new."""
        if (entry.mark, entry.colour, entry.name, value) != (
            self.entry.mark,
            self.entry.colour,
            self.entry.name,
            self._value,
        ):
            text = f"{entry.name} {value}".strip()
            self._value = value
            self.setText(text)
            self.setToolTip(text)
            self.setAccessibleName(entry.name)
        self.entry = entry

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        text = f"{self.entry.mark} {self.entry.name} {self._value}  "
        return QSize(metrics.horizontalAdvance(text), metrics.height() + 2)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter, metrics = QPainter(self), self.fontMetrics()
        middle = Qt.AlignmentFlag.AlignVCenter
        left = metrics.horizontalAdvance(f"{self.entry.mark} ")
        value = f" {self._value}" if self._value else ""
        room = self.width() - left - metrics.horizontalAdvance(value)
        name = metrics.elidedText(self.entry.name, Qt.TextElideMode.ElideRight, max(room, 0))
        painter.setPen(QColor(self.entry.colour))
        painter.drawText(self.rect(), middle, self.entry.mark)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), middle, f"{name}{value}")


class Legend(QWidget):
    """Entries in columns as wide as they need; `x`: the place whose values are told."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(0)
        self.labels: list[LegendEntry] = []
        self._entries: list[Entry] = []
        self._x: float | None = None
        self._rest: float | None = None
        self.columns = 2
        self.rows = 100  # at most; what does not fit is told by the tool tip

    def set_rows(self, rows: int) -> None:
        """A low plot keeps its room."""
        if rows != self.rows:
            self.rows = rows
            self._arrange()

    def show_entries(self, entries: list[Entry]) -> None:
        """Show entries; labels are made once."""
        self._entries = entries
        while len(self.labels) < len(entries):
            self.labels.append(LegendEntry(self))
        self._write()
        self._arrange()
        self.setVisible(bool(entries))

    def point_at(self, x: float | None) -> None:
        """Tell the values at x; for None those where it rests."""
        self._x = x
        self._write()

    def rest_at(self, x: float | None) -> None:
        """Where values are told while nothing is pointed at: at x, the last ones for None."""
        if x != self._rest:
            self._rest = x
            self._write()

    def _write(self) -> None:
        for label, entry in zip(self.labels, self._entries, strict=False):
            label.show_entry(entry, entry.value(self._rest if self._x is None else self._x))

    def _arrange(self) -> None:
        """As many columns as the widest entry leaves room for; two at least of many entries."""
        shown = self.labels[: len(self._entries)]
        widths = [label.sizeHint().width() for label in shown]
        widest = max(widths, default=1)
        least = 2 if len(shown) > 2 else 1
        columns = max(least, min(len(shown), self.width() // max(widest, 1)))
        for place, label in enumerate(self.labels):
            label.setVisible(place < min(len(shown), columns * self.rows))
        hidden = shown[columns * self.rows :]
        self.setToolTip("\n".join(label.text() for label in shown) if hidden else "")
        self._share_width(widths, columns)
        if columns == self.columns and self._grid.count() == len(shown):
            return
        self.columns = columns
        for place, label in enumerate(shown):
            self._grid.addWidget(label, place // columns, place % columns)

    def _share_width(self, widths: list[int], columns: int) -> None:
        """Columns are alike where all entries have room, so that none moves with its value."""
        room = self.width() - self._grid.horizontalSpacing() * (columns - 1)
        shares = [1] * columns
        if max(widths, default=0) * columns > room:
            shares = _shares([max(widths[k::columns], default=0) for k in range(columns)], room)
        for column in range(max(columns, self._grid.columnCount())):
            share = shares[column] if column < columns else 0
            if self._grid.columnStretch(column) != share:  # setting it lays everything out anew
                self._grid.setColumnStretch(column, share)

    def resizeEvent(self, event: Any) -> None:
        """More room, more columns."""
        super().resizeEvent(event)
        self._arrange()


class ScaleBar(QWidget):
    """The colours from the least to the largest value, with both written at the ends; below them
    where it is narrow."""

    def __init__(self) -> None:
        super().__init__()
        self.colours: ColourScale | None = None
        self._theme = LIGHT
        self.setAccessibleName("Colour scale")

    def sizeHint(self) -> QSize:
        return QSize(80, self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.fontMetrics().height() + (BAR if self._is_narrow else 3))

    @property
    def ends(self) -> tuple[str, str]:
        """The least and the largest value, as they are written."""
        if self.colours is None:
            return "", ""
        values, metrics = (self.colours.low, self.colours.high), self.fontMetrics()
        texts = _end(values[0]), _end(values[1])
        if metrics.horizontalAdvance(" ".join(texts)) > self.width():
            texts = _end(values[0], 2), _end(values[1], 2)
        return texts

    @property
    def _is_narrow(self) -> bool:
        # Bars beside each other look alike, whatever their numbers are.
        usual = max(self.fontMetrics().horizontalAdvance(end) for end in (*self.ends, USUAL_END))
        return 2 * usual + LEAST_BAR > self.width()

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def show_scale(self, colours: ColourScale | None, theme: Theme) -> None:
        """Show a scale, or none."""
        self.setVisible(colours is not None)
        if (colours, theme) != (self.colours, self._theme):
            self.colours, self._theme = colours, theme
            ends = (_end(v) for v in (colours.low, colours.high)) if colours is not None else ()
            self.setToolTip(f"{colours.label} {' … '.join(ends)}" if colours is not None else "")
            self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        if self.colours is None:
            return
        painter, metrics = QPainter(self), self.fontMetrics()
        (first, last), narrow = self.ends, self._is_narrow
        word = f"{self.colours.label} "
        if narrow or metrics.horizontalAdvance(word + first + last) > 0.6 * self.width():
            word = ""
        left, right = 0, self.width()
        if not narrow:
            left += metrics.horizontalAdvance(f"{word}{first}") + 6
            right -= metrics.horizontalAdvance(last) + 6
        top = 0 if narrow else (self.height() - BAR) // 2
        gradient = QLinearGradient(left, 0, right, 0)
        colours = colour_map(self.colours.map, self._theme).map(np.linspace(0, 1, SHADES), "qcolor")
        for k, colour in enumerate(colours):
            gradient.setColorAt(k / (SHADES - 1), colour)
        painter.fillRect(left, top, right - left, BAR, gradient)
        painter.setPen(QColor(self._theme.faint))
        middle = Qt.AlignmentFlag.AlignBottom if narrow else Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), middle | Qt.AlignmentFlag.AlignLeft, f"{word}{first}")
        painter.drawText(self.rect(), middle | Qt.AlignmentFlag.AlignRight, last)


def _shares(needed: Sequence[int], room: int) -> list[int]:
    """Widths of columns: where room is short, only the widest are narrower than they need."""
    shares = [0] * len(needed)
    for left, place in zip(
        range(len(needed), 0, -1), sorted(range(len(needed)), key=lambda k: needed[k]), strict=True
    ):
        shares[place] = min(needed[place], max(0, room - sum(shares)) // left)
    return shares


def _end(value: float, digits: int = 3) -> str:
    return minus(f"{value:.{digits}g}")
