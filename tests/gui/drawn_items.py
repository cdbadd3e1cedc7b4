"""What pyqtgraph and matplotlib draw, read back from their items and compared with a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.testing import assert_allclose
from PySide6.QtGui import QColor

from stiffgui.figures import Style, paint, styled
from stiffgui.figures.palette import FAINT, LIGHT
from stiffgui.figures.picture import (
    Axis,
    Band,
    Box,
    Curve,
    Item,
    Marker,
    Panel,
    Picture,
    Points,
    Region,
    Shade,
)
from stiffgui.gui.plots.artists import DASHES
from stiffgui.gui.plots.panel_view import PanelView
from stiffgui.gui.plots.picture_view import PictureView
from stiffgui.gui.theme import Theme

FEW = 800  # points of a curve that a screen shows without thinning them


def values_on(places: Any, axis: Axis) -> Any:
    """Places on an axis of the window in the axis' own unit."""
    places = np.asarray(places, np.float64)
    return 10**places if axis.scale == "log" else places


def seen(values: Any, axis: Axis) -> Any:
    """Values as far as the axis can show them."""
    values = np.asarray(values, np.float64)
    return np.where(values > 0, values, np.nan) if axis.scale == "log" else values


def check_window(view: PictureView, picture: Picture, theme: Theme) -> None:
    """The items of the window's plots hold what the picture says, in its order and colours."""
    assert len(view.views) == len(picture.panels)
    for plot, panel in zip(view.views, picture.panels, strict=True):
        assert plot.isVisible()
        drawn = dict(_by_item(plot, panel))
        assert len(drawn) == len(panel.items)
        for place, item in enumerate(panel.items):
            _check_item(item, drawn[place], panel, theme)
        _check_limits(plot, panel)
        assert plot.axes["left"].logMode == (panel.y.scale == "log")
        assert plot.axes["bottom"].logMode == (panel.x.scale == "log")


def _by_item(plot: PanelView, panel: Panel) -> Iterator[tuple[int, list[Any]]]:
    """The graphics of each item, which all stand in the plot."""
    there = {id(graphic) for graphic in plot.drawn}
    for place, (_, artist) in enumerate(plot._artists):
        assert all(id(graphic) in there for graphic in artist.graphics)
        yield place, artist.graphics


def _check_limits(plot: PanelView, panel: Panel) -> None:
    for axis, shown in zip((panel.x, panel.y), plot.box.viewRange(), strict=True):
        if axis.limits is not None and not panel.equal:
            assert_allclose(values_on(shown, axis), axis.limits, rtol=1e-6, atol=1e-9)


def _check_item(item: Item, graphics: list[Any], panel: Panel, theme: Theme) -> None:
    if isinstance(item, Curve):
        _check_curve(item, graphics, panel, theme)
    elif isinstance(item, Band):
        points = np.array([(p.x(), p.y()) for p in graphics[0].polygon])
        known = np.isfinite(seen(item.low, panel.y)) & np.isfinite(seen(item.high, panel.y))
        edges = np.concatenate([item.low[known], item.high[known][::-1]])
        assert_allclose(values_on(points[:, 1], panel.y), edges)
        assert_allclose(values_on(points[: known.sum(), 0], panel.x), item.x[known])
        _check_colour(graphics[0].brush.color(), item.colour, theme)
    elif isinstance(item, Box):
        box, _, median, dots = graphics
        _, low, middle, high, _ = item.spans
        ends = [box.opts["y0"][0], box.opts["y1"][0], median.getData()[1][0]]
        assert_allclose(values_on(ends, panel.y), [low, high, middle])
        assert_allclose(values_on(dots.getData()[1], panel.y), item.values)
        _check_colour(box.opts["pen"].color(), item.colour, theme)
    elif isinstance(item, Points):
        x, y = (
            values_on(places, axis)
            for places, axis in zip(graphics[0].getData(), (panel.x, panel.y), strict=True)
        )
        order = np.lexsort((y, x)), np.lexsort((item.y, item.x))
        assert_allclose(x[order[0]], item.x[order[1]])
        assert_allclose(y[order[0]], item.y[order[1]])
    elif isinstance(item, Region):
        path = graphics[0].path()
        first = path.elementAt(0)
        assert_allclose([first.x, first.y], [item.x[0], item.y[0]])
        assert path.elementCount() >= len(item.x)
    elif isinstance(item, Marker):
        axis = panel.x if item.across == "x" else panel.y
        assert_allclose(values_on(graphics[0].value(), axis), item.at)
    else:
        raise AssertionError(f"{type(item).__name__} is not read back")


def _check_curve(item: Curve, graphics: list[Any], panel: Panel, theme: Theme) -> None:
    line, pen = graphics[0].getData(), graphics[0].opts["pen"]
    x, y = (values_on(v, a) for v, a in zip(line, (panel.x, panel.y), strict=True))
    wanted = seen(item.x, panel.x), seen(item.y, panel.y)
    if len(item.x) <= FEW:
        assert_allclose(x, wanted[0])
        assert_allclose(y, wanted[1])
    else:  # thinned: fewer points, none of them new, and the largest is among them
        kept, known = (set(np.round(v[~np.isnan(v)], 9)) for v in (x, wanted[0]))  # NaN is no NaN
        assert len(x) < len(item.x) and kept <= known
        assert np.isnan(x).sum() <= np.isnan(wanted[0]).sum()
        assert_allclose(np.nanmax(y), np.nanmax(wanted[1]))
    _check_colour(pen.color(), item.colour, theme)
    assert abs(pen.color().alphaF() - item.alpha) < 0.01
    assert pen.style() == DASHES[item.dash % len(DASHES)]


def _check_colour(colour: QColor, wanted: Any, theme: Theme) -> None:
    if isinstance(wanted, int):
        assert colour.name() == QColor(theme.series[wanted % len(theme.series)]).name()
    elif not isinstance(wanted, Shade):
        assert colour.name() == QColor(getattr(theme, wanted)).name()


def check_file(picture: Picture) -> None:
    """matplotlib's artists hold the same data, in the same scales, limits, order and colours."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_hex

    with styled(Style()):
        figure = paint(picture)
        try:
            for axes, panel in zip(figure.axes, picture.panels, strict=False):
                assert (axes.get_xscale(), axes.get_yscale()) == (panel.x.scale, panel.y.scale)
                assert axes.get_title(loc="left") == panel.title
                for axis, limits in (panel.x, axes.get_xlim()), (panel.y, axes.get_ylim()):
                    if axis.limits is not None and not panel.equal:
                        assert_allclose(limits, axis.limits, rtol=1e-9)
                lines = iter(axes.lines)
                for item in panel.items:
                    if isinstance(item, Curve | Region):
                        line = next(lines)
                        assert_allclose(line.get_xdata(), item.x)
                        assert_allclose(line.get_ydata(), item.y)
                    elif isinstance(item, Marker):
                        line = next(lines)
                    elif isinstance(item, Box):
                        *_, line = [next(lines) for _ in range(4 if len(item.values) > 1 else 1)]
                        assert_allclose(line.get_ydata(), item.values)
                    else:
                        continue
                    colour = getattr(item, "colour", "faint")
                    if isinstance(colour, int):
                        assert to_hex(line.get_color()) == LIGHT[colour % len(LIGHT)].lower()
                    elif colour == "faint":
                        assert to_hex(line.get_color()) == FAINT.lower()
        finally:
            plt.close(figure)


def curves_of(picture: Picture) -> list[Curve]:
    """All curves, panel by panel."""
    return [curve for panel in picture.panels for curve in panel.of(Curve)]
