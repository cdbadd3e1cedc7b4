"""What pyqtgraph draws, what the picture holds and what is exported are one and the same.

Every card of the real window is read back from the graphics items of its plots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from stiffgui import presets, train
from stiffgui.figures import FIGURES, Style, paint, styled
from stiffgui.figures import palette as colours
from stiffgui.figures.picture import (
    Axis,
    Band,
    Bars,
    Box,
    Contours,
    Curve,
    Image,
    Item,
    Marker,
    Panel,
    Picture,
    Points,
    Region,
    Shade,
)
from stiffgui.gui.export.offers import Offer
from stiffgui.gui.plots.artists import CELLS, DASHES, MOST_POINTS
from stiffgui.gui.plots.decimation import BUCKETS
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.gui.plots.panel_view import PanelView
from stiffgui.gui.theme import DARK, LIGHT
from stiffgui.gui.train.workspace import TrainWorkspace
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run
from stiffgui.session.exports import Export
from stiffgui.session.views import Look
from tests.gui.extra_figure import LearningRates
from tests.gui.opening import open_file

WAIT = 60_000
SMALL = {
    "training.trials": 2,
    "architecture.width": 5,
    "architecture.depth": 3,
    "task.train_samples": 60,
    "task.test_samples": 40,
    "training.batch_size": 60,
    "watch.probe": 4,
}


@pytest.fixture(scope="module")
def long_runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs of two trials, longer than a screen has points."""
    folder = tmp_path_factory.mktemp("long")
    paths = [folder / "one.stiff", folder / "two.stiff"]
    for path, seed in zip(paths, (0, 1), strict=True):
        settings = SMALL | {
            "training.epochs": 900,
            "training.seed": seed,
            "training.learning_rate": 0.03,
            "watch.every": 7,
            "watch.errors_every": 1,
            "training.plateau.patience": 40,
        }
        train(presets["alpine02"].with_settings(settings), out=path)
    return paths


def settle(page: TrainWorkspace, qtbot: QtBot) -> None:
    """Wait until what is wanted has come, and draw it."""
    page.refresh()
    qtbot.waitUntil(lambda: not page.requests.waits_for(Look), timeout=WAIT)
    page.refresh()
    qtbot.wait(20)


def shown_cards(page: TrainWorkspace) -> dict[str, FigureCard]:
    return {c.figure.name(): c for c in page.cards if c.isVisible() and c.picture is not None}


# ------------------------------------------------------------- what pyqtgraph has been given


def on(values: Any, axis: Axis) -> Any:
    """Places on an axis as values again."""
    return 10 ** np.asarray(values) if axis.scale == "log" else np.asarray(values)


def known(x: Any, y: Any, panel: Panel) -> set[tuple[float, float]]:
    """Finite points as a logarithmic axis can show them, to nine digits."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    usable = np.isfinite(x) & np.isfinite(y)
    usable &= (x > 0) if panel.x.scale == "log" else True
    usable &= (y > 0) if panel.y.scale == "log" else True
    return {
        (float(f"{a:.9g}"), float(f"{b:.9g}")) for a, b in zip(x[usable], y[usable], strict=True)
    }


def hex_of(colour: Any) -> str:
    return str(colour.name()).lower()


def is_dark() -> bool:
    return QGuiApplication.palette().window().color().lightness() < 128


def expected_hex(item: Any) -> str:
    theme = DARK if is_dark() else LIGHT
    assert not isinstance(item.colour, Shade)  # none of Train's pictures has one
    if isinstance(item.colour, int):
        return theme.series[item.colour % len(theme.series)].lower()
    return {"faint": theme.faint, "accent": theme.accent}[item.colour].lower()


def compare_panel(view: PanelView, panel: Panel) -> None:
    """Everything that a plot draws against the panel that it shows."""
    helpers = {id(item) for item in view.helpers}
    graphics = iter([g for g in view.drawn if id(g) not in helpers])
    for item in panel.items:
        READERS[type(item)](graphics, item, panel)
    assert next(graphics, None) is None, "more is drawn than the picture holds"
    for name, axis in (("x", panel.x), ("y", panel.y)):
        assert view.axes["bottom" if name == "x" else "left"].logMode == (axis.scale == "log")
        assert view.axes["bottom" if name == "x" else "left"].labelText == axis.label
        low, high = on(view.box.viewRange()["xy".index(name)], axis)
        if axis.limits is not None and not panel.equal:
            assert (low, high) == pytest.approx(axis.limits, rel=1e-6)
        elif axis.limits is not None:  # equal units need more of one axis
            spare = 1e-6 * (high - low)
            assert low - spare <= axis.limits[0] and axis.limits[1] <= high + spare


def read_curve(graphics: Iterator[Any], curve: Curve, panel: Panel) -> None:
    line = next(graphics)
    x, y = (on(v, a) for v, a in zip(line.getData(), (panel.x, panel.y), strict=True))
    drawn, held = known(x, y, panel), known(curve.x, curve.y, panel)
    if curve.line:
        assert drawn <= held
        assert drawn == held or len(curve.x) > 2 * BUCKETS > len(held) - len(drawn)
        top = max(held, key=lambda p: p[1])
        assert top[1] == max(drawn, key=lambda p: p[1])[1]  # peaks are not thinned away
        assert (max(held) in drawn) and (min(held) in drawn)
        pen = line.opts["pen"]
        assert hex_of(pen.color()) == expected_hex(curve)
        assert pen.style() == DASHES[curve.dash]
        assert pen.color().alphaF() == pytest.approx(curve.alpha, abs=0.01)
    if curve.symbol is not None:
        dots = next(graphics)
        rows = slice(None) if curve.marked is None else curve.marked
        marked = known(curve.x[rows], curve.y[rows], panel)
        x, y = (on(v, a) for v, a in zip(dots.getData(), (panel.x, panel.y), strict=True))
        assert known(x, y, panel) == marked


def read_band(graphics: Iterator[Any], band: Band, panel: Panel) -> None:
    area = next(graphics)
    drawn = {(p.x(), p.y()) for p in area.polygon}
    x, y = (on([p[k] for p in drawn], a) for k, a in enumerate((panel.x, panel.y)))
    held = known(band.x, band.low, panel) | known(band.x, band.high, panel)
    assert known(x, y, panel) <= held
    if len(band.x) <= 200:
        assert known(x, y, panel) == held
    assert hex_of(area.brush.color()) == expected_hex(band)


def read_points(graphics: Iterator[Any], points: Points, panel: Panel) -> None:
    dots = next(graphics)
    x, y = (on(v, a) for v, a in zip(dots.getData(), (panel.x, panel.y), strict=True))
    drawn, held = known(x, y, panel), known(points.x, points.y, panel)
    assert drawn <= held and len(x) == min(len(points.x), MOST_POINTS)
    if points.values is None:
        pen_or_brush = dots.opts["brush" if points.filled else "pen"]
        assert hex_of(pen_or_brush.color()) == expected_hex(points)
        return
    assert points.colours is not None
    first = {p: v for p, v in zip(zip(points.x, points.y, strict=True), points.values, strict=True)}
    shade = points.colours.shade(np.array([first[p] for p in zip(x, y, strict=True)]))
    brush = [hex_of(b.color()) for b in dots.data["brush"]]
    for low, high in ((0, 0.02), (0.98, 1)):  # one shade at each end, another at the other
        ends = {b for b, s in zip(brush, shade, strict=True) if low <= s <= high}
        assert len(ends) == int(bool(((low <= shade) & (shade <= high)).any()))


def read_image(graphics: Iterator[Any], image: Image, panel: Panel) -> None:
    drawn = next(graphics)
    box = drawn.mapRectToParent(drawn.boundingRect())
    x, y = image.x_edges, image.y_edges
    ends = (box.left(), box.right(), box.top(), box.bottom())
    assert ends == pytest.approx((x[0], x[-1], y[0], y[-1]))
    rows, columns = drawn.image.shape
    widths, heights = (x[-1] - x[0]) / columns, (y[-1] - y[0]) / rows
    seen = np.flatnonzero(np.diff(x) > widths * 1.001 if columns == CELLS else image.x > -np.inf)
    assert len(seen) > 5
    for row, up in enumerate((y[1:] + y[:-1]) / 2):  # in the middle of each cell its value's colour
        for column in seen:  # those that are as wide as a pixel
            across = (x[column] + x[column + 1]) / 2
            pixel = drawn.image[int((up - y[0]) / heights), int((across - x[0]) / widths)]
            value = image.colours.shade(image.values[row, column])
            assert pixel == pytest.approx(value, nan_ok=True)
    assert tuple(drawn.levels) == (0, 1)


def read_region(graphics: Iterator[Any], region: Region, panel: Panel) -> None:
    path = next(graphics).path()
    count = len(region.x)
    corners = [(path.elementAt(k).x, path.elementAt(k).y) for k in range(count)]
    np.testing.assert_allclose(corners, np.stack([region.x, region.y], 1))
    assert (path.elementCount() > count + 1) == region.inverse


def read_contours(graphics: Iterator[Any], contours: Contours, panel: Panel) -> None:
    levels, words = [], []
    for graphic in graphics:
        if type(graphic).__name__ == "IsocurveItem":
            levels.append(graphic.level)
            np.testing.assert_array_equal(graphic.data, contours.values.T)
        else:
            words.append(graphic.toPlainText())
    assert levels == list(contours.levels)
    assert words and set(words) <= {f"{level:.2g}" for level in levels}


def read_marker(graphics: Iterator[Any], marker: Marker, panel: Panel) -> None:
    line = next(graphics)
    axis = panel.x if marker.across == "x" else panel.y
    assert on(line.value(), axis) == pytest.approx(marker.at)
    assert line.angle == (90 if marker.across == "x" else 0)
    label = getattr(line, "label", None)
    words = label.format if label is not None else ""
    assert words == ("" if marker.quiet else marker.label)


def read_box(graphics: Iterator[Any], box: Box, panel: Panel) -> None:
    body, whiskers, median, dots = (next(graphics) for _ in range(4))
    least, low, middle, high, most = box.spans
    drawn = on([body.opts["y0"][0], body.opts["y1"][0]], panel.y)
    assert tuple(drawn) == pytest.approx((low, high)) and body.opts["x"] == [box.at]
    assert tuple(on(whiskers.getData()[1], panel.y)) == pytest.approx((least, low, high, most))
    assert tuple(on(median.getData()[1], panel.y)) == pytest.approx((middle, middle))
    np.testing.assert_allclose(on(dots.getData()[1], panel.y), box.values)
    assert hex_of(median.opts["pen"].color()) == expected_hex(box)


def read_bars(graphics: Iterator[Any], bars: Bars, panel: Panel) -> None:
    opts = next(graphics).opts
    np.testing.assert_allclose(on(opts["x0"], panel.x), bars.edges[:-1])
    np.testing.assert_allclose(on(opts["x1"], panel.x), bars.edges[1:])
    np.testing.assert_array_equal(opts["height"], bars.heights)
    np.testing.assert_array_equal(opts["y0"], bars.base)
    assert hex_of(opts["brush"].color()) == expected_hex(bars)


READERS: dict[type[Item], Callable[[Iterator[Any], Any, Panel], None]] = {
    Curve: read_curve,
    Band: read_band,
    Points: read_points,
    Image: read_image,
    Region: read_region,
    Contours: read_contours,
    Marker: read_marker,
    Box: read_box,
    Bars: read_bars,
}


# --------------------------------------------------------------------- what is exported


def same(one: Any, other: Any) -> bool:
    """Whether two pictures are the same data, to the last bit."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and np.array_equal(
            one, other, equal_nan=one.dtype.kind == "f"
        )
    if is_dataclass(one):
        names = [field.name for field in fields(one)]
        return type(one) is type(other) and all(
            same(getattr(one, name), getattr(other, name)) for name in names
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def paints_the_same(picture: Picture) -> None:
    """matplotlib's limits, scales, order and colours against the picture."""
    numbers = {code.lower(): number for number, code in reversed(list(enumerate(colours.LIGHT)))}
    with styled(Style()):
        drawn = paint(picture)
        try:
            for axes, panel in zip(drawn.axes, picture.panels, strict=False):
                assert (axes.get_xscale(), axes.get_yscale()) == (panel.x.scale, panel.y.scale)
                for ends, axis in ((axes.get_xlim(), panel.x), (axes.get_ylim(), panel.y)):
                    if axis.limits is not None and not panel.equal:
                        assert ends == pytest.approx(axis.limits)
                curves = list(panel.of(Curve))
                lines = [line for line in axes.lines if len(line.get_xdata()) > 2]
                held = [curve for curve in curves if len(curve.x) > 2]
                for line, curve in zip(lines[-len(held) :] if held else [], held, strict=True):
                    np.testing.assert_array_equal(line.get_ydata(), curve.y)
                    if curve.line and curve.dash < 4:
                        assert line.get_linestyle() == colours.DASHES[curve.dash]
                    if isinstance(curve.colour, int):
                        number = numbers[to_hex(line.get_color()).lower()]
                        assert number == curve.colour % len(colours.LIGHT)
                for scatter, points in zip(axes.collections, panel.of(Points), strict=False):
                    if len(panel.items) == 1:
                        assert len(scatter.get_offsets()) == len(points.x)
        finally:
            plt.close(drawn)


def compare_card(page: TrainWorkspace, name: str, card: FigureCard, tmp_path: Path) -> None:
    """A card's plots, its picture, and the request that would export it."""
    picture = card.picture
    assert picture is not None and len(card.view.views) == len(picture.panels)
    for view, panel in zip(card.view.views, picture.panels, strict=True):
        compare_panel(view, panel)
    offers = {offer.name: offer for offer in page.views.offers()}
    work = offers[name].export("png", tmp_path / "a.png", Style())
    assert work.picture is not None and same(work.picture, picture)
    assert [p.items for p in work.picture.panels] == [p.items for p in picture.panels]
    paints_the_same(work.picture)


def exported(page: TrainWorkspace, name: str, path: Path, qtbot: QtBot) -> pd.DataFrame:
    """The CSV that the window's own child writes."""
    page.export(name, path)
    qtbot.waitUntil(lambda: not page.requests.waits_for(Export), timeout=WAIT)
    return pd.read_csv(path)


def zoom(view: PanelView, x: tuple[float, float], y: tuple[float, float]) -> None:
    """As the wheel does."""
    view.box.setRange(xRange=x, yRange=y, padding=0)
    view.box.sigRangeChangedManually.emit(view.box.state["mouseEnabled"])


def test_every_card_is_drawn_and_exported_as_its_picture(
    window: MainWindow, qtbot: QtBot, long_runs: list[Path], tmp_path: Path
) -> None:
    page = window.train
    window.choose_theme("light")
    window.resize(1600, 1000)
    for path in long_runs:
        open_file(page, path)
    settle(page, qtbot)

    def compare_all() -> None:
        settle(page, qtbot)
        cards = shown_cards(page)
        assert {"errors", "stiffness", "fit", "layers"} <= set(cards)
        for name, card in cards.items():
            compare_card(page, name, card, tmp_path)

    compare_all()
    errors, stiffness, eigenvalues = page.errors, page.stiffness, page.eigenvalues
    curves = list(errors.picture.panels[0].of(Curve))  # type: ignore[union-attr]
    assert len(curves) == 4 and {c.group for c in curves} == {"one", "two"}  # two runs

    # Logarithmic, against time, smoothed, without outliers; the map of layers, too.
    errors.logarithmic.setChecked(False)
    stiffness.logarithmic.setChecked(True)
    page.layers.logarithmic.setChecked(True)
    page.curves_menu.choose(axis="time", smoothing=0.9, robust=True)
    compare_all()
    [panel] = errors.picture.panels  # type: ignore[union-attr]
    assert panel.x.label.startswith("training time") and panel.y.limits is not None

    # Zoomed: in an ordinary and in a logarithmic plot, and in the plane.
    page.curves_menu.choose(axis="epoch", smoothing=0.0, robust=False)
    settle(page, qtbot)
    zoom(errors.view.views[0], (100, 300), (0.5, 2.0))
    zoom(stiffness.view.views[0], (50.5, 90.25), (0.0, 1.5))
    zoom(eigenvalues.view.views[0], (-1, 1), (-1, 1))
    compare_all()
    assert errors.picture.panels[0].x.limits == pytest.approx((100, 300))  # type: ignore[union-attr]
    assert stiffness.picture.panels[0].y.limits == pytest.approx((1, 10**1.5))  # type: ignore[union-attr]
    flags = page.views.offers()[0].shown.limits  # type: ignore[union-attr]
    assert flags[0] == pytest.approx((100, 300, 0.5, 2.0))
    for card in page.cards:
        card.reset_view()

    # All layers with contours over another method's region, another layer and epoch.
    page.timeline.go_to(450)
    eigenvalues.layer.setValue(2)
    eigenvalues.trial.setValue(1)
    eigenvalues.tools.all_layers.setChecked(True)
    eigenvalues.tools.contours.setChecked(True)
    eigenvalues.tools.region.setCurrentIndex(eigenvalues.tools.region.findData("implicit-euler"))
    eigenvalues.tools.below.setCurrentIndex(2)
    compare_all()
    place = eigenvalues.picture.place  # type: ignore[union-attr]
    assert place[1:] == (2, 1) and abs(place[0] - 450) < 40
    assert next(eigenvalues.picture.panels[0].of(Region)).inverse  # type: ignore[union-attr]
    scales = eigenvalues.scales
    compare_panel(scales.views[0], scales.picture.panels[0])  # type: ignore[union-attr]
    offer = next(o for o in page.views.offers() if o.name == "time-scales")
    assert offer.shown.all_layers and same(offer.picture, scales.shown())  # type: ignore[union-attr]

    # Other colours of everything, and back.
    window.choose_theme("dark")
    compare_all()
    [view], [panel] = errors.view.views, errors.picture.panels  # type: ignore[union-attr]
    assert view.backgroundBrush().color().name() == DARK.card.lower()
    first = view.drawn[3].opts["pen"].color().name()
    assert first in {code.lower() for code in DARK.series} and panel.items
    window.choose_theme("light")

    # The docks that are shown on demand.
    for dock, name in (("Trajectories", "trajectories"), ("Summary of the last epoch", "summary")):
        page.docks[dock].toggleViewAction().trigger()
        qtbot.waitUntil(lambda name=name: name in shown_cards(page), timeout=WAIT)
        settle(page, qtbot)
        compare_card(page, name, shown_cards(page)[name], tmp_path)
    box = next(page.views.others["summary"].picture.panels[1].of(Box))  # type: ignore[union-attr]
    message = page.views.others["summary"].view.views[1].describe(box.at, box.values[0])
    assert message.startswith(f"{box.group}\nmedian {box.spans[2]:.4g}")


def test_the_csv_holds_what_is_drawn_undecimated(
    window: MainWindow, qtbot: QtBot, long_runs: list[Path], tmp_path: Path
) -> None:
    page = window.train
    window.resize(1600, 1000)
    for path in long_runs:
        open_file(page, path)
    page.eigenvalues.tools.all_layers.setChecked(True)
    settle(page, qtbot)
    for card, column in ((page.errors, "errors"), (page.stiffness, "stiffness")):
        table = exported(page, column, tmp_path / f"{column}.csv", qtbot)
        for curve in card.picture.panels[0].of(Curve):  # type: ignore[union-attr]
            name = curve.label.split(" · ")[1].replace(" ", "-")
            rows = table[(table["run"] == curve.group) & (table["series"] == name)]
            np.testing.assert_allclose(rows["median"], curve.y, rtol=1e-12)
    assert len(table) and len(page.errors.picture.panels[0].items[1].x) == 901  # type: ignore
    [view] = page.errors.view.views
    thin = [g for g in view.drawn if type(g).__name__ == "PlotCurveItem"]
    assert len(thin[0].getData()[0]) < 901  # the plot does with fewer
    image = page.layers.image
    assert image is not None
    table = exported(page, "layers", tmp_path / "layers.csv", qtbot)
    wide = table.pivot(index="layer", columns="epoch", values="value")
    np.testing.assert_allclose(wide.to_numpy(), image.values, rtol=1e-12)
    table = exported(page, "spectrum", tmp_path / "spectrum.csv", qtbot)
    planes = [next(panel.of(Points)) for panel in page.eigenvalues.picture.panels]  # type: ignore[union-attr]
    x, y, layers = (
        np.concatenate(parts)
        for parts in zip(*((p.x, p.y, p.places.layer) for p in planes), strict=True)
    )
    np.testing.assert_allclose(table["real"], x, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(table["imag"], y, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(table["layer"], layers)
    maps = [next(panel.of(Image)) for panel in page.fit.picture.panels]  # type: ignore[union-attr]
    table = exported(page, "fit", tmp_path / "fit.csv", qtbot)
    np.testing.assert_allclose(table["target f(x)"], maps[0].values.ravel(), rtol=1e-9)
    np.testing.assert_allclose(table["network f(x)"], maps[1].values.ravel(), rtol=1e-9)


@pytest.mark.parametrize("inputs", [1, 4])
def test_fits_of_one_and_of_many_inputs(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, inputs: int
) -> None:
    settings = SMALL | {"task.dimension": inputs, "training.epochs": 3, "watch.every": 1}
    train(presets["alpine02"].with_settings(settings), out=tmp_path / "a.stiff")
    page = window.train
    window.choose_theme("light")
    window.resize(1600, 1000)
    open_file(page, tmp_path / "a.stiff")
    settle(page, qtbot)
    compare_card(page, "fit", page.fit, tmp_path)
    items = page.fit.picture.panels[0].items  # type: ignore[union-attr]
    assert isinstance(items[0], Curve if inputs == 1 else Points)
    if inputs > 1:
        page.fit.along.setCurrentIndex(3)
        settle(page, qtbot)
        compare_card(page, "slices", page.fit, tmp_path)
        table = exported(page, "slices", tmp_path / "slices.csv", qtbot)
        [_, network] = page.fit.picture.panels[0].of(Curve)  # type: ignore[union-attr]
        np.testing.assert_allclose(table["network f(x)"], network.y, rtol=1e-9)


def test_an_index_of_a_layer_has_one_value_everywhere(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    settings = SMALL | {"training.trials": 1, "training.epochs": 4, "watch.every": 2}
    train(presets["alpine02"].with_settings(settings), out=tmp_path / "a.stiff")
    page = window.train
    window.resize(1600, 1000)
    open_file(page, tmp_path / "a.stiff")
    settle(page, qtbot)
    page.timeline.go_to(2)
    image = page.layers.image
    assert image is not None
    column = list(image.x).index(2)
    rows = exported(page, "layers", tmp_path / "layers.csv", qtbot).query("epoch == 2")
    radii = []
    for layer in (1, 2, 3):
        page.eigenvalues.layer.setValue(layer)
        settle(page, qtbot)
        picture = page.eigenvalues.picture
        assert picture is not None and picture.place == (2, layer, 0)
        radius = picture.numbers["spectral-radius"]
        radii.append(radius)
        assert image.values[layer - 1, column] == pytest.approx(radius, rel=1e-9)
        assert rows.set_index("layer")["value"][layer] == pytest.approx(radius, rel=1e-9)
        assert float(page.eigenvalues.table.item(0, 0).text()) == pytest.approx(radius, rel=1e-3)
        points = next(picture.panels[0].of(Points))  # and it is that of the points that are seen
        modulus = np.abs(points.x + 1j * points.y).reshape(4, -1).max(1).mean()
        assert modulus == pytest.approx(radius, rel=1e-9)
    curves = page.stiffness.picture.panels[0].of(Curve)  # type: ignore[union-attr]
    curve = next(c for c in curves if c.label == "spectral radius")
    assert curve.y[curve.row_at(2)] == pytest.approx(sum(radii), rel=1e-9)
    table = exported(page, "stiffness", tmp_path / "stiffness.csv", qtbot)
    row = table[(table["series"] == "spectral-radius") & (table["epoch"] == 2)]
    assert row["median"].item() == pytest.approx(sum(radii), rel=1e-9)
    with open_run(tmp_path / "a.stiff") as run:
        frame = run.history.query("epoch == 2")
        assert frame["stiffness_spectral_radius"].item() == pytest.approx(sum(radii), rel=1e-9)


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> type[LearningRates]:
    """A figure that is in the registry before the window is built."""
    monkeypatch.setitem(FIGURES["runs"], LearningRates.name(), LearningRates)
    return LearningRates


def test_an_added_figure_is_in_the_window(
    added: type[LearningRates],
    window: MainWindow,
    qtbot: QtBot,
    run_file: Path,
    tmp_path: Path,
) -> None:
    page, title = window.train, added.title()
    [action] = [a for a in page.panels_menu.actions() if a.text() == title]
    card = page.views.others[added.name()]
    assert not card.isVisible() and "learning rate of every epoch" in card.promise
    open_file(page, run_file)
    action.trigger()
    settle(page, qtbot)
    assert card.isVisible()
    compare_card(page, added.name(), card, tmp_path)
    before = next(card.picture.panels[0].of(Curve)).y  # type: ignore[union-attr]
    card.set(factor=2.0)
    settle(page, qtbot)
    table = exported(page, added.name(), tmp_path / "rates.csv", qtbot)
    np.testing.assert_allclose(table["rate"], 2 * before)
    page.ask_export(added.name())
    dialog = page.exports.dialog
    assert dialog is not None
    offered: Offer = dialog.offer
    assert offered.name == added.name() and offered.title == title
    dialog.reject()


def some_item(rng: np.random.Generator) -> Item:
    x, y = np.sort(rng.uniform(1, 9, 7)), rng.uniform(1, 9, 7)
    colour, words = int(rng.integers(7)), str(rng.choice(["", "Learning rate 1 → 2", "diverged"]))
    kinds: list[Callable[[], Item]] = [
        lambda: Curve(x=x, y=y, colour=colour, dash=int(rng.integers(5)), label="c"),
        lambda: Curve(x=x, y=y, colour=colour, symbol="x", line=bool(rng.integers(2))),
        lambda: Band(x=x, low=y, high=y + 1, colour=colour),
        lambda: Points(x=x, y=y, colour=colour),
        lambda: Marker(at=float(x[0]), label=words, quiet=not words),
        lambda: Marker(at=float(y[0]), label=words, across="y", quiet=not words),
        lambda: Box(at=float(colour), values=y, colour=colour),
        lambda: Bars(edges=np.append(x, 10.0), heights=y, base=np.zeros(7), colour=colour),
    ]
    return kinds[rng.integers(len(kinds))]()


def test_whatever_was_drawn_before_a_panel_is_drawn_as_it_is(qtbot: QtBot) -> None:
    view, rng = PanelView(), np.random.default_rng(3)
    qtbot.addWidget(view)
    view.set_theme(DARK if is_dark() else LIGHT)
    for _ in range(150):
        items = tuple(some_item(rng) for _ in range(rng.integers(6)))
        panel = Panel(x=Axis(scale=rng.choice(["linear", "log"])), items=items)
        view.show_panel(panel)
        compare_panel(view, panel)
