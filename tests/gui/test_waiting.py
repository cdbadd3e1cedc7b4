"""A window on a machine without machine code: it is made meanwhile, and Run waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stiffgui.file_lock import FileLock
from stiffgui.gui.application import make_window
from stiffgui.gui.window import MainWindow
from tests.machine_code import unmarked

WAIT = 60_000
MAKING = "making machine code for this machine, 9"  # all is there: 99 %


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of machine code for children that are forked from now on."""
    place = unmarked(tmp_path / "cache")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    server = forkserver._forkserver  # type: ignore[attr-defined]
    server._stop()
    yield place
    server._stop()


@pytest.fixture
def fresh(qtbot: QtBot, qapp: QApplication, home: Path, place: Path) -> Iterator[MainWindow]:
    window = make_window(qapp, home / "runs")
    window.show()
    window.start_children()
    yield window
    window.hide()
    window.close()
    window.deleteLater()


def test_run_waits_with_progress_begins_by_itself_and_can_be_stopped(
    fresh: MainWindow, place: Path, qtbot: QtBot
) -> None:
    train = fresh.train
    said = train.timeline.text.text
    with FileLock(place / "float32.lock"):  # another process makes it
        qtbot.waitUntil(lambda: MAKING in said(), timeout=WAIT)
        fresh.acts["run"].trigger()
        qtbot.waitUntil(lambda: f"waiting: {MAKING}" in said(), timeout=WAIT)
        qtbot.waitUntil(lambda: MAKING in train.fit._empty.text(), timeout=WAIT)  # and whole there
        fresh.acts["stop"].trigger()
        qtbot.waitUntil(lambda: not train.bench.busy, timeout=WAIT)
        assert train.bench.runs == [] and not list((fresh.folder).glob("*.stiff"))
        train.model.edit("training.epochs", 5)
        fresh.acts["run"].trigger()
        qtbot.waitUntil(lambda: f"waiting: {MAKING}" in said(), timeout=WAIT)
    with FileLock(place / "float64.lock"):
        qtbot.waitUntil(lambda: not train.bench.busy, timeout=WAIT)
        run = train.bench.shown
        assert run is not None and run.state == "finished" and run.epoch == 5
        assert (place / "float32.ready").exists()
        # What nobody waits for goes on being made, quietly; and the window closes meanwhile.
        qtbot.waitUntil(lambda: "finished    machine code " in said(), timeout=WAIT)
        fresh.close()
