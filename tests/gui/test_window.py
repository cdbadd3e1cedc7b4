"""The real window: training in a child, live changes, timeline, export, kills, closing."""

from __future__ import annotations

import os
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PySide6.QtCore import QEvent, QThread
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from stiffgui.gui.application import make_window
from stiffgui.gui.train.view_requests import LOOK_SECONDS
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run
from stiffgui.session.exports import Export
from stiffgui.session.views import Look
from tests.gui.opening import open_file, wait_for_reading
from tests.processes import children

WAIT = 60_000


def start(window: MainWindow, qtbot: QtBot, epochs: int = 5000) -> None:
    window.train.model.edit("training.epochs", epochs)
    window.train.model.edit("training.trials", 2)
    window.acts["run"].trigger()
    qtbot.waitUntil(
        lambda: window.train.bench.shown is not None and window.train.bench.shown.epoch >= 3,
        timeout=WAIT,
    )


def markers(window: MainWindow) -> list[str]:
    """The words that stand at the lines of the plot of errors."""
    view = window.train.errors.view.views[0] if window.train.errors.view.views else None
    items = view.drawn if view is not None else []
    return [line.label.format for line in items if getattr(line, "label", None) is not None]


def test_train_change_scrub_export_close(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.train.model.edit("regularizer.kind", "stiffness")
    start(window, qtbot)
    run = window.train.bench.shown
    assert run is not None and not window.acts["run"].isEnabled()
    window.train.model.edit("regularizer.weight", 0.5)
    qtbot.waitUntil(lambda: any(e.key == "regularizer.weight" for e in run.events), timeout=WAIT)
    qtbot.waitUntil(lambda: len(markers(window)) == 1, timeout=WAIT)
    qtbot.waitUntil(lambda: window.train.fit.picture is not None, timeout=WAIT)

    window.train.refresh()  # the timeline now knows the epochs that the run has kept
    window.train.timeline.go_to(2)
    window.train.eigenvalues.layer.setValue(7)
    qtbot.waitUntil(
        lambda: (
            window.train.eigenvalues.picture is not None
            and window.train.eigenvalues.picture.place[:2] == (2, 7)
        ),
        timeout=WAIT,
    )
    window.acts["stop"].trigger()
    assert window.train.bench.state_of(run) == "stopping"
    qtbot.waitUntil(lambda: run.state == "stopped", timeout=WAIT)
    assert window.train.bench.state_of(run) == "stopped"
    for kind, mark in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("csv", None)):
        for card in window.train.cards:
            name = card.figure.name()
            path = tmp_path / f"{name}.{kind}"
            window.train.export(name, path)
            qtbot.waitUntil(lambda: not window.train.requests.waits_for(Export), timeout=WAIT)
            if mark is None:
                assert len(pd.read_csv(path)) > 1
            else:
                assert path.read_bytes().startswith(mark)
    with open_run(run.path) as stored:
        assert stored.ending == "stopped"
        assert len(stored.series().epochs) == len(run.history.epochs)


def test_the_window_imports_no_torch_and_no_pandas() -> None:
    import subprocess

    code = (
        "import sys, stiffgui.gui.application\n"
        "print([m for m in ('torch', 'pandas', 'matplotlib') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_pyqtgraph_makes_no_class_of_qt_that_nobody_uses() -> None:
    import subprocess

    code = (
        "import stiffgui.gui.plots, pyqtgraph\n"
        "from PySide6 import QtWidgets\n"
        "from pyqtgraph.Qt import QtWidgets as mirrored\n"
        "print('QMdiArea' in vars(QtWidgets), mirrored.QMdiArea is QtWidgets.QMdiArea)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "True"]


def test_pause_step_resume(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    run = window.train.bench.shown
    assert run is not None
    window.acts["pause"].trigger()
    qtbot.waitUntil(lambda: any(e.kind == "paused" for e in run.events), timeout=WAIT)
    qtbot.wait(300)
    held = run.epoch
    window.acts["step"].trigger()
    qtbot.waitUntil(lambda: run.epoch == held + 1, timeout=WAIT)
    qtbot.wait(300)
    assert run.epoch == held + 1
    window.acts["pause"].trigger()
    qtbot.waitUntil(lambda: run.epoch > held + 3, timeout=WAIT)


def test_the_time_is_said_before_run(window: MainWindow, qtbot: QtBot) -> None:
    train = window.train
    said, tip = train.timeline.text.text, window.acts["run"].toolTip
    train.model.edit("training.epochs", 1_000_000)
    qtbot.waitUntil(lambda: said().startswith("Run takes about "), timeout=WAIT)
    assert " h here" in said() or " min here" in said()
    assert "steps: compiled loops" in tip() and "measured: errors every" in tip()
    train.model.edit("training.epochs", 1)
    qtbot.waitUntil(lambda: said().startswith("Run takes less than a second"), timeout=WAIT)
    train.model.edit("architecture.integrator", "rk4")
    qtbot.waitUntil(lambda: "Run takes" not in said(), timeout=WAIT)
    assert "since its layers are steps of rk4" in tip() and "time: " not in tip()
    assert train.bench.training.restarts == 0


def test_the_timeline_plays_the_kept_epochs(
    window: MainWindow, qtbot: QtBot, run_file: Path
) -> None:
    page = window.train
    open_file(page, run_file)
    page.refresh()
    assert page.timeline.live
    page.timeline.play.setChecked(True)  # from the end it begins anew
    assert page.timeline.epoch == 0 and not page.timeline.live
    seen: list[int] = []
    page.timeline.moved.connect(seen.append)
    page.timeline._walk.setInterval(10)
    qtbot.waitUntil(lambda: not page.timeline.play.isChecked(), timeout=WAIT)
    kept = page.bench.shown.snapshot_epochs  # type: ignore[union-attr]
    assert sorted(set(seen)) == kept[1:] and page.timeline.epoch == kept[-1]


def kill_training(window: MainWindow, qtbot: QtBot) -> list[QPushButton]:
    """What the message about it offers."""
    process = window.train.bench.training.process_id
    assert process is not None
    os.kill(process, signal.SIGKILL)
    qtbot.waitUntil(lambda: "ended unexpectedly" in window.toasts.text(), timeout=WAIT)
    buttons = window.toasts.findChildren(QPushButton)
    return [b for b in buttons if b.text() == "Go on training" and b.isVisible()]


def test_a_killed_child_is_told_and_training_can_start_again(
    window: MainWindow, qtbot: QtBot
) -> None:
    start(window, qtbot)
    first = window.train.bench.shown
    assert first is not None
    qtbot.wait(1200)
    assert kill_training(window, qtbot)  # it can go on from its beginning, or anew
    with open_run(first.path) as stored:
        assert len(stored.series().epochs) > 1
    start(window, qtbot, 5)
    qtbot.waitUntil(lambda: window.train.bench.runs[-1].state == "finished", timeout=WAIT)


def test_a_killed_training_goes_on_from_the_message(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    first = window.train.bench.shown
    assert first is not None
    window.acts["pause"].trigger()  # which saves
    qtbot.waitUntil(lambda: any(e.kind == "paused" for e in first.events), timeout=WAIT)
    qtbot.waitUntil(lambda: _saved(first.path), timeout=WAIT)
    [go_on] = kill_training(window, qtbot)
    go_on.click()
    wait_for_reading(window)
    again = window.train.bench.shown
    assert again is not None and again.path == first.path and not window.toasts.isVisible()
    qtbot.waitUntil(lambda: again.epoch > first.epoch, timeout=WAIT)
    window.acts["stop"].trigger()
    qtbot.waitUntil(lambda: again.state == "stopped", timeout=WAIT)


def _saved(path: Path) -> bool:
    with open_run(path) as stored:
        return stored.checkpoint() is not None


class InAThread(QThread):
    """Trains in a thread that Python has not made: torch crashed there once (2.6.0)."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.ending = path, ""

    def run(self) -> None:
        from stiffgui import presets
        from stiffgui.runs.recording import Recording

        settings = {"training.epochs": 4, "regularizer.kind": "stiffness"}
        recording = Recording(presets["alpine02"].with_settings(settings), self.path)
        for _ in recording:
            pass
        self.ending = recording.ending


def test_torch_trains_in_a_thread_of_qt(qtbot: QtBot, tmp_path: Path) -> None:
    thread = InAThread(tmp_path / "a.stiff")
    thread.start()
    assert thread.wait(WAIT) and thread.ending == "finished"


def test_closing_while_training_saves_everything(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    run = window.train.bench.shown
    window.close()
    assert run is not None
    with open_run(run.path) as stored:
        assert stored.ending == "stopped"
        assert stored.checkpoint() is not None


def test_bad_files_are_told_in_place(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[training]\nepoch = 3")
    open_file(window.train.bench, path)
    assert "Did you mean training.epochs?" in window.toasts.text()
    path = tmp_path / "x.stiff"
    path.write_text("nothing")
    open_file(window.train.bench, path)
    assert "not a run file" in window.toasts.text()


def test_views_follow_training_at_a_pace_and_clicks_at_once(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = window.train
    start(window, qtbot)
    qtbot.waitUntil(lambda: page.eigenvalues.picture is not None, timeout=WAIT)
    looks: list[tuple[float, Look]] = []
    ask = page.requests.ask

    def clocked(work: Look, *calls: Any, **how: Any) -> int:
        looks.append((time.monotonic(), work))
        return ask(work, *calls, **how)

    monkeypatch.setattr(page.requests, "ask", clocked)
    qtbot.waitUntil(lambda: len(looks) > 3, timeout=WAIT)
    times = [at for at, _ in looks]
    assert min(b - a for a, b in pairwise(times)) > 0.9 * LOOK_SECONDS
    window.acts["stop"].trigger()
    qtbot.waitUntil(lambda: not page.busy and not page.view_requests._under_way, timeout=WAIT)
    qtbot.wait(100)
    count = len(looks)

    def layer_asked() -> int:
        return int(dict(looks[-1][1].figures)["spectrum"].layer)  # type: ignore[attr-defined]

    page.eigenvalues.layer.setValue(4)
    assert len(looks) == count + 1 and layer_asked() == 4  # at once
    page.eigenvalues.layer.setValue(5)
    page.eigenvalues.layer.setValue(6)
    assert len(looks) == count + 1  # until that one is answered
    qtbot.waitUntil(lambda: len(looks) == count + 2 and layer_asked() == 6, timeout=WAIT)
    page.refresh()
    assert len(looks) == count + 2


@pytest.mark.parametrize("rounds", [2, pytest.param(50, marks=pytest.mark.slow)])
@pytest.mark.timeout(1200)
def test_nothing_is_left_behind(qtbot: QtBot, qapp: QApplication, home: Path, rounds: int) -> None:
    import threading

    def settle() -> None:
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        qapp.processEvents()

    settle()
    before = threading.active_count(), len(qapp.topLevelWidgets()), len(children())
    for _ in range(rounds):
        window = make_window(qapp, home / "runs")
        window.show()
        window.start_children()
        window.train.model.edit("training.epochs", 3)
        window.train.run()
        run = window.train.bench.shown
        qtbot.waitUntil(lambda r=run: r.state == "finished", timeout=WAIT)
        window.close()
        assert (
            not window.train.bench.training.isRunning()
            and not window.train.requests.thread_.isRunning()
        )
        assert not window.train.timer.isActive()
        window.deleteLater()
        del window
        settle()
    after = threading.active_count(), len(qapp.topLevelWidgets()), len(children())
    assert after == before
