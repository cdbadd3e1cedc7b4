"""The Experiment panel on its real widgets."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QStyle, QStyleOptionComboBox
from pytestqt.qtbot import QtBot

from stiffgui._presets import presets
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.gui.editors import ChoiceEditor, ChoicesEditor, NumberEditor, TextEditor
from stiffgui.gui.settings import model as settings_model
from stiffgui.gui.settings.model import SettingsModel
from stiffgui.gui.settings.panel import ExperimentPanel
from stiffgui.gui.settings.rows import FIXED, SettingRow
from stiffgui.gui.window import MainWindow


@pytest.fixture
def panel(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> ExperimentPanel:
    monkeypatch.setattr(settings_model, "MERGE_SECONDS", -1.0)  # every edit is its own step
    panel = ExperimentPanel(SettingsModel("alpine02"))
    qtbot.addWidget(panel)
    panel.resize(300, 760)
    panel.show()
    return panel


def row(panel: ExperimentPanel, key: str) -> SettingRow:
    found = panel.row(key)
    assert found is not None
    return found


def choose(panel: ExperimentPanel, key: str, name: str) -> None:
    editor = row(panel, key).editor
    assert isinstance(editor, ChoiceEditor)
    editor.combo.setCurrentIndex(editor.combo.findData(name))


def enter(panel: ExperimentPanel, key: str, text: str) -> None:
    editor = row(panel, key).editor
    assert isinstance(editor, TextEditor)
    editor.line.selectAll()
    QTest.keyClicks(editor.line, text)
    QTest.keyClick(editor.line, Qt.Key.Key_Return)


def test_rows_follow_the_kind(panel: ExperimentPanel) -> None:
    assert panel.row("regularizer.weight") is None
    choose(panel, "regularizer.kind", "stiffness")
    assert panel.row("regularizer.weight") and panel.row("regularizer.proxy.kind")
    choose(panel, "regularizer.proxy.kind", "gelfand")
    assert panel.row("regularizer.proxy.squarings")
    choose(panel, "regularizer.kind", "none")
    assert panel.row("regularizer.weight") is None and panel.row("regularizer.proxy.kind") is None


def test_auto_is_shown_and_numbers_are_typed_over_it(panel: ExperimentPanel) -> None:
    """Also 0.25, though 0 alone is none of them."""
    choose(panel, "regularizer.kind", "stiffness")
    usual = ("regularizer.every", "1", "20"), ("regularizer.fraction", "auto", "0.25")
    for key, default, number in usual:
        line = row(panel, key).editor.control
        assert isinstance(line, QLineEdit) and line.text() == default
        enter(panel, key, "auto")
        assert panel.model.experiment is not None and line.text() == "auto"
        assert panel.model.experiment.flat()[key] == "auto"
        assert not row(panel, key).problem.isVisible() and "or auto" in line.toolTip()
        enter(panel, key, number)
        assert panel.model.experiment is not None and line.text() == number
        assert panel.model.experiment.flat()[key] == float(number)
        panel.model.undo.undo()
        enter(panel, key, "0")  # is how 0.25 begins
        assert panel.model.experiment is not None
        assert panel.model.experiment.flat()[key] == "auto"
        panel.model.edit("training.seed", 5)  # drawn anew
        enter(panel, key, "seldom")
        assert row(panel, key).problem.text().endswith("or auto.")
        enter(panel, key, "auto")


def test_rows_of_other_settings_stay(panel: ExperimentPanel) -> None:
    kept = row(panel, "training.epochs")
    choose(panel, "regularizer.kind", "l2")
    assert panel.row("training.epochs") is kept


def test_invalid_value_is_told_and_kept(qtbot: QtBot, panel: ExperimentPanel) -> None:
    model, batch = panel.model, row(panel, "training.batch_size")
    with qtbot.waitSignal(model.validity_changed) as blocker:
        enter(panel, "training.batch_size", "0")
    assert blocker.args == [False] and model.experiment is None
    assert batch.problem.isVisible() and batch.problem.text().startswith("Batch is 0; it must be")
    assert batch.editor.control.property("invalid") is True
    choose(panel, "regularizer.kind", "l2")  # rows follow even while something is wrong
    assert panel.row("regularizer.weight") and model.experiment is None
    enter(panel, "training.batch_size", "x")
    assert model.value("training.batch_size") == "x"
    enter(panel, "training.batch_size", "30")
    assert model.experiment is not None and model.experiment.training.batch_size == 30
    assert not batch.problem.isVisible() and batch.editor.control.property("invalid") is False


def test_problem_of_an_advanced_setting_opens_more(panel: ExperimentPanel) -> None:
    group = panel.groups["training"]
    assert not row(panel, "training.beta1").isVisible()
    group.header.setChecked(False)
    panel.model.edit("training.beta1", 2.0)
    assert row(panel, "training.beta1").isVisible() and group.header.isChecked()


def test_reset_arrow(qtbot: QtBot, panel: ExperimentPanel) -> None:
    epochs = row(panel, "training.epochs")
    assert not epochs.reset.isVisible() and panel.subtitle.text() == "as in the preset"
    enter(panel, "training.epochs", "7")
    enter(panel, "architecture.width", "8")
    assert epochs.reset.isVisible() and panel.subtitle.text() == "2 settings differ from the preset"
    QTest.mouseClick(epochs.reset, Qt.MouseButton.LeftButton)
    assert panel.model.value("training.epochs") == presets["alpine02"].training.epochs
    assert panel.subtitle.text() == "1 setting differs from the preset"
    QTest.mouseClick(panel.reset_all, Qt.MouseButton.LeftButton)
    assert panel.model.experiment == presets["alpine02"]


def test_undo_redo(qtbot: QtBot, panel: ExperimentPanel) -> None:
    model = panel.model
    enter(panel, "architecture.depth", "5")
    model.undo.undo()
    depth = row(panel, "architecture.depth").editor
    assert isinstance(depth, TextEditor) and depth.line.text() == "10"
    model.undo.redo()
    assert depth.line.text() == "5"


def test_kinds_are_restored(panel: ExperimentPanel) -> None:
    model = panel.model
    choose(panel, "regularizer.kind", "stiffness")
    choose(panel, "regularizer.proxy.kind", "gelfand")
    model.edit("regularizer.proxy.squarings", 3)
    model.edit("regularizer.weight", 0.5)
    chosen = model.values["regularizer"]
    choose(panel, "regularizer.kind", "none")
    choose(panel, "regularizer.kind", "stiffness")
    assert model.values["regularizer"] == chosen
    model.undo.undo()
    assert model.value("regularizer.kind") == "none"
    model.undo.undo()
    assert model.values["regularizer"] == chosen
    while model.undo.canUndo():
        model.undo.undo()
    assert model.experiment == presets["alpine02"]
    while model.undo.canRedo():
        model.undo.redo()
    assert model.values["regularizer"] == chosen


def test_quick_edits_are_one_undo_step(qtbot: QtBot) -> None:
    model = SettingsModel("alpine02")
    for width in (2, 20, 21):
        model.edit("architecture.width", width)
    model.edit("architecture.depth", 3)
    assert model.undo.count() == 2
    model.undo.undo()
    model.undo.undo()
    assert model.experiment == presets["alpine02"]


def test_only_live_edits_are_live(qtbot: QtBot, panel: ExperimentPanel) -> None:
    model = panel.model
    sent: list[dict[str, Any]] = []
    model.live_changed.connect(sent.append)
    enter(panel, "training.batch_size", "30")
    choose(panel, "regularizer.kind", "l2")
    assert sent == []
    panel.set_training(True)
    enter(panel, "training.learning_rate", "1e-2")
    assert sent == [{"training.learning_rate": 0.01}]  # not the 1 of 1e-2
    enter(panel, "training.learning_rate", "-1")
    assert len(sent) == 1
    enter(panel, "regularizer.weight", "1e-3")
    assert sent[1:] == [{"regularizer.weight": 0.001}]


def test_training_fixes_the_rest(panel: ExperimentPanel) -> None:
    batch, epochs = row(panel, "training.batch_size"), row(panel, "training.epochs")
    tip = batch.editor.control.toolTip()
    panel.set_training(True)
    assert not batch.editor.isEnabled() and batch.editor.control.toolTip() == FIXED
    assert epochs.editor.isEnabled() and epochs.dot.text() == "●"
    panel.set_training(False)
    assert batch.editor.isEnabled() and batch.editor.control.toolTip() == tip


def test_number_notation_and_slider(qtbot: QtBot, panel: ExperimentPanel) -> None:
    editor = row(panel, "training.learning_rate").editor
    assert isinstance(editor, NumberEditor) and editor.slider is not None
    enter(panel, "training.learning_rate", "2e-3")
    assert panel.model.value("training.learning_rate") == 0.002
    assert editor.line.text() == "2e-3"
    editor.slider.setValue(-20)
    assert panel.model.value("training.learning_rate") == 0.1 and editor.line.text() == "0.1"
    width = row(panel, "architecture.width").editor
    QTest.keyClick(width.control, Qt.Key.Key_Up)
    assert panel.model.value("architecture.width") == 21


def test_choices(panel: ExperimentPanel) -> None:
    editor = row(panel, "watch.indices").editor
    usual = len(presets["alpine02"].watch.indices)
    assert isinstance(editor, ChoicesEditor) and editor.button.text() == f"{usual} chosen"
    editor.actions_by_name["singular"].trigger()
    assert editor.button.text() == f"{usual - 1} chosen"
    assert panel.model.experiment is not None
    assert "singular" not in panel.model.experiment.watch.indices


def test_load_is_undoable(panel: ExperimentPanel) -> None:
    model = panel.model
    model.edit("training.epochs", 5)
    model.load("alpine02-l2", presets["alpine02-l2"])
    assert model.preset_name == "alpine02-l2" and model.differences() == 0
    assert panel.row("regularizer.weight")
    model.undo.undo()
    assert model.preset_name == "alpine02" and model.value("training.epochs") == 5


def test_note_and_share(panel: ExperimentPanel) -> None:
    assert panel.note.text() == "4\u202f281 parameters · step size a = T/N = 0.1"
    choose(panel, "regularizer.kind", "l2")
    panel.show_share(0.12, "a")
    assert panel.share.isVisible()
    assert panel.share.text() == "a: the penalty is 12 % of the loss"  # whatever the panel says
    panel.show_share(None)
    assert not panel.share.isVisible()


def test_tab_goes_down_the_rows(qtbot: QtBot, panel: ExperimentPanel) -> None:
    panel.activateWindow()
    width, depth = row(panel, "architecture.width"), row(panel, "architecture.depth")
    width.editor.control.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is width.editor.control)
    QTest.keyClick(width.editor.control, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is depth.editor.control


def test_unknown_key_is_refused(qtbot: QtBot) -> None:
    with pytest.raises(InputError):
        SettingsModel("alpine02").edit("training.epoch", 1)


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, stiffgui.gui.settings.panel; "
        "sys.exit(any(m in sys.modules for m in ('torch', 'pandas', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_undo_key_is_left_to_the_window(panel: ExperimentPanel) -> None:
    line = row(panel, "architecture.width").editor.control
    enter(panel, "architecture.width", "8")
    QTest.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert isinstance(line, QLineEdit) and line.text() == "8"  # no second, local history
    panel.model.undo.undo()
    assert line.text() == "20"


def test_half_typed_text_survives_other_changes(panel: ExperimentPanel) -> None:
    panel.set_training(True)
    line = row(panel, "training.learning_rate").editor.control
    assert isinstance(line, QLineEdit)
    line.selectAll()
    QTest.keyClicks(line, "1e-")
    panel.model.edit("training.epochs", 77)
    assert line.text() == "1e-"


@pytest.mark.parametrize("before", ["gelfand-sketch", "gelfand", "power"])
def test_a_proxy_that_does_not_fit_is_told_in_place(panel: ExperimentPanel, before: str) -> None:
    choose(panel, "regularizer.kind", "stiffness")
    choose(panel, "regularizer.proxy.kind", before)
    choose(panel, "regularizer.proxy.kind", "analytic")  # for widths up to 4; this one is 20
    assert panel.model.experiment is None and panel.correct.text() == "1 value to correct"
    keys = {spec.key for spec in panel.model.specs()}
    assert "regularizer.proxy.kind" in keys
    assert not keys & {f"regularizer.proxy.{k}" for k in ("power", "squarings", "iterations")}
    enter(panel, "architecture.width", "4")
    assert panel.model.experiment is not None


def test_an_edit_is_validated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model, calls = SettingsModel(), []
    validate = Experiment.model_validate
    monkeypatch.setattr(
        Experiment, "model_validate", lambda values: calls.append(1) or validate(values)
    )
    for key, value in (("architecture.width", 9), ("architecture.width", 10**6)):
        calls.clear()
        model.edit(key, value)
        assert len(calls) == 1
    assert model.experiment is None and "architecture.width" in model.problems
    calls.clear()
    model.undo.undo()
    assert model.experiment is not None and not calls


def test_what_is_usually_chosen_is_read_in_the_usual_width(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(1280, 800)
    model, panel = window.train.model, window.train.panel
    model.edit("regularizer.kind", "stiffness")
    model.edit("architecture.integrator", "implicit-euler")
    qtbot.wait(100)
    for group in panel.groups.values():
        for row_ in group.rows.values():
            if isinstance(row_.editor, ChoiceEditor):
                combo, option = row_.editor.combo, QStyleOptionComboBox()
                combo.initStyleOption(option)
                kind, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl
                field = part.SC_ComboBoxEditField
                room = combo.style().subControlRect(kind, option, field, combo).width()
                assert combo.fontMetrics().horizontalAdvance(combo.currentText()) <= room
