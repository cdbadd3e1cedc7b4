"""The table of runs: values, order, keys, the run that trains in sight, and curves beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from stiffgui import train
from stiffgui.gui.application import make_window
from stiffgui.gui.plots.panel_view import FAINT
from stiffgui.gui.train.runs.columns import DRAWN, IN_WINDOW, Column
from stiffgui.gui.train.runs.table import RunsTable
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run
from tests.gui.opening import open_file
from tests.small import small

WAIT = 60_000
COLUMNS = {column.title: column for column in IN_WINDOW}
COUNT = 9


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Runs that differ in their seeds; one of three trials, one with other indices."""
    folder = tmp_path_factory.mktemp("runs")
    more = {
        1: {"training__trials": 3},
        2: {"watch__indices": ("spectral-radius", "unstable"), "regularizer__kind": "l2"},
    }
    for k in range(COUNT):
        settings = {"training__epochs": 1 + k % 4, "training__seed": k} | more.get(k, {})
        train(small(**settings), folder / f"run-{k}.stiff").close()
    return [folder / f"run-{k}.stiff" for k in range(COUNT)]


@pytest.fixture
def opened(window: MainWindow, files: list[Path], tmp_path: Path) -> Iterator[MainWindow]:
    """A window with copies of all of them, the last one shown."""
    window.resize(1280, 800)
    for file in files:
        path = tmp_path / file.name
        path.write_bytes(file.read_bytes())
        open_file(window.train.bench, path)
    QTest.qWait(50)
    yield window


def at(table: RunsTable, row: int, title: str) -> QModelIndex:
    return table.sorted.index(row, table.column(COLUMNS[title]))


def column(table: RunsTable, title: str) -> list[str]:
    return [str(at(table, row, title).data()) for row in range(table.sorted.rowCount())]


def is_in_sight(table: RunsTable, index: QModelIndex) -> bool:
    return table.viewport().rect().contains(table.visualRect(index))


def test_cells_tell_what_the_files_hold(opened: MainWindow, files: list[Path]) -> None:
    table = opened.train.runs.table
    for row, file in enumerate(files):
        with open_run(file) as run:
            history = run.series()
        for title in ("train", "test"):
            median = np.median(history.series[f"{title}_error"][-1])
            assert at(table, row, title).data() == f"{median:.3g}"
        radius = np.median(history.indices["spectral-radius"][-1].sum(-1))
        assert at(table, row, "stiffness").data() == f"{radius:.4g}"
        epochs = 1 + row % 4
        assert at(table, row, "epochs").data() == f"{epochs} / {epochs}"
    with open_run(files[2]) as run:
        unstable = run.series().indices["unstable"][-1].mean(-1)
    assert column(table, "% unstable")[2] == f"{100 * np.median(unstable):.0f}"
    assert column(table, "% unstable").count("–") == COUNT - 1
    assert "watch.indices" in at(table, 0, "% unstable").data(Qt.ItemDataRole.ToolTipRole)
    assert column(table, "state") == ["finished"] * COUNT
    settings = column(table, "settings")
    assert all(text.startswith(f"seed = {row}") for row, text in enumerate(settings))
    assert "trials = 3" in settings[1] and "regularizer = l2" in settings[2]
    assert "width" not in "".join(settings) and "epochs" not in "".join(settings)


def test_a_heading_sorts_both_ways_and_gives_the_order_back(
    opened: MainWindow, qtbot: QtBot
) -> None:
    table = opened.train.runs.table
    names, across = column(table, "name"), table.horizontalHeader()

    def click(title: str) -> None:
        left = across.sectionViewportPosition(table.column(COLUMNS[title]))
        button = Qt.MouseButton.LeftButton
        qtbot.mouseClick(across.viewport(), button, pos=QPoint(left + 20, across.height() // 2))

    for title in ("train", "stiffness", "epochs"):
        click(title)
        first = [float(text.split(" / ")[0]) for text in column(table, title)]
        assert first == sorted(first)
        click(title)
        second = [float(text.split(" / ")[0]) for text in column(table, title)]
        assert second == first[::-1] and first != second
        click(title)
        assert column(table, "name") == names
    for _ in range(2):
        click("% unstable")
        assert column(table, "name")[0] == "run-2"  # what is not known stands last, both ways


def test_ten_runs_and_the_one_that_trains_is_in_sight(opened: MainWindow, qtbot: QtBot) -> None:
    page = opened.train
    table, bench = page.runs.table, page.bench
    bench.show(bench.runs[0])
    assert is_in_sight(table, table.currentIndex()) and not table.verticalScrollBar().value()
    page.model.edit("training.epochs", 100_000)
    page.run()
    run = bench.running
    assert run is not None and len(bench.runs) == COUNT + 1
    place = bench.runs.index(run)

    def row() -> QModelIndex:
        return table.index_of(place)

    qtbot.waitUntil(lambda: run.epoch > 1, timeout=WAIT)
    assert is_in_sight(table, row()) and table.currentIndex().row() == row().row()
    bench.show(bench.runs[5])
    table.sortByColumn(table.column(COLUMNS["epochs"]), Qt.SortOrder.DescendingOrder)
    table.setFocus()
    resets: list[object] = []
    table.runs.modelReset.connect(lambda: resets.append("reset"))
    qtbot.waitUntil(lambda: at(table, 0, "name").data() == run.name, timeout=WAIT)
    assert is_in_sight(table, row())
    before = at(table, 0, "epochs").data()
    qtbot.waitUntil(lambda: at(table, 0, "epochs").data() != before, timeout=WAIT)
    assert not resets and table.current is not None and table.current.entry is bench.runs[5]
    assert QApplication.focusWidget() is table or not opened.isActiveWindow()
    assert at(table, 0, "state").data() == "running"
    bench.pause()
    assert at(table, 0, "state").data() == "paused"
    table.setCurrentIndex(row())
    QTest.keyClick(table, Qt.Key.Key_F2)
    assert not table.viewport().findChildren(QLineEdit)  # its file is being written
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert run in bench.runs and "stop it first" in opened.toasts.text()


def test_keys_do_what_the_menu_does(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    page = opened.train
    table, bench = page.runs.table, page.bench
    first, second = bench.runs[:2]
    table.setCurrentIndex(at(table, 0, "name"))
    assert bench.shown is bench.runs[-1]
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert not first.visible and not page.bench.paused
    drawn = table.sorted.index(0, table.column(DRAWN))
    assert drawn.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert bench.shown is first and first.visible
    assert at(table, 0, "name").data(Qt.ItemDataRole.FontRole).bold()
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert first.visible  # the run that is shown stays drawn
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert table.current is not None and table.current.entry is second and bench.shown is first

    QTest.keyClick(table, Qt.Key.Key_F2)
    (line,) = table.viewport().findChildren(QLineEdit)
    line.setText("of three")
    QTest.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: second.path.name == "of three.stiff")
    assert at(table, 1, "name").data() == "of three"
    assert table.current is not None and table.current.entry is second

    place = table.visualRect(at(table, 1, "name")).center()
    by_key = QContextMenuEvent.Reason.Keyboard
    QApplication.sendEvent(table, QContextMenuEvent(by_key, place, table.mapToGlobal(place)))
    (menu,) = page.runs.findChildren(QMenu)
    texts = {action.text(): action for action in menu.actions()}
    assert texts["Delete the file"].isEnabled() and texts["Duplicate its settings"].isEnabled()
    texts["Duplicate its settings"].trigger()
    assert page.model.value("training.trials") == 3
    menu.close()

    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert second not in bench.runs and not second.path.exists()
    assert len(column(table, "name")) == COUNT - 1
    opened.toasts.all[-1].offer.click()
    assert bench.runs[1] is second and at(table, 1, "name").data() == "of three"


def opacities(window: MainWindow) -> dict[str, set[float]]:
    """Run: the opacity of everything that is drawn of it, in both history plots."""
    found: dict[str, set[float]] = {}
    for card in (window.train.errors, window.train.stiffness):
        (view,) = card.view.views
        for item, (_, artist) in zip(view.panel.items, view._artists, strict=True):
            for graphic in artist.graphics:
                found.setdefault(item.group, set()).add(graphic.opacity())
    return found


def test_curves_of_other_runs_are_faint_while_a_row_is_under_the_pointer(
    opened: MainWindow, qtbot: QtBot
) -> None:
    page = opened.train
    table, bench = page.runs.table, page.bench
    bench.set_visible(bench.runs[4], False)
    page.refresh()
    names = {run.name for run in bench.visible()}
    assert opacities(opened).keys() == names and len(names) == COUNT - 1

    def point(row: int) -> None:
        table.scrollTo(at(table, row, "name"))
        qtbot.mouseMove(table.viewport(), table.visualRect(at(table, row, "name")).center())
        table.entered.emit(at(table, row, "name"))

    point(2)
    faint = opacities(opened)
    assert faint.pop("run-2") == {1.0} and all(values == {FAINT} for values in faint.values())
    bench.runs[3].version += 1  # what is drawn anew meanwhile is faint, too
    page.refresh()
    faint = opacities(opened)
    assert faint.pop("run-2") == {1.0} and all(values == {FAINT} for values in faint.values())
    point(4)  # it is not drawn: there is nothing to compare with
    assert all(values == {1.0} for values in opacities(opened).values())
    point(2)
    QApplication.sendEvent(table.viewport(), QEvent(QEvent.Type.Leave))
    assert all(values == {1.0} for values in opacities(opened).values())


def test_columns_go_where_room_is_short_and_rows_stay(opened: MainWindow) -> None:
    table = opened.train.runs.table

    def hidden() -> list[str]:
        return [c.title for c in IN_WINDOW if table.isColumnHidden(table.column(c))]

    def needed(column: Column) -> int:
        return table.columnWidth(table.column(column))

    assert hidden() == []
    for width, height in ((1024, 700), (1280, 800), (1900, 1000)):
        opened.resize(width, height)
        QTest.qWait(100)
        shown = [column for column in IN_WINDOW if column.title not in hidden()]
        assert sum(map(needed, shown)) <= table.viewport().width(), width
        assert "stiffness" not in hidden() and "name" not in hidden()
        assert table.viewport().height() >= 2 * table.rowHeight(0)
        assert is_in_sight(table, table.currentIndex())
        assert opened.train.eigenvalues.height() > 450


def test_a_trained_run_is_among_the_recent_files(window: MainWindow, qtbot: QtBot) -> None:
    page = window.train
    page.model.edit("training.epochs", 2)
    page.run()
    assert window.recent.paths() == []
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=WAIT)
    (run,) = page.bench.runs
    assert window.recent.paths() == [run.path]
    page.bench.filing.rename(run, "mine")
    window.recent.fill()
    assert window.recent.actions()[0].text() == "mine.stiff"
    assert len(window.recent.actions()) == 3  # with a line, and "Forget these"


def test_a_training_that_ends_with_the_window_is_among_them(
    qtbot: QtBot, qapp: QApplication, home: Path
) -> None:
    window = make_window(qapp, home / "runs")
    window.start_children()
    window.train.model.edit("training.epochs", 100_000)
    window.train.run()
    run = window.train.bench.running
    assert run is not None
    qtbot.waitUntil(lambda: run.epoch > 1, timeout=WAIT)
    window.close()
    assert window.recent.paths() == [run.path]
    window.deleteLater()


def test_no_runs_say_where_they_will_be(window: MainWindow, run_file: Path) -> None:
    card = window.train.runs
    assert card._empty.isVisible() and "library" in card._empty.text()
    open_file(window.train.bench, run_file)
    assert card.table.isVisible() and not card._empty.isVisible()
    window.train.bench.remove(window.train.bench.runs[0])
    assert card._empty.isVisible() and not card.more.isEnabled()
