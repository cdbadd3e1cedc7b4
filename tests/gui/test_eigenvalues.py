"""The eigenvalues, fit and layers cards on the real window, against LAPACK and closed forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from pytestqt.qtbot import QtBot
from stiffgui.gui.train.cards.complex_plane import COLOURS, describe
from stiffgui.gui.train.cards.fit_maps import FitMaps, lookup

from stiffgui import presets, train
from stiffgui.figures import FIGURES, Options
from stiffgui.figures.fit import Fit, fit_of
from stiffgui.gui.theme import DARK, LIGHT
from stiffgui.gui.train.cards.fit import FitCard
from stiffgui.gui.train.cards.index_table import number
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run
from stiffgui.stiffness.stability import REGIONS

WAIT = 60_000


@pytest.fixture
def shown(window: MainWindow, run_file: Path, qtbot: QtBot) -> MainWindow:
    train = window.train
    train.bench.open_file(run_file)
    drawn = lambda: train.fit._fit is not None and train.eigenvalues._view is not None  # noqa: E731
    qtbot.waitUntil(drawn, timeout=WAIT)  # in either order: the cards are drawn in turn
    return window


def test_points_are_the_eigenvalues_in_few_colours(shown: MainWindow, run_file: Path) -> None:
    card = shown.train.eigenvalues
    with open_run(run_file) as run:
        probe = run.experiment.probe_samples()
        expected = np.linalg.eigvals(run.snapshot(6).jacobians(probe)[0, 0]).ravel()
    x, y = card.plane.dots.getData()
    found = x + 1j * y
    distances = np.abs(expected[:, None] - found[None])
    assert len(found) == len(expected) and distances.min(1).max() < 1e-8
    brushes = {id(brush) for brush in card.plane.dots.data["brush"]}
    card.show_view(card._view)
    again = {id(brush) for brush in card.plane.dots.data["brush"]}
    assert len(brushes) <= COLOURS and brushes == again  # the same objects every time


def test_the_pointer_is_told_about_its_eigenvalue(shown: MainWindow) -> None:
    plane = shown.train.eigenvalues.plane
    points = plane.points
    assert points is not None
    row = int(np.abs(points.values).argmax())
    value = points.values[row]
    at = plane.plot.getViewBox().mapViewToScene(QPointF(value.real, value.imag))
    plane.plot.scene().sigMouseMoved.emit(at)
    assert plane.told == describe(points, row)
    assert f"modulus {abs(value):.4g}" in plane.told
    assert f"time scale 1/|Re λ| {1 / abs(value.real):.4g}" in plane.told
    assert f"condition {points.conditions[row]:.4g}" in plane.told
    assert f"sample {points.samples[row] + 1} · layer 1" in plane.told
    plane.plot.scene().sigMouseMoved.emit(QPointF(-50, -50))
    assert plane.told == ""


def test_the_table_follows_the_region(shown: MainWindow, qtbot: QtBot) -> None:
    card = shown.train.eigenvalues
    view = card._view
    assert view is not None
    titles = [card.table.verticalHeaderItem(k).text() for k in range(card.table.rowCount())]
    row = titles.index("unstable")
    z = 0.1 * view.eigenvalues
    sizes = {
        "explicit-euler": np.abs(1 + z),
        "rk2": np.abs(1 + z + z**2 / 2),
        "rk4": np.abs(1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24),
        "implicit-euler": np.abs(1 / (1 - z)),
    }
    assert set(sizes) == set(REGIONS)
    for name, size in sizes.items():
        card.region.setCurrentIndex(card.region.findData(name))
        assert card.table.item(row, 0).text() == f"{(size > 1).mean():.1%}"
        path = card.plane.region.path()  # -0.5/a is stable for all, +0.5/a for none
        assert path.contains(QPointF(-5, 0.7)) and not path.contains(QPointF(5, 0.7))


def test_the_table_is_aligned_and_copied(shown: MainWindow, qtbot: QtBot) -> None:
    table = shown.train.eigenvalues.table
    table.show_values({"spectral-radius": 1.23456, "ratio-real": float("nan")}, {"gelfand": 2.0})
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
    assert len(table.as_text().splitlines()) == 2


def test_axes_write_the_numbers_themselves(shown: MainWindow) -> None:
    page = shown.train
    plots = [card.plot for card in page.cards if hasattr(card, "plot")]
    plots += [page.fit.curve, page.fit.scatter, page.eigenvalues.scales.plot]
    axes = [plot.getAxis(side) for plot in plots for side in ("left", "bottom")]
    for size in (1e-4, 0.5, 5e4):
        for plot in plots:
            plot.setRange(xRange=(-size, size), yRange=(-size, size), padding=0)
        for theme in ("dark", "light"):  # colours are set anew: a scale must not come with them
            shown.choose_theme(theme)
            assert [axis.autoSIPrefixScale for axis in (*axes, page.layers.bar.axis)] == [1.0] * (
                len(axes) + 1
            )
            assert not any("x1" in axis.labelString() for axis in axes)


def test_what_is_counted_has_whole_ticks(shown: MainWindow) -> None:
    errors = shown.train.errors.plot
    for high in (2.0, 7.0, 90.0):
        spacings = errors.getAxis("bottom").tickSpacing(0.0, high, 900.0)
        assert spacings and all(step >= 1 and step == int(step) for step, _ in spacings)
    assert errors.getAxis("left").tickSpacing(0.0, 2.0, 900.0)[-1][0] < 1


@pytest.mark.parametrize("value", [0.0, 5.108e-8, 4.5678e-2, 0.56789, 9.87654, 123.456, 5.4e7])
def test_a_number_of_the_table_fits_and_keeps_its_size(value: float) -> None:
    text = number(value)
    assert len(text) <= 6 and float(text) == pytest.approx(value, rel=2e-2)


def test_all_layers_and_the_walk(shown: MainWindow, qtbot: QtBot) -> None:
    card = shown.train.eigenvalues
    card.all_layers.setChecked(True)

    def layers() -> set[int]:
        return set() if card.plane.points is None else set(card.plane.points.layers.tolist())

    qtbot.waitUntil(lambda: layers() == set(range(1, 11)), timeout=WAIT)
    assert card.colour.currentData() == "layer"
    card.all_layers.setChecked(False)
    qtbot.waitUntil(lambda: layers() == {1}, timeout=WAIT)
    card.animate.setChecked(True)
    qtbot.waitUntil(lambda: layers() == {3}, timeout=WAIT)
    card.animate.setChecked(False)
    assert not card._walk.isActive()


def test_every_eigenvalue_is_a_row_sorted_and_copied(shown: MainWindow, qtbot: QtBot) -> None:
    card = shown.train.eigenvalues
    card.below.setCurrentIndex(1)
    table, points = card.list, card.plane.points
    assert points is not None and table.isVisible()
    rows = [line.split("\t") for line in table.as_text().splitlines()]
    assert rows[0][:3] == ["Re λ", "Im λ", "|λ|"] and len(rows) == 1 + len(points.values)
    moduli = np.array([float(row[2]) for row in rows[1:]])
    np.testing.assert_allclose(moduli, np.sort(np.abs(points.values))[::-1], rtol=1e-8)
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    card.show_view(card._view)  # a newer view keeps the order asked for
    rows = [line.split("\t") for line in table.as_text().splitlines()[1:]]
    np.testing.assert_allclose(
        [float(row[0]) for row in rows], np.sort(points.values.real), rtol=1e-8
    )
    table.selectRow(0)
    table.setFocus()
    qtbot.keySequence(table, QKeySequence(QKeySequence.StandardKey.Copy))
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 2 and float(lines[1].split("\t")[0]) == pytest.approx(
        points.values.real.min()
    )


def test_time_scales_count_every_mode(shown: MainWindow) -> None:
    card = shown.train.eigenvalues
    card.below.setCurrentIndex(2)
    points = card.plane.points
    assert points is not None and card.scales.plot.isVisible()
    decaying, growing = card.scales.counts.sum(1)
    assert (decaying, growing) == ((points.values.real < 0).sum(), (points.values.real > 0).sum())
    assert card.scales._step.value() == pytest.approx(-1)  # a = 0.1 on a logarithmic axis


def test_contours_come_on_demand(shown: MainWindow, qtbot: QtBot, run_file: Path) -> None:
    card = shown.train.eigenvalues
    assert not card.plane.contours
    card.contours.setChecked(True)
    qtbot.waitUntil(lambda: bool(card.plane.contours), timeout=WAIT)
    found = card._view.pseudospectrum
    with open_run(run_file) as run:
        jacobian = run.snapshot(6).jacobians(run.experiment.task.data().x_train[:1])[0, 0, 0]
    z = found.real[5] + 1j * found.imag[9]
    expected = np.linalg.svd(z * np.eye(20) - jacobian, compute_uv=False)[-1]
    assert found.smallest[9, 5] == pytest.approx(expected, rel=1e-9)
    # A line lies where the grid says: the ends of the widest contour in the plane.
    line, level = card.plane.contours[0], found.levels()[0]
    drawn = line.mapRectToParent(line.boundingRect())
    inside = np.flatnonzero((found.smallest < level).any(0))
    cell = found.real[1] - found.real[0]
    assert abs(drawn.left() - found.real[inside[0]]) <= cell
    assert abs(drawn.right() - found.real[inside[-1]]) <= cell
    rows = np.flatnonzero((found.smallest < level).any(1))
    cell = found.imag[1] - found.imag[0]
    assert abs(drawn.bottom() - found.imag[rows[-1]]) <= cell
    assert abs(drawn.top() - found.imag[rows[0]]) <= cell
    card.contours.setChecked(False)
    qtbot.waitUntil(lambda: not card.plane.contours, timeout=WAIT)


def test_the_view_and_the_figure_show_one_fit(shown: MainWindow, run_file: Path) -> None:
    fit = shown.train.fit._fit
    assert fit is not None
    with open_run(run_file) as run:
        table = FIGURES["fit"][1]([run], Options())
        direct = fit_of(run.experiment.task, run.snapshot(6), 0)
    np.testing.assert_allclose(fit.network[:, 0], table["network f(x)"], rtol=1e-12)
    np.testing.assert_allclose(fit.network, direct.network, rtol=1e-12)
    assert fit.square(fit.x, 0)[0, -1] == 5 and fit.square(fit.x, 1)[-1, 0] == 5


def test_beyond_two_inputs_the_fit_is_a_scatter_or_a_slice(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    settings = {"task.dimension": 3, "training.epochs": 2, "watch.every": 2}
    train(presets["alpine02"].with_settings(settings), out=tmp_path / "three.stiff")
    page, card = window.train, window.train.fit
    page.bench.open_file(tmp_path / "three.stiff")
    qtbot.waitUntil(lambda: card._slices is not None, timeout=WAIT)
    assert card.figure == "fit" and card.stack.currentWidget() is card.scatter
    card.along.setCurrentIndex(2)
    assert card.figure == "slices" and card.stack.currentWidget() is card.curve
    slices = card._slices
    assert slices is not None and slices.target is not None
    x, network = card._curves[1].getData()
    np.testing.assert_array_equal(x, slices.x[1])
    np.testing.assert_array_equal(network, slices.network[1, :, 0])
    assert card.curve.getAxis("bottom").labelText == "x2" and "medians" in card.legend.text()
    path = tmp_path / "slice.csv"
    page.export("slices", path)
    qtbot.waitUntil(path.exists, timeout=WAIT)
    qtbot.waitUntil(lambda: str(path) in window.banner.text(), timeout=WAIT)
    written = pd.read_csv(path)
    assert set(written["input"]) == {"x2"}
    np.testing.assert_allclose(written["network f(x)"], network, rtol=1e-9)
    card.along.setCurrentIndex(0)
    assert card.figure == "fit" and card.stack.currentWidget() is card.scatter


def test_a_click_on_layers_selects_both(shown: MainWindow, qtbot: QtBot) -> None:
    card = shown.train.layers
    shown.train.refresh()
    at = card.plot.getViewBox().mapViewToScene(QPointF(4.0, 7.0))
    assert card.place(at) == (7, 4)
    card.plot.scene().sigMouseMoved.emit(at)
    assert card.told.startswith("layer 7 · epoch 4\nSpectral radius ")
    with qtbot.waitSignal(card.picked) as picked:
        card.plot.scene().sigMouseClicked.emit(_Click(at))
    assert picked.args == [7, 4]
    shown.train.refresh()
    assert shown.train.eigenvalues.layer.value() == 7 and shown.train.timeline.epoch == 4
    x, y = card.frames[1].getData()
    assert 4.0 in x and (y.min(), y.max()) == (6.5, 7.5)
    run = shown.train.bench.shown
    assert run is not None
    expected = np.median(run.history.indices["spectral-radius"][:, :, 6], axis=1)
    assert card.value_at(7, 6) == pytest.approx(expected[-1])
    card.logarithmic.setChecked(True)
    shown.train.refresh()
    known = np.log10(card._values)
    np.testing.assert_allclose(card.bar.levels(), (known.min(), known.max()), rtol=1e-6)


class _Click:
    def __init__(self, at: QPointF) -> None:
        self._at = at

    def scenePos(self) -> QPointF:
        return self._at


# ------------------------------------------------------------------ the fit card by itself


def maps() -> Fit:
    axis = np.linspace(-2, 3, 11)
    x = np.stack([a.ravel() for a in np.meshgrid(axis, axis)], axis=1)
    target = np.stack([x[:, 0] + x[:, 1], x[:, 0] * x[:, 1]], axis=1)
    return Fit("maps", x, target, target * 1.5, ("u", "v"), ("sum", "product"), side=11)


@pytest.mark.parametrize("size", [(290, 290), (580, 260), (900, 200), (240, 500)])
def test_pictures_fill_their_place_without_overlap(qtbot: QtBot, size: tuple[int, int]) -> None:
    widget = FitMaps()
    qtbot.addWidget(widget)
    widget.resize(*size)
    widget.show_fit(maps(), 0)
    pictures, bars = widget.places()
    everything = [*pictures, *bars]
    for k, place in enumerate(everything):
        assert widget.rect().toRectF().contains(place)
        assert not any(place.intersects(other) for other in everything[k + 1 :])
    covered = sum(p.width() * p.height() for p in pictures)
    assert covered > 0.3 * size[0] * size[1]
    assert len({(round(p.width()), round(p.height())) for p in pictures}) == 1


def test_a_picture_has_its_colours_and_the_pointer_its_numbers(qtbot: QtBot) -> None:
    widget = FitMaps()
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.set_theme(DARK)
    widget.show_fit(maps(), 1)
    target = maps().square(maps().target, 1)
    np.testing.assert_array_equal(lookup(target, -6, 9)[0, -1], 255)  # 3 * 3, top right
    colours = pg.colormap.get("viridis").map(np.array([0.0, 1.0]), "qcolor")
    assert widget._images[0].pixelColor(10, 0) == colours[1]
    assert widget._images[0].pixelColor(0, 0) == colours[0]  # -2 * 3
    corner = widget.places()[0][1].topRight() + QPointF(-0.5, 0.5)
    told = widget.describe(corner)
    assert "u = 3, v = 3" in told and "target 9" in told and "network 13.5" in told
    assert "network − target 4.5" in told and widget.describe(QPointF(0, 0)) == ""


def test_scores_and_outputs(qtbot: QtBot) -> None:
    card = FitCard()
    qtbot.addWidget(card)
    card.set_theme(LIGHT)
    rng = np.random.default_rng(1)
    x, target = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    fit = Fit("scatter", x, target, target + 0.1, ("a", "b", "c"), ("p", "q"), train=20)
    card.resize(400, 300)
    card.show()
    card.show_fit(fit)
    assert card.output.isVisible() and card.output.count() == 2
    r2, rmse = fit.scores("test", 0)
    assert rmse == pytest.approx(0.1)
    residual = ((fit.network - target)[20:, 0] ** 2).sum()
    spread = ((target[20:, 0] - target[20:, 0].mean()) ** 2).sum()
    assert r2 == pytest.approx(1 - residual / spread)
    assert f"test R² {r2:.3f}, RMSE 0.1" in card.note.text()
    card.output.setCurrentIndex(1)
    np.testing.assert_array_equal(card._dots[0].getData()[0], target[:20, 1])
    assert card.export_options() == {"output": 1}


def test_a_curve_names_target_and_network(qtbot: QtBot) -> None:
    card = FitCard()
    qtbot.addWidget(card)
    card.set_theme(LIGHT)
    x = np.linspace(0, 1, 9)[:, None]
    card.show_fit(Fit("curve", x, x, np.full_like(x, 0.5), ("t",), ("y",), side=9))
    assert "target" in card.legend.text() and "network" in card.legend.text()
    np.testing.assert_array_equal(card._curves[1].getData()[1], 0.5)
    assert "R² 0.000" in card.note.text()


def test_a_power_method_that_has_not_converged_is_marked(shown: MainWindow, qtbot: QtBot) -> None:
    table = shown.train.eigenvalues.table
    column = 1 + table.proxies.index("power")
    titles = [table.verticalHeaderItem(k).text() for k in range(table.rowCount())]
    cell = table.item(titles.index("spectral radius"), column)
    table.show_values({}, {"power": 0.5}, 0.2)
    assert cell.text() == "0.5000?" and "2.0e-01: not converged" in cell.toolTip()
    table.show_values({}, {"power": 0.5}, 1e-9)
    assert cell.text() == "0.5000" and "1.0e-09: converged" in cell.toolTip()
