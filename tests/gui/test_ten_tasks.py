"""Ten tasks of a working day by keyboard alone; how many keys each takes is counted and printed
(`pytest -s tests/gui/test_ten_tasks.py`), letters that are typed included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from stiffgui.figures.picture import Curve, Points
from stiffgui.gui.train.workspace import TrainWorkspace
from stiffgui.gui.window import MainWindow

Key = Qt.Key
PLAIN, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
BOTH = CONTROL | Qt.KeyboardModifier.ShiftModifier
WAIT = 120_000


class Keys:
    """Presses keys where the focus is, and counts them by task."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self._window, self._qtbot = window, qtbot
        self.counted: dict[str, int] = {}
        self._task = ""

    def begin(self, task: str) -> None:
        self._task = task
        self.counted[task] = 0

    def press(self, key: Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        self.counted[self._task] += 1
        if QApplication.activeWindow() is None:  # no window manager gives keys back to one
            self._window.activateWindow()
            self._qtbot.waitUntil(self._window.isActiveWindow)
        QTest.keyClick(QApplication.focusWidget() or self._window, key, modifier)

    def type(self, text: str) -> None:
        for letter in text:
            self.counted[self._task] += 1
            QTest.keyClicks(QApplication.focusWidget(), letter)

    def palette(self, words: str) -> None:
        """Open the palette, type, Enter."""
        self.press(Key.Key_P, BOTH)
        self._qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QDialog))
        self._qtbot.waitUntil(
            lambda: QApplication.activeModalWidget() is QApplication.focusWidget().window()  # type: ignore[union-attr]
        )
        self.type(words)
        self.press(Key.Key_Return)
        self._qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
        self._window.activateWindow()  # as a window manager does
        self._qtbot.waitUntil(self._window.isActiveWindow)


@pytest.fixture
def keys(window: MainWindow, qtbot: QtBot) -> Iterator[Keys]:
    window.resize(1280, 800)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    keys = Keys(window, qtbot)
    yield keys
    for task, count in keys.counted.items():
        print(f"{task:55s}{count:4d} keys")


def ended(page: TrainWorkspace) -> bool:
    return not page.bench.busy


def unstable(page: TrainWorkspace) -> float:
    picture = page.eigenvalues.picture
    assert picture is not None
    return picture.numbers.get("unstable", float("nan"))


def test_a_working_day(keys: Keys, window: MainWindow, qtbot: QtBot, home: Path) -> None:
    page = window.train
    card = page.eigenvalues

    keys.begin("train RES")
    keys.palette("epochs 300")
    assert page.model.value("training.epochs") == 300
    keys.press(Key.Key_R, CONTROL)
    qtbot.waitUntil(lambda: page.bench.busy, timeout=WAIT)
    qtbot.waitUntil(lambda: ended(page), timeout=WAIT)

    keys.begin("train RES stiff, and overlay both")
    keys.palette("penalty stiffness")
    keys.press(Key.Key_R, CONTROL)
    qtbot.waitUntil(lambda: page.bench.busy, timeout=WAIT)
    qtbot.waitUntil(lambda: ended(page), timeout=WAIT)
    page.refresh()
    groups = {curve.group for curve in page.errors.view.views[0].panel.of(Curve)}
    assert groups == {"alpine02-1", "alpine02-2"}

    keys.begin("look at RES again")
    table = page.runs.table
    page.setFocus()  # where it is in a fresh window until a plot is clicked
    window.toasts.clear("Train")  # each message is a stop of Tab
    while QApplication.focusWidget() is not table:
        keys.press(Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
        assert keys.counted["look at RES again"] < 12
    keys.press(Key.Key_Up)
    keys.press(Key.Key_Return)
    qtbot.waitUntil(lambda: page.state.run is page.bench.runs[0], timeout=WAIT)
    qtbot.waitUntil(
        lambda: bool(card.picture) and card.drawn_epoch == 300 and not card.is_stale, timeout=WAIT
    )

    keys.begin("find the layer with the largest radius")
    keys.press(Key.Key_L)
    values = card.layer.values
    qtbot.waitUntil(lambda: page.state.layer == 1 + int(np.argmax(values)), timeout=WAIT)

    keys.begin("see it leave the region: from the first epoch on")
    keys.press(Key.Key_Less)
    qtbot.waitUntil(lambda: card.drawn_epoch == 0, timeout=WAIT)
    before = next(card.view.views[0].panel.of(Points))
    keys.press(Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: card.drawn_epoch == 300, timeout=WAIT)
    after = next(card.view.views[0].panel.of(Points))
    assert np.hypot(after.x, after.y).max() > np.hypot(before.x, before.y).max()

    keys.begin("pin two epochs")
    keys.press(Key.Key_Less)
    qtbot.waitUntil(lambda: card.drawn_epoch == 0, timeout=WAIT)
    keys.press(Key.Key_P)
    keys.press(Key.Key_L, CONTROL)
    qtbot.waitUntil(lambda: card.drawn_epoch == 300 and "→" in card.headline.text(), timeout=WAIT)
    assert card.figure.name() == "comparison"
    keys.press(Key.Key_P)
    qtbot.waitUntil(lambda: card.figure.name() == "spectrum", timeout=WAIT)

    keys.begin("scrub five stored epochs")
    for _ in range(5):
        keys.press(Key.Key_Comma)
    epoch = page.timeline.epoch
    assert epoch == page.timeline.slider.kept[-6]
    qtbot.waitUntil(lambda: card.drawn_epoch == epoch, timeout=WAIT)

    keys.begin("branch from there")
    keys.palette("epochs 100000")
    keys.press(Key.Key_B, CONTROL)
    qtbot.waitUntil(lambda: page.bench.busy, timeout=WAIT)
    branch = page.bench.running
    assert branch is not None
    qtbot.waitUntil(lambda: bool(branch.events) and branch.epoch > 2, timeout=WAIT)
    assert branch.events[0].text == f"starts from epoch {epoch} of alpine02-1"

    keys.begin("change the weight while training")
    keys.palette("weight 0.02")
    qtbot.waitUntil(
        lambda: any(e.key == "regularizer.weight" and e.value == 0.02 for e in branch.events),
        timeout=WAIT,
    )
    keys.press(Key.Key_Escape)
    qtbot.waitUntil(lambda: ended(page), timeout=WAIT)

    keys.begin("export what is seen")
    keys.press(Key.Key_E, CONTROL)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None, timeout=WAIT)
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    dialog.activateWindow()
    qtbot.waitUntil(lambda: dialog.isAncestorOf(QApplication.focusWidget()))  # type: ignore[arg-type]
    keys.press(Key.Key_Return)
    qtbot.waitUntil(lambda: bool(list((home / "runs").glob("*.p*"))), timeout=WAIT)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None, timeout=WAIT)

    keys.begin("explain an index")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    keys.palette("explain log norm")
    assert page.explanation.isVisible() and "log-norm" in page.explanation.text.toPlainText()
    keys.press(Key.Key_Escape)
    assert not page.explanation.isVisible()
    assert max(keys.counted.values()) <= 24
