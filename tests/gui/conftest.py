"""A real window with real children, in a home of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stiffgui.gui.application import make_application, make_settings, make_window
from stiffgui.gui.closing import Choice
from stiffgui.gui.train.cards.eigenvalues import EigenvaluesCard
from stiffgui.gui.train.first_look import SEEN
from stiffgui.gui.window import MainWindow
from tests.gui.leaks import Leaks, settle, watch
from tests.gui.opening import open_file


def own_display() -> None:
    """A worker beside others has a screen of its own: there is one active window and one pointer
    on a screen."""
    server = shutil.which("Xvfb")
    if server is None or "PYTEST_XDIST_WORKER" not in os.environ or "DISPLAY" not in os.environ:
        return
    command = [server, "-displayfd", "1", "-screen", "0", "1920x1200x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    atexit.register(process.kill)
    assert process.stdout is not None
    os.environ["DISPLAY"] = f":{process.stdout.readline().decode().strip()}"
    os.environ.pop("XAUTHORITY", None)


own_display()
watch()
# A home of its own has no machine code; that of this machine serves.
os.environ.setdefault("NUMBA_CACHE_DIR", str(platformdirs.user_cache_path("stiffgui", False)))


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def no_leaks(qapp: QApplication) -> Iterator[None]:
    """Every test ends its threads, timers, widgets and children, and closes its files."""
    settle()
    leaks = Leaks()
    yield
    left = leaks.left()
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.fixture(autouse=True)
def nobody_is_there_to_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that fails while something trains must not wait for a click for ever."""
    monkeypatch.setattr(MainWindow, "ask_how_to_close", lambda self: Choice.STOP)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    settings = make_settings()
    settings.setValue(SEEN, True)  # nobody's first look, but in tests of that
    settings.sync()
    return tmp_path


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, home: Path) -> Iterator[MainWindow]:
    window = make_window(qapp, home / "runs")
    window.show()
    window.start_children()
    yield window
    window.close()
    window.deleteLater()


@pytest.fixture
def card(window: MainWindow, run_file: Path, qtbot: QtBot) -> EigenvaluesCard:
    """The plane of that run, large enough."""
    window.resize(1280, 800)
    open_file(window.train.bench, run_file)
    plane = window.train.eigenvalues
    qtbot.waitUntil(lambda: plane.picture is not None, timeout=120_000)
    qtbot.waitUntil(lambda: plane.view.views[0].height() > 300, timeout=5000)
    return plane


@pytest.fixture(scope="session")
def run_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two trials and six epochs."""
    from stiffgui import presets, train

    path = tmp_path_factory.mktemp("trained") / "small.stiff"
    settings = {"training.epochs": 6, "training.trials": 2, "watch.every": 1}
    train(presets["alpine02"].with_settings(settings), out=path)
    return path
