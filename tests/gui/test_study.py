"""The Study workspace in the real window, with its real child process."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stiffgui import open_study
from stiffgui.figures import table_of
from stiffgui.figures.numerals import unbroken
from stiffgui.figures.picture import Box, Curve, Points
from stiffgui.figures.study import Front
from stiffgui.gui.editors import ChoiceEditor, ChoicesEditor, TextEditor
from stiffgui.gui.study.model import StudyModel
from stiffgui.gui.study.workspace import FIRST_BATCH, StudyWorkspace
from stiffgui.gui.window import MainWindow
from stiffgui.session.duration import AskStudy
from stiffgui.study import Study, StudyRecording
from stiffgui.study.comparison import comparisons_of
from stiffgui.study.declaration import OF_THE_STUDY
from stiffgui.study.method import method
from stiffgui.study.plan import plan
from stiffgui.study.progress_estimate import Progresses, sentences
from stiffgui.study.summary import readable
from tests.gui.opening import open_file
from tests.processes import children
from tests.study_files import TINY, nested, numbers, tiny
from tests.writers import in_terminal

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


def enter(workspace: StudyWorkspace, key: str, text: str) -> None:
    """Type the value of a setting: of the study, else of the chosen variant."""
    panel = workspace.panel
    found = panel.own.rows.get(key) or next(
        group.rows[key] for group in panel.settings.groups.values() if key in group.rows
    )
    assert isinstance(found.editor, TextEditor)
    found.editor.line.selectAll()
    QTest.keyClicks(found.editor.line, text)
    QTest.keyClick(found.editor.line, Qt.Key.Key_Return)


def choose(workspace: StudyWorkspace, key: str, name: str) -> None:
    """Choose a setting of the chosen variant."""
    found = workspace.panel.settings.row(key)
    assert found is not None and isinstance(found.editor, ChoiceEditor)
    found.editor.combo.setCurrentIndex(found.editor.combo.findData(name))


def trials_of(workspace: StudyWorkspace) -> str:
    editor = workspace.panel.own.rows["trials"].editor
    assert isinstance(editor, TextEditor)
    return editor.line.text()


def test_a_study_is_edited_run_and_looked_at(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, home: Path
) -> None:
    (home / "tiny.toml").write_text(TINY, "utf-8")
    open_file(window, home / "tiny.toml")
    assert window.current is workspace and trials_of(workspace) == "8"
    enter(workspace, "trials", "4")
    window.acts["run"].trigger()
    assert workspace.busy and not window.acts["run"].isEnabled()
    assert FIRST_BATCH in workspace.evolution._empty.text()
    assert workspace.panel.workers.text() == "auto"
    assert not workspace.panel.own.rows["trials"].editor.isEnabled()
    assert not workspace.panel.settings.row("training.epochs").editor.isEnabled()  # type: ignore[union-attr]
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
    assert workspace.results.sentences.text().split("\n") == list(map(unbroken, told))
    assert workspace.results.method.text() == method(workspace.view.study)  # type: ignore[union-attr]
    workspace.results.copy.click()
    assert QGuiApplication.clipboard().text() == "\n".join(
        [*told, "", workspace.results.method.text()]
    )
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
        enter(workspace, "training.epochs", str(epochs))
        enter(workspace, "trials", str(trials))
        qtbot.waitUntil(lambda: not workspace.running.waits_for(AskStudy), timeout=MILLISECONDS)
        lines = dict(line.split(": ", 1) for line in said.text().splitlines())
        assert said.isVisible() and "steps: compiled loops" in panel.how.text()
        assert lines["networks"].startswith(f"{3 * trials} of {3 * trials} to train; the file")
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
    panel.table.selectRow(3)
    choose(workspace, "architecture.integrator", "rk4")
    assert workspace.running.waits_for(AskStudy)
    qtbot.waitUntil(lambda: "steps of RES stiff: torch" in panel.how.text(), timeout=MILLISECONDS)
    assert "time: not known beforehand where torch takes the steps" in said.text()
    enter(workspace, "architecture.width", "0")
    assert not said.isVisible() and workspace.running.thread_.restarts == 0


def test_a_study_file_opens_and_a_trial_jumps_to_train(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, study_file: Path, home: Path
) -> None:
    window.show_place("Train")
    open_file(window, study_file)
    assert window.current is workspace
    qtbot.waitUntil(lambda: workspace.view is not None, timeout=MILLISECONDS)
    assert trials_of(workspace) == "8"
    assert "finished" in workspace.results.note.text()
    assert workspace.results.note.text().endswith("summed over layers, mean over 4 probe samples")
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
    assert "does not end in .csv, .parquet, .npz, .tex or .md" in window.toasts.text()
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
    open_file(window, home / "long.toml")
    workspace.run()
    qtbot.waitUntil(lambda: bool(workspace.progress.live), timeout=MILLISECONDS)
    qtbot.waitUntil(lambda: workspace.evolution.picture is not None, timeout=5000)
    live = next(workspace.evolution.picture.panels[0].of(Curve))  # type: ignore[union-attr]
    whole = re.compile(r"\d+% · (time left not known yet|.* left for all of it) · training .*")
    qtbot.waitUntil(lambda: bool(whole.match(workspace.results.note.text())), timeout=5000)
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
    qtbot.waitUntil(lambda: bool(workspace.progress.live), timeout=MILLISECONDS)
    window.acts["stop"].trigger()
    qtbot.waitUntil(lambda: not workspace.busy, timeout=MILLISECONDS)
    qtbot.waitUntil(lambda: "Run goes on" in workspace.results.note.text(), timeout=5000)
    enter(workspace, "training.batch_size", "10")
    assert "other settings than those on the left (they differ in Batch)" in (
        workspace.results.note.text()
    )
    window.acts["undo"].trigger()
    assert "Run goes on" in workspace.results.note.text()


def test_a_child_that_dies_is_told_and_replaced(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, home: Path
) -> None:
    long = tiny(training__epochs=10**6, watch__errors_every=500, trials=2)
    (home / "long.toml").write_text(long.to_toml(), "utf-8")
    open_file(window, home / "long.toml")
    workspace.run()
    qtbot.waitUntil(lambda: bool(workspace.progress.live), timeout=MILLISECONDS)
    lock = (home / "runs" / "long.stiff-lock").resolve()
    for child in children():
        if any(Path(f.path) == lock for f in child.open_files()):
            child.kill()
    qtbot.waitUntil(lambda: not workspace.busy, timeout=MILLISECONDS)
    qtbot.waitUntil(lambda: "ended unexpectedly" in window.toasts.text(), timeout=5000)
    assert "stopped" in workspace.results.bars[0].text()
    assert "left" not in workspace.results.bars[0].text()
    workspace.run()
    qtbot.waitUntil(lambda: bool(workspace.progress.live), timeout=MILLISECONDS)


def test_editing(qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace) -> None:
    model, panel = workspace.model, workspace.panel
    assert model.draft.names == ["RES", "RES L2", "RES stiff"]  # climate
    panel.table.selectRow(2)
    assert panel.settings.title.text() == "RES L2"
    enter(workspace, "regularizer.weight", "-1")
    assert "RES L2: Weight" in panel.problem.text()
    assert panel.problem.isVisible() and not window.acts["run"].isEnabled()
    panel.table.selectRow(3)  # what is wrong with one stays while another one is looked at
    panel.table.selectRow(2)
    assert model.row.value("regularizer.weight") == -1
    window.acts["undo"].trigger()
    assert not panel.problem.isVisible() and window.acts["run"].isEnabled()
    panel.table.selectRow(3)
    panel.first.click()
    assert model.draft.names[0] == "RES stiff" and model.chosen == 0
    panel.table.selectRow(3)
    panel.remove.click()
    assert model.draft.names == ["RES stiff", "RES"]
    next(a for a in panel.add_menu.actions() if a.text() == "RES").trigger()
    assert model.draft.names == ["RES stiff", "RES", "RES 2"]
    panel.table.item(3, 0).setText("plain")
    qtbot.waitUntil(lambda: model.draft.names[2] == "plain", timeout=5000)
    panel.table.selectRow(0)
    enter(workspace, "training.epochs", "12")
    assert model.study is not None and model.study.experiment.training.epochs == 12
    assert all(model.study.experiment_of(k).training.epochs == 12 for k in range(3))
    window.train.model.edit("architecture.depth", 7)
    next(a for a in panel.add_menu.actions() if a.text() == "As in Train").trigger()
    assert model.study is not None and model.draft.names[3] == "RES 2"
    assert model.study.experiment_of(3).architecture.depth == 7
    assert model.study.experiment_of(3).task == window.train.model.experiment.task  # type: ignore[union-attr]
    panel.train_asked.emit("base")
    assert model.draft.experiment == window.train.model.experiment


def test_a_variant_says_by_titles_what_it_changes_of_what_all_share(
    workspace: StudyWorkspace,
) -> None:
    model, panel = workspace.model, workspace.panel
    told = lambda: panel.table.item(2, 1).text()  # noqa: E731
    assert told() == "Penalty l2; Weight λ 1e-05"
    panel.table.selectRow(2)
    shown = {spec.key for spec in model.row.specs()}
    assert shown - {"weights"} == set(model.draft.experiment_of(1).flat()) - set(OF_THE_STUDY)
    enter(workspace, "architecture.depth", "9")
    assert told() == "Depth 9; Penalty l2; Weight λ 1e-05"
    assert model.study is not None and model.study.experiment_of(1).architecture.depth == 9
    assert model.study.experiment_of(0).architecture.depth == 16
    panel.settings.row("architecture.depth").reset.click()  # type: ignore[union-attr]
    assert told() == "Penalty l2; Weight λ 1e-05"
    panel.table.selectRow(0)
    enter(workspace, "task.validation_samples", "100")
    panel.table.selectRow(2)
    enter(workspace, "weights", "1e-5, 1e-3")
    assert told().endswith("Weights 1e-05, 0.001")
    assert model.study is not None and model.study.variants[1].weights == (1e-5, 1e-3)
    enter(workspace, "weights", "1e-5, many")
    assert model.study is None and "many" in panel.problem.text()
    again = Study.from_toml(StudyModel("alpine02").draft.study().to_toml())
    base = StudyModel("alpine02").study
    assert base is not None
    assert all(base.experiment_of(k) == again.experiment_of(k) for k in range(3))


@pytest.mark.parametrize("kind", ["l2", "stiffness", "kinetic"])
def test_a_penalised_network_of_train_is_not_called_res(
    window: MainWindow, workspace: StudyWorkspace, kind: str
) -> None:
    train = window.train.model
    train.edit("regularizer.kind", kind)
    train.edit("regularizer.weight", 0.03)
    workspace.panel.train_asked.emit("base")
    study = workspace.model.study
    assert study is not None and study.variants[0].name == "RES"
    for k, variant in enumerate(study.variants):
        penalty = study.experiment_of(k).flat()["regularizer.kind"]
        assert (penalty == "none") == (variant.name == "RES")
        if penalty == kind:
            assert study.experiment_of(k).regularizer == train.experiment.regularizer  # type: ignore[union-attr]
    assert kind in [
        study.experiment_of(k).flat()["regularizer.kind"] for k in range(len(study.variants))
    ]
    workspace.panel.train_asked.emit("variant")
    assert workspace.model.draft.names[-1] not in ("RES", "RES 2")


def test_settings_of_the_study_stand_with_their_titles(workspace: StudyWorkspace) -> None:
    panel, model = workspace.panel, workspace.model
    assert set(panel.own.rows) == {
        "trials",
        "data",
        "per_draw",
        "margin",
        "against",
        "together",
        "snapshots",
    }
    for key, found in panel.own.rows.items():
        declared = Study.model_fields[key]
        assert found.label.text() == declared.title
        assert declared.description in found.editor.control.toolTip()  # type: ignore[operator]
    enter(workspace, "margin", "2.5")
    assert model.study is not None and model.study.margin == 2.5
    model.edit("data", "shared")
    assert "per_draw" not in panel.own.rows
    enter(workspace, "trials", "0")
    assert model.study is None and panel.problem.isVisible()


def test_a_study_that_another_process_writes_is_left_to_it(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, home: Path
) -> None:
    source, path = home / "long.toml", home / "long.stiff"
    source.write_text(tiny(training__epochs=100_000).to_toml(), "utf-8")
    with in_terminal(path, "study", str(source)) as process:
        workspace.open_file(path)
        qtbot.waitUntil(lambda: workspace.view is not None, timeout=MILLISECONDS)
        window.acts["run"].trigger()
        qtbot.waitUntil(lambda: not workspace.busy, timeout=MILLISECONDS)
        assert f"process {process.pid}" in window.toasts.text()
        assert process.poll() is None and workspace.path == path
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 3
    window.acts["run"].trigger()
    qtbot.waitUntil(lambda: bool(workspace.progress.live), timeout=MILLISECONDS)
    window.acts["stop"].trigger()
    qtbot.waitUntil(lambda: not workspace.busy, timeout=MILLISECONDS)
    with open_study(path) as results:
        assert results.study.trials == 8


def test_a_study_grows_in_its_file(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, home: Path
) -> None:
    path = home / "grows.stiff"
    for _ in StudyRecording(tiny(), path):
        pass
    before = numbers(path)
    workspace.open_file(path)
    qtbot.waitUntil(lambda: workspace.view is not None, timeout=MILLISECONDS)
    assert window.acts["run"].text() == "Run"
    enter(workspace, "trials", "10")
    workspace.model.add([("strong", {"regularizer.kind": "l2", "regularizer.weight": 1.0})])
    assert window.acts["run"].text() == "Grow" and "grows.stiff" in window.acts["run"].toolTip()
    assert "which grows" in workspace.results.note.text()
    said = lambda: workspace.panel.beforehand.text()  # noqa: E731
    qtbot.waitUntil(lambda: "networks: 16 of 40 to train" in said(), timeout=MILLISECONDS)
    enter(workspace, "together", "2")
    assert window.acts["run"].text() == "Run"
    assert "Run makes a new file" in workspace.results.note.text()
    assert "cannot grow into it, together differs" in window.acts["run"].toolTip()
    window.acts["undo"].trigger()
    window.acts["run"].trigger()
    assert workspace.path == path
    qtbot.waitUntil(lambda: not workspace.busy, timeout=MILLISECONDS)
    after = numbers(path)
    with open_study(path) as results:
        assert results.study.trials == 10 and len(results.variants) == 4
    kept = after[(after["trial"] < 8) & (after["variant"] != "strong")]
    keys = ["variant", "epoch", "trial"]
    pd.testing.assert_frame_equal(
        kept.sort_values(keys, ignore_index=True), before.sort_values(keys, ignore_index=True)
    )
    workspace.model.row.edit("training.epochs", 9)
    assert window.acts["run"].text() == "Grow"
    qtbot.waitUntil(lambda: "networks: 40 of 40 to train" in said(), timeout=MILLISECONDS)
    window.show_place("Train")
    assert window.acts["run"].text() == "Run"


def test_weights_that_were_chosen_are_said_and_drawn_and_the_reference_is_chosen(
    qtbot: QtBot, workspace: StudyWorkspace, home: Path
) -> None:
    path = home / "nested.stiff"
    for _ in StudyRecording(nested(), path):
        pass
    assert not workspace.tabs.isTabVisible(workspace.tabs.indexOf(workspace.front))
    workspace.open_file(path)
    qtbot.waitUntil(lambda: workspace.view is not None, timeout=MILLISECONDS)
    said = workspace.results.sentences.text
    assert said().startswith("L2 chosen: of 3 trials, weight ")
    assert "L2 chosen against RES:" in said()
    workspace.tabs.setCurrentWidget(workspace.front)
    picture = workspace.front.picture
    assert picture is not None
    with open_study(path) as results:
        assert [p.title for p in picture.panels] == ["validation error", "test error"]
        expected = Front().picture(results)
    for panel, mine in zip(picture.panels, expected.panels, strict=True):
        for point, same in zip(panel.of(Points), mine.of(Points), strict=True):
            assert point.texts == same.texts
            np.testing.assert_array_equal(point.y, same.y)
    reference = workspace.results._against
    assert isinstance(reference, ChoicesEditor)
    reference.actions_by_name["L2 chosen"].trigger()
    assert reference.button.text() == "Compared with L2 chosen"
    qtbot.waitUntil(lambda: "RES against L2 chosen:" in said(), timeout=MILLISECONDS)
    assert "those of L2 chosen as ratios" in workspace.results.method.text()
    workspace.exports.save("comparison-table", home / "c.csv")
    qtbot.waitUntil(lambda: not workspace.exports.waiting, timeout=MILLISECONDS)
    assert set(pd.read_csv(home / "c.csv")["compared_with"]) == {"L2 chosen"}


def test_sweeps(qtbot: QtBot, workspace: StudyWorkspace, qapp: QApplication) -> None:
    workspace.panel.table.selectRow(2)  # RES L2
    workspace.ask_sweep()
    dialog = workspace.dialog
    assert dialog is not None and not dialog.found
    dialog.axes[0].choose("regularizer.weight")
    assert dialog.axes[0].key.currentText() == "Regularizer: Weight λ"
    dialog.axes[0].values.setText("1e-6 .. 1e-2")
    assert "5 variants" in dialog.told.text() and dialog.axes[0].scale.currentData() == "log"
    dialog.add_axis()
    dialog.axes[1].choose("architecture.activation")
    assert dialog.told.text() == "Activation: tick what is swept."
    choices = dialog.axes[1].choices
    assert choices is not None
    for name in ("relu", "tanh"):
        choices.actions_by_name[name].trigger()
    assert "10 variants" in dialog.told.text()
    dialog.axes[1].choose("architecture.depth")
    dialog.axes[1].values.setText("4, 8")
    dialog.accept()
    study = workspace.model.study
    assert study is not None and len(study.all_variants) == 13
    last = study.experiment_of(12)
    assert last.architecture.depth == 8 and last.regularizer.weight == pytest.approx(1e-2)


def test_no_row_of_another_study_is_left(
    qtbot: QtBot, window: MainWindow, workspace: StudyWorkspace, study_file: Path
) -> None:
    open_file(window, study_file)
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
