"""The timeline on the real window: ticks, drag, arrow keys, playing; and legends of many runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stiffgui.figures.picture import Curve
from stiffgui.gui.train.timeline import SPEEDS
from stiffgui.gui.train.workspace import TrainWorkspace
from stiffgui.gui.window import MainWindow
from tests.gui.opening import open_file

WAIT = 120_000


@pytest.fixture
def page(window: MainWindow, run_file: Path, qtbot: QtBot) -> TrainWorkspace:
    window.resize(1280, 800)
    train = window.train
    open_file(train, run_file)
    drawn = lambda: train.fit.picture is not None and train.eigenvalues.picture is not None  # noqa: E731
    qtbot.waitUntil(drawn, timeout=WAIT)
    train.refresh()
    return train


def shows(page: TrainWorkspace, epoch: int) -> bool:
    """Whether plane, fit and the frame in the map of layers show an epoch."""
    plane, fit = page.eigenvalues.picture, page.fit.picture
    assert plane is not None and fit is not None
    frame, _ = page.layers.view.views[0].frame_line
    return plane.place[0] == epoch and fit.place[0] == epoch and epoch in frame


def test_ticks_drag_and_arrow_keys(page: TrainWorkspace, qtbot: QtBot) -> None:
    slider, run = page.timeline.slider, page.bench.shown
    assert run is not None and slider.kept == run.snapshot_epochs == list(range(7))
    places = [slider.place_of(epoch) for epoch in slider.kept]
    assert places == sorted(set(places)) and places[0] >= 0 and places[-1] < slider.width()
    image = slider.grab().toImage()
    ratio = image.devicePixelRatio()
    row = [image.pixelColor(int(x * ratio), image.height() - 2) for x in range(slider.width())]
    background = row[(places[2] + places[3]) // 2]
    free = row[: places[6] - 15]  # the handle stands at the last one
    assert {x for x, colour in enumerate(free) if colour != background} == set(places[:6])

    middle = slider.height() // 2
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(places[4], middle))
    assert page.state.epoch == 4 and not page.timeline.live
    qtbot.waitUntil(lambda: shows(page, 4), timeout=WAIT)
    at = QPointF(places[2] + 3, middle)
    held = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    drag = QMouseEvent(QEvent.Type.MouseMove, at, slider.mapToGlobal(at), *held)
    QApplication.sendEvent(slider, drag)
    assert page.state.epoch == 2
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=at.toPoint())
    qtbot.waitUntil(lambda: shows(page, 2), timeout=WAIT)

    slider.setFocus()
    for key, epoch in ((Qt.Key.Key_Left, 1), (Qt.Key.Key_Right, 2), (Qt.Key.Key_PageUp, 6)):
        QTest.keyClick(slider, key)
        assert page.state.epoch == epoch
    QTest.keyClick(slider, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: shows(page, 0), timeout=WAIT)


def test_arrow_keys_reach_epochs_that_are_far_apart(page: TrainWorkspace) -> None:
    timeline = page.timeline
    timeline.set_range(1000, 1000, [0, 10, 400, 1000])
    timeline.go_to(10)
    for key, epoch in ((Qt.Key.Key_Right, 400), (Qt.Key.Key_Right, 1000), (Qt.Key.Key_Left, 400)):
        QTest.keyClick(timeline.slider, key)
        assert timeline.epoch == epoch == timeline.slider.value()


def test_playing_has_a_speed_and_a_loop(page: TrainWorkspace, qtbot: QtBot) -> None:
    timeline = page.timeline
    for speed in SPEEDS:
        timeline.speed.setCurrentIndex(timeline.speed.findData(speed))
        assert timeline._walk.interval() == 1000 // speed
    seen: list[int] = []
    timeline.moved.connect(seen.append)
    timeline.loop.setChecked(True)
    timeline.play.setChecked(True)
    qtbot.waitUntil(lambda: seen[-3:] == [0, 1, 2] and 6 in seen, timeout=WAIT)
    assert timeline.play.isChecked()
    timeline.loop.setChecked(False)
    qtbot.waitUntil(lambda: not timeline.play.isChecked(), timeout=WAIT)
    assert timeline.epoch == 6
    qtbot.waitUntil(lambda: shows(page, 6), timeout=WAIT)


def test_playing_waits_for_a_slow_view(
    page: TrainWorkspace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[Any] = []
    ask = page.requests.ask
    monkeypatch.setattr(page.requests, "ask", lambda *a, **k: waiting.append((a, k)))
    timeline = page.timeline
    timeline.go_to(3)
    timeline.speed.setCurrentIndex(timeline.speed.findData(20))
    timeline.play.setChecked(True)
    qtbot.wait(500)  # ten frames
    assert timeline.epoch == 3 and len(waiting) == 1
    monkeypatch.setattr(page.requests, "ask", ask)
    [(arguments, named)] = waiting
    ask(*arguments, **named)
    qtbot.waitUntil(lambda: timeline.epoch > 3, timeout=WAIT)
    timeline.play.setChecked(False)


def test_many_runs_are_told_apart(
    page: TrainWorkspace, qtbot: QtBot, run_file: Path, tmp_path: Path
) -> None:
    for number in range(4):
        open_file(page, shutil.copy(run_file, tmp_path / f"run{number}.stiff"))
    page.refresh()
    page.views.enlarge(page.stiffness)  # where there is room for every entry
    labels = page.stiffness.view.legend.labels
    qtbot.waitUntil(lambda: len([b for b in labels if b.isVisible()]) == 6, timeout=5000)
    entries = [label.entry for label in labels if label.isVisible()]
    names = [entry.name for entry in entries]
    assert names == ["run3", "spectral radius", "small", "run0", "run1", "run2"]
    assert len({entry.colour for entry in entries}) == 5  # of five runs
    assert len(list(page.stiffness.picture.panels[0].items)) == 10  # type: ignore[union-attr]
    page.stiffness.set(indices=("frobenius", "singular"))
    page.refresh()
    shown = [label.entry.name for label in labels if label.isVisible()]
    assert shown[:3] == ["run3", "frobenius", "singular"]


def test_a_hand_on_the_timeline_ends_playing(page: TrainWorkspace, qtbot: QtBot) -> None:
    timeline, slider = page.timeline, page.timeline.slider
    timeline.loop.setChecked(True)
    timeline.speed.setCurrentIndex(len(SPEEDS) - 1)
    place = QPoint(slider.place_of(2), slider.height() // 2)
    press = lambda: QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=place)  # noqa: E731
    for end, epoch in ((press, 2), (timeline.button.click, None)):
        timeline.play.click()
        qtbot.waitUntil(lambda: page.state.epoch is not None, timeout=WAIT)
        end()
        assert not timeline.play.isChecked()
        if end is press:  # else it is pressed for all tests to come
            QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=place)
        qtbot.wait(200)
        assert page.state.epoch == epoch


def test_legends_tell_the_values_of_the_epoch_that_is_shown(page: TrainWorkspace) -> None:
    card = page.errors
    curve = next(page.errors.picture.panels[0].of(Curve))  # type: ignore[union-attr]
    label = card.view.legend.labels[0]
    first, last = f"train {curve.y[0]:.3g}", f"train {curve.y[-1]:.3g}"
    assert label.text() == last
    page.timeline.go_to(int(curve.x[0]))
    page.refresh()
    assert label.text() == first and card.note.text() == f"epoch {curve.x[0]:g}"
    card.point_at(float(curve.x[3]))  # the pointer comes first
    assert label.text() == f"train {curve.y[3]:.3g}"
    card.point_at(None)
    assert label.text() == first
    page.timeline.go_live()
    page.refresh()
    assert label.text() == last
