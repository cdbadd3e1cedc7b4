"""The eigenvalues, fit and layers cards on the real window, against LAPACK and closed forms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from stiffgui import presets, train
from stiffgui.figures import figure
from stiffgui.figures.fit import fit_of
from stiffgui.figures.picture import Contours, Curve, Image, Points
from stiffgui.figures.sources import Drawn
from stiffgui.gui.plots.artists import SHADES
from stiffgui.gui.plots.panel_view import PanelView
from stiffgui.gui.plots.picture_view import PictureView
from stiffgui.gui.read_table import as_text
from stiffgui.gui.theme import DARK
from stiffgui.gui.train.cards.eigenvalues import EigenvaluesCard
from stiffgui.gui.train.cards.index_table import number
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run
from stiffgui.session.training import Bundle
from stiffgui.stiffness.stability import REGIONS
from tests.gui.opening import open_file

WAIT = 60_000


@pytest.fixture
def shown(window: MainWindow, run_file: Path, qtbot: QtBot) -> MainWindow:
    train = window.train
    open_file(train.bench, run_file)
    drawn = lambda: train.fit.picture is not None and train.eigenvalues.picture is not None  # noqa: E731
    qtbot.waitUntil(drawn, timeout=WAIT)  # in either order: the cards are drawn in turn
    return window


def points_of(card: EigenvaluesCard) -> Points:
    assert card.picture is not None
    return next(card.picture.panels[0].of(Points))


def graphics(view: PanelView, kind: str) -> list[Any]:
    """What a plot draws, by the class of pyqtgraph or Qt, in its order."""
    return [item for item in view.drawn if type(item).__name__ == kind]


def to_scene(view: PanelView, x: float, y: float) -> QPointF:
    return view.box.mapViewToScene(QPointF(x, y))  # type: ignore[no-any-return]


def test_cards_say_on_how_many_samples(shown: MainWindow, qtbot: QtBot) -> None:
    """Of the run, also where fewer were decided on than its settings ask for."""
    train = shown.train
    assert "16 probe samples" in train.eigenvalues.picture.title  # type: ignore[union-attr]
    assert "mean over 16 probe samples;" in train.eigenvalues.table.toolTip()
    qtbot.waitUntil(lambda: train.layers.note.text() != "", timeout=WAIT)
    assert train.layers.note.text().startswith("mean over 16 probe samples")
    entry = train.bench.shown
    assert entry is not None and entry.decided is not None
    fewer = entry.decided.cadence.model_copy(update={"samples": 7})
    entry.take(Bundle([], decided=entry.decided.model_copy(update={"cadence": fewer})))
    train.stiffness.refresh([Drawn(entry)])
    assert train.stiffness.note.text().endswith("mean over 7 probe samples")


def test_points_are_the_eigenvalues_in_few_colours(shown: MainWindow, run_file: Path) -> None:
    card = shown.train.eigenvalues
    with open_run(run_file) as run:
        probe = run.probe_samples()
        expected = np.linalg.eigvals(run.snapshot(6).jacobians(probe)[0, 0]).ravel()
    [view] = card.view.views
    dots, rings = graphics(view, "ScatterPlotItem")
    x, y = dots.getData()
    drawn = x + 1j * y
    distances = np.abs(expected[:, None] - drawn[None])
    assert len(drawn) == len(expected) and distances.min(1).max() < 1e-8
    brushes = {id(brush) for brush in dots.data["brush"]}
    assert card.picture is not None
    card.show_picture(card.picture)
    again = {id(brush) for brush in dots.data["brush"]}
    assert len(brushes) <= SHADES and brushes == again  # the same objects every time
    ringed = np.array(rings.getData())[0] + 1j * np.array(rings.getData())[1]
    unstable = drawn[np.abs(1 + 0.1 * drawn) > 1]
    np.testing.assert_array_equal(np.sort_complex(ringed), np.sort_complex(unstable))


def test_the_pointer_is_told_about_its_eigenvalue(shown: MainWindow) -> None:
    card = shown.train.eigenvalues
    [view], points = card.view.views, points_of(card)
    values = points.x + 1j * points.y
    row = int(np.abs(values).argmax())
    value = values[row]
    view.scene().sigMouseMoved.emit(to_scene(view, value.real, value.imag))
    assert f"modulus {abs(value):.4g}" in view.message
    assert f"time scale 1/|Re λ| {1 / abs(value.real):.4g}" in view.message
    assert f"condition {points.numbers['condition'][row]:.4g}" in view.message
    sample = np.asarray(points.places.sample)[row] + 1
    assert f"sample {sample} · layer 1" in view.message
    view.scene().sigMouseMoved.emit(QPointF(-50, -50))
    assert view.message == ""


def test_the_table_follows_the_region(shown: MainWindow, qtbot: QtBot) -> None:
    card = shown.train.eigenvalues
    points = points_of(card)
    titles = [card.table.verticalHeaderItem(k).text() for k in range(card.table.rowCount())]
    row = titles.index("unstable")
    z = 0.1 * (points.x + 1j * points.y)
    sizes = {
        "rk2": np.abs(1 + z + z**2 / 2),
        "rk4": np.abs(1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24),
        "dopri5": np.abs(1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24 + z**5 / 120 + z**6 / 600),
        "implicit-euler": np.abs(1 / (1 - z)),
        "explicit-euler": np.abs(1 + z),
    }
    assert set(sizes) == set(REGIONS)
    for name, size in sizes.items():
        before = card.view.picture
        card.tools.region.setCurrentIndex(card.tools.region.findData(name))
        qtbot.waitUntil(lambda before=before: card.view.picture is not before, timeout=WAIT)
        assert card.table.item(row, 0).text() == f"{100 * (size > 1).mean():.1f} %"
        [region] = graphics(card.view.views[0], "QGraphicsPathItem")
        path = region.path()  # -0.5/a is stable for all, +0.5/a for none
        assert path.contains(QPointF(-5, 0.7)) and not path.contains(QPointF(5, 0.7))


def test_the_table_is_aligned_and_copied(shown: MainWindow, qtbot: QtBot) -> None:
    table = shown.train.eigenvalues.table
    table.show_values(
        {"spectral-radius": 1.23456, "ratio-real": float("nan"), "proxy gelfand": 2.0}
    )
    table.setFocus()
    qtbot.keySequence(table, QKeySequence(QKeySequence.StandardKey.Copy))
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert lines[0][:4] == ["index", "exact", "Gelfand", "sketch"]
    values = {line[0]: line[1:] for line in lines}
    assert values["spectral radius"][:3] == ["1.235", "2.000", "undefined"]
    assert values["log₁₀ Re λ ratio"][0] == "undefined"
    assert len(lines) == 1 + table.rowCount()
    for row in range(table.rowCount()):
        assert table.item(row, 0).textAlignment() & Qt.AlignmentFlag.AlignRight
    table.selectRow(1)
    assert len(as_text(table).splitlines()) == 2


def test_axes_write_the_numbers_themselves(shown: MainWindow) -> None:
    page = shown.train
    plots = [view for card in page.cards for view in card.view.views]
    assert len(plots) >= 7
    axes = [plot.axes[side] for plot in plots for side in ("left", "bottom")]
    for size in (1e-4, 0.5, 5e4):
        for plot in plots:
            plot.box.setRange(xRange=(-size, size), yRange=(-size, size), padding=0)
        for theme in ("dark", "light"):  # colours are set anew: a scale must not come with them
            shown.choose_theme(theme)
            assert [axis.autoSIPrefixScale for axis in axes] == [1.0] * len(axes)
            assert not any("(x1" in axis.labelString() for axis in axes)


def test_what_is_counted_has_whole_ticks(shown: MainWindow) -> None:
    [errors] = shown.train.errors.view.views
    for high in (2.0, 7.0, 90.0):
        spacings = errors.axes["bottom"].tickSpacing(0.0, high, 900.0)
        assert spacings and all(step >= 1 and step == int(step) for step, _ in spacings)
    assert errors.axes["left"].tickSpacing(0.0, 2.0, 900.0)[-1][0] < 1


@pytest.mark.parametrize(
    "value", [0.0, 5.1e-8, 4.6e-2, 0.56789, 9.87654, 123.456, 5.4e7, -0.0602, -0.56789, -123.4]
)
def test_a_number_of_the_table_fits_and_keeps_its_size(value: float) -> None:
    text = number(value)
    assert len(text) <= 6 and "-" not in text
    assert float(text.replace("−", "-")) == pytest.approx(value, rel=2e-2)


def test_all_layers_and_the_walk(shown: MainWindow, qtbot: QtBot) -> None:
    card = shown.train.eigenvalues
    card.tools.all_layers.setChecked(True)

    def layers() -> set[int]:
        panels = card.picture.panels if card.picture is not None else ()
        points = [next(panel.of(Points)) for panel in panels]
        return {int(layer) for part in points for layer in np.unique(part.places.layer)}

    qtbot.waitUntil(lambda: layers() == set(range(1, 11)), timeout=WAIT)
    assert len(card.view.views) == 10 and all(view.isVisible() for view in card.view.views)
    limits = {view.panel.x.limits for view in card.view.views}
    assert len(limits) == 1  # so that layers compare
    assert card.tools.colour.currentData() == "layer"
    card.tools.all_layers.setChecked(False)
    qtbot.waitUntil(lambda: layers() == {1}, timeout=WAIT)
    card.animate.setChecked(True)
    qtbot.waitUntil(lambda: layers() == {3}, timeout=WAIT)
    card.animate.setChecked(False)
    assert not card._walk.isActive()


def test_every_eigenvalue_is_a_row_sorted_and_copied(shown: MainWindow, qtbot: QtBot) -> None:
    card = shown.train.eigenvalues
    card.tools.below.setCurrentIndex(1)
    table, points = card.list, points_of(card)
    values = points.x + 1j * points.y
    assert table.isVisible()
    rows = [line.split("\t") for line in as_text(table).splitlines()]
    assert rows[0][:3] == ["Re λ", "Im λ", "|λ|"] and len(rows) == 1 + len(values)
    moduli = np.array([float(row[2]) for row in rows[1:]])
    np.testing.assert_allclose(moduli, np.sort(np.abs(values))[::-1], rtol=1e-8)
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert card.picture is not None
    card.show_picture(card.picture)  # a newer view keeps the order asked for
    rows = [line.split("\t") for line in as_text(table).splitlines()[1:]]
    np.testing.assert_allclose([float(row[0]) for row in rows], np.sort(values.real), rtol=1e-8)
    table.selectRow(0)
    table.setFocus()
    qtbot.keySequence(table, QKeySequence(QKeySequence.StandardKey.Copy))
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 2 and float(lines[1].split("\t")[0]) == pytest.approx(values.real.min())


def test_time_scales_count_every_mode(shown: MainWindow, qtbot: QtBot) -> None:
    card = shown.train.eigenvalues
    points = points_of(card)
    card.tools.below.setCurrentIndex(2)
    qtbot.waitUntil(lambda: card.scales.picture is not None, timeout=WAIT)
    [view] = card.scales.views
    assert view.isVisible()
    decaying, growing = (b.opts["height"].sum() for b in graphics(view, "BarGraphItem"))
    assert (decaying, growing) == ((points.x < 0).sum(), (points.x > 0).sum())
    [step] = [line for line in graphics(view, "InfiniteLine") if getattr(line, "label", None)]
    assert step.value() == pytest.approx(-1)  # a = 0.1 on a log axis
    assert step.label.format == "step size a"


def test_contours_come_on_demand(shown: MainWindow, qtbot: QtBot, run_file: Path) -> None:
    card = shown.train.eigenvalues
    [view] = card.view.views
    lines = lambda: graphics(view, "IsocurveItem")  # noqa: E731
    assert not lines()
    card.tools.contours.setChecked(True)
    qtbot.waitUntil(lambda: bool(lines()), timeout=WAIT)
    drawn_contours = next(view.panel.of(Contours))
    real, imag, smallest = drawn_contours.x, drawn_contours.y, drawn_contours.values
    with open_run(run_file) as run:
        jacobian = run.snapshot(6).jacobians(run.probe_samples()[:1])[0, 0, 0]
    z = real[5] + 1j * imag[9]
    expected = np.linalg.svd(z * np.eye(20) - jacobian, compute_uv=False)[-1]
    assert smallest[9, 5] == pytest.approx(expected, rel=1e-9)
    # A line lies where the grid says: the ends of the widest contour in the plane.
    line, level = lines()[0], drawn_contours.levels[0]
    drawn = line.mapRectToParent(line.boundingRect())
    inside = np.flatnonzero((smallest < level).any(0))
    cell = real[1] - real[0]
    assert abs(drawn.left() - real[inside[0]]) <= cell
    assert abs(drawn.right() - real[inside[-1]]) <= cell
    rows = np.flatnonzero((smallest < level).any(1))
    cell = imag[1] - imag[0]
    assert abs(drawn.bottom() - imag[rows[-1]]) <= cell
    assert abs(drawn.top() - imag[rows[0]]) <= cell
    numbers = {text.toPlainText() for text in graphics(view, "TextItem")}
    assert numbers and numbers <= {f"{value:.2g}" for value in drawn_contours.levels}
    card.tools.contours.setChecked(False)
    qtbot.waitUntil(lambda: not lines() and not graphics(view, "TextItem"), timeout=WAIT)


def test_the_view_and_the_figure_show_one_fit(shown: MainWindow, run_file: Path) -> None:
    picture = shown.train.fit.picture
    assert picture is not None
    with open_run(run_file) as run:
        table = figure("fit").table([run])
        direct = fit_of(run, run.snapshot(6), 0)
    target, network, error = (next(panel.of(Image)).values for panel in picture.panels)
    np.testing.assert_allclose(network.ravel(), table["network f(x)"], rtol=1e-12)
    np.testing.assert_allclose(network, direct.square(direct.network, 0), rtol=1e-12)
    np.testing.assert_allclose(error, network - target, rtol=1e-12)
    assert direct.square(direct.x, 0)[0, -1] == 5 and direct.square(direct.x, 1)[-1, 0] == 5


def test_beyond_two_inputs_the_fit_is_a_scatter_or_a_slice(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    settings = {"task.dimension": 3, "training.epochs": 2, "watch.every": 2}
    train(presets["alpine02"].with_settings(settings), out=tmp_path / "three.stiff")
    page, card = window.train, window.train.fit
    open_file(page.bench, tmp_path / "three.stiff")
    qtbot.waitUntil(lambda: card.picture is not None, timeout=WAIT)
    assert card.figure.name() == "fit" and len(list(card.view.views[0].panel.of(Points))) == 2
    card.along.setCurrentIndex(2)
    qtbot.waitUntil(lambda: not list(card.view.views[0].panel.of(Points)), timeout=WAIT)
    assert card.figure.name() == "slices"
    [view] = card.view.views
    target, network = view.panel.of(Curve)
    lines = graphics(view, "PlotCurveItem")
    np.testing.assert_array_equal(lines[1].getData()[1], network.y)
    assert (target.label, network.label) == ("target", "network")
    assert view.axes["bottom"].labelText == "x2" and "medians" in card.note.text()
    assert [label.entry.name for label in card.view.legend.labels] == ["target", "network"]
    path = tmp_path / "slice.csv"
    page.export("slices", path)
    qtbot.waitUntil(path.exists, timeout=WAIT)
    qtbot.waitUntil(lambda: str(path) in window.toasts.text(), timeout=WAIT)
    written = pd.read_csv(path)
    assert set(written["input"]) == {"x2"}
    np.testing.assert_allclose(written["network f(x)"], network.y, rtol=1e-9)
    card.along.setCurrentIndex(0)
    qtbot.waitUntil(lambda: bool(list(card.view.views[0].panel.of(Points))), timeout=WAIT)
    assert card.figure.name() == "fit"


def test_a_click_on_layers_selects_both(shown: MainWindow, qtbot: QtBot) -> None:
    card = shown.train.layers
    shown.train.refresh()
    [view] = card.view.views
    at = to_scene(view, 4.0, 7.0)
    view.scene().sigMouseMoved.emit(at)
    assert view.message.startswith("layer 7 · epoch 4\nSpectral radius ")
    with qtbot.waitSignal(card.picked) as picked:
        view.scene().sigMouseClicked.emit(_Click(at))
    assert picked.args == [7, 4]
    shown.train.refresh()
    assert shown.train.eigenvalues.layer.value() == 7 and shown.train.timeline.epoch == 4
    assert (shown.train.state.layer, shown.train.state.epoch) == (7, 4)
    eigenvalues = shown.train.eigenvalues
    qtbot.waitUntil(
        lambda: eigenvalues.picture is not None and eigenvalues.picture.place == (4, 7, 0),
        timeout=WAIT,
    )
    x, y = view.frame_line
    assert 4.0 in x and (y.min(), y.max()) == (6.5, 7.5)
    run = shown.train.bench.shown
    assert run is not None and card.image is not None
    expected = np.median(run.history.indices["spectral-radius"][:, :, 6], axis=1)
    np.testing.assert_array_equal(card.image.values[6], expected)
    card.logarithmic.setChecked(True)
    shown.train.refresh()
    colours, known = card.image.colours, card.image.values
    assert colours.scale == "log" and card.view.frames[0].bar.colours == colours
    np.testing.assert_allclose((colours.low, colours.high), (known.min(), known.max()))
    [drawn] = graphics(view, "ImageItem")
    np.testing.assert_allclose(drawn.image.min(), 0, atol=1e-12)
    np.testing.assert_allclose(drawn.image.max(), 1)


class _Click:
    def __init__(self, at: QPointF) -> None:
        self._at = at

    def scenePos(self) -> QPointF:
        return self._at


# ----------------------------------------------------------------- pictures by themselves


def maps(qtbot: QtBot, size: tuple[int, int], run_file: Path) -> PictureView:
    """Target, network and error of a run in a view of its own."""
    widget = PictureView()
    qtbot.addWidget(widget)
    widget.resize(*size)
    with open_run(run_file) as run:
        widget.show_picture(figure("fit").picture([run]))
    widget.show()
    return widget


@pytest.mark.parametrize("size", [(290, 290), (580, 260), (900, 200), (240, 500)])
def test_maps_fill_their_place_without_overlap(
    qtbot: QtBot, size: tuple[int, int], run_file: Path
) -> None:
    widget = maps(qtbot, size, run_file)
    places = [frame.geometry() for frame in widget.frames]
    for k, place in enumerate(places):
        assert widget.rect().contains(QRect(place.topLeft(), place.size()))
        assert not any(place.intersects(other) for other in places[k + 1 :])
        assert max(place.width(), place.height()) < 3.5 * min(place.width(), place.height())
    assert sum(p.width() * p.height() for p in places) > 0.6 * size[0] * size[1]
    assert max(p.height() for p in places) - min(p.height() for p in places) <= 1
    assert max(p.width() for p in places) - min(p.width() for p in places) <= 1


def test_a_map_has_its_colours_and_the_pointer_every_number(qtbot: QtBot, run_file: Path) -> None:
    widget = maps(qtbot, (400, 400), run_file)
    widget.set_theme(DARK)
    images = [next(panel.of(Image)) for panel in widget.picture.panels]  # type: ignore[union-attr]
    target, network, error = (image.values for image in images)
    [drawn] = graphics(widget.views[0], "ImageItem")
    np.testing.assert_allclose(drawn.image, images[0].colours.shade(target))
    assert images[0].colours == images[1].colours and error.max() <= images[2].colours.high
    message = widget.views[1].describe(5.0, 5.0)  # target, network and error at the corner
    lines = [f"target {target[-1, -1]:.4g}", f"network {network[-1, -1]:.4g}"]
    lines += [f"error {error[-1, -1]:.4g}"]
    assert message == "\n".join(["x2 5 · x1 5", *lines]).replace("-", "−")
    largest = f"largest error {widget.picture.numbers['largest error']:.3g}"  # type: ignore[union-attr]
    facts = [label.text() for label in widget.findChildren(QLabel) if "error" in label.text()]
    assert any(text.startswith(largest.replace("-", "−")) for text in facts)


def test_scores_and_outputs(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    settings = {"training.epochs": 2, "watch.every": 2}
    train(presets["climate"].with_settings(settings), out=tmp_path / "climate.stiff")
    page, card = window.train, window.train.fit
    open_file(page.bench, tmp_path / "climate.stiff")
    qtbot.waitUntil(lambda: card.picture is not None, timeout=WAIT)
    with open_run(tmp_path / "climate.stiff") as run:
        fit = fit_of(run, run.snapshot(2), 0)
    count = len(fit.output_names)
    assert card.output.isVisible() and card.output.count() == count > 1
    r2, rmse = fit.scores("test", 0)
    residual = (fit.network - fit.target)[fit.parts["test"], 0]
    assert rmse == pytest.approx(np.sqrt((residual**2).mean()))
    true = fit.target[fit.parts["test"], 0]
    assert r2 == pytest.approx(1 - (residual**2).sum() / ((true - true.mean()) ** 2).sum())
    assert f"test R² {r2:.3f}, RMSE {rmse:.2g}" in card.note.text()
    card.output.setCurrentIndex(1)
    qtbot.waitUntil(lambda: card.view.views[0].panel.x.label.startswith(
        f"true {fit.output_names[1]}"), timeout=WAIT)  # fmt: skip
    dots = graphics(card.view.views[0], "ScatterPlotItem")
    np.testing.assert_array_equal(dots[0].getData()[0], fit.target[fit.parts["train"], 1])
    assert card.figure.output == 1


def test_a_curve_names_target_and_network(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    settings = {"task.dimension": 1, "training.epochs": 2, "watch.every": 2}
    train(presets["alpine02"].with_settings(settings), out=tmp_path / "one.stiff")
    card = window.train.fit
    open_file(window.train.bench, tmp_path / "one.stiff")
    qtbot.waitUntil(lambda: card.picture is not None, timeout=WAIT)
    [legend] = [frame.legend for frame in card.view.frames if frame.isVisible()]
    assert [label.entry.name for label in legend.labels] == ["target", "network"]
    with open_run(tmp_path / "one.stiff") as run:
        network = fit_of(run, run.snapshot(2), 0).network[:, 0]
    lines = graphics(card.view.views[0], "PlotCurveItem")
    np.testing.assert_array_equal(lines[1].getData()[1], network)
    assert "R² " in card.note.text()


def test_a_power_method_that_has_not_converged_is_marked(shown: MainWindow, qtbot: QtBot) -> None:
    table = shown.train.eigenvalues.table
    column = 1 + table.proxies.index("power")
    titles = [table.verticalHeaderItem(k).text() for k in range(table.rowCount())]
    cell = table.item(titles.index("spectral radius"), column)
    table.show_values({"proxy power": 0.5, "power residual": 0.2})
    assert cell.text() == "0.5000?" and "2.0e-01: not converged" in cell.toolTip()
    table.show_values({"proxy power": 0.5, "power residual": 1e-9})
    assert cell.text() == "0.5000" and "1.0e-09: converged" in cell.toolTip()


def test_what_rounding_may_move_is_marked(shown: MainWindow) -> None:
    card = shown.train.eigenvalues
    picture, table = card.picture, card.table
    assert picture is not None
    titles = [table.verticalHeaderItem(k).text() for k in range(table.rowCount())]
    names = {
        "abscissa": "abscissa",
        "log norm": "log-norm",
        "indicator": "stiffness-indicator",
        "‖I + aJ‖₂": "step-norm",
    }
    for title, name in names.items():  # freshly trained layers are well conditioned
        assert table.item(titles.index(title), 0).text() == number(picture.numbers[name])
    cell = table.item(titles.index("spectral radius"), 0)
    table.show_values(picture.numbers | {"error spectral-radius": 2e-4})
    assert cell.text() == f"≈{number(picture.numbers['spectral-radius'], 2)}"
    assert "up to 2e-04" in cell.toolTip()
    # Every eigenvalue: one of 0 is exact to no digit.
    points = points_of(card)
    x, modulus = points.x.copy(), points.numbers["modulus"].copy()
    x[0], modulus[0] = 1e-16, 1e-16
    y = points.y.copy()
    y[0] = 0.0
    changed = replace(points, x=x, y=y, numbers=points.numbers | {"modulus": modulus})
    card.list.show_points([changed])
    model = card.list.model()
    card.list.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    rows = [[model.index(r, c).data() for c in range(6)] for r in range(2)]
    assert [cell.startswith("≈") for cell in rows[0]] == [True, True, True, False, False, False]
    assert not any(cell.startswith("≈") for cell in rows[1])
    assert float(rows[1][5].replace("−", "-")) < 1e-12


def test_stiffness_can_be_drawn_per_unit_time(shown: MainWindow, run_file: Path) -> None:
    page = shown.train
    page.refresh()
    card = page.stiffness
    menu = next(a.menu() for a in card.menu.actions() if a.text() == "Over layers")
    actions = {action.data(): action for action in menu.actions()}
    assert [d for d, action in actions.items() if action.isChecked()] == ["sum"]
    [before] = card.picture.panels  # type: ignore[union-attr]
    actions["unit-time"].trigger()
    page.refresh()
    [after] = card.picture.panels  # type: ignore[union-attr]
    assert before.y.label == "index (1/time), summed over layers"
    assert after.y.label == "index (1/time), per unit time"
    [first], [last] = ([c for c in p.of(Curve) if "radius" in c.label] for p in (before, after))
    np.testing.assert_allclose(last.y, np.asarray(first.y) / 10, rtol=1e-12)  # a = 1/10, T = 1
    assert card.figure == figure("stiffness", over="unit-time")
    assert [d for d, action in actions.items() if action.isChecked()] == ["unit-time"]
