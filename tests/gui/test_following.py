"""A run that another process writes, in the window: followed until its writer ends or dies."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from stiffgui import open_run
from stiffgui.gui.window import MainWindow
from stiffgui.session.run_facts import facts_of_file
from tests.gui.opening import open_file
from tests.writers import elsewhere, recording, training

WAIT = 60_000


def test_new_epochs_are_seen_within_a_second_and_a_death_is_said(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path, bench = tmp_path / "theirs.stiff", window.train.bench
    with recording(path, pause=0.02) as process:
        qtbot.waitUntil(
            lambda: path.exists() and facts_of_file(path).state == "running", timeout=WAIT
        )
        open_file(window.train, path)
        [run] = bench.runs
        assert run.is_followed and run.foreign
        assert f"process {process.pid}" in window.toasts.text()
        assert bench.filing.rename(run, "other") is None and path.exists()
        assert f"process {process.pid}" in window.toasts.text()
        delays = []
        for _ in range(5):
            with open_run(path) as stored:
                wanted = max(stored.last().epoch, run.epoch + 1)
            began = time.monotonic()
            qtbot.waitUntil(lambda wanted=wanted: run.epoch >= wanted, timeout=WAIT)
            delays.append(time.monotonic() - began)
        assert min(delays) < 1.0
        plane = window.train.eigenvalues
        qtbot.waitUntil(lambda: plane.picture is not None, timeout=WAIT)
        assert run.history.epochs.tolist() == list(range(run.epoch + 1))
        place = window.train.runs.table.runs.rows[0]
        qtbot.waitUntil(
            lambda: window.train.runs.table.runs.rows[0].epoch > place.epoch, timeout=WAIT
        )
        menu = window.train.runs._menu(run)
        assert not any(a.isEnabled() for a in menu.actions() if a.text().startswith(("Re", "Del")))
    qtbot.waitUntil(lambda: run.state == "interrupted", timeout=WAIT)
    assert "has died; what it wrote is kept" in window.toasts.text()
    with open_run(path) as stored:
        assert run.history.epochs.tolist() == stored.series().epochs.tolist()
    assert not run.is_followed


def test_a_training_in_a_terminal_is_followed_to_its_end(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "terminal.stiff"
    with training(path, "alpine02", "--set", "training.epochs=400") as process:
        qtbot.waitUntil(
            lambda: path.exists() and facts_of_file(path).state == "running", timeout=WAIT
        )
        open_file(window.train, path)
        [run] = window.train.bench.runs
        window.train.bench.resume(path)
        told = f"process {process.pid}, since"
        qtbot.waitUntil(lambda: told in window.toasts.text(), timeout=WAIT)
        qtbot.waitUntil(lambda: run.state == "finished", timeout=WAIT)
        assert process.wait(timeout=60) == 0
    assert run.epoch == 400 and run.snapshot_epochs[-1] == 400
    qtbot.waitUntil(lambda: window.train.eigenvalues.picture is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: window.train.eigenvalues.picture.place[0] == 400, timeout=WAIT)  # type: ignore[union-attr]


def test_what_another_host_writes_is_opened_not_followed(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "shared.stiff"
    with recording(path) as process:
        qtbot.waitUntil(lambda: facts_of_file(path).epoch > 3, timeout=WAIT)
        process.kill()
        process.wait()
    elsewhere(path)
    open_file(window.train, path)
    [run] = window.train.bench.runs
    assert run.state == "running" and not run.is_followed and run.epoch > 3
    assert "opened, not followed" in window.toasts.text()
    QCoreApplication.processEvents()
