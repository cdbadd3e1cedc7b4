"""What the cards beside the plane say: what is not exact, which epoch, the mean or the largest."""

from __future__ import annotations

from importlib.resources import as_file
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
from pyqtgraph import PlotCurveItem
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from stiffgui import open_run, train
from stiffgui._resources import resource
from stiffgui.figures.palette import ABOUT
from stiffgui.figures.picture import (
    Axis,
    ColourScale,
    Curve,
    Image,
    Marker,
    Panel,
    Points,
    one_panel,
)
from stiffgui.gui.plots.picture_view import PictureView
from stiffgui.gui.plots.pointed import ValueTip
from stiffgui.gui.train.cards.eigenvalues import EigenvaluesCard
from stiffgui.gui.train.cards.index_table import ROWS, IndexTable
from stiffgui.gui.train.first_look import EXAMPLES, SESSION
from stiffgui.gui.train.runs.columns import DRAWN, NUMBERS, UNKNOWN
from stiffgui.gui.window import MainWindow
from stiffgui.runs import Recording
from stiffgui.session.run_facts import facts_of_file
from stiffgui.training import Controls, Record
from tests.gui.drawn_items import FEW
from tests.gui.opening import open_file
from tests.small import small

WAIT = 120_000


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose layers are singular: rounding moves their eigenvalues near 0 by far."""
    path = tmp_path_factory.mktemp("runs") / "relu.stiff"
    indices = ("frobenius", "spectral-radius", "ratio-modulus")
    settings = {"watch__every": 1, "watch__indices": indices, "training__epochs": 6}
    train(small(architecture__activation="relu", **settings), path).close()
    return path


def test_curves_of_what_is_not_exact_are_marked(
    window: MainWindow, doubtful: Path, qtbot: QtBot
) -> None:
    page = window.train
    window.resize(1600, 1000)
    open_file(page.bench, doubtful)
    page.refresh()
    card = page.stiffness
    curves = {c.label.split(",")[0]: c for c in card.view.views[0].panel.of(Curve) if c.label}
    flagged = page.bench.runs[0].history.flagged["ratio-modulus"]
    rows = np.flatnonzero((flagged > 0).any((1, 2)))
    assert len(rows) and curves["ratio modulus"].doubtful.tolist() == rows.tolist()
    assert curves["ratio modulus"].symbol == "x" and curves["frobenius"].symbol is None
    entry = next(e for e in card.view.legend.labels if "ratio modulus" in e.text())
    assert entry.text().split()[-1].startswith(ABOUT)
    assert "× floored or ill-conditioned for some" in card.note.toolTip()


def test_the_share_of_unstable_eigenvalues_is_told_though_nobody_watched_it(
    window: MainWindow, doubtful: Path, run_file: Path, qtbot: QtBot
) -> None:
    page = window.train
    for path in (run_file, doubtful):
        open_file(page.bench, path)
    rows, place = page.runs.table.runs, page.runs.table.runs.columns.index(NUMBERS[-1])
    qtbot.waitUntil(
        lambda: all(rows.data(rows.index(k, place)) != UNKNOWN for k in range(2)), timeout=WAIT
    )
    with open_run(run_file) as run:
        step = run.experiment.architecture.step_size
        jacobians = run.snapshot(6).jacobians(run.probe_samples())
    shares = (np.abs(1 + step * np.linalg.eigvals(jacobians.astype(float))) > 1).mean((1, 2, 3))
    assert rows.data(rows.index(0, place)) == f"{100 * np.median(shares):.0f}"
    tip = rows.data(rows.index(0, place), Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("Unstable eigenvalues of the last stored network 0.")
    assert "watch.indices" in NUMBERS[-1].tip(facts_of_file(run_file))


def test_what_is_pinned_where_it_is_shown_is_the_same(card: EigenvaluesCard, qtbot: QtBot) -> None:
    card.tools.pin.click()
    qtbot.waitUntil(lambda: "A and B are the same · small" in card.note.toolTip(), timeout=WAIT)
    lines = [i for i in card.view.views[0].drawn if isinstance(i, PlotCurveItem)]
    drawn = [line.getData() for line in lines if line.getData()[0] is not None]
    x, y = max(drawn, key=lambda each: len(each[0]))
    assert len(x) > FEW
    steps = np.abs(np.diff(x + 1j * y))
    assert np.isfinite(steps).sum() == len(x) // 3 and np.nanmax(steps) == 0


def test_a_stays_pinned_while_another_run_trains_until_it_is_removed(
    window: MainWindow, card: EigenvaluesCard, qtbot: QtBot
) -> None:
    page, table = window.train, card.table
    first = page.bench.shown
    assert first is not None
    page.timeline.go_to(3)
    card.tools.pin.click()
    card.tools.below.setCurrentIndex(0)
    page.model.edit("training.epochs", 100_000)
    page.run()
    qtbot.waitUntil(lambda: "B: layer 1, epoch" in card.note.toolTip(), timeout=WAIT)
    assert card.note.toolTip().startswith("A: small, epoch 3, 16 probe samples | B: ")
    heads = [table.horizontalHeaderItem(k).text() for k in range(3)]
    assert heads == ["A", "B", "change"] and table.item(0, 0).text()
    page.bench.remove(first)
    assert any("small is no longer pinned as A" in toast.sentence for toast in window.toasts.all)
    qtbot.waitUntil(lambda: table.horizontalHeaderItem(0).text() == "exact", timeout=WAIT)
    assert not card.tools.pin.isChecked() and page.state.pinned is None
    page.bench.stop()
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=WAIT)


def test_the_swatch_of_the_selected_run_has_the_colour_of_its_curves(
    window: MainWindow, card: EigenvaluesCard
) -> None:
    table = window.train.runs.table
    index = table.sorted.index(0, table.column(DRAWN))
    assert table.selectionModel().isSelected(index)
    image, place = table.viewport().grab().toImage(), table.visualRect(index)
    row = {image.pixelColor(x, place.center().y()).name() for x in range(place.width())}
    assert table.runs.series[0].lower() in row


@pytest.mark.parametrize("width", [350, 600, 900])
def test_the_columns_of_a_b_and_change_are_whole(qtbot: QtBot, width: int) -> None:
    table = IndexTable()
    qtbot.addWidget(table)
    table.resize(width, 220)
    table.show()
    sides = {"A": 1.0, "B": 2.0}
    table.show_values({f"{s} {name}": -v for s, v in sides.items() for name in ROWS})
    table.show_values({f"{s} {name}": v for s, v in sides.items() for name in ROWS})
    advance, across = table.fontMetrics().horizontalAdvance, table.horizontalHeader()
    for column, head in enumerate(("A", "B", "change")):
        assert table.columnWidth(column) > advance(head) + 6
        assert table.item(0, column).text() == ("1.000", "2.000", "+100 %")[column]
        assert across.sectionViewportPosition(column) < 110 + 130 * column  # beside its name
    assert across.length() <= table.viewport().width()


def test_contours_are_offered_where_they_are_drawn(card: EigenvaluesCard) -> None:
    tools = card.tools
    for chosen in (tools.all_layers, tools.pin):
        chosen.click()
        assert not tools.contours.isEnabled() and "of one layer" in tools.contours.toolTip()
        chosen.click()
        assert tools.contours.isEnabled() and "seudospectrum" in tools.contours.toolTip()


@pytest.mark.parametrize("height", [70, 90, 200, 600])
def test_numbers_beside_a_low_plot_do_not_touch(qtbot: QtBot, height: int) -> None:
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(300, height)
    cells = Image(
        x=np.arange(5),
        y=np.arange(1, 11),
        values=np.ones((10, 5)),
        colours=ColourScale(label="", low=0, high=1, bar=False),
    )
    view.show_picture(one_panel(Panel(y=Axis(whole=True, limits=(0.5, 10.5)), items=(cells,))))
    view.show()
    axis = view.views[0].axes["left"]
    image = QPixmap(view.size())
    painter = QPainter(image)
    _, _, texts = axis.generateDrawSpecs(painter)
    painter.end()
    middles = sorted(rect.center().y() for rect, _, _ in texts)
    assert middles and (np.diff(middles) >= view.fontMetrics().height() - 1).all()


def test_values_under_a_resting_pointer_stay_while_a_run_trains(
    window: MainWindow, card: EigenvaluesCard, qtbot: QtBot
) -> None:
    page, tip = window.train, ValueTip.of(window)
    window.resize(1280, 900)
    qtbot.waitUntil(lambda: page.layers.is_seen and page.fit.is_seen)
    page.model.edit("training.epochs", 100_000)
    page.run()
    qtbot.waitUntil(lambda: page.plane.painted > 5 and not page.drawing.waiting, timeout=WAIT)
    for shown in (page.fit, page.layers, card):
        [view, *_] = shown.view.views
        box = view.box
        place = box.sceneBoundingRect().center()
        if shown is card:
            points = next(view.panel.of(Points))
            at = int(np.hypot(points.x, points.y)[: points.x.size // 16].argmax())  # of sample 1
            place = box.mapViewToScene(QPointF(points.x[at], points.y[at]))
        for step in (-6, -3, 0):  # quickly: what is told must not come under the pointer
            pixel = view.mapFromScene(place) + QPoint(step, step)
            QTest.mouseMove(view.viewport(), pixel)
            qtbot.wait(60)
        assert tip.isVisible(), shown.title
        before, painted, told = page.bench.running.epoch, page.plane.painted, set()
        for _ in range(20):
            qtbot.wait(100)
            assert tip.isVisible() and tip.text() == view.message != "", shown.title
            told.add(tip.text())
        assert page.bench.running.epoch > before
        assert shown is not card or (len(told) > 1 and page.plane.painted > painted)
    QTest.mouseMove(page.panel, QPoint(5, 5))
    qtbot.waitUntil(tip.isHidden, timeout=WAIT)
    page.bench.stop()
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=WAIT)


def test_a_weight_that_was_changed_stands_with_what_it_is_now(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    controls = Controls()
    changed = small(regularizer__kind="l2", regularizer__weight=0.001, training__epochs=8)
    for item in Recording(changed, tmp_path / "a.stiff", controls):
        if isinstance(item, Record) and item.epoch == 3:
            controls.change({"regularizer.weight": 0.1})
    page = window.train
    open_file(page.bench, tmp_path / "a.stiff")
    page.refresh()
    [facts] = page.runs.table.runs.rows
    assert any(text.endswith("weight = 0.001 → 0.1") for text in facts.settings)


def test_words_of_markers_leave_small_plots(qtbot: QtBot) -> None:
    view = PictureView()
    qtbot.addWidget(view)
    curve = Curve(x=np.arange(9.0), y=np.arange(9.0))
    view.show_picture(one_panel(Panel(items=(curve, Marker(at=4.0, label="Weight 0.001 → 0.1")))))
    for height, seen in ((90, False), (400, True)):
        view.resize(500, height)
        view.show()
        QTest.qWait(50)
        labels = [
            g.label
            for _, a in view.views[0]._artists
            for g in a.graphics
            if getattr(g, "label", None) is not None
        ]
        assert len(labels) == 1 and labels[0].isVisible() == seen


def test_space_pauses_what_is_played_where_nothing_trains(
    window: MainWindow, run_file: Path, qtbot: QtBot
) -> None:
    page = window.train
    open_file(page.bench, run_file)
    page.refresh()
    page.timeline.play_from_start()
    assert page.timeline.play.isChecked() and page.enabled("pause")
    page._actions["pause"].trigger()
    assert not page.timeline.play.isChecked() and not page.enabled("pause")


def test_the_session_is_kept_before_the_window_is_closed(
    window: MainWindow, run_file: Path, qtbot: QtBot
) -> None:
    page = window.train
    open_file(page.bench, run_file)
    kept = page.settings
    qtbot.waitUntil(lambda: str(run_file) in str(kept.value(SESSION)), timeout=10_000)


def test_the_share_of_a_penalty_is_told_where_the_panel_has_that_penalty(
    window: MainWindow, tmp_path: Path
) -> None:
    page, example = window.train, EXAMPLES[1]
    with as_file(resource("examples", example)) as shipped:
        open_file(page, Path(copy(shipped, tmp_path / example)))
    page.refresh()
    assert page.panel.share.isVisibleTo(page.panel)
    assert page.panel.share.text().startswith("RES stiff example: the penalty is ")
    page.load_preset("alpine02")
    page.refresh()
    assert page.model.value("regularizer.kind") == "none" and page.bench.shown is not None
    assert not page.panel.share.isVisibleTo(page.panel)


def test_maps_are_as_high_as_wide_and_a_narrow_scale_has_its_numbers(
    window: MainWindow, card: EigenvaluesCard, qtbot: QtBot
) -> None:
    fit = window.train.fit
    window.resize(1024, 700)
    qtbot.waitUntil(lambda: fit.is_seen and len(fit.view.views) == 3, timeout=WAIT)
    qtbot.wait(50)
    for frame in fit.view.frames:
        assert frame.bar.height() >= frame.bar.minimumSizeHint().height()
        assert frame.view.width() == pytest.approx(frame.view.height(), abs=6)
        low, high = frame.bar.ends
        room = frame.bar.fontMetrics().horizontalAdvance(f"{low} {high}")
        assert low and high and room <= frame.bar.width()
