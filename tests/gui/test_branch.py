"""Branching from a run that is still being trained, and the epochs that a branch tells."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from stiffgui import train
from stiffgui.figures.picture import Curve
from stiffgui.gui.window import MainWindow
from stiffgui.runs import WarmStart, open_run
from stiffgui.session.run_facts import facts_of_file
from tests.gui.opening import open_file
from tests.small import small

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


def test_a_branch_tells_the_same_epochs_everywhere(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    first, branch, again = (tmp_path / f"{name}.stiff" for name in ("first", "branch", "again"))
    experiment = small(training__epochs=6, watch__every=1)
    train(experiment, first).close()
    train(experiment, branch, warm_start=WarmStart(first, 4)).close()
    train(experiment, again, warm_start=WarmStart(branch, 3)).close()
    with open_run(again) as run:
        assert run.begins == 7 and run.events[0]["text"] == "starts from epoch 7 of branch"
    page = window.train
    window.resize(1600, 1000)
    open_file(page.bench, branch)
    page.timeline.go_to(2)
    plane = page.eigenvalues
    qtbot.waitUntil(lambda: plane.drawn_epoch == 2 and not page.drawing.waiting, timeout=WAIT)
    page.refresh()
    assert "epoch 6 ·" in plane.note.toolTip() and "epoch 6 ·" in page.fit.note.toolTip()
    image, (x, _) = page.layers.image, page.layers.view.views[0].frame_line
    assert image is not None and image.x[0] == 4 and image.x[-1] == 10 and x[0] == 6
    assert page.timeline.text.text().startswith("epoch 10 / 10")
    [facts] = page.runs.table.runs.rows
    assert (facts.epoch, facts.total) == (10, 10) == (facts_of_file(branch).epoch, 10)
    page.layers.view.clicked.emit(0, 8.0, 3.0)  # and what is clicked there is shown
    assert page.state.epoch == 4 and page.state.layer == 3
