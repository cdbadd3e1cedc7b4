"""The import wizard and dropped files, on the real window with its real children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QTableView,
)
from pytestqt.qtbot import QtBot

from stiffgui.gui.tables.columns import USE
from stiffgui.gui.tables.wizard import BUSY, ImportWizard
from stiffgui.gui.window import MainWindow
from stiffgui.session import reading
from stiffgui.tasks.table import Table
from tests.gui.opening import wait_for_reading

WAIT = 120_000  # a busy machine needs a minute to start the children
CLM = Path(__file__).parents[3] / "shared" / "data" / "clm5ppe" / "clm5ppe_500x32_to_10.csv"


def frame(rows: int = 40) -> pd.DataFrame:
    draws = np.random.default_rng(0)
    x = draws.uniform(0, 5, (rows, 3))
    return pd.DataFrame(
        {
            "x_a": x[:, 0],
            "x_b": x[:, 1],
            "y_c": np.sin(x[:, 0]) * x[:, 1],
            "y_d": 300 + x[:, 2],
        }
    )


def to_npz(table: pd.DataFrame, path: Path) -> None:
    np.savez(path, **{name: table[name].to_numpy() for name in table})


def in_csv(path: Path, table: pd.DataFrame | None = None) -> Path:
    (frame() if table is None else table).to_csv(path, index=False)
    return path


def opened(window: MainWindow, path: Path) -> ImportWizard:
    window.import_table(path)
    wizard = window.train.importing.wizard
    assert wizard is not None
    return wizard


def settled(wizard: ImportWizard, qtbot: QtBot) -> None:
    """Wait until all that was entered has been answered."""
    qtbot.waitUntil(lambda: not wizard._soon.isActive() and not wizard._pending, timeout=WAIT)


def enter(wizard: ImportWizard, qtbot: QtBot, field: str, text: str) -> None:
    """Type into a field of the form."""
    line = wizard.form.editors[field].control
    assert isinstance(line, QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, text) if text else qtbot.keyClick(line, Qt.Key.Key_Delete)
    settled(wizard, qtbot)


def choose(wizard: ImportWizard, qtbot: QtBot, field: str, name: str) -> None:
    """Choose from a box of the form."""
    box = wizard.form.editors[field].control
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData(name))
    settled(wizard, qtbot)


def roles(wizard: ImportWizard) -> dict[str, str]:
    return dict(zip(wizard.columns.names, wizard.columns.roles, strict=True))


def press_import(wizard: ImportWizard, qtbot: QtBot) -> None:
    assert wizard.accept_button.isEnabled(), wizard.form.problem()
    qtbot.mouseClick(wizard.accept_button, Qt.MouseButton.LeftButton)


def test_three_formats_are_guessed_and_imported(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    model, before = window.train.model, window.train.model.experiment
    frame().to_excel(tmp_path / "b.xlsx", index=False)
    to_npz(frame(), tmp_path / "c.npz")
    for path in (in_csv(tmp_path / "A.CSV"), tmp_path / "b.xlsx", tmp_path / "c.npz"):
        wizard = opened(window, path)
        settled(wizard, qtbot)
        assert roles(wizard) == dict(x_a="input", x_b="input", y_c="output", y_d="output")
        assert wizard.form.values["input_columns"] == "x_*"
        assert (
            "28 rows to train on, 4 to choose by, 8 to test · 2 inputs, 2 outputs"
            in wizard.summary.text()
        )
        assert wizard.form.editors["delimiter"].isEnabled() == (path.suffix == ".CSV")
        shown = wizard.first_rows.model()
        assert shown.rowCount() == 20 and shown.columnCount() == 4
        assert float(shown.index(3, 1).data()) == pytest.approx(frame()["x_b"][3], rel=1e-5)
        assert shown.headerData(0, Qt.Orientation.Horizontal) == "x_a\ninput"
        press_import(wizard, qtbot)
        assert window.train.importing.wizard is None
        task = model.experiment.task
        assert isinstance(task, Table) and task.path == str(path)
        assert model.preset_name == path.stem and path.stem in window.toasts.text()
    for _ in range(3):
        window.acts["undo"].trigger()
    assert model.experiment == before


def test_an_output_that_is_typed_is_no_proposed_input(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    table = frame().rename(columns={"x_a": "speed", "x_b": "load", "y_c": "drag", "y_d": "lift"})
    wizard = opened(window, in_csv(tmp_path / "measured.csv", table))
    settled(wizard, qtbot)
    assert "No column is an output yet" in wizard.form.problem()
    for typed in ("*", "drag", "drag, lift"):
        enter(wizard, qtbot, "output_columns", typed)
    assert wizard.form.problem() == "" and wizard.accept_button.isEnabled()
    assert wizard.form.values["input_columns"] == "speed, load"
    assert [roles(wizard)[name] for name in ("load", "drag", "lift")] == ["input", *2 * ["output"]]
    enter(wizard, qtbot, "input_columns", "speed, drag")  # a person's own choice stays
    enter(wizard, qtbot, "output_columns", "drag")
    assert "'drag' is chosen as input and as output" in wizard.form.problem()


def test_roles_by_box_keys_and_patterns(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    table = frame().rename(columns={"x_a": "speed", "x_b": "a,b", "y_c": "drag", "y_d": "lift"})
    table["note"] = "fine"
    wizard = opened(window, in_csv(tmp_path / "measured.csv", table))
    settled(wizard, qtbot)
    # Nothing is named x_* or y_*: every number may be an input, and an output must be chosen.
    assert "No column is an output yet" in wizard.form.problem()
    assert wizard.form.problems["output_columns"].isVisible()
    assert not wizard.accept_button.isEnabled()
    view = wizard.columns_view
    assert view.model().index(4, 5).data().startswith("row 1 holds 'fine', not a number")

    view.selectRow(3)
    qtbot.keyClick(view, Qt.Key.Key_O)
    settled(wizard, qtbot)
    assert wizard.form.values["output_columns"] == "lift"
    assert wizard.form.values["input_columns"] == 'speed, "a,b", drag'
    assert wizard.accept_button.isEnabled()

    # The box of one of two chosen rows is for both.
    view.selectRow(2)
    view.selectionModel().select(
        view.model().index(3, 0),
        view.selectionModel().SelectionFlag.Select | view.selectionModel().SelectionFlag.Rows,
    )
    view.edit(view.model().index(2, USE))
    box = view.findChild(QComboBox)
    assert box is not None and box.accessibleName() == "Use of drag"
    box.setCurrentText("output")
    box.activated.emit(1)
    settled(wizard, qtbot)
    assert wizard.form.values["output_columns"] == "drag, lift"
    assert "2 inputs, 2 outputs" in wizard.summary.text()

    # Patterns show in the rows; one that matches nothing is said under its field.
    enter(wizard, qtbot, "input_columns", "sp*")
    assert roles(wizard)["speed"] == "input" and roles(wizard)["a,b"] == "leave out"
    enter(wizard, qtbot, "output_columns", "lifted")
    assert "no column is named 'lifted'. Did you mean lift?" in wizard.form.problem()
    assert wizard.form.problems["output_columns"].isVisible()
    assert wizard.form.editors["output_columns"].control.property("invalid")
    assert not wizard.accept_button.isEnabled()
    enter(wizard, qtbot, "output_columns", "*")
    assert "'speed' is chosen as input and as output" in wizard.form.problem()
    enter(wizard, qtbot, "output_columns", "DRAG")
    enter(wizard, qtbot, "test_fraction", "1.5")
    assert "Test fraction" in wizard.form.problem() and "below 1" in wizard.form.problem()
    assert wizard.form.problems["test_fraction"].isVisible()
    enter(wizard, qtbot, "test_fraction", "0.5")
    assert not wizard.form.editors["seed"].isVisible()
    wizard.form.more.click()
    assert wizard.form.editors["seed"].isVisible()
    enter(wizard, qtbot, "seed", "7")
    enter(wizard, qtbot, "input_scale", "1")
    press_import(wizard, qtbot)
    task = window.train.model.experiment.task
    assert task.columns == (("speed",), ("drag",))
    assert (task.test_samples, task.seed, task.input_scale) == (20, 7, 1.0)


def test_missing_values_are_refused_or_dropped(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    table = frame()
    table.loc[6, "y_d"] = np.nan
    wizard = opened(window, in_csv(tmp_path / "gaps.csv", table))
    settled(wizard, qtbot)
    sentence = wizard.form.problem()
    assert "row 7 (the first in column 'y_d')" in sentence and "set Missing values to" in sentence
    assert wizard.form.problems["missing"].isVisible()
    cells = wizard.columns.index(3, 3), wizard.columns.index(3, 5)
    assert [cell.data() for cell in cells] == ["1", "⚠ lacks 1 of 40 values, the first in row 7."]
    choose(wizard, qtbot, "missing", "drop")
    assert not cells[1].data().startswith("⚠")
    assert "27 rows to train on, 4 to choose by, 8 to test · 1 row dropped" in wizard.summary.text()
    # A delimiter that does not fit is said there, and nothing that was entered is lost.
    choose(wizard, qtbot, "delimiter", "tab")
    assert wizard.form.problems["delimiter"].isVisible()
    assert wizard.form.editors["delimiter"].isVisible()  # the fold has opened
    assert "when split at the tab" in wizard.form.problem()
    choose(wizard, qtbot, "delimiter", "comma")
    assert wizard.form.values["missing"] == "drop" and wizard.accept_button.isEnabled()
    wizard.reject()
    assert window.train.model.preset_name == "alpine02"


def _pickled(folder: Path) -> Path:
    path = folder / "bad.npz"
    np.savez(path, x=np.array([{"a": 1}, None, 3], dtype=object), y=np.arange(3.0))
    return path


def text(name: str, lines: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_text(lines, "utf-8")
        return folder / name

    return write


BAD: list[tuple[Callable[[Path], Path], list[str]]] = [
    (text("words.csv", "x_1,y_1\n1,2\n2,3\n3,zz\n"), ["row 3 of column 'y_1' holds 'zz'"]),
    (text("twice.csv", "x_1,x_1,y_1\n1,2,3\n1,2,4\n3,3,5\n"), ["'x_1' named twice"]),
    (text("one.csv", "x_1,y_1\n1,2\n"), ["one.csv has 1 row:", "at least 3"]),
    (
        text("flat.csv", "x_1,y_1\n1,4\n2,4\n3,4\n"),
        ["'y_1' is constant", "leave it out of Outputs"],
    ),
    (text("gaps.csv", "x_1,y_1\n1,4\nnan,5\n3,inf\n4,7\n5,8\n"), ["rows 2, 3", "Missing values"]),
    (text("ragged.csv", "x_1,y_1\n1,4\n2,5,6\n3,6\n"), ["row 2 has 3 fields"]),
    (text("empty.csv", ""), ["empty.csv is empty (0 bytes)"]),
    (text("head.csv", "1,4\n2,5\n3,6\n"), ["No column is an output yet"]),
    (text("word.docx", "x"), [".csv", ".parquet"]),
    (text("text.xlsx", "x_1,y_1\n"), ["cannot be read as Excel"]),
    (_pickled, ["pickled", "refused"]),
    (lambda folder: folder / "nowhere.csv", ["nowhere.csv cannot be read: No such file"]),
]


def test_bad_tables_are_told_in_place_and_nothing_is_loaded(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.acts["import_table"].trigger()
    wizard = window.train.importing.wizard
    assert wizard is not None and not wizard.accept_button.isEnabled()
    assert "Choose a file" in wizard.columns_view.empty_text
    for make, words in BAD:
        wizard.choose(make(tmp_path))
        settled(wizard, qtbot)
        for word in words:
            assert word in wizard.form.problem()
        assert "task." not in wizard.form.problem()
        shown = [label for label in wizard.form.problems.values() if label.isVisible()]
        assert shown and not wizard.accept_button.isEnabled()
        qtbot.keyClick(wizard, Qt.Key.Key_Return)
        assert wizard.isVisible()
    # After all of them a good one is as good as ever.
    wizard.choose(in_csv(tmp_path / "good.csv"))
    settled(wizard, qtbot)
    assert wizard.form.problem() == "" and wizard.accept_button.isEnabled()
    qtbot.keyClick(wizard, Qt.Key.Key_Escape)
    assert window.train.importing.wizard is None
    assert window.train.model.undo.count() == 0
    assert window.train.model.preset_name == "alpine02"


def drop(window: MainWindow, *urls: QUrl) -> bool:
    """What the platform sends when files are dragged over the plots and let go."""
    mime = QMimeData()
    mime.setUrls(list(urls))
    handle = window.windowHandle()
    at = window.train.errors.mapTo(window, window.train.errors.rect().center())
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    plain = Qt.KeyboardModifier.NoModifier
    taken = []
    for kind in (QDragEnterEvent, QDragMoveEvent):
        event = kind(QPoint(at), copy, mime, left, plain)
        event.ignore()
        QApplication.sendEvent(handle, event)
        taken.append(event.isAccepted())
    QApplication.sendEvent(handle, QDropEvent(QPointF(at), copy, mime, left, plain))
    return all(taken)


def test_dropped_files(window: MainWindow, qtbot: QtBot, tmp_path: Path, run_file: Path) -> None:
    train = window.train

    def local(path: Path) -> QUrl:
        return QUrl.fromLocalFile(str(path))

    settings = tmp_path / "own.toml"
    settings.write_text("[architecture]\nwidth = 7\n", "utf-8")
    assert drop(window, local(settings))
    wait_for_reading(window)
    assert train.model.value("architecture.width") == 7 and train.model.preset_name == "own"
    drop(window, local(run_file))
    wait_for_reading(window)
    assert train.bench.shown is not None and train.bench.shown.path == run_file

    # Two tables and two strangers: the tables after each other, one sentence for the others.
    (tmp_path / "talk.pdf").write_bytes(b"%PDF")
    first, second = in_csv(tmp_path / "first.csv"), tmp_path / "second.npz"
    to_npz(frame(), second)
    drop(window, local(first), local(tmp_path / "talk.pdf"), local(second), local(tmp_path))
    assert window.toasts.text().startswith("talk.pdf and 1 more cannot be opened: drop a table")
    wizard = train.importing.wizard
    assert wizard is not None and wizard.form.values["path"] == str(first)
    settled(wizard, qtbot)
    qtbot.waitUntil(lambda: not train.matrices.busy, timeout=WAIT)  # it holds no square ones
    press_import(wizard, qtbot)
    wizard = train.importing.wizard
    assert wizard is not None and wizard.form.values["path"] == str(second)
    settled(wizard, qtbot)
    assert train.model.preset_name == "first" and wizard.accept_button.isEnabled()

    # Onto the wizard: another file for it.
    mime = QMimeData()
    mime.setUrls([local(first)])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    plain = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(
        wizard.windowHandle(), QDropEvent(QPointF(9, 9), copy, mime, left, plain)
    )
    assert wizard.form.values["path"] == str(first)
    wizard.reject()

    drop(window, QUrl("https://example.org/table.csv"))
    assert "cannot be opened" in window.toasts.text() and train.importing.wizard is None
    words = QMimeData()
    words.setText("x_1")
    event = QDragEnterEvent(QPoint(5, 5), copy, words, left, plain)
    event.ignore()
    QApplication.sendEvent(window.windowHandle(), event)
    assert not event.isAccepted()


def test_a_real_table_is_learnt(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    real = CLM.exists()
    wizard = opened(window, CLM if real else in_csv(tmp_path / "made.csv"))
    settled(wizard, qtbot)
    if real:
        assert (len(wizard.columns.used_as("input")), len(wizard.columns.used_as("output"))) == (
            32,
            10,
        )
        assert roles(wizard)["member"] == "leave out"
    press_import(wizard, qtbot)
    window.acts["run"].trigger()
    bench = window.train.bench
    qtbot.waitUntil(lambda: bench.shown is not None and bench.shown.epoch >= 2, timeout=WAIT)

    # While it trains, a table can be looked at but not take the settings away.
    wizard = opened(window, in_csv(tmp_path / "next.csv"))
    settled(wizard, qtbot)
    assert not wizard.accept_button.isEnabled() and wizard.summary.text() == BUSY
    window.acts["stop"].trigger()
    qtbot.waitUntil(lambda: not bench.busy, timeout=WAIT)
    assert wizard.accept_button.isEnabled() and "28 rows to train" in wizard.summary.text()
    qtbot.waitUntil(lambda: window.train.fit.picture is not None, timeout=WAIT)
    if not real:
        pytest.skip(f"{CLM.name} is not here: a made table was learnt instead")


def test_the_window_answers_while_a_table_is_read_and_a_dead_reader_is_told(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    wizard = opened(window, in_csv(tmp_path / "first.csv"))
    settled(wizard, qtbot)
    reader = window.train.reading.thread_.process_id
    assert reader is not None
    os.kill(reader, signal.SIGSTOP)
    wizard.choose(in_csv(tmp_path / "second.csv"))
    assert wizard.waiting.isVisible() and "Reading second.csv" in wizard.summary.text()
    window.train.model.edit("architecture.width", 9)
    qtbot.wait(100)
    assert window.train.model.experiment.architecture.width == 9
    assert wizard.waiting.isVisible() and not wizard.accept_button.isEnabled()
    os.kill(reader, signal.SIGKILL)
    qtbot.waitUntil(lambda: "ended unexpectedly" in wizard.form.problem(), timeout=WAIT)
    assert not wizard.waiting.isVisible()
    wizard.choose(tmp_path / "second.csv")  # a new reader has been started
    settled(wizard, qtbot)
    assert wizard.accept_button.isEnabled()


def test_a_table_that_is_never_read_is_given_up(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wizard = opened(window, in_csv(tmp_path / "first.csv"))
    settled(wizard, qtbot)
    reader = window.train.reading.thread_.process_id
    assert reader is not None
    monkeypatch.setattr(reading, "WHOLE_SECONDS", 0.5)
    os.kill(reader, signal.SIGSTOP)
    wizard.choose(in_csv(tmp_path / "second.csv"))
    qtbot.waitUntil(lambda: "given up" in wizard.form.problem(), timeout=WAIT)
    assert not wizard.waiting.isVisible() and not wizard.accept_button.isEnabled()
    monkeypatch.undo()
    wizard.choose(tmp_path / "second.csv")
    settled(wizard, qtbot)
    assert wizard.accept_button.isEnabled()


def test_everything_has_a_name_and_a_place_in_the_tab_order(
    window: MainWindow, qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    wizard = opened(window, in_csv(tmp_path / "first.csv"))
    settled(wizard, qtbot)
    buddies = {label.buddy() for label in wizard.findChildren(QLabel) if label.buddy()}
    controls = [editor.control for editor in wizard.form.editors.values()]
    assert buddies == set(controls)
    controls += [wizard.columns_view, wizard.first_rows, wizard.tabs]
    assert all(control.accessibleName() for control in controls)
    letters = [label.text() for label in wizard.findChildren(QLabel) if label.buddy()]
    letters += [wizard.tabs.tabText(k) for k in range(2)] + [wizard.form.browse.text()]
    letters += [button.text() for button in wizard.findChild(QDialogButtonBox).buttons()]
    keys = [text[text.index("&") + 1].lower() for text in letters if "&" in text]
    assert len(set(keys)) == len(keys) >= 11
    reached, widget = [], wizard.form.editors["path"].control
    while widget not in reached:
        reached.append(widget)
        widget = widget.nextInFocusChain()
    stops = [widget for widget in reached if widget.focusPolicy() & Qt.FocusPolicy.TabFocus]
    wanted = [*controls[:8], wizard.columns_view, wizard.first_rows, wizard.accept_button]
    wanted.insert(1, wizard.form.browse)
    order = [stops.index(control) for control in wanted]
    assert order == sorted(order)
    # The table of columns lets Tab go on, and Space opens the box of the current row.
    view = wizard.columns_view
    assert isinstance(view, QTableView) and not view.tabKeyNavigation()
    view.setCurrentIndex(view.model().index(1, 0))
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert view.findChild(QComboBox) is not None
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtTest import QTest
from stiffgui.gui.application import make_application, make_window

def main():
    application = make_application()
    window = make_window(application, Path(sys.argv[1]).parent / "runs")
    window.show()
    window.start_children()
    window.import_table(Path(sys.argv[1]))
    wizard = window.train.importing.wizard
    for _ in range(600):
        QTest.qWait(100)
        if wizard.accept_button.isEnabled():
            break
    wizard.accept_button.click()
    window.train.model.edit("task.test_fraction", 0.25)
    print(window.train.model.experiment.task.columns)
    print([m for m in ("torch", "pandas", "openpyxl", "matplotlib") if m in sys.modules])
    window.close()

if __name__ == "__main__":
    main()
"""


def test_the_window_never_reads_the_table_itself(home: Path) -> None:
    script = home / "importing.py"
    script.write_text(SCRIPT, "utf-8")
    frame().to_excel(home / "table.xlsx", index=False)
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    out = subprocess.run(
        [sys.executable, str(script), str(home / "table.xlsx")],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        timeout=200,
    )
    assert out.stdout.splitlines() == ["(('x_a', 'x_b'), ('y_c', 'y_d'))", "[]"]
