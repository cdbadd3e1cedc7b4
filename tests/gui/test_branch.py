"""Branching from a run that is still being trained."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from stiffgui.figures.picture import Curve
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run

WAIT = 120_000


def test_a_running_training_is_stopped_and_kept(window: MainWindow, qtbot: QtBot) -> None:
    page = window.train
    page.model.edit("training.epochs", 100_000)
    page.run()
    qtbot.waitUntil(lambda: bool(page.bench.shown and page.bench.shown.epoch > 20), timeout=WAIT)
    first = page.bench.shown
    assert first is not None
    page.timeline.go_to(10)
    page.model.edit("training.learning_rate", 0.01)
    assert window.acts["branch"].isEnabled()
    window.acts["branch"].trigger()
    qtbot.waitUntil(lambda: page.bench.shown is not first and page.bench.busy, timeout=WAIT)
    assert first.state == "stopped" and first.epoch > 20
    page.bench.stop()
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=WAIT)
    second = page.bench.shown
    assert second is not None and second.events[0].text == "starts from epoch 10 of alpine02-1"
    with open_run(first.path) as run:
        assert run.ending == "stopped"
    page.refresh()
    curves = {c.label: c for c in page.errors.view.views[0].panel.of(Curve) if c.label}
    assert curves["alpine02-2 · train"].x[0] == 10 and curves["alpine02-1 · train"].x[0] == 0
