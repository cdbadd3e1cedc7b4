"""The library: what the files hold, filtered, sorted, opened and deleted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from stiffgui import presets, train
from stiffgui.gui.train.runs.library import COLUMNS, Library
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run, set_note


@pytest.fixture
def library(window: MainWindow, qtbot: QtBot, home: Path) -> Library:
    folder = home / "runs"
    folder.mkdir()
    small = presets["alpine02"].with_settings({"training.epochs": 2, "task.train_samples": 90})
    train(small.with_settings({"training.trials": 3}), folder / "first.stiff").close()
    train(small.with_settings({"architecture.width": 6}), folder / "second.stiff").close()
    set_note(folder / "second.stiff", "the narrow one")
    (folder / "broken.stiff").write_text("nothing")
    window.acts["library"].trigger()
    dialog = window.findChild(Library)
    assert dialog is not None
    qtbot.waitUntil(lambda: not dialog.reading)
    return dialog


def row_of(library: Library, name: str) -> int:
    (row,) = (r for r in range(library.table.rowCount()) if text(library, r, "name") == name)
    return row


def text(library: Library, row: int, column: str) -> str:
    item = library.table.item(row, COLUMNS.index(column))
    assert item is not None
    return item.text()


def seen(library: Library) -> list[str]:
    rows = range(library.table.rowCount())
    return [text(library, r, "name") for r in rows if not library.table.isRowHidden(r)]


def test_rows_tell_what_the_files_hold(library: Library, home: Path) -> None:
    row = row_of(library, "first")
    with open_run(home / "runs" / "first.stiff") as run:
        history = run.series()
    for column, name in (("train", "train_error"), ("test", "test_error")):
        assert text(library, row, column) == f"{np.median(history.series[name][-1]):.3g}"
    assert text(library, row, "epoch") == "2" and text(library, row, "state") == "finished"
    assert "trials = 3" in text(library, row, "settings")
    row = row_of(library, "second")
    assert "width = 6" in text(library, row, "settings")
    assert text(library, row, "note") == "the narrow one"
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
    library.table.sortByColumn(COLUMNS.index("train"), Qt.SortOrder.AscendingOrder)
    known = [text(library, r, "train") for r in range(3) if text(library, r, "train")]
    assert [float(v) for v in known] == sorted(map(float, known))


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
    assert [run.name for run in window.train.bench.runs] == ["second"]


def test_an_empty_folder_says_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    window.acts["library"].trigger()
    dialog = window.findChild(Library)
    assert dialog is not None
    qtbot.waitUntil(lambda: not dialog.reading)
    assert "press Run" in dialog.told.text()
    dialog.reject()
