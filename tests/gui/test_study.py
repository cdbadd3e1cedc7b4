"""The Study workspace in the real window, with its real child process."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stiffgui import open_study
from stiffgui.figures import table_of
from stiffgui.figures.picture import Box, Curve
from stiffgui.gui.study.model import StudyModel, as_text, from_text
from stiffgui.gui.study.workspace import StudyWorkspace
from stiffgui.gui.window import MainWindow
from stiffgui.session.duration import AskStudy
from stiffgui.study import Study, StudyRecording
from stiffgui.study.comparison import comparisons_of
from stiffgui.study.plan import plan
from stiffgui.study.progress_estimate import Progresses, sentences
from stiffgui.study.summary import readable
from tests.processes import children
from tests.study_files import TINY, tiny

MILLISECONDS = 150_000


@pytest.fixture
def workspace(window: MainWindow) -> StudyWorkspace:
    found = window.show_place("Study")
    assert isinstance(found, StudyWorkspace)
    return found


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("studied") / "done.stiff"
    for _ in StudyRecording(tiny(), path):
        pass
    return path


def test_a_study_is_edited_run_and_looked_at(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, home: Path
) -> None:
    (home / "tiny.toml").write_text(TINY, "utf-8")
    window.open_file(home / "tiny.toml")
    assert window.current is workspace and workspace.panel.trials.value() == 8
    workspace.panel.trials.setValue(4)
    window.acts["run"].trigger()
    assert workspace.busy and not window.acts["run"].isEnabled()
    assert not workspace.panel.table.isEnabled()
    qtbot.waitUntil(lambda: not workspace.busy, timeout=MILLISECONDS)
    qtbot.waitUntil(lambda: window.acts["run"].isEnabled(), timeout=5000)
    path = home / "runs" / "tiny.stiff"
    with open_study(path) as results:
        assert results.finished and results.study.trials == 4
        titles, rows = readable(results)
        told = [c.sentence for c in comparisons_of(results)]
    table = workspace.results.table
    heads = [table.horizontalHeaderItem(c).text() for c in range(table.columnCount())]
    assert heads == [titles[0], "progress", *titles[1:]]
    for r, row in enumerate(rows):
        shown = [table.item(r, c).text() for c in range(table.columnCount()) if c != 1]
        assert shown == row
    assert [bar.text() for bar in workspace.results.bars] == ["finished"] * 3
    assert workspace.results.sentences.text().split("<br>") == told
    evolution = workspace.evolution.picture
    assert evolution is not None and len(evolution.panels) == 4
    for panel in evolution.panels:  # one line a variant, nothing left of live ones
        assert [c.label for c in panel.of(Curve)] == ["RES", "RES L2", "RES stiff"]
    assert workspace.boxes.picture is None  # behind another tab
    workspace.tabs.setCurrentWidget(workspace.boxes)
    boxes = workspace.boxes.picture
    assert boxes is not None and all(len(list(p.of(Box))) == 3 for p in boxes.panels)
    assert workspace.trials.table.rowCount() == 12
    assert workspace.model.undo.canUndo()


def test_the_time_is_said_before_run_and_follows_what_is_asked_for(
    qtbot: QtBot, workspace: StudyWorkspace
) -> None:
    said, panel = workspace.panel.beforehand, workspace.panel

    def time_said(epochs: int, trials: int) -> str:
        panel.epochs.setValue(epochs)
        panel.trials.setValue(trials)
        qtbot.waitUntil(lambda: not workspace.running.waits_for(AskStudy), timeout=MILLISECONDS)
        lines = dict(line.split(": ", 1) for line in said.text().splitlines())
        assert said.isVisible() and lines["steps"].startswith("compiled loops")
        return lines.get("time", "")

    def reckoned() -> str:
        assert workspace.model.study is not None
        states: Progresses = [(chunk, "waiting", 0) for chunk in plan(workspace.model.study)]
        return sentences(workspace.model.study, states)["time"]

    qtbot.waitUntil(lambda: bool(said.text()), timeout=MILLISECONDS)
    long = time_said(1_000_000, 25)
    assert long.endswith((" h", " days")) and long == reckoned()
    short = time_said(5, 2)
    assert short == reckoned() != long
    panel.dask.setText("tcp://elsewhere:8786")
    assert time_said(5, 2) == ""  # how fast another machine is, nobody knows here
    panel.dask.setText("")
    assert time_said(5, 2) == short
    workspace.model.set_variant(2, "RES stiff", "architecture.integrator = rk4")
    assert workspace.running.waits_for(AskStudy)
    qtbot.waitUntil(lambda: "steps of RES stiff: torch" in said.text(), timeout=MILLISECONDS)
    assert "time: not known beforehand where torch takes the steps" in said.text()
    workspace.model.set_variant(2, "RES stiff", "nonsense")
    assert not said.isVisible() and workspace.running.thread_.restarts == 0


def test_a_study_file_opens_and_a_trial_jumps_to_train(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, study_file: Path, home: Path
) -> None:
    window.show_place("Train")
    window.open_file(study_file)
    assert window.current is workspace
    qtbot.waitUntil(lambda: workspace.view is not None, timeout=MILLISECONDS)
    assert workspace.panel.trials.value() == 8
    assert "finished" in workspace.results.note.text()
    assert workspace.results.note.text().endswith("stiffness: mean over 4 probe samples")
    for row in range(workspace.trials.table.rowCount()):
        cells = [workspace.trials.table.item(row, c).text() for c in range(2)]
        if cells == ["RES stiff", "5"]:
            workspace.trials.table.selectRow(row)
    workspace.trials.open.click()
    qtbot.waitUntil(lambda: window.current is window.train, timeout=MILLISECONDS)
    qtbot.waitUntil(lambda: window.train.bench.shown is not None, timeout=MILLISECONDS)
    shown = window.train.bench.shown
    assert shown is not None and shown.experiment.training.first_trial == 5
    with open_study(study_file) as results:
        expected = results.variants[2].last["test_error"][5]
    assert shown.history.series["test_error"][-1, 0] == expected
    assert (home / "runs" / "done-RES-stiff-trial-5.stiff").exists()


def test_exports_and_copies(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, study_file: Path, home: Path
) -> None:
    workspace.open_file(study_file)
    qtbot.waitUntil(lambda: workspace.view is not None, timeout=MILLISECONDS)
    workspace.exports.save("summary", home / "s.pdf")
    workspace.exports.save("summary-table", home / "s.tex")
    workspace.exports.save("history-table", home / "s.parquet")
    workspace.exports.save("comparison-table", home / "s.npz")
    qtbot.waitUntil(lambda: not workspace.exports.waiting, timeout=MILLISECONDS)
    assert (home / "s.pdf").read_bytes().startswith(b"%PDF")
    assert "RES L2 & 8/8" in (home / "s.tex").read_text("utf-8")
    with open_study(study_file) as results:
        read = pd.read_parquet(home / "s.parquet")
        pd.testing.assert_frame_equal(read, table_of("history", results, "parquet"))
        sentences = table_of("comparison", results, "npz")
    with np.load(home / "s.npz") as arrays:
        assert arrays.files == list(sentences)
    workspace.exports.save("history-table", home / "no" / "s.csv")
    assert "does not exist" in window.toasts.text()
    workspace.exports.save("history-table", home / "s.png")
    assert "does not end in .csv, .parquet, .npz or .tex" in window.toasts.text()
    workspace.evolution.copy_asked.emit("data")
    qtbot.waitUntil(lambda: not workspace.exports.waiting, timeout=MILLISECONDS)
    assert QGuiApplication.clipboard().text().startswith("variant,series,epoch")
    workspace.evolution.copy_asked.emit("picture")
    qtbot.waitUntil(lambda: not workspace.exports.waiting, timeout=MILLISECONDS)
    assert abs(QGuiApplication.clipboard().image().width() - 260 / 25.4 * 200) <= 1
    workspace.evolution.copy_asked.emit("script")
    (home / "redraw.py").write_text(QGuiApplication.clipboard().text(), "utf-8")
    subprocess.run([sys.executable, "redraw.py"], cwd=home, check=True, timeout=120)
    assert (home / "summary.pdf").read_bytes().startswith(b"%PDF")
    workspace.trials.table.selectRow(0)


def test_a_stopped_study_goes_on_in_its_file(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, home: Path
) -> None:
    long = tiny(training__epochs=4000, watch__errors_every=50, trials=2)
    (home / "long.toml").write_text(long.to_toml(), "utf-8")
    window.open_file(home / "long.toml")
    workspace.run()
    qtbot.waitUntil(lambda: bool(workspace._live), timeout=MILLISECONDS)
    qtbot.waitUntil(lambda: workspace.evolution.picture is not None, timeout=5000)
    live = next(workspace.evolution.picture.panels[0].of(Curve))  # type: ignore[union-attr]
    assert live.alpha < 1 and live.label == "RES" and len(live.x)  # faint, and in the legend
    assert "%" in workspace.results.bars[0].text() or workspace.results.bars[0].text()
    window.acts["stop"].trigger()
    qtbot.waitUntil(lambda: not workspace.busy, timeout=MILLISECONDS)
    qtbot.waitUntil(lambda: "Run goes on" in workspace.results.note.text(), timeout=5000)
    path = home / "runs" / "long.stiff"
    with open_study(path) as results:
        assert not results.finished
    workspace.run()
    assert workspace.path == path  # not a second file
    qtbot.waitUntil(lambda: bool(workspace._live), timeout=MILLISECONDS)
    window.acts["stop"].trigger()
    qtbot.waitUntil(lambda: not workspace.busy, timeout=MILLISECONDS)
    qtbot.waitUntil(lambda: "Run goes on" in workspace.results.note.text(), timeout=5000)
    workspace.panel.epochs.setValue(4001)
    assert "other settings" in workspace.results.note.text()
    window.acts["undo"].trigger()
    assert "Run goes on" in workspace.results.note.text()


def test_a_child_that_dies_is_told_and_replaced(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, home: Path
) -> None:
    long = tiny(training__epochs=10**6, watch__errors_every=500, trials=2)
    (home / "long.toml").write_text(long.to_toml(), "utf-8")
    window.open_file(home / "long.toml")
    workspace.run()
    qtbot.waitUntil(lambda: bool(workspace._live), timeout=MILLISECONDS)
    lock = (home / "runs" / "long.stiff-lock").resolve()
    for child in children():
        if any(Path(f.path) == lock for f in child.open_files()):
            child.kill()
    qtbot.waitUntil(lambda: not workspace.busy, timeout=MILLISECONDS)
    qtbot.waitUntil(lambda: "ended unexpectedly" in window.toasts.text(), timeout=5000)
    assert "stopped" in workspace.results.bars[0].text()
    assert "left" not in workspace.results.bars[0].text()
    workspace.run()
    qtbot.waitUntil(lambda: bool(workspace._live), timeout=MILLISECONDS)


def test_editing(qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace) -> None:
    model, panel = workspace.model, workspace.panel
    names = lambda: [name for name, _ in model.draft.variants]  # noqa: E731
    assert names() == ["RES", "RES L2", "RES stiff"]  # climate
    model.set_variant(1, "RES L2", "regularizer.kind = l2; regularizer.wieght = 1")
    assert "Did you mean regularizer.weight?" in panel.problem.text()
    assert panel.problem.isVisible() and not window.acts["run"].isEnabled()
    window.acts["undo"].trigger()
    assert not panel.problem.isVisible() and window.acts["run"].isEnabled()
    panel.table.selectRow(2)
    panel.first.click()
    assert names()[0] == "RES stiff"
    panel.table.selectRow(2)
    panel.remove.click()
    assert names() == ["RES stiff", "RES"]
    next(a for a in panel.add_menu.actions() if a.text() == "RES").trigger()
    assert names() == ["RES stiff", "RES", "RES 2"]
    panel.epochs.setValue(12)
    assert model.study is not None and model.study.experiment.training.epochs == 12
    window.train.model.edit("architecture.depth", 7)
    next(a for a in panel.add_menu.actions() if a.text() == "As in Train").trigger()
    assert model.study is not None
    assert model.study.experiment_of(3).architecture.depth == 7
    assert model.study.experiment_of(3).task == window.train.model.experiment.task  # type: ignore[union-attr]
    workspace.panel.train_asked.emit("base")
    assert model.draft.experiment == window.train.model.experiment


def test_sweeps(qtbot: QtBot, workspace: StudyWorkspace, qapp: QApplication) -> None:
    workspace.ask_sweep()
    dialog = workspace.dialog
    assert dialog is not None and not dialog.found
    dialog.axes[0].key.setText("regularizer.weight")
    dialog.axes[0].values.setText("1e-6 .. 1e-2")
    assert "exists only when regularizer.kind" in dialog.told.text()
    dialog.settings.setText("regularizer.kind = l2")
    dialog.axes[0].scale.setCurrentIndex(1)
    assert "5 variants" in dialog.told.text()
    dialog.add_axis()
    dialog.axes[1].key.setText("architecture.depth")
    dialog.axes[1].values.setText("4, 8")
    dialog.accept()
    study = workspace.model.study
    assert study is not None and len(study.all_variants) == 13
    last = study.experiment_of(12)
    assert last.architecture.depth == 8 and last.regularizer.weight == pytest.approx(1e-2)


def test_settings_as_text() -> None:
    settings = {"regularizer.kind": "l2", "watch.indices": ("frobenius", "singular")}
    assert from_text(as_text(settings)) == {
        "regularizer.kind": "l2",
        "watch.indices": "frobenius, singular",
    }
    assert from_text("a = 1, b.c = 2;") == {"a": "1", "b.c": "2"}
    model = StudyModel("alpine02")
    again = Study.from_toml(model.draft.study().to_toml())
    assert np.all([model.study.experiment_of(k) == again.experiment_of(k) for k in range(3)])  # type: ignore[union-attr]


def test_no_row_of_another_study_is_left(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, study_file: Path
) -> None:
    window.open_file(study_file)
    qtbot.waitUntil(lambda: workspace.view is not None, timeout=MILLISECONDS)
    view, card = workspace.view, workspace.results
    assert view is not None
    talk = ("  the talk's", *["1"] * (len(view.titles) - 1))
    shown = lambda: [card.table.item(r, 0).text() for r in range(card.table.rowCount())]  # noqa: E731
    longer = [view.rows[0], talk, *view.rows[1:]]
    card.show_view(replace(view, rows=longer))
    assert shown() == [row[0] for row in longer] and len(card.bars) == 3
    card.show_view(view)
    assert shown() == [row[0] for row in view.rows] and len(card.bars) == 3
