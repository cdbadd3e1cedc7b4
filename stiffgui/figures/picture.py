"""What is drawn, as plain data. Two painters draw it: matplotlib for files, pyqtgraph for the
window (`figures/matplotlib_painter.py`, `gui/plots/`).

A `Picture` is rows of `Panel`s; a panel is two axes and items in the order in which they are
drawn. Values are undecimated and in their own units, never logarithms: a painter thins, takes
logarithms and chooses colours. Nothing here needs Qt, matplotlib or torch, and everything
pickles, so pictures cross pipes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Scale = Literal["linear", "log"]
Symbol = Literal["o", "s", "x", "triangle"]
Map = Literal["sequential", "diverging", "signed"]
Limits = tuple[float, float]
MANY_TICKS = 8  # from so many on, texts that would touch stand upright


@dataclass(frozen=True, kw_only=True)
class Axis:
    """`limits` None: all that is drawn. `whole`: no ticks between whole numbers. `ticks`: places
    with their texts, instead of numbers."""

    label: str = ""
    scale: Scale = "linear"
    limits: Limits | None = None
    whole: bool = False
    ticks: tuple[tuple[float, str], ...] = ()

    def tick_at(self, value: float) -> str:
        """The text of a place that has one; empty elsewhere."""
        return next((text for place, text in self.ticks if place == value), "")


@dataclass(frozen=True, kw_only=True)
class ColourScale:
    """How values become colours, from `low` to `high`; `bar`: a colour bar stands beside; `whole`:
    values are counted."""

    label: str
    low: float
    high: float
    map: Map = "sequential"
    scale: Scale = "linear"
    bar: bool = True
    whole: bool = False

    def shade(self, values: Array) -> Array:
        """Values as shares from 0 to 1, NaN where they have none."""
        low, high, values = self.low, self.high, np.asarray(values, np.float64)
        if self.scale == "log":
            low, high = np.log10(low), np.log10(high)
            values = np.log10(np.where(values > 0, values, np.nan))
        return np.asarray(np.clip((values - low) / max(high - low, 1e-300), 0, 1))


@dataclass(frozen=True)
class Shade:
    """The colour of one value."""

    colours: ColourScale
    value: float

    @property
    def share(self) -> float:
        """Its place on the scale, from 0 to 1."""
        return float(self.colours.shade(np.array(self.value)))


# The number of a series colour, a role, or a shade of a scale.
Colour = int | Literal["faint", "accent"] | Shade


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something drawn in a panel. With a `label` it stands in the legend; `group` is the run,
    variant or method that it belongs to. `detail`: what is told of it in this panel alone."""

    label: str = ""
    group: str = ""
    detail: str = ""

    @property
    def entry(self) -> str:
        """What the panel's own legend says."""
        return f"{self.label}: {self.detail}" if self.detail else self.label


T = TypeVar("T", bound=Item)


@dataclass(frozen=True, kw_only=True)
class Curve(Item):
    """A line through x, y [n]; NaN interrupts it. `dash` counts the patterns, 0 is solid.

    `symbol` marks the points `marked` (all of them by default); without `line` only those are
    drawn. `doubtful`: the rows whose values are not exact, as legends say.
    """

    x: Array
    y: Array
    colour: Colour = 0
    dash: int = 0
    width: float = 1.3
    alpha: float = 1.0
    line: bool = True
    symbol: Symbol | None = None
    marked: Array | None = None
    doubtful: Array | None = None

    def row_at(self, x: float | None) -> int | None:
        """The row at or before x, the last known for None; None before the first."""
        known = np.flatnonzero(np.isfinite(self.y))
        if x is not None:
            known = known[self.x[known] <= x]
        return int(known[-1]) if len(known) else None


@dataclass(frozen=True, kw_only=True)
class Band(Item):
    """The area between low and high [n] over x [n], in a transparent colour."""

    x: Array
    low: Array
    high: Array
    colour: Colour = 0


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where points come from: names and numbers, or one number for each point [n].

    Layers count from 1, trials and samples from 0.
    """

    run: str = ""
    epoch: int = 0
    layer: Array | int = 0
    trial: int = 0
    sample: Array | int = 0


@dataclass(frozen=True, kw_only=True)
class Points(Item):
    """Points x, y [n] in one colour, or coloured by `values` [n] through `colours`; with `texts`
    one stands beside each.

    `numbers`: what is known of each point, name -> [n], with `places` what a pointer tells.
    """

    x: Array
    y: Array
    colour: Colour = 0
    values: Array | None = None
    colours: ColourScale | None = None
    size: float = 5.0
    symbol: Symbol = "o"
    filled: bool = True
    texts: tuple[str, ...] = ()
    numbers: Mapping[str, Array] = field(default_factory=dict)
    places: Places = field(default_factory=Places)

    @property
    def beside(self) -> list[tuple[bool, bool]]:
        """Whether each text stands left of its point, and whether below: towards the middle, and by
        turns, so that fewer cover each other."""
        low, high = span_of(self.x)
        return [(bool(x > (low + high) / 2), k % 2 == 1) for k, x in enumerate(self.x)]

    def sample_of(self, row: int) -> int:
        """The sample of a point, from 0."""
        return int(np.broadcast_to(self.places.sample, self.x.shape)[row])

    def layer_of(self, row: int) -> int:
        """The layer of a point, from 1."""
        return int(np.broadcast_to(self.places.layer, self.x.shape)[row])


@dataclass(frozen=True, kw_only=True)
class Image(Item):
    """Values [rows, columns] that belong to y [rows], x [columns], each in a cell around it."""

    x: Array
    y: Array
    values: Array
    colours: ColourScale

    @cached_property
    def x_edges(self) -> Array:
        """Edges of the cells [columns + 1]."""
        return cell_edges(self.x)

    @cached_property
    def y_edges(self) -> Array:
        """Edges of the cells [rows + 1]."""
        return cell_edges(self.y)

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the cell at a point, None outside."""
        row = int(np.searchsorted(self.y_edges, y, side="right")) - 1
        column = int(np.searchsorted(self.x_edges, x, side="right")) - 1
        rows, columns = self.values.shape
        return (row, column) if 0 <= row < rows and 0 <= column < columns else None


@dataclass(frozen=True, kw_only=True)
class Region(Item):
    """The inside of a closed boundary x, y [n]; with `inverse` everything but."""

    x: Array
    y: Array
    inverse: bool = False


@dataclass(frozen=True, kw_only=True)
class Contours(Item):
    """Lines where values [rows, columns] at y [rows], x [columns] equal one of the levels."""

    x: Array
    y: Array
    values: Array
    levels: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Marker(Item):
    """A thin line across the panel at a value of one axis; the label stands beside it.

    `quiet`: without a word, and fainter.
    """

    at: float
    across: Literal["x", "y"] = "x"
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class Box(Item):
    """Quartiles, median and range of known values [n] at a place, and each as a point; `dash` as
    of a curve."""

    at: float
    values: Array
    colour: Colour = 0
    dash: int = 0

    @cached_property
    def spans(self) -> tuple[float, float, float, float, float]:
        """Least, lower quartile, median, upper quartile, most."""
        least, low, median, high, most = np.percentile(self.values, (0, 25, 50, 75, 100))
        return float(least), float(low), float(median), float(high), float(most)

    @property
    def spread(self) -> Array:
        """Places of the points: side by side rather than over each other, always the same."""
        return np.asarray(self.at + 0.18 * np.sin(2.4 * np.arange(len(self.values))))


@dataclass(frozen=True, kw_only=True)
class Bars(Item):
    """A histogram: heights [n] on base [n] between edges [n + 1] on the axis `across`; on y the
    bars lie."""

    edges: Array
    heights: Array
    base: Array
    colour: Colour = 0
    across: Literal["x", "y"] = "x"


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Two axes and what is drawn in them. `equal`: one unit is as long on both axes.

    `values`: the legend says the value of each curve, too. `legend` False: none is drawn.
    `inset`: a small panel without numbers in an upper corner, `inset_left` or right; a frame in it
    shows what part is in view.
    """

    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    items: tuple[Item, ...] = ()
    title: str = ""
    equal: bool = False
    values: bool = False
    legend: bool = True
    grid: bool = True
    inset: Panel | None = None
    inset_left: bool = False

    def of(self, kind: type[T]) -> Iterator[T]:
        """The items of a kind, in their order."""
        return (item for item in self.items if isinstance(item, kind))

    def within(self, limits: tuple[float, float, float, float] | None) -> Panel:
        """The panel seen from x0 to x1 and y0 to y1."""
        if limits is None:
            return self
        x0, x1, y0, y1 = limits
        return replace(self, x=replace(self.x, limits=(x0, x1)), y=replace(self.y, limits=(y0, y1)))


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Rows of panels. `heights` are shares of the rows, `widths` of the panels of the first row.

    `flows`: the panels may be arranged otherwise where that makes them larger; `square`: and are as
    high as wide. `headline` says what is to be seen, `note` is one line on what is shown; `layers`
    is an index of every layer, `numbers` are figures that belong to it, by name; `choices` what a
    setting can be, by its name; `legend_below`: one legend for all panels; `locked`: they show the
    same part, zoomed or not. `place` is (epoch, layer, trial) of what is seen, -1 where it has
    none; its epoch is told as so many more as the run `begins` at.
    """

    rows: tuple[tuple[Panel, ...], ...]
    title: str = ""
    headline: str = ""
    note: str = ""
    heights: tuple[float, ...] = ()
    widths: tuple[float, ...] = ()
    flows: bool = False
    square: bool = False
    legend_below: bool = False
    locked: bool = False
    layers: tuple[float, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    place: tuple[int, int, int] = (-1, -1, -1)
    begins: int = 0

    @property
    def epoch(self) -> int:
        """The epoch of what is seen, as it is told."""
        return self.begins + self.place[0]

    @property
    def shares_legend(self) -> bool:
        """Whether one legend says what is drawn in every panel that has one."""
        labels = [
            tuple(item.label for item in p.items if item.label) for p in self.panels if p.legend
        ]
        return self.legend_below or (len(labels) > 1 and len(set(filter(None, labels))) == 1)

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, row by row."""
        return tuple(panel for row in self.rows for panel in row)

    def within(self, limits: Sequence[tuple[float, float, float, float] | None]) -> Picture:
        """The picture with other limits of its panels, in their order; None: as they are."""
        left = iter(limits)
        rows = tuple(tuple(panel.within(next(left, None)) for panel in row) for row in self.rows)
        return replace(self, rows=rows)


def one_panel(panel: Panel, **facts: Any) -> Picture:
    """A picture of a single panel."""
    return Picture(rows=((panel,),), **facts)


def cell_edges(places: Array) -> Array:
    """Edges [n + 1] of cells around rising places [n]: half-way between neighbours; the first and
    the last cell are as wide as their neighbours make them, 1 where there is none."""
    places = np.asarray(places, np.float64)
    if len(places) < 2:
        return np.concatenate([places - 0.5, places + 0.5])
    middles = (places[1:] + places[:-1]) / 2
    first, last = 2 * places[0] - middles[0], 2 * places[-1] - middles[-1]
    return np.concatenate([[first], middles, [last]])


def ends_of(edges: Array) -> Limits:
    """From the first to the last edge."""
    return float(edges[0]), float(edges[-1])


def span_of(*values: Array) -> Limits:
    """Least and largest finite value; 0 to 1 where nothing is known."""
    flat = np.concatenate([np.ravel(np.asarray(v, np.float64)) for v in values])
    known = flat[np.isfinite(flat)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
