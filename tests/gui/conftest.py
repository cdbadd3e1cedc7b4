"""A real window with real children, in a home of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stiffgui.gui.application import make_application, make_settings, make_window
from stiffgui.gui.closing import Choice
from stiffgui.gui.train.first_look import SEEN
from stiffgui.gui.window import MainWindow
from tests.gui.leaks import Leaks, settle, watch

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
    window.ask_how_to_close = lambda: Choice.STOP  # type: ignore[method-assign]  # nobody is there to answer
    window.close()
    window.deleteLater()


@pytest.fixture(scope="session")
def run_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two trials and six epochs."""
    from stiffgui import presets, train

    path = tmp_path_factory.mktemp("trained") / "small.stiff"
    settings = {"training.epochs": 6, "training.trials": 2, "watch.every": 1}
    train(presets["alpine02"].with_settings(settings), out=path)
    return path
