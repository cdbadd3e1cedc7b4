"""Draws a picture with matplotlib, in light colours, for files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.figures.layout import arranged, height_about, pages_of
from stiffgui.figures.matplotlib_layout import (
    BESIDE,
    fit_height,
    fit_texts,
    mark_groups,
    paint_legend,
    paint_own_legend,
    part_texts,
    write_letters,
)
from stiffgui.figures.palette import ACCENT, DASHES, FAINT, LIGHT, MAPS
from stiffgui.figures.picture import (
    MANY_TICKS,
    Axis,
    Band,
    Bars,
    Box,
    Colour,
    ColourScale,
    Contours,
    Curve,
    Image,
    Item,
    Map,
    Marker,
    Panel,
    Picture,
    Points,
    Region,
    Shade,
)
from stiffgui.figures.style import Style
from stiffgui.plain_text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LETTERS = 24  # of ticks that stand beside each other without touching
LEAST_CROWDED = 3.0  # upper over lower end of a logarithmic axis
SPACED = "12357"  # first digits of the numbers that are labelled on such an axis
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
HATCHES = "", "////"  # of bars, by their colour
MARKERS = {"o": "o", "s": "s", "x": "x", "triangle": "^"}
REGION: dict[str, Any] = {"color": LIGHT[2], "alpha": 0.1, "lw": 0}


def paint(picture: Picture, style: Style | None = None) -> Figure:
    """The picture as a matplotlib figure, of several pages the one that the style names; close it
    when done (`plt.close`).

    Sizes and fonts are those of `styled(style)`, within which this is to be called. Raises
    InputError for a page that there is not.
    """
    import matplotlib.pyplot as plt
    from matplotlib.text import Text

    style, before = style or Style(), 0
    if style.auto_height:
        before = sum(len(page.panels) for page in pages_of(picture, style)[: style.page - 1])
    picture, whole = arranged(picture, style), picture
    figure = plt.figure()
    if style.auto_height:
        figure.set_figheight(height_about(picture, style) / 25.4)
    drawn, rows = _paint_panels(figure, picture, style.auto_height)
    if style.letters and len(whole.panels) > 1:
        write_letters(drawn, before)
    _paint_bars(figure, drawn, style.auto_height)
    if picture.shares_legend:
        paint_legend(figure, [axes for _, axes in drawn])
    words = "\n".join(filter(None, (picture.headline, picture.title)))
    if words and style.heading:
        figure.suptitle(words)
    for text in figure.findobj(Text):
        text.set_text(visible(text.get_text()))
    fit_texts(figure, drawn, style.auto_height)
    if style.auto_height:
        fit_height(figure, drawn, rows, style)
    part_texts(figure)
    return figure


def _paint_panels(
    figure: Figure, picture: Picture, below_axes: bool
) -> tuple[list[tuple[Panel, Axes]], list[int]]:
    """Panels with their axes, and the row of each."""
    heights = picture.heights or (1.0,) * len(picture.rows)
    grid = figure.add_gridspec(len(picture.rows), 1, height_ratios=heights)
    drawn: list[tuple[Panel, Axes]] = []
    numbers: list[int] = []
    for row, panels in enumerate(picture.rows):
        below = picture.rows[row + 1] if row + 1 < len(picture.rows) else ()
        columns = len(picture.rows[0]) if picture.flows else len(panels)
        widths = picture.widths if row == 0 and picture.widths else None
        places = grid[row].subgridspec(1, columns, width_ratios=widths)
        for column, panel in enumerate(panels):
            axes = figure.add_subplot(places[column])
            _paint_panel(axes, panel)
            mark_groups(axes, panel)
            if not picture.shares_legend:
                paint_own_legend(axes, panel, below_axes)
            drawn.append((panel, axes))
            numbers.append(row)
            if picture.flows:  # a name that the neighbour has, too, is written once
                if column < len(below) and below[column].x.label == panel.x.label:
                    axes.set_xlabel("")
                if column and panels[column - 1].y.label == panel.y.label:
                    axes.set_ylabel("")
            if panel.equal and len(panels) > 3:
                axes.locator_params(nbins=3)
    return drawn, numbers


def _paint_panel(axes: Axes, panel: Panel) -> None:
    for side, axis in ((axes.xaxis, panel.x), (axes.yaxis, panel.y)):
        _set_scale(axes, side, axis)
    axes.grid(panel.grid)
    if panel.title:
        axes.set_title(panel.title)
    for item in panel.items:
        PAINTERS[type(item)](axes, item)
    if panel.equal:
        axes.set_aspect("equal", adjustable="datalim")
    for name, axis in (("x", panel.x), ("y", panel.y)):
        if axis.limits is not None:
            getattr(axes, f"set_{name}lim")(*axis.limits)
            if panel.equal:  # of these, and not of all that is drawn, one is widened
                setattr(axes.dataLim, f"interval{name}", axis.limits)
    for side, axis in ((axes.xaxis, panel.x), (axes.yaxis, panel.y)):
        _set_ticks(side, axis)
    if panel.inset is not None:
        _paint_inset(axes, panel.inset, panel.inset_left)


def _paint_inset(axes: Axes, panel: Panel, left: bool) -> None:
    """A small panel in an upper corner, and in it the frame of what the large one shows."""
    from matplotlib.patches import Rectangle

    class Frame(Rectangle):
        """Where the limits of `axes` lie; equal units change them until they are drawn."""

        def draw(self, renderer: Any) -> None:
            (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
            self.set_bounds(x0, y0, x1 - x0, y1 - y0)
            super().draw(renderer)

    small = axes.inset_axes((0.01 if left else 0.77, 0.67, 0.22, 0.32))
    _paint_panel(small, panel)
    small.set(xticks=[], yticks=[])
    small.spines[:].set(visible=True, color=FAINT, lw=0.5)
    small.add_patch(Frame((0, 0), 1, 1, fill=False, ec=ACCENT, lw=1))


# ------------------------------------------------------------------------- axes


def _set_scale(axes: Axes, side: Any, axis: Axis) -> None:
    name = side.axis_name
    getattr(axes, f"set_{name}scale")(axis.scale)
    getattr(axes, f"set_{name}label")(axis.label)


def _set_ticks(side: Any, axis: Axis) -> None:
    from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter, NullLocator

    if axis.ticks:
        places, texts = zip(*axis.ticks, strict=True)
        side.set_minor_locator(NullLocator())
        side.set_major_locator(FixedLocator(places))
        crowded = side.axis_name == "x" and sum(map(len, texts)) > MOST_LETTERS
        turned = {"rotation": 20, "ha": "right"} if len(texts) < MANY_TICKS else {"rotation": 90}
        side.set_ticklabels(list(map(visible, texts)), **(turned if crowded else {}))
    elif axis.scale == "log":
        _set_powers(side)
        _set_plain_ticks(side)
    elif axis.whole:
        side.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    if axis.scale == "log" and axis.ticks:
        side.set_minor_formatter(NullFormatter())


def _set_powers(side: Any) -> None:
    """Label a logarithmic axis 2×10⁻³ as text: formulas are off, so that names are none."""
    from matplotlib.ticker import LogFormatterSciNotation

    class Powers(LogFormatterSciNotation):
        def __call__(self, x: float, pos: int | None = None) -> str:
            base, _, power = super().__call__(x, pos)[len(r"$\mathdefault{") : -2].partition("^{")
            return base.replace(r"\times", "×") + power.removesuffix("}").translate(RAISED)

    for formatter in (side.set_major_formatter, side.set_minor_formatter):
        formatter(Powers())


def _set_plain_ticks(side: Any) -> None:
    """Label a logarithmic axis of less than a decade 1.3, 1.4, not 1.3 x 10^0; a long one only
    where there is room between the labels."""
    from matplotlib.ticker import MaxNLocator, NullLocator

    low, high = side.get_view_interval()
    if low > 0 and high / low < LEAST_CROWDED:  # as a linear axis has them
        side.set_minor_locator(NullLocator())
        side.set_major_locator(MaxNLocator("auto", steps=[1, 2, 2.5, 5, 10]))
        side.set_major_formatter(lambda value, _: f"{value:g}")
    elif low > 0 and high / low < 10:

        def written(value: float, _: object) -> str:
            return f"{value:g}" if f"{value:.0e}"[0] in SPACED else ""

        for formatter in (side.set_major_formatter, side.set_minor_formatter):
            formatter(written)


def _colour(colour: Colour) -> Any:
    if isinstance(colour, Shade):
        return _colour_map(colour.colours.map)(colour.share)
    if isinstance(colour, int):
        return LIGHT[colour % len(LIGHT)]
    return {"faint": FAINT, "accent": ACCENT}[colour]


def _colour_map(name: Map) -> Any:
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    chosen = MAPS[name]
    if isinstance(chosen, str):
        return colormaps[chosen]
    return LinearSegmentedColormap.from_list(name, chosen)


def _norm(colours: ColourScale) -> Any:
    from matplotlib.colors import LogNorm, Normalize

    kind = LogNorm if colours.scale == "log" else Normalize
    return kind(colours.low, colours.high)


# ------------------------------------------------------------------------ items


def _label(item: Item) -> str | None:
    """Matplotlib leaves out of legends what begins with _: a space of no width goes before it."""
    return f"\u200b{item.label}" if item.label.startswith("_") else item.label or None


def _paint_curve(axes: Axes, curve: Curve) -> None:
    axes.plot(
        curve.x,
        curve.y,
        color=_colour(curve.colour),
        ls=DASHES[curve.dash % len(DASHES)] if curve.line else "none",
        lw=curve.width,
        alpha=curve.alpha,
        marker=MARKERS[curve.symbol] if curve.symbol else None,
        ms=3,
        markevery=None if curve.marked is None else curve.marked.tolist(),
        label=_label(curve),
    )


def _paint_band(axes: Axes, band: Band) -> None:
    axes.fill_between(band.x, band.low, band.high, color=_colour(band.colour), alpha=0.18, lw=0)


def _paint_points(axes: Axes, points: Points) -> None:
    look: dict[str, Any] = {"s": points.size**2, "lw": 0 if points.filled else 0.8, "zorder": 3}
    look |= {"marker": MARKERS[points.symbol], "label": _label(points)}
    for x, y, text, (left, below) in zip(
        points.x, points.y, points.texts, points.beside, strict=False
    ):
        beside: dict[str, Any] = {"xytext": (-4 if left else 4, -3 if below else 3)}
        beside |= {"ha": "right" if left else "left", "va": "top" if below else "bottom"}
        beside |= {"textcoords": "offset points", "fontsize": "small", "gid": BESIDE}
        axes.annotate(text, (x, y), color=_colour(points.colour), **beside)
    if points.values is None or points.colours is None:
        colour = _colour(points.colour)
        faces = colour if points.filled else "none"
        axes.scatter(points.x, points.y, facecolors=faces, edgecolors=colour, alpha=0.8, **look)
        return
    colours = points.colours
    # In a mixed order, always the same, so that the last sample or layer hides no other.
    order = np.random.default_rng(0).permutation(len(points.x))
    axes.scatter(
        points.x[order],
        points.y[order],
        c=points.values[order],
        cmap=_colour_map(colours.map),
        norm=_norm(colours),
        alpha=0.8,
        **look,
    )


def _paint_image(axes: Axes, image: Image) -> None:
    values = image.values
    if image.colours.scale == "log":
        values = np.where(values > 0, values, np.nan)
    axes.pcolormesh(
        image.x_edges,
        image.y_edges,
        values,
        cmap=_colour_map(image.colours.map),
        norm=_norm(image.colours),
        rasterized=True,
    )
    axes.set_xlim(image.x_edges[0], image.x_edges[-1])
    axes.set_ylim(image.y_edges[0], image.y_edges[-1])


def _paint_region(axes: Axes, region: Region) -> None:
    if region.inverse:  # stable outside
        axes.axvspan(-1e9, 1e9, **REGION)
        axes.fill(region.x, region.y, color="white", lw=0)
    else:
        axes.fill(region.x, region.y, **REGION)
    axes.plot(region.x, region.y, color=FAINT, ls="--", lw=0.8, label=_label(region))


def _paint_contours(axes: Axes, contours: Contours) -> None:
    drawn = axes.contour(
        contours.x,
        contours.y,
        contours.values,
        sorted(contours.levels),
        colors=ACCENT,
        linewidths=0.8,
    )
    axes.clabel(drawn, fmt="%.2g", fontsize="small")


def _paint_marker(axes: Axes, marker: Marker) -> None:
    draw = axes.axvline if marker.across == "x" else axes.axhline
    draw(
        marker.at,
        color=FAINT,
        ls=":" if marker.across == "x" else "-",
        lw=0.5 if marker.quiet else 0.8,
    )
    if marker.label and not marker.quiet:
        _write_beside(axes, marker)


def _write_beside(axes: Axes, marker: Marker) -> None:
    from matplotlib.transforms import blended_transform_factory as blended

    look: dict[str, Any] = {"fontsize": "small", "color": FAINT, "clip_on": True}
    if marker.across == "x":
        place = blended(axes.transData, axes.transAxes)
        axes.text(
            marker.at, 0.97, f" {marker.label}", transform=place, rotation=90, va="top", **look
        )
    else:
        place = blended(axes.transAxes, axes.transData)
        axes.text(0.99, marker.at, marker.label, transform=place, ha="right", va="bottom", **look)


def _paint_box(axes: Axes, box: Box) -> None:
    least, low, median, high, most = box.spans
    colour = _colour(box.colour)
    if len(box.values) > 1:  # the box of one number is a line: the point says it
        axes.bar(
            box.at,
            high - low,
            0.5,
            low,
            facecolor=(colour, 0.2),
            edgecolor=colour,
            linewidth=1,
            linestyle=DASHES[box.dash % len(DASHES)],
            label=_label(box),
        )
        axes.plot([box.at - 0.25, box.at + 0.25], [median, median], color=colour, lw=2)
        for end, edge in ((least, low), (most, high)):
            axes.plot([box.at, box.at], [edge, end], color=colour, lw=1)
    axes.plot(box.spread, box.values, ".", color=colour, ms=4)


def _paint_bars(figure: Figure, drawn: list[tuple[Panel, Axes]], lying: bool) -> None:
    """Colour bars: panels with the same scale share one; below several panels, and where names
    beside the panel leave little room."""
    shared: dict[tuple[object, ...], tuple[ColourScale, list[Axes]]] = {}
    for panel, axes in drawn:
        for item in panel.items:
            colours = item.colours if isinstance(item, Points | Image) else None
            if colours is not None and colours.bar:
                key = (colours.label, colours.low, colours.high, colours.map, colours.scale)
                shared.setdefault(key, (colours, []))[1].append(axes)
    from matplotlib.cm import ScalarMappable
    from matplotlib.ticker import MaxNLocator

    for colours, all_axes in shared.values():
        mappable = ScalarMappable(_norm(colours), _colour_map(colours.map))
        lies = len(drawn) > 1 or (lying and drawn[0][0].y.ticks != ())
        where: dict[str, Any] = {"location": "bottom", "pad": 0.02} if lies else {}
        bar = figure.colorbar(mappable, ax=all_axes, label=colours.label, **where)
        if colours.whole:
            bar.set_ticks(MaxNLocator(nbins=8, integer=True))
        if colours.scale == "log":
            _set_powers(bar.ax.yaxis if bar.orientation == "vertical" else bar.ax.xaxis)


def _paint_histogram(axes: Axes, bars: Bars) -> None:
    from matplotlib.patches import Rectangle

    colour, lying = _colour(bars.colour), bars.across == "y"
    number = bars.colour if isinstance(bars.colour, int) else 0
    hatch = HATCHES[number % len(HATCHES)]
    label = _label(bars)
    for (begin, end), height, base in zip(
        pairwise(bars.edges.tolist()), bars.heights, bars.base, strict=True
    ):
        corner, size = (begin, base), (end - begin, height)
        if lying:
            corner, size = corner[::-1], size[::-1]
        look = {"facecolor": colour, "edgecolor": "white", "lw": 0, "hatch": hatch}
        axes.add_patch(Rectangle(corner, *size, label=label, **look))
        label = None
    (axes.set_ylim if lying else axes.set_xlim)(bars.edges[0], bars.edges[-1])
    axes.autoscale_view(scalex=lying, scaley=not lying)


PAINTERS: Mapping[type[Item], Callable[[Any, Any], None]] = {
    Curve: _paint_curve,
    Band: _paint_band,
    Points: _paint_points,
    Image: _paint_image,
    Region: _paint_region,
    Contours: _paint_contours,
    Marker: _paint_marker,
    Box: _paint_box,
    Bars: _paint_histogram,
}
