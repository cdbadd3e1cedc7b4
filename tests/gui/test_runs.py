"""Runs of the window: overlay, names, the wastebasket's door, resuming, closing, the palette."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stiffgui.errors import InputError
from stiffgui.figures.history import marked, smoothed
from stiffgui.figures.picture import Curve
from stiffgui.gui.application import make_window
from stiffgui.gui.closing import Choice
from stiffgui.gui.palette import Palette
from stiffgui.gui.plots.decimation import thinned
from stiffgui.gui.train.runs.columns import DRAWN, NAME, Column
from stiffgui.gui.window import MainWindow
from stiffgui.runs import open_run, settle
from stiffgui.session.run_entry import RunEntry
from stiffgui.training.records import Event
from tests.gui.opening import open_file
from tests.longer import first

WAIT = 60_000


def train(window: MainWindow, qtbot: QtBot, epochs: int = 4) -> None:
    window.train.model.edit("training.epochs", epochs)
    window.train.run()
    qtbot.waitUntil(lambda: not window.train.bench.busy, timeout=WAIT)


def curves(window: MainWindow) -> list[Curve]:
    picture = window.train.errors.picture
    assert picture is not None
    return list(picture.panels[0].of(Curve))


def groups(window: MainWindow) -> set[str]:
    """The runs whose errors are drawn."""
    return {curve.group for curve in curves(window)}


def cell(window: MainWindow, run: RunEntry, column: Column) -> QModelIndex:
    """Where the table of runs says something of a run."""
    table = window.train.runs.table
    row = table.index_of(window.train.bench.runs.index(run)).row()
    return table.sorted.index(row, table.column(column))


def click(window: MainWindow, qtbot: QtBot, run: RunEntry, column: Column) -> None:
    table, index = window.train.runs.table, cell(window, run, column)
    table.scrollTo(index)
    box = table.visualRect(index)
    at = box.center() if column is not DRAWN else box.topLeft() + QPoint(14, box.height() // 2)
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_runs_are_overlaid_renamed_and_removed(window: MainWindow, qtbot: QtBot) -> None:
    train(window, qtbot)
    train(window, qtbot)
    first, second = window.train.bench.runs
    assert (first.name, second.name) == ("alpine02-1", "alpine02-2")
    window.train.refresh()
    assert groups(window) == {first.name, second.name}
    click(window, qtbot, first, DRAWN)
    window.train.refresh()
    assert groups(window) == {second.name} and window.train.bench.shown is second

    window.train.bench.filing.rename(first, "plain")
    assert first.path.name == "plain.stiff" and first.path.exists()
    window.train.bench.filing.rename(second, "plain")
    assert "exists already" in window.toasts.text() and second.name == "alpine02-2"
    window.train.bench.filing.rename(second, "a/b")
    assert "characters" in window.toasts.text() and second.path.exists()

    click(window, qtbot, first, NAME)
    assert window.train.bench.shown is first
    qtbot.waitUntil(lambda: window.train.eigenvalues.picture is not None, timeout=WAIT)
    window.train.bench.remove(first)
    assert window.train.bench.shown is second and first.path.exists()


def test_axis_smoothing_and_outliers(window: MainWindow, qtbot: QtBot) -> None:
    train(window, qtbot, 30)
    run = window.train.bench.shown
    assert run is not None
    for axis, last in (("step", 30 * 20), ("time", float(run.history.seconds[-1])), ("epoch", 30)):
        window.train.curves_menu.choose(axis=axis)
        window.train.refresh()
        assert curves(window)[0].x[-1] == pytest.approx(last)
    window.train.curves_menu.choose(smoothing=0.9, robust=True)
    window.train.refresh()
    raw = run.history.series["train_error"][:, 0]
    faint, smooth = curves(window)[:2]
    assert smooth.y[-1] == pytest.approx(smoothed(raw, np.arange(31), 0.9)[-1])
    assert faint.alpha < 1 and (faint.label, smooth.label) == ("", "train")
    np.testing.assert_array_equal(faint.y, raw)
    errors, stiffness = window.train.errors, window.train.stiffness
    [plot], legend = errors.view.views, errors.view.legend
    at = plot.box.mapViewToScene(QPointF(10.2, plot.box.viewRange()[1][0]))
    plot.scene().sigMouseMoved.emit(at)
    for card in (errors, stiffness):  # one crosshair in both, with the values there
        assert card.view.views[0].cross == pytest.approx(10.2)
    assert legend.labels[0].text() == f"train {smooth.y[10]:.3g}"
    measured = {f"{int(c.x[c.x <= 10.2][-1])}" for c in stiffness.view.views[0].panel.of(Curve)}
    assert errors.note.text() == "epoch 10" and [f"epoch {m}" for m in measured] == [
        stiffness.note.text()
    ]
    plot.scene().sigMouseMoved.emit(QPointF(-50, -50))
    assert errors.view.views[0].cross is None and stiffness.view.views[0].cross is None
    assert legend.labels[0].text() == f"train {smooth.y[-1]:.3g}"
    assert "probe samples" in stiffness.note.text() and errors.note.text() == ""
    assert errors.view.views[0].here is None
    window.train.timeline.go_to(20)  # what other cards show is marked
    kept = window.train.state.epoch
    window.train.refresh()
    assert kept is not None and [c.view.views[0].here for c in (errors, stiffness)] == [kept] * 2
    window.train.curves_menu.choose(axis="step")
    window.train.refresh()
    assert errors.view.views[0].here == kept * 20
    window.train.timeline.go_live()
    window.train.refresh()
    assert errors.view.views[0].here is None


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4000), st.integers(1, 50))
def test_thinning_keeps_both_ends_and_every_peak(values: list[float], buckets: int) -> None:
    array = np.array(values)
    rows = thinned(array, buckets)
    assert rows[0] == 0 and rows[-1] == len(array) - 1 and (np.diff(rows) > 0).all()
    assert array[rows].max() == array.max() and array[rows].min() == array.min()
    width = -(-len(array) // buckets)
    assert len(rows) <= max(2 * buckets + width + 2, 2 * buckets)


@settings(deadline=None)  # a busy machine is no fault
@given(st.floats(-1e3, 1e3), st.floats(0, 0.999), st.lists(st.booleans(), min_size=1))
def test_smoothing_leaves_a_constant_alone(value: float, factor: float, known: list[bool]) -> None:
    values = np.where(known, value, np.nan)
    epochs = np.cumsum(np.arange(1, len(known) + 1))
    result = smoothed(values, epochs, factor)
    first = known.index(True) if any(known) else len(known)
    if factor:
        assert np.isnan(result[:first]).all()
        assert np.allclose(result[first:], value, rtol=1e-9, atol=1e-9)


def test_undo_while_training_reaches_only_edits_made_since(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.train.model.edit("architecture.width", 8)
    window.train.model.edit("training.epochs", 5000)
    window.train.run()
    qtbot.waitUntil(lambda: window.train.bench.shown.epoch >= 2, timeout=WAIT)  # type: ignore[union-attr]
    window.train.model.edit("training.learning_rate", 0.002)
    window.acts["undo"].trigger()
    assert window.train.model.value("training.learning_rate") == 0.001
    window.acts["undo"].trigger()
    assert window.train.model.value("training.epochs") == 5000
    window.acts["redo"].trigger()
    assert window.train.model.value("training.learning_rate") == 0.002
    assert not window.train.preset.isEnabled()
    open_file(window.train.bench, Path("x.toml"))
    assert "x.toml" in window.toasts.text()


def test_keys_belong_to_the_focused_control(window: MainWindow, qtbot: QtBot) -> None:
    window.train.model.edit("training.epochs", 5000)
    window.train.run()
    qtbot.waitUntil(lambda: window.train.bench.shown.epoch >= 2, timeout=WAIT)  # type: ignore[union-attr]
    window.activateWindow()
    window.train.eigenvalues.layer.setFocus()
    qtbot.keyClick(window.train.eigenvalues.layer, Qt.Key.Key_Right)
    assert window.train.eigenvalues.layer.value() == 2
    assert not window.train.bench.paused


def test_palette_finds_and_does(window: MainWindow, qtbot: QtBot) -> None:
    window.acts["palette"].trigger()
    palette = window.findChild(Palette)
    assert palette is not None
    qtbot.keyClicks(palette.words, "theme: dark")
    assert palette.found.item(0).text() == "Theme: dark"
    qtbot.keyClick(palette.words, Qt.Key.Key_Return)
    assert window.settings.value("theme") == "dark"
    keys = [a.shortcut() for a in window.acts.values() if not a.shortcut().isEmpty()]
    assert len(keys) == len(set(keys)) and QKeySequence("Ctrl+Shift+P") in keys


def test_settings_go_over_the_clipboard(window: MainWindow) -> None:
    model, clipboard = window.train.model, QApplication.clipboard()
    model.edit("architecture.width", 12)
    window.acts["copy_command"].trigger()
    assert clipboard.text() == "stiffgui train alpine02 --set architecture.width=12"
    for name in ("copy_command", "copy_settings", "copy_toml"):
        model.edit("architecture.width", 12)
        window.acts[name].trigger()
        model.edit("architecture.width", 20)
        window.acts["paste_settings"].trigger()
        assert model.value("architecture.width") == 12, name
    clipboard.setText("[architecture]\nwidht = 3")
    window.acts["paste_settings"].trigger()
    assert "Did you mean architecture.width?" in window.toasts.text()
    clipboard.setText("alpine02 architecture.widht=3")
    window.acts["paste_settings"].trigger()
    assert "Did you mean architecture.width?" in window.toasts.text()


def test_a_branch_starts_from_the_epoch_on_the_timeline(window: MainWindow, qtbot: QtBot) -> None:
    train(window, qtbot, 6)
    page = window.train
    first = page.bench.shown
    assert first is not None and window.acts["branch"].isEnabled()
    page.refresh()
    page.timeline.go_to(3)
    page.model.edit("training.learning_rate", 0.01)
    window.acts["branch"].trigger()
    assert not window.acts["branch"].isEnabled()
    qtbot.waitUntil(lambda: not page.bench.busy, timeout=WAIT)
    second = page.bench.shown
    assert second is not None and second is not first and page.timeline.live
    assert second.events[0].text == "starts from epoch 3 of alpine02-1"
    with open_run(second.path) as run, open_run(first.path) as old:
        np.testing.assert_array_equal(
            run.parameters(0)["layers.weight"], old.parameters(3)["layers.weight"]
        )
    page.model.edit("architecture.width", 7)
    window.acts["branch"].trigger()
    qtbot.waitUntil(lambda: "architecture.width = 20" in window.toasts.text(), timeout=WAIT)
    assert page.bench.runs == [first, second]


def test_a_note_stays_with_the_file(window: MainWindow, qtbot: QtBot) -> None:
    train(window, qtbot)
    bench = window.train.bench
    (run,) = bench.runs
    bench.filing.set_note(run, " the plain one\n")
    with open_run(run.path) as stored:
        assert stored.note == "the plain one"
    bench.remove(run)
    open_file(bench, run.path)
    (again,) = bench.runs
    assert again.note == "the plain one"
    name = cell(window, again, NAME)
    assert name.data() == "alpine02-1 ✎"
    assert "“the plain one”" in name.data(Qt.ItemDataRole.ToolTipRole)
    again.path = run.path.with_name("gone.stiff")
    bench.filing.set_note(again, "x")
    assert "cannot be kept" in window.toasts.text() and again.note == "the plain one"


def test_a_deleted_run_comes_back_by_undo(
    window: MainWindow, qtbot: QtBot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    train(window, qtbot)
    train(window, qtbot)
    bench = window.train.bench
    first, second = bench.runs
    before = first.path.read_bytes()
    bench.filing.throw_away(first)
    assert bench.runs == [second] and not first.path.exists()
    assert "wastebasket" in window.toasts.text()
    window.toasts.all[-1].offer.click()
    assert bench.runs == [first, second] and bench.shown is first
    # But for its first page's header: whoever closes a database last changes its journal's mode.
    assert first.path.read_bytes()[100:] == before[100:]
    assert not list(home.rglob("*.trashinfo")) and not list(home.rglob("deleted/*"))
    bench.filing.throw_away(first)
    first.path.write_text("another")
    window.toasts.all[-1].offer.click()
    assert "exists again" in window.toasts.text() and first.path.read_text() == "another"


def test_an_interrupted_file_is_moved_with_its_journal(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "a.db"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE t (x)")
    writer.execute("INSERT INTO t VALUES (7)")
    writer.commit()
    left = tmp_path / "left" / "a.db"  # as a killed process leaves it: with its journal
    left.parent.mkdir()
    for name in ("a.db", "a.db-wal"):
        (left.parent / name).write_bytes((tmp_path / name).read_bytes())
    writer.close()
    settle(left)
    assert [p.name for p in left.parent.iterdir()] == ["a.db"]
    with contextlib.closing(sqlite3.connect(left)) as database:
        assert database.execute("SELECT x FROM t").fetchall() == [(7,)]
    settle(tmp_path / "missing.db")
    assert not (tmp_path / "missing.db").exists()


def test_what_happened_is_marked_once() -> None:
    events = [
        Event(0, 0, "branched", "starts from epoch 3 of a"),
        Event(5, 100, "learning-rate", "", trial=0),
        Event(5, 100, "learning-rate", "", trial=1),
        Event(6, 120, "paused", "paused"),
        Event(7, 140, "change", "regularizer.weight 1 → 2", key="regularizer.weight"),
        Event(7, 140, "change", "training.epochs 10 → 20", key="training.epochs"),
        Event(9, 180, "diverged", "trial 1 stopped: its loss became NaN", trial=1),
        Event(12, 240, "learning-rate", "", trial=1),
    ]
    found = marked(events)
    assert [(e.epoch, e.kind) for e in found] == [
        (5, "learning-rate"),
        (7, "change"),
        (7, "change"),
        (9, "diverged"),
        (12, "learning-rate"),
    ]
    for count in range(len(events)):  # what was drawn stays in place when more happens
        before = marked(events[:count])
        assert found[: len(before)] == before


def test_a_folder_that_cannot_be_written_is_told(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    window.train.bench.workspace = tmp_path / "file" / "runs"
    window.train.run()
    assert "cannot be written" in window.toasts.text() and not window.train.bench.runs


def test_a_diverged_trial_is_told(window: MainWindow, qtbot: QtBot) -> None:
    window.train.model.edit("regularizer.kind", "l2")
    window.train.model.edit("regularizer.weight", 1e6)
    window.train.model.edit("training.learning_rate", 10.0)
    window.train.model.edit("architecture.activation", "identity")
    window.train.model.edit("architecture.horizon", 1000.0)
    train(window, qtbot, 20)
    assert "became NaN or infinite" in window.toasts.text()
    assert window.train.bench.runs[0].state == "diverged"


def test_a_broken_settings_file_is_set_aside(qtbot: QtBot, qapp: QApplication, home: Path) -> None:
    folder = home / "config" / "stiffgui"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "window.ini").write_bytes(b"\x00\xff not = [an ini\ngeometry=7\ndocks=8\n")
    window = make_window(qapp, home / "runs")
    assert window.settings.status() == QSettings.Status.NoError
    window.close()
    window.deleteLater()


def test_training_goes_on_in_the_background_and_ends_itself(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.train.model.edit("training.epochs", 60)
    window.train.run()
    run = window.train.bench.shown
    assert run is not None
    qtbot.waitUntil(lambda: run.epoch >= 2, timeout=WAIT)
    window.ask_how_to_close = lambda: Choice.CANCEL  # type: ignore[method-assign]
    window.close()
    assert window.isVisible()
    window.ask_how_to_close = lambda: Choice.BACKGROUND  # type: ignore[method-assign]
    window.close()
    assert window.isHidden() and window.train.bench.busy
    qtbot.waitUntil(lambda: not window.train.bench.training.isRunning(), timeout=WAIT)
    with open_run(run.path) as stored:
        assert stored.ending == "finished" and stored.series().epochs[-1] == 60


SCRIPT = """
import sys
from pathlib import Path
from stiffgui.errors import InputError
from stiffgui.gui.application import make_application, make_window

if __name__ == "__main__":
    application = make_application()
    window = make_window(application, Path(sys.argv[1]))
    window.show()
    window.start_children()
    window.train.run()
    application.exec()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.timeout(180)
@pytest.mark.parametrize("number", first([signal.SIGKILL, signal.SIGHUP]))
def test_kill_the_window_and_the_child_saves_and_ends(
    home: Path, qtbot: QtBot, qapp: QApplication, number: signal.Signals
) -> None:
    script, runs = home / "window.py", home / "runs"
    script.write_text(SCRIPT)
    window = subprocess.Popen([sys.executable, str(script), str(runs)], env=os.environ.copy())
    path = runs / "alpine02-1.stiff"

    def epochs() -> int:
        try:
            with open_run(path) as run:
                return len(run.series().epochs)
        except InputError:  # not there yet, or its first page is not
            return 0

    qtbot.waitUntil(lambda: epochs() > 5, timeout=WAIT)
    children = psutil.Process(window.pid).children(recursive=True)
    os.kill(window.pid, number)
    window.wait()
    assert len(children) >= 2
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    with open_run(path) as run:
        assert run.ending == "stopped" and run.checkpoint() is not None


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_an_interrupted_run_is_offered_and_goes_on(
    window: MainWindow, qtbot: QtBot, qapp: QApplication, home: Path
) -> None:
    window.train.model.edit("training.epochs", 5000)
    window.train.run()
    run = window.train.bench.shown
    assert run is not None
    qtbot.waitUntil(lambda: run.epoch >= 3, timeout=WAIT)
    window.acts["pause"].trigger()  # saves a state to resume from
    qtbot.waitUntil(lambda: any(e.kind == "paused" for e in run.events), timeout=WAIT)
    qtbot.wait(800)
    held = run.epoch
    assert window.train.bench.training.process_id is not None
    os.kill(window.train.bench.training.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: "ended unexpectedly" in window.toasts.text(), timeout=WAIT)
    found: list[Path] = []
    window.train.bench.find_interrupted(found.append)
    qtbot.waitUntil(lambda: found == [run.path], timeout=WAIT)

    second = make_window(qapp, home / "runs")
    second.show()
    second.start_children()
    qtbot.waitUntil(lambda: "was interrupted" in second.toasts.text(), timeout=WAIT)
    second.toasts.all[-1].offer.click()
    qtbot.waitUntil(
        lambda: second.train.bench.shown is not None and second.train.bench.shown.epoch >= held + 2,
        timeout=WAIT,
    )
    epochs = second.train.bench.shown.history.epochs  # type: ignore[union-attr]
    assert (np.diff(epochs) == 1).all() and epochs[0] == 0
    second.close()
    second.deleteLater()
