"""The library: what the files hold, filtered, sorted, opened and deleted."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from random import Random

import numpy as np
import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stiffgui import presets, train
from stiffgui.gui.application import make_window
from stiffgui.gui.train.runs.columns import CHANGED, IN_LIBRARY, NUMBERS, UNKNOWN
from stiffgui.gui.train.runs.library import Library
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run, set_note
from stiffgui.session.reading import SECONDS, ReadKind
from stiffgui.session.run_facts import RunFacts
from stiffgui.session.service import Failure
from tests.gui.opening import open_file, wait_for_reading
from tests.soak.hostile import rows_without_end, view_instead

WAIT = 120_000


@pytest.fixture
def library(window: MainWindow, qtbot: QtBot, home: Path) -> Library:
    folder = home / "runs"
    folder.mkdir()
    small = presets["alpine02"].with_settings({"training.epochs": 2, "task.train_samples": 90})
    indices = ("spectral-radius", "unstable")
    several = small.with_settings({"training.trials": 3, "watch.indices": indices})
    train(several, folder / "first.stiff").close()
    train(small.with_settings({"architecture.width": 6}), folder / "second.stiff").close()
    set_note(folder / "second.stiff", "the narrow one")
    (folder / "broken.stiff").write_text("nothing")
    window.acts["library"].trigger()
    dialog = window.findChild(Library)
    assert dialog is not None
    assert dialog.told.text() == f"0 of 0 runs in {folder}; more are being read …"
    qtbot.waitUntil(lambda: not dialog.reading, timeout=WAIT)  # its process is new
    return dialog


TITLES = [column.title for column in IN_LIBRARY]


def row_of(library: Library, name: str) -> int:
    return seen(library).index(name)


def text(library: Library, row: int, column: str) -> str:
    return str(library.table.sorted.index(row, TITLES.index(column)).data())


def seen(library: Library) -> list[str]:
    return [text(library, r, "name") for r in range(library.table.sorted.rowCount())]


def test_rows_tell_what_the_files_hold(library: Library, home: Path) -> None:
    row = row_of(library, "first")
    with open_run(home / "runs" / "first.stiff") as run:
        history = run.series()
    for column, name in (("train", "train_error"), ("test", "test_error")):
        assert text(library, row, column) == f"{np.median(history.series[name][-1]):.3g}"
    radius = history.indices["spectral-radius"][-1].sum(-1)  # [R], over the layers
    assert float(text(library, row, "stiffness")) == pytest.approx(np.median(radius), rel=1e-3)
    unstable = history.indices["unstable"][-1].mean(-1)
    assert text(library, row, "% unstable") == f"{100 * np.median(unstable):.0f}"
    assert text(library, row, "epochs") == "2 / 2" and text(library, row, "state") == "finished"
    assert "trials = 3" in text(library, row, "settings")
    row = row_of(library, "second")
    assert "width = 6" in text(library, row, "settings")
    assert text(library, row, "note") == "the narrow one"
    unknown = library.table.sorted.index(row, TITLES.index("% unstable"))
    assert unknown.data() == "–"
    assert "unstable in watch.indices" in unknown.data(Qt.ItemDataRole.ToolTipRole)
    assert text(library, row_of(library, "broken"), "state") == "unreadable"


def test_filter_and_sort(library: Library) -> None:
    library.words.setText("NARROW")
    assert seen(library) == ["second"] and library.told.text().startswith("1 of 3 runs")
    library.words.setText("alpine02 finished")
    assert sorted(seen(library)) == ["first", "second"]
    library.words.clear()
    library.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert seen(library) == ["broken", "first", "second"]
    library.words.setText("i")
    for column in NUMBERS:
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            library.table.sortByColumn(TITLES.index(column.title), order)
            found = [text(library, r, column.title) for r in range(3)]
            known = [float(v) for v in found if v != "–"]
            assert found[len(known) :] == ["–"] * (3 - len(known))  # whichever way it is sorted
            descending = order == Qt.SortOrder.DescendingOrder
            assert known and known == sorted(known, reverse=descending)


def test_runs_are_opened_and_deleted(library: Library, window: MainWindow, home: Path) -> None:
    assert not library._open.isEnabled()
    library.table.selectRow(row_of(library, "first"))
    library.delete_chosen()
    assert sorted(seen(library)) == ["broken", "second"]
    assert not (home / "runs" / "first.stiff").exists()
    window.toasts.all[-1].offer.click()
    assert (home / "runs" / "first.stiff").exists()
    library.table.selectRow(row_of(library, "second"))
    assert library._open.isEnabled()
    library._open.click()
    wait_for_reading(window)
    assert [run.name for run in window.train.bench.runs] == ["second"]


@pytest.mark.skipif(sys.platform == "win32", reason="FIFOs")
def test_files_that_do_harm_hold_up_neither_the_library_nor_the_window(
    qtbot: QtBot, qapp: QApplication, home: Path, run_file: Path
) -> None:
    folder = home / "runs"
    folder.mkdir()
    sound = Path(shutil.copy(run_file, folder / "sound.stiff"))
    endless = Path(shutil.copy(run_file, folder / "endless.stiff"))
    view_instead(endless, Random(0))
    os.mkfifo(folder / "pipe.stiff")
    for name in ("-journal", "-wal"):  # SQLite opens what lies beside a file, and waits for ever
        path = Path(shutil.copy(run_file, folder / f"beside{name}.stiff"))
        os.mkfifo(f"{path}{name}")
    rows_without_end(Path(shutil.copy(run_file, folder / "often.stiff")), Random(1))
    window = make_window(qapp, folder)
    window.show()
    window.start_children()
    wait_for_reading(window)  # of what was interrupted
    window.acts["library"].trigger()
    library = window.findChild(Library)
    assert library is not None
    qtbot.waitUntil(lambda: not library.reading, timeout=WAIT)
    states = {r.path.stem: (r.state, r.note) for r in library.table.runs.rows}
    assert states.pop("sound") == ("finished", "")
    assert len(states) == 5 and {state for state, _ in states.values()} == {"unreadable"}
    assert all(str(folder) in note or "given up" in note for _, note in states.values())
    library.reject()
    for path in folder.glob("*.stiff"):
        if path != sound:
            window.open_file(path)
    wait_for_reading(window)
    assert not window.train.bench.runs and window.toasts.isVisible()
    open_file(window, sound)
    assert [run.path for run in window.train.bench.runs] == [sound]
    window.close()
    window.deleteLater()


def test_a_reader_that_says_nothing_is_ended_and_the_next_file_is_read(
    window: MainWindow, run_file: Path, qtbot: QtBot
) -> None:
    reading, found = window.train.reading, []
    reading.ask(ReadKind(run_file), found.append, found.append, seconds=SECONDS)
    qtbot.waitUntil(lambda: found == ["run"], timeout=WAIT)
    psutil.Process(reading.thread_.process_id).suspend()
    reading.ask(ReadKind(run_file), found.append, found.append, seconds=0.3)
    reading.ask(ReadKind(run_file.with_name("none")), found.append, found.append, seconds=SECONDS)
    qtbot.waitUntil(lambda: len(found) == 3, timeout=WAIT)
    assert isinstance(found[1], Failure) and "given up" in found[1].sentence
    assert isinstance(found[2], Failure) and "Check the path" in found[2].sentence
    assert reading.thread_.restarts == 1 and not reading.busy


@pytest.mark.parametrize("written", [float("nan"), float("inf"), 1e30])
def test_a_file_of_no_time_is_a_row_like_others(written: float, tmp_path: Path) -> None:
    assert CHANGED.text(RunFacts(tmp_path / "a.stiff", "finished", written=written)) == UNKNOWN


def test_an_empty_folder_says_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    window.acts["library"].trigger()
    dialog = window.findChild(Library)
    assert dialog is not None
    qtbot.waitUntil(lambda: not dialog.reading, timeout=WAIT)  # its process is new
    assert "press Run" in dialog.told.text()
    dialog.reject()
