"""Opening files in the window, and waiting for the process that reads them."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtTest import QTest

from stiffgui.gui.study.workspace import StudyWorkspace
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.gui.train.workspace import TrainWorkspace
from stiffgui.gui.window import MainWindow

SECONDS = 120.0


def open_file(opener: MainWindow | TrainWorkspace | Workbench, path: Path) -> None:
    """Open a file; it has been read afterwards."""
    opener.open_file(path)
    wait_for_reading(opener)


def wait_for_reading(opener: MainWindow | TrainWorkspace | Workbench) -> None:
    """Until nothing that was opened is still being read."""
    end = time.monotonic() + SECONDS
    while _is_reading(opener):
        assert time.monotonic() < end, "the process that reads files is silent"
        QTest.qWait(5)


def _is_reading(opener: MainWindow | TrainWorkspace | Workbench) -> bool:
    if not isinstance(opener, MainWindow):
        return opener.reading.busy
    places = opener.built.values()
    return any(p.reading.busy for p in places if isinstance(p, (TrainWorkspace, StudyWorkspace)))
