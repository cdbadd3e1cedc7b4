"""The import wizard on tables as people have them: sheets, two files, fill values, categories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from stiffgui.gui.window import MainWindow
from stiffgui.tasks.table import Table
from tests.gui.test_import_wizard import (
    choose,
    enter,
    frame,
    in_csv,
    opened,
    press_import,
    roles,
    settled,
)


def test_sheets_of_a_workbook_are_offered(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"x": [1.0, 2, 3], "y": [2.0, 3, 5]}).to_excel(book, index=False)
        units = pd.DataFrame([["m", "kg", "K", "W"]], columns=list(frame()))
        pd.concat([units, frame()]).to_excel(book, sheet_name="Runs", index=False)
    wizard = opened(window, path)
    settled(wizard, qtbot)
    box = wizard.form.editors["sheet"].control
    assert isinstance(box, QComboBox) and box.isVisible()
    assert [box.itemText(k) for k in range(box.count())] == ["first", "Sheet1", "Runs"]
    assert not wizard.form.editors["rows_along"].isVisible()
    assert "sheet 'Sheet1' is read, the first of 2; Sheet names another" in wizard.summary.text()
    choose(wizard, qtbot, "sheet", "Runs")
    assert roles(wizard) == dict(x_a="input", x_b="input", y_c="output", y_d="output")
    assert "its second row is read as units (m, kg, K, W)" in wizard.summary.text()
    press_import(wizard, qtbot)
    task = window.train.model.experiment.task
    assert isinstance(task, Table) and task.sheet == "Runs"
    assert task.data().output_units == ("K", "W")
    # Another file has no such sheet to choose.
    wizard = opened(window, in_csv(tmp_path / "plain.csv"))
    settled(wizard, qtbot)
    shown = wizard.form.editors["sheet"].isVisible()
    assert not shown and wizard.form.values["sheet"] == ""


def test_dimensions_are_offered(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    import xarray as xr

    rows = frame()
    x = ("member", rows["x_a"])
    y = (("time", "member"), np.stack([rows["y_c"], rows["y_d"]]))
    xr.Dataset({"x_a": x, "y": y}).to_netcdf(tmp_path / "t.nc")
    wizard = opened(window, tmp_path / "t.nc")
    settled(wizard, qtbot)
    box = wizard.form.editors["rows_along"].control
    assert isinstance(box, QComboBox) and box.isVisible()
    assert [box.itemText(k) for k in range(box.count())] == ["first", "member", "time"]
    assert wizard.columns.names == ("x_a", "y_1", "y_2")
    assert "along 'member'; Rows along names another dimension" in wizard.summary.text()
    choose(wizard, qtbot, "rows_along", "time")
    assert len(wizard.columns.names) == 40 and "left out (x_a)" in wizard.summary.text()


def test_a_fill_value_is_asked_about(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    rows = frame()
    rows.loc[[2, 5], "x_a"] = -9999
    wizard = opened(window, in_csv(tmp_path / "t.csv", rows))
    settled(wizard, qtbot)
    assert wizard.question.isVisible()
    assert wizard.question.label.text().startswith("-9999 stands 2 times in 'x_a'")
    qtbot.mouseClick(wizard.question.number, Qt.MouseButton.LeftButton)
    assert not wizard.question.isVisible() and wizard.accept_button.isEnabled()
    wizard.reject()
    wizard = opened(window, tmp_path / "t.csv")
    settled(wizard, qtbot)
    qtbot.mouseClick(wizard.question.missing, Qt.MouseButton.LeftButton)
    settled(wizard, qtbot)
    assert wizard.form.values["fill_value"] == "-9999" and not wizard.question.isVisible()
    assert "rows 3, 6 (the first in column 'x_a')" in wizard.form.problem()
    choose(wizard, qtbot, "missing", "drop")
    assert "2 rows dropped" in wizard.summary.text()
    assert "2 values -9999 are taken for missing" in wizard.summary.text()
    enter(wizard, qtbot, "fill_value", "none")
    assert wizard.form.problems["fill_value"].isVisible()


def test_categories_and_columns_that_are_left_out(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    rows = frame().rename(columns={"x_a": "rain", "x_b": "heat"})
    rows.insert(0, "member", [f"m{k}" for k in range(len(rows))])
    rows = rows.assign(soil=["clay", "sand"] * (len(rows) // 2), again=rows["rain"])
    wizard = opened(window, in_csv(tmp_path / "t.csv", rows))
    settled(wizard, qtbot)
    assert [name for name, role in roles(wizard).items() if role == "input"] == [
        "rain",
        "heat",
        "soil",
    ]
    texts = {wizard.columns.index(k, 0).data(): k for k in range(len(roles(wizard)))}
    assert wizard.columns.index(texts["soil"], 2).data() == "categories"
    assert wizard.columns.index(texts["soil"], 5).data() == "2 categories: clay, sand"
    said = wizard.summary.text()
    assert "4 inputs, 2 outputs" in said
    assert "'member' is left out (an ID, another text in every row)" in said
    assert "'again' is left out (the same numbers as 'rain')" in said
    assert "'soil' has an input for each of clay, sand" in said
    enter(wizard, qtbot, "input_columns", "rain, again")
    assert "'rain' and 'again' hold the same numbers" in wizard.form.problem()
    enter(wizard, qtbot, "input_columns", "rain, soil")
    choose(wizard, qtbot, "categories", "refuse")
    assert "'clay', not a number" in wizard.form.problem()
    assert wizard.columns.index(texts["soil"], 5).data().startswith("⚠")
    choose(wizard, qtbot, "categories", "one-hot")
    press_import(wizard, qtbot)
    task = window.train.model.experiment.task
    assert task.columns[0] == ("rain", "soil=clay", "soil=sand")


def test_inputs_and_outputs_from_two_files(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    rows = frame().assign(member=[f"m{k}" for k in range(40)])
    outputs = in_csv(tmp_path / "Y.csv", rows[["member", "y_c", "y_d"]].iloc[::-1])
    wizard = opened(window, in_csv(tmp_path / "X.csv", rows[["member", "x_a", "x_b"]]))
    settled(wizard, qtbot)
    assert "No column is an output yet" in wizard.form.problem()
    wizard.choose(outputs, "outputs_path")
    settled(wizard, qtbot)
    assert "matched with those of Y.csv by column 'member'" in wizard.summary.text()
    press_import(wizard, qtbot)
    task = window.train.model.experiment.task
    assert task.columns == (("x_a", "x_b"), ("y_c", "y_d"))
