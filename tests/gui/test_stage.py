"""Where the cards of Train stand: enlarged, spread over the page, floating, behind tabs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from stiffgui.gui.application import make_window
from stiffgui.gui.editors import Editor
from stiffgui.gui.plots.folding_bar import FoldingBar
from stiffgui.gui.theme import DARK, LIGHT
from stiffgui.gui.train.stage import PANEL_SHARE
from stiffgui.gui.train.workspace import TrainWorkspace
from stiffgui.gui.window import MainWindow
from tests.gui.opening import open_file

WAIT = 120_000


def seen(page: TrainWorkspace) -> list[str]:
    return [card.title for card in page.cards if card.is_seen]


def area(card: QWidget) -> int:
    return card.width() * card.height()


def open_run(page: TrainWorkspace, run_file: Path, qtbot: QtBot) -> None:
    open_file(page, run_file)
    qtbot.waitUntil(
        lambda: page.fit.picture is not None and page.eigenvalues.picture is not None, timeout=WAIT
    )


def test_the_plane_is_large_and_any_card_changes_places_with_it(
    window: MainWindow, qtbot: QtBot, run_file: Path
) -> None:
    page, stage = window.train, window.train.views
    window.resize(1280, 900)
    open_run(page, run_file, qtbot)
    column = ["Errors", "Stiffness", "Layers", "Fit"]
    qtbot.waitUntil(lambda: seen(page) == ["Eigenvalues", *column], timeout=5000)
    plane = page.eigenvalues.view.views[0]
    qtbot.waitUntil(lambda: plane.width() > 500 and plane.height() > 330, timeout=5000)
    assert plane.inset is not None and plane.inset.isVisible()
    assert all(area(page.eigenvalues) > 5 * area(card) for card in page.cards[1:5])

    [enlarge] = [b for b in page.fit.findChildren(QToolButton) if b.text() == "⤢"]
    place = page.fit.mapTo(window, QPoint(0, 0))
    enlarge.click()
    qtbot.waitUntil(lambda: area(page.fit) > 5 * area(page.eigenvalues), timeout=5000)
    assert page.eigenvalues.mapTo(window, QPoint(0, 0)) == place
    assert not enlarge.isVisible() and not page.eigenvalues.tools.region.isVisible()
    assert stage.docks["Eigenvalues"].toggleViewAction().text() == "Eigenvalues"
    page.eigenvalues.layer.setValue(3)  # both go on showing what is chosen
    qtbot.waitUntil(lambda: page.eigenvalues.picture.place[1] == 3, timeout=WAIT)  # type: ignore[union-attr]
    [action] = [a for a in window._found() if a.text() == "Eigenvalues in the middle"]
    action.trigger()
    qtbot.waitUntil(lambda: page.eigenvalues.tools.region.isVisible(), timeout=5000)
    assert stage.large is page.eigenvalues


@pytest.mark.parametrize(("height", "count"), [(900, 5), (800, 4)])
def test_a_double_click_on_a_title_spreads_a_card_and_escape_brings_all_back(
    window: MainWindow, qtbot: QtBot, run_file: Path, height: int, count: int
) -> None:
    page = window.train
    window.resize(1280, height)  # with cards behind tabs, or without
    open_run(page, run_file, qtbot)
    qtbot.waitUntil(lambda: len(seen(page)) == count, timeout=5000)
    before = [card.geometry() for card in page.cards]
    QTest.mouseDClick(page.stiffness, Qt.MouseButton.LeftButton, pos=QPoint(40, 12))
    qtbot.waitUntil(lambda: seen(page) == ["Stiffness"], timeout=5000)
    assert page.stiffness.width() > 0.95 * page.width() and page.timeline.isVisible()
    page.bench.running = page.bench.shown  # Escape would stop it
    QTest.keyClick(window, Qt.Key.Key_Escape)
    page.bench.running = None
    qtbot.waitUntil(lambda: len(seen(page)) == count, timeout=5000)
    assert page.views.large is page.eigenvalues
    qtbot.waitUntil(lambda: [card.geometry() for card in page.cards] == before, timeout=5000)
    QTest.mouseDClick(page.stiffness.view.views[0], Qt.MouseButton.LeftButton)  # its view only
    assert len(seen(page)) == count
    for on in (True, False):
        page.views.present(on)
    qtbot.waitUntil(lambda: [card.geometry() for card in page.cards] == before, timeout=5000)


def test_a_card_floats_with_a_frame(window: MainWindow, qtbot: QtBot, run_file: Path) -> None:
    page, stage = window.train, window.train.views
    open_run(page, run_file, qtbot)
    grip = stage.docks["Layers"].titleBarWidget()
    for card in (page.layers, page.eigenvalues):
        stage.let_float(card)
        dock = stage.docks[card.title]
        qtbot.waitUntil(lambda d=dock: d.isFloating() and d.titleBarWidget() is None, timeout=9000)
        qtbot.waitUntil(lambda card=card: card.is_seen, timeout=5000)
        assert card.window() is dock and dock.windowTitle() == card.title
    assert stage.large is page.errors
    stage.default_layout()
    qtbot.waitUntil(lambda: stage.large is page.eigenvalues, timeout=5000)
    assert not any(dock.isFloating() for dock in stage.docks.values())
    qtbot.waitUntil(lambda: stage.docks["Layers"].titleBarWidget() is grip, timeout=5000)


def test_places_are_remembered(qtbot: QtBot, qapp: QApplication, home: Path) -> None:
    for expected, then in (("Eigenvalues", "fit"), ("Fit", "layers"), ("Layers", "layers")):
        window = make_window(qapp, home / "runs")
        window.resize(1280, 800)
        window.show()
        stage = window.train.views
        assert stage.large.title == expected
        assert sorted(stage.docks) == sorted(
            {c.title for c in window.train.cards if c is not stage.large}
            | {"Experiment", "Timeline"}
        )
        stage.enlarge(getattr(window.train, then))
        window.close()
        window.deleteLater()
        qtbot.wait(50)


def test_nothing_is_cut_off_in_any_window(window: MainWindow, qtbot: QtBot, run_file: Path) -> None:
    page = window.train
    open_run(page, run_file, qtbot)
    window.toasts.clear("Train")
    for (width, height), rows in (((1024, 700), 3), ((1280, 900), 4), ((1024, 700), 3)):
        window.resize(width, height)
        qtbot.wait(100)
        qtbot.waitUntil(lambda n=rows: len(seen(page)) == 1 + n, timeout=5000)
        assert (window.width(), window.height()) == (width, height)
        for card in page.cards[:5]:
            if card.is_seen:
                left, top = (
                    card.mapTo(window, QPoint(0, 0)).x(),
                    card.mapTo(window, QPoint(0, 0)).y(),
                )
                assert left >= 0 and left + card.width() <= width
                assert top >= 0 and top + card.height() <= height
        tools = page.eigenvalues.tools
        for control in (tools.region, tools.all_layers, tools.contours, tools.below, tools.frame):
            right = control.mapTo(tools, QPoint(control.width(), 0)).x()
            assert control.isVisible() and right <= tools.width()
    bars = [bar for bar in page.views.tab_bars() if bar.isVisible()]
    assert [bar.tabText(1) for bar in bars] == ["Layers"]
    bars[0].setCurrentIndex(1)
    qtbot.waitUntil(lambda: page.layers.is_seen and not page.fit.is_seen, timeout=5000)
    window.resize(860, 640)
    qtbot.wait(100)
    for name in ("run", "pause", "step", "stop", "export"):
        [button] = [b for b in page.bar.findChildren(QToolButton) if b.objectName() == name]
        right = button.mapTo(window, QPoint(button.width(), 0)).x()
        assert button.isVisible() and right <= window.width(), name
        words = button.fontMetrics().horizontalAdvance(button.text())
        assert button.width() >= words


def test_a_small_window_that_showed_another_place_first_is_laid_out_like_any_other(
    qtbot: QtBot, qapp: QApplication, home: Path
) -> None:
    window = make_window(qapp, home / "runs")
    window.resize(1024, 700)
    window.show()
    window.show_place("Study")
    qtbot.wait(300)
    window.show_place("Train")
    stage, panel = window.train.views, window.train.panel
    qtbot.waitUntil(lambda: len(seen(window.train)) == 4, timeout=5000)
    share = PANEL_SHARE * stage.width()
    qtbot.waitUntil(lambda: panel.width() <= share, timeout=5000)
    stage.default_layout()
    qtbot.wait(100)
    assert panel.width() <= share
    window.close()
    window.deleteLater()


def test_no_bar_of_tabs_is_left_behind(window: MainWindow, qtbot: QtBot) -> None:
    stage = window.train.views

    def left_behind() -> list[list[str]]:
        ends = [d.geometry().topLeft() for d in stage.docks.values() if d.isVisible()]
        bars = [b for b in stage.findChildren(QTabBar) if b.isVisible() and b.count() > 1]
        return [
            [bar.tabText(k) for k in range(bar.count())]
            for bar in bars
            if bar.geometry().bottomLeft() + QPoint(0, 1) not in ends
        ]

    window.resize(1024, 700)
    for step in (
        lambda: window.choose_theme("dark"),
        window.toggle_presenter,
        lambda: window.resize(1280, 800),
        window.toggle_presenter,
        lambda: window.resize(1920, 1080),
        lambda: stage.enlarge(window.train.trajectories),
        stage.default_layout,
        lambda: window.resize(1024, 700),
        lambda: stage.maximise(window.train.fit),
        stage.restore,
    ):
        step()
        qtbot.wait(150)
        qtbot.waitUntil(lambda: not left_behind(), timeout=3000)
    assert [bar.tabText(1) for bar in stage.tab_bars() if bar.isVisible()] == ["Layers"]
    assert stage.large is window.train.eigenvalues


def test_an_explanation_leaves_the_window_as_large_as_it_is(
    window: MainWindow, qtbot: QtBot
) -> None:
    page = window.train
    for width, beside in ((1024, False), (1400, True), (1024, False)):
        window.resize(width, 700)
        page.explanation.show_index("log-norm")
        qtbot.wait(100)
        assert window.width() == width
        reach = page.views.geometry().right()
        assert (reach < page.explanation.x()) == beside
        assert page.explanation.geometry().right() <= page.width()
    page.explanation.hide()
    qtbot.waitUntil(lambda: page.views.width() == page.width(), timeout=3000)


def test_cards_are_empty_again_when_the_last_run_is_gone(
    window: MainWindow, qtbot: QtBot, run_file: Path
) -> None:
    page = window.train
    window.resize(1280, 800)
    shown = (page.eigenvalues, page.errors, page.layers, page.fit)
    for _ in range(2):  # what is opened again is drawn again
        open_run(page, run_file, qtbot)
        qtbot.waitUntil(lambda: all(c.view.isVisible() for c in shown), timeout=WAIT)
        assert page.eigenvalues.headline.isVisible()
        assert page.bench.shown is not None
        page.bench.remove(page.bench.shown)
        assert not any(card.view.isVisible() for card in shown)
        assert not page.timeline.slider.kept
        assert not page.eigenvalues.headline.isVisible() and page.eigenvalues.drawn_epoch == -1


def test_the_strip_of_layers_shows_the_chosen_index(
    window: MainWindow, qtbot: QtBot, run_file: Path
) -> None:
    page = window.train
    window.resize(1280, 800)
    open_run(page, run_file, qtbot)
    page.refresh()
    strip = page.eigenvalues.layer
    run = page.bench.shown
    assert run is not None and strip.maximum() == 10
    radii = run.history.indices["spectral-radius"][-1, 0]
    np.testing.assert_allclose(strip.values, radii, rtol=1e-9)
    page.layers.index.setCurrentIndex(page.layers.index.findData("frobenius"))
    qtbot.waitUntil(lambda: strip.colours.label == "Frobenius norm", timeout=WAIT)
    np.testing.assert_allclose(strip.values, run.history.indices["frobenius"][-1, 0], rtol=1e-9)
    for theme in (DARK, LIGHT):
        window.choose_theme("dark" if theme is DARK else "light")
        image = strip.grab().toImage()
        ratio = image.devicePixelRatio()
        lightness = []
        for layer in (int(np.argmin(strip.values)) + 1, int(np.argmax(strip.values)) + 1):
            cell = strip.cell(layer)
            at = (cell.topLeft() * ratio).toPoint() + QPoint(4, 5)
            lightness.append(image.pixelColor(at).lightness())
        assert lightness[0] < lightness[1]
    at = strip.cell(8).center().toPoint()
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=at)
    assert page.state.layer == 8
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert page.state.layer == 7


def test_a_window_that_grows_cuts_no_choice_of_the_panel(window: MainWindow, qtbot: QtBot) -> None:
    def cut() -> list[str]:
        """Choices that their field is too narrow for."""
        found = []
        for field in window.train.panel.findChildren(QComboBox):
            option = QStyleOptionComboBox()
            field.initStyleOption(option)
            parts = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
            room = field.style().subControlRect(parts[0], option, parts[1]).width()
            texts = [field.itemText(k) for k in range(field.count())] if field.isVisible() else []
            found += [t for t in texts if field.fontMetrics().horizontalAdvance(t) > room]
        return found

    window.resize(1024, 700)
    qtbot.wait(200)
    assert "affine-tanh" not in cut()
    window.resize(1280, 800)
    qtbot.waitUntil(lambda: not cut(), timeout=5000)


def test_no_picture_of_fit_stands_under_its_colour_scale(
    window: MainWindow, run_file: Path, qtbot: QtBot
) -> None:
    page = window.train
    window.resize(1024, 700)
    open_run(page, run_file, qtbot)
    qtbot.waitUntil(lambda: page.fit.is_seen and len(page.fit.view.views) == 3, timeout=WAIT)
    for height in range(620, 740, 8):  # two rows have as much room as one, but for the scales
        window.resize(1024, height)
        qtbot.wait(30)
        for frame in page.fit.view.frames:
            assert frame.view.geometry().bottom() < frame.bar.geometry().top(), height


def test_the_column_is_wider_in_a_wider_window_and_as_before_after_a_small_one(
    window: MainWindow, run_file: Path, qtbot: QtBot
) -> None:
    page, stage = window.train, window.train.views
    open_run(page, run_file, qtbot)

    def resized(width: int, height: int) -> tuple[int, int]:
        window.resize(width, height)
        qtbot.wait(100)
        return page.errors.width(), page.panel.width()

    column, panel = resized(1280, 800)
    assert resized(1920, 1080)[0] > 1.4 * column
    resized(900, 700)
    back = resized(1280, 800)
    assert np.abs(np.subtract(back, (column, panel))).max() <= 6
    for width in (*range(1280, 1500, 7), *range(1500, 1280, -7)):
        window.resize(width, 800)
        qtbot.wait(5)
    assert np.abs(np.subtract(resized(1280, 800), back)).max() <= 6
    edge = QPointF(stage.docks["Errors"].geometry().left() - 2, 100)
    left, kinds = Qt.MouseButton.LeftButton, QEvent.Type
    for kind, at in (
        (kinds.MouseButtonPress, edge),
        (kinds.MouseMove, edge - QPointF(100, 0)),
        (kinds.MouseButtonRelease, edge - QPointF(100, 0)),
    ):
        where = QPointF(stage.mapToGlobal(at.toPoint()))
        keys = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(stage, QMouseEvent(kind, at, where, left, left, keys))
        qtbot.wait(50)
    chosen = page.errors.width()
    assert chosen > column + 50
    assert abs(resized(1600, 800)[0] - chosen * 1600 / 1280) < 12
    resized(1280, 800)
    assert all(c.view.height() > 70 for c in (page.errors, page.stiffness) if c.is_seen)


def test_a_lecture_has_a_larger_plane_in_a_usual_window(
    window: MainWindow, run_file: Path, qtbot: QtBot
) -> None:
    page = window.train
    window.resize(1280, 800)
    open_run(page, run_file, qtbot)
    qtbot.wait(200)
    before = area(page.eigenvalues.view.views[0])
    window.toggle_presenter()
    qtbot.waitUntil(lambda: area(page.eigenvalues.view.views[0]) > before, timeout=5000)
    window.toggle_presenter()
    qtbot.waitUntil(page.runs.isVisible, timeout=5000)


def test_a_small_card_does_without_controls_and_a_large_one_names_them(
    window: MainWindow, qtbot: QtBot, run_file: Path
) -> None:
    page = window.train
    window.resize(1280, 800)
    open_run(page, run_file, qtbot)
    card = page.views.others["comparison"]
    page.views.show_beside(card)
    qtbot.waitUntil(lambda: card.picture is not None, timeout=WAIT)
    [bar] = card.findChildren(FoldingBar)
    assert not bar.isVisible()
    page.views.enlarge(card)
    qtbot.waitUntil(lambda: bar.isVisible() and bar.more.isVisible(), timeout=5000)
    captions = {label.text(): label for label in bar.findChildren(QLabel)}
    assert {"Stability region", "Epoch of A", "Layout"} <= captions.keys()
    editor = captions["Epoch of A"].buddy()
    assert isinstance(editor, Editor)
    for value, known in (("1", 1), ("", None)):
        editor.edited.emit(value)
        assert card.settings.pinned_epoch == known  # type: ignore[attr-defined]
