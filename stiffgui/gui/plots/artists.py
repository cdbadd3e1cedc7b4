"""Draws the items of a panel with pyqtgraph: an artist for each kind, made once and then moved."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainterPath, QTransform
from PySide6.QtWidgets import QGraphicsPathItem

from stiffgui.figures.palette import MAPS
from stiffgui.figures.picture import (
    Band,
    Bars,
    Box,
    Colour,
    Contours,
    Curve,
    Image,
    Item,
    Map,
    Marker,
    Panel,
    Points,
    Region,
    Shade,
)
from stiffgui.gui.plots.axes import on_axis
from stiffgui.gui.plots.band import BandItem
from stiffgui.gui.plots.decimation import evenly, resampled, thinned
from stiffgui.gui.theme import DARK, Theme

DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotDotLine,
)
SYMBOLS = {"o": "o", "s": "s", "x": "x", "triangle": "t1"}
SHADES = 16  # brushes of coloured points: one for every point is slow
MOST_POINTS = 4000  # of one item that a screen shows
CELLS = 400  # even columns of an image whose own are uneven
BAND_POINTS = 100
EDGE = 1.5  # width of a region's edge
DARKEST = 0.2  # where a colour map begins on a dark ground, which its first colours are like
GOLDEN = (5**0.5 - 1) / 2  # multiples of it fill an interval evenly, in a mixed order
LINE_PIXELS = 16  # height of a number at a contour
# Always the same ones: pyqtgraph keeps a picture of a dot for each pen and brush that it is given.
NO_PEN, NO_BRUSH = pg.mkPen(None), pg.mkBrush(None)


def colour_of(colour: Colour, theme: Theme) -> Any:
    """A QColor."""
    if isinstance(colour, Shade):
        return colour_map(colour.colours.map, theme).map(colour.share, "qcolor")
    if isinstance(colour, int):
        return pg.mkColor(theme.series[colour % len(theme.series)])
    return pg.mkColor({"faint": theme.faint, "accent": theme.accent}[colour])


def colour_map(name: Map, theme: Theme) -> Any:
    """A pyqtgraph colour map; what is neutral has the ground's colour, and nothing is as dark as a
    dark ground: dots, and ends, which are those of the series there."""
    chosen, dark = MAPS[name], theme.card == DARK.card
    if isinstance(chosen, str):
        whole = pg.colormap.get(chosen)
        seen = np.linspace(DARKEST, 1, SHADES)
        return pg.ColorMap(np.linspace(0, 1, SHADES), whole.map(seen)) if dark else whole
    low, middle, high = chosen
    if name == "signed":
        high, low = theme.series[:2]
    neutral = theme.card if name == "diverging" and dark else middle
    return pg.ColorMap([0, 0.5, 1], [low, neutral, high])


def pen(theme: Theme, colour: Any, width: float = 1.0, style: Any = Qt.PenStyle.SolidLine) -> Any:
    """A pen whose lines are as wide on every screen."""
    return pg.mkPen(colour, width=width * theme.lines, style=style)


def faded(colour: Any, alpha: float) -> Any:
    """A colour that is seen through."""
    out = pg.mkColor(colour)
    out.setAlphaF(alpha)
    return out


class Artist:
    """Draws one item; `behind` whatever else is drawn where it says so."""

    depth: ClassVar[float] = 0.0
    in_range: ClassVar[bool] = True  # whether the automatic range looks at it

    def __init__(self, plot: Any, theme: Theme) -> None:
        self.plot, self.theme = plot, theme
        self.graphics: list[Any] = []
        self.item: object = None  # what is drawn

    @staticmethod
    def shape(item: Any) -> object:
        """What has to be the same for an artist to draw another item: which graphics it makes."""
        return type(item)

    def add(self, graphic: Any) -> Any:
        """Put a graphics item into the plot."""
        graphic.setZValue(self.depth)
        self.plot.add(graphic, self.in_range)
        self.graphics.append(graphic)
        return graphic

    def draw(self, item: Any, panel: Panel) -> None:
        """Draw or move the item."""
        raise NotImplementedError

    def set_opacity(self, opacity: float) -> None:
        """Let what is drawn be seen through."""
        for graphic in self.graphics:
            graphic.setOpacity(opacity)

    def remove(self) -> None:
        """Take everything out of the plot."""
        for graphic in self.graphics:
            self.plot.remove(graphic)
        self.graphics = []


class CurveArtist(Artist):
    """A line, and symbols on it."""

    def __init__(self, plot: Any, theme: Theme) -> None:
        super().__init__(plot, theme)
        self.line = self.add(pg.PlotCurveItem(connect="finite"))
        self.dots: Any = None
        self._look: tuple[Any, ...] = ()

    @staticmethod
    def shape(item: Curve) -> object:
        return Curve, item.symbol is None

    def draw(self, item: Curve, panel: Panel) -> None:
        x, y = on_axis(item.x, panel.x.scale), on_axis(item.y, panel.y.scale)
        self._set_look(item)
        # Of lines between points, which do not go on from left to right, none is left out.
        rows = thinned(y) if (np.diff(item.x) >= 0).all() else np.arange(len(x))
        if item.line:
            self.line.setData(x[rows], y[rows], connect="finite")
        else:
            self.line.setData([], [])
        if self.dots is not None:
            marked = rows if item.marked is None else item.marked
            marked = marked[np.isfinite(x[marked]) & np.isfinite(y[marked])]
            self.dots.setData(x=x[marked], y=y[marked])

    def _set_look(self, item: Curve) -> None:
        look = (item.colour, item.dash, item.width, item.alpha, item.symbol)
        if look == self._look:
            return
        self._look = look
        colour = faded(colour_of(item.colour, self.theme), item.alpha)
        width = 1 if item.width < 2 else item.width  # wider than a pixel is five times slower
        self.line.setPen(pen(self.theme, colour, width, DASHES[item.dash % len(DASHES)]))
        if item.symbol is not None and self.dots is None:
            self.dots = self.add(pg.ScatterPlotItem(size=6 * self.theme.text_scale, pen=None))
        if item.symbol is not None:
            cross = item.symbol == "x"
            self.dots.setSymbol(SYMBOLS[item.symbol])
            self.dots.setBrush(pg.mkBrush(colour))
            self.dots.setPen(pen(self.theme, colour) if cross else None)


class BandArtist(Artist):
    """A shaded band."""

    depth: ClassVar[float] = -5.0

    def draw(self, item: Band, panel: Panel) -> None:
        if not self.graphics:
            self.add(BandItem())
        self.graphics[0].set_brush(pg.mkBrush(faded(colour_of(item.colour, self.theme), 0.18)))
        rows = thinned(item.high, BAND_POINTS)
        x = on_axis(item.x[rows], panel.x.scale)
        low, high = (on_axis(v[rows], panel.y.scale) for v in (item.low, item.high))
        self.graphics[0].set_data(x, low, high)


class PointsArtist(Artist):
    """Dots in one colour, or in a handful of shades."""

    depth: ClassVar[float] = 3.0

    def __init__(self, plot: Any, theme: Theme) -> None:
        super().__init__(plot, theme)
        self.dots = self.add(pg.ScatterPlotItem(pxMode=True))
        self._look: tuple[int, dict[str, Any]] = (0, {})  # how many, and how they are drawn
        self._plains: dict[tuple[Colour, bool], dict[str, Any]] = {}
        self._shades: dict[Map, Any] = {}

    def draw(self, item: Points, panel: Panel) -> None:
        x, y = on_axis(item.x, panel.x.scale), on_axis(item.y, panel.y.scale)
        rows = evenly(len(x), MOST_POINTS)
        if item.values is not None:
            # In a mixed order, always the same, so that the last sample hides no other.
            rows = np.argsort(np.arange(len(x)) * GOLDEN % 1)[: len(rows)]
        size = (item.size + 2) * self.theme.text_scale
        look = {"size": size, "symbol": SYMBOLS[item.symbol], **self._paint(item, rows)}
        if (len(rows), look) == self._look:
            self._move(x[rows], y[rows])
        else:
            self._look = len(rows), look
            self.dots.setData(x=x[rows], y=y[rows], **look)
        for text in self.graphics[1:]:
            self.plot.remove(text)
        del self.graphics[1:]
        colour = colour_of(item.colour, self.theme)
        for *place, words, (left, below) in zip(x, y, item.texts, item.beside, strict=False):
            beside = pg.TextItem(words, color=colour, anchor=(left, not below))
            beside.setPos(*place)
            self.add(beside)

    def _move(self, x: Any, y: Any) -> None:
        """Dots that look as before: `setData` would go through the pen and brush of each."""
        dots = self.dots
        dots.prepareGeometryChange()
        dots.data["x"], dots.data["y"], dots.bounds = x, y, [None, None]
        dots.informViewBoundsChanged()
        dots.invalidate()

    def _paint(self, item: Points, rows: Any) -> dict[str, Any]:
        if item.values is None or item.colours is None:
            return self._plain(item.colour, item.filled)
        brushes = self._brushes(item.colours.map)
        shades = np.nan_to_num(item.colours.shade(item.values[rows])) * (SHADES - 1)
        return {"brush": list(brushes[np.round(shades).astype(int)]), "pen": NO_PEN}

    def _plain(self, which: Colour, filled: bool) -> dict[str, Any]:
        if (which, filled) not in self._plains:
            colour = colour_of(which, self.theme)  # a ring is seen on top of dots, too
            brush, edge = pg.mkBrush(faded(colour, 0.7)), pen(self.theme, colour, EDGE)
            dot = {"brush": brush, "pen": NO_PEN} if filled else {"brush": NO_BRUSH, "pen": edge}
            self._plains[which, filled] = dot
        return self._plains[which, filled]

    def _brushes(self, name: Map) -> Any:
        if name not in self._shades:
            colours = colour_map(name, self.theme).map(np.linspace(0, 1, SHADES), "qcolor")
            brushes = [pg.mkBrush(faded(colour, 0.82)) for colour in colours]
            self._shades[name] = np.array(brushes, dtype=object)
        return self._shades[name]


class ImageArtist(Artist):
    """Cells; uneven columns become even ones."""

    depth: ClassVar[float] = -8.0

    def __init__(self, plot: Any, theme: Theme) -> None:
        super().__init__(plot, theme)
        self.image = self.add(pg.ImageItem(axisOrder="row-major"))
        self._map = ""

    def draw(self, item: Image, panel: Panel) -> None:
        values = resampled(item.values, item.x_edges, CELLS)
        values = resampled(values.T, item.y_edges, CELLS).T
        shade = item.colours.shade(values)
        self.image.setImage(shade, autoLevels=False, levels=(0, 1))
        if item.colours.map != self._map:
            self._map = item.colours.map
            self.image.setColorMap(colour_map(self._map, self.theme))
        x, y = item.x_edges, item.y_edges
        self.image.setRect(QRectF(x[0], y[0], x[-1] - x[0], y[-1] - y[0]))


class RegionArtist(Artist):
    """A shaded region with a dashed edge; it does not decide what is in view."""

    depth: ClassVar[float] = -10.0
    in_range: ClassVar[bool] = False

    def draw(self, item: Region, panel: Panel) -> None:
        if not self.graphics:
            self.add(QGraphicsPathItem())
        path = QPainterPath()
        path.addPolygon(pg.functions.arrayToQPolygonF(item.x, item.y))
        if item.inverse:  # stable outside: an odd-even filling leaves the inside out
            far = 1000 * float(np.abs(item.x).max())
            path.addRect(QRectF(-far, -far, 2 * far, 2 * far))
        self.graphics[0].setPath(path)
        self.graphics[0].setPen(pen(self.theme, self.theme.faint, EDGE, Qt.PenStyle.DashLine))
        self.graphics[0].setBrush(pg.mkBrush(self.theme.disc))


class ContoursArtist(Artist):
    """Lines with their level written where they are highest."""

    depth: ClassVar[float] = 5.0
    in_range: ClassVar[bool] = False

    def draw(self, item: Contours, panel: Panel) -> None:
        self.remove()
        x, y = item.x, item.y
        place = QTransform.fromTranslate(x[0], y[0]).scale(x[1] - x[0], (y[-1] - y[0]) / len(y))
        apart = LINE_PIXELS * float(self.plot.box.viewPixelSize()[1])
        written = np.inf
        for level in item.levels:
            edge = pen(self.theme, self.theme.accent)
            line = self.add(pg.IsocurveItem(item.values.T, level, pen=edge))
            # A node of the grid stands half a cell inside its pixel.
            line.setTransform(place)
            column, row = _topmost(item.values < level)
            if y[row] < written - apart:  # numbers that would cover each other are left out
                written = y[row]
                text = pg.TextItem(f"{level:.2g}", color=self.theme.accent, anchor=(0.5, 0.8))
                text.setPos(x[column], y[row])
                self.add(text)


def _topmost(inside: Any) -> tuple[int, int]:
    """Column and row of the highest point of a region."""
    row = int(np.flatnonzero(inside.any(1)).max())
    columns = np.flatnonzero(inside[row])
    return int(columns[len(columns) // 2]), row


class MarkerArtist(Artist):
    """A thin line across the plot, with words beside it."""

    in_range: ClassVar[bool] = False

    @staticmethod
    def shape(item: Marker) -> object:
        return Marker, item.label, item.across, item.quiet

    def draw(self, item: Marker, panel: Panel) -> None:
        upright = item.across == "x"
        if not self.graphics:
            colour = self.theme.border if item.quiet else self.theme.faint
            style = Qt.PenStyle.DotLine if upright else Qt.PenStyle.SolidLine
            label = None if item.quiet or not item.label else item.label
            line = pg.InfiniteLine(
                angle=90 if upright else 0, pen=pen(self.theme, colour, style=style), label=label
            )
            if label is not None:
                line.label.setColor(self.theme.faint)
                line.label.setPosition(0.95 if upright else 0.85)
            self.add(line)
        axis = panel.x if upright else panel.y
        self.graphics[0].setPos(float(on_axis(item.at, axis.scale)))

    def show_label(self, shown: bool) -> None:
        """Whether its words are seen: in a small plot they would hide it."""
        for line in self.graphics:
            if getattr(line, "label", None) is not None:
                line.label.setVisible(shown)


class BoxArtist(Artist):
    """A box with its median, whiskers to the ends, and every value as a point."""

    def __init__(self, plot: Any, theme: Theme) -> None:
        super().__init__(plot, theme)
        self.box = self.add(pg.BarGraphItem(x=[0], y0=[0], y1=[0], width=0.5))
        self.whiskers = self.add(pg.PlotCurveItem(connect="pairs"))
        self.median = self.add(pg.PlotCurveItem())
        self.dots = self.add(pg.ScatterPlotItem(size=4, pen=None))

    def draw(self, item: Box, panel: Panel) -> None:
        colour = colour_of(item.colour, self.theme)
        least, low, median, high, most = on_axis(item.spans, panel.y.scale).tolist()
        edge, at = pen(self.theme, colour, style=DASHES[item.dash % len(DASHES)]), item.at
        brush = pg.mkBrush(faded(colour, 0.2))
        self.box.setOpts(x=[at], y0=[low], y1=[high], width=0.5, brush=brush, pen=edge)
        self.whiskers.setData([at] * 4, [least, low, high, most], connect="pairs", pen=edge)
        self.median.setData([at - 0.25, at + 0.25], [median] * 2, pen=pen(self.theme, colour, 3))
        values = on_axis(item.values, panel.y.scale)
        self.dots.setData(x=item.spread, y=values, brush=pg.mkBrush(colour))


class BarsArtist(Artist):
    """A histogram."""

    def __init__(self, plot: Any, theme: Theme) -> None:
        super().__init__(plot, theme)
        self.bars = self.add(pg.BarGraphItem(x0=[], x1=[], y0=[], y1=[]))

    def draw(self, item: Bars, panel: Panel) -> None:
        lying = item.across == "y"
        edges = on_axis(item.edges, (panel.y if lying else panel.x).scale)
        begin, end = np.array(list(pairwise(edges.tolist()))).T
        across, along, size = ("y", "x", "width") if lying else ("x", "y", "height")
        ends = dict.fromkeys(("x1", "y1", "width", "height"))
        ends |= {f"{across}0": begin, f"{across}1": end, f"{along}0": item.base}
        self.bars.setOpts(
            **(ends | {size: item.heights}),
            brush=pg.mkBrush(colour_of(item.colour, self.theme)),
            pen=pen(self.theme, self.theme.card),
        )


ARTISTS: Mapping[type[Item], type[Artist]] = {
    Curve: CurveArtist,
    Band: BandArtist,
    Points: PointsArtist,
    Image: ImageArtist,
    Region: RegionArtist,
    Contours: ContoursArtist,
    Marker: MarkerArtist,
    Box: BoxArtist,
    Bars: BarsArtist,
}
