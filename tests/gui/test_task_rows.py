"""The panel's rows follow the task, also while a table is not chosen yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from stiffgui.gui.settings.model import SettingsModel
from stiffgui.gui.settings.panel import ExperimentPanel
from stiffgui.tasks import TASKS


@pytest.fixture
def panel(qtbot: QtBot) -> ExperimentPanel:
    panel = ExperimentPanel(SettingsModel("alpine02"))
    qtbot.addWidget(panel)
    panel.resize(300, 760)
    panel.show()
    return panel


def test_every_task_can_be_chosen(panel: ExperimentPanel) -> None:
    model = panel.model
    for kind in TASKS:
        model.edit("task.kind", kind)
        rows = {key for key in panel.groups["task"].rows if key != "task.kind"}
        hidden = {"found"} if kind == "table" else set()
        assert rows == {f"task.{n}" for n in set(TASKS[kind].model_fields) - {"kind"} - hidden}
        assert (model.experiment is None) == (kind == "table")
    while model.undo.canUndo():
        model.undo.undo()
    assert model.differences() == 0


def test_another_task_brings_its_own_defaults(panel: ExperimentPanel) -> None:
    model = panel.model
    model.edit("task.kind", "friedman1")
    assert model.value("task.dimension") == 10 and model.experiment is not None
    model.edit("task.kind", "land-carbon")
    assert model.value("task.train_samples") == 1996
    assert panel.row("task.dimension") is None


def test_a_table_is_a_problem_until_its_file_is_right(
    panel: ExperimentPanel, tmp_path: Path
) -> None:
    model = panel.model
    model.edit("task.kind", "table")
    assert "is empty" in model.problems["task.path"]
    row = panel.row("task.path")
    assert row is not None and row.problem.isVisible()
    model.edit("task.path", str(tmp_path / "s.csv"))
    assert "cannot be read" in model.problems["task.path"]
    rows = "\n".join(f"{k},{k * k}" for k in range(60))
    (tmp_path / "s.csv").write_text(f"x,y\n{rows}\n", "utf-8")
    model.edit("task.path", str(tmp_path / "s.csv "))  # typed with a space at its end
    assert model.problems == {} and model.experiment is not None
    assert model.value("task.path") == str(tmp_path / "s.csv")
    assert model.experiment.task.training_samples == 48
    model.edit("task.output_columns", "z")
    assert "no column is named 'z'" in model.problems["task.output_columns"]
    assert panel.row("task.path") is row
