"""What `train` and `predict` say of tables: what is missing, left out, too large or of no use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stiffgui import InputError, open_run
from stiffgui.cli import main
from stiffgui.commands.experiment_arguments import taken
from stiffgui.figures import drawn, figure
from tests.test_surrogate import INPUTS, frame, trained
from tests.test_table_intake import csv, refused, table
from tests.test_table_intake import frame as xy


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("words"))


def predicted(
    path: Path, rows: pd.DataFrame, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    """Exit code, what is printed, and what is told."""
    new = path.with_name("new.csv")
    rows.to_csv(new, index=False)
    capsys.readouterr()
    code = main(["predict", str(path), str(new), *words])
    return code, *capsys.readouterr()


# --------------------------------------------------------------------------- predict


def test_rows_that_were_trained_on_are_counted(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, said = predicted(path, frame(), capsys)
    assert "105 of 150 rows are rows the networks were trained on: R²" in said
    assert "trained on" not in predicted(path, frame().assign(heat=2.0), capsys)[2]


def test_predictions_keep_what_tells_rows_apart(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = frame(3).assign(site=["a", "b", "c"], outside="mine")
    lines = predicted(path, rows, capsys)[1].splitlines()
    assert lines[0].startswith("id,site,flux,") and lines[2].startswith("m1,b,")
    assert lines[0].count("outside") == 1
    lines = predicted(path, frame(3)[INPUTS], capsys)[1].splitlines()
    assert lines[0].startswith("row,flux,") and lines[3].startswith("3,")


def test_predictions_are_csv_alone(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = path.with_name("p.xlsx")
    code, _, said = predicted(path, frame(3), capsys, "-o", str(out))
    assert code == 2 and "let its name end in .csv." in said and not out.exists()


def test_the_nearest_epoch_is_said(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, said = predicted(path, frame(3), capsys, "--epoch", "9999")
    assert code == 0 and "nearest kept epoch: 60" in said
    code, _, said = predicted(path, frame(3), capsys, "--epoch", "-3")
    assert code == 2 and "--epoch -3: give a number from 0 on, best or last." in said


def test_numbers_that_are_too_large_are_refused(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, said = predicted(path, frame(3).assign(heat=[1, 1e160, 1]), capsys)
    assert code == 2 and "row 2 has a value beyond 1e+150 for input 'heat'" in said
    assert predicted(path, frame(3).assign(heat=1e150), capsys)[0] == 0


def test_columns_and_cells_at_fault_are_named(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renamed = frame(3).rename(columns={"rain": "RAIN", "heat": "hot"})
    said = predicted(path, renamed, capsys)[2]
    assert "there are no columns 'rain', 'heat', which are inputs: give columns of these" in said
    assert "names. Did you mean RAIN?" in said
    said = predicted(path, frame(3).assign(heat=["1", "warm", "2"]), capsys)[2]
    assert "row 2 of column 'heat' holds 'warm', not a number: correct it, or leave the row" in said
    assert said.count("new.csv") == 1
    bare = path.with_name("bare.csv")
    frame(3).drop(columns="id").to_csv(bare, index=False, header=False)
    assert main(["predict", str(path), str(bare)]) == 2
    assert "its first line holds numbers, so columns are named c1" in capsys.readouterr().err


def test_slices_outside_of_the_training_rows_say_so(path: Path) -> None:
    with open_run(path) as run:
        titles = [
            figure("slices", at=[f"heat={at}"]).picture(drawn([run])).title for at in (5, 500)
        ]
    assert "outside" not in titles[0] and "heat outside of the training rows' range" in titles[1]


# ----------------------------------------------------------------------------- train


def test_parts_of_few_rows_are_said(tmp_path: Path) -> None:
    few = table(csv(tmp_path / "few.csv", xy().head(4)), validation_fraction=0.1)
    assert "few.csv: 1 row to test: too few to tell" in few.notes
    assert "few.csv: 1 row to choose by: too few to tell" in few.notes
    assert not table(csv(tmp_path / "many.csv")).notes


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    lacking = xy().rename(columns={"y_c": "c", "y_d": "d"})
    said = refused(csv(tmp_path / "a.csv", lacking))[1]
    assert "no columns are named y_*; say which are outputs, with task.output_columns, of" in said
    texts = pd.DataFrame({"a": ["p", "q", "p", "q"], "b": ["r", "r", "s", "t"]})
    assert "holds no column of numbers, only 'a', 'b'" in refused(csv(tmp_path / "b.csv", texts))[1]


def test_the_other_sheets_are_said(tmp_path: Path) -> None:
    book = tmp_path / "book.xlsx"
    with pd.ExcelWriter(book) as writer:
        xy().rename(columns=str.upper).add_prefix("v").to_excel(
            writer, sheet_name="About", index=False
        )
        xy().to_excel(writer, sheet_name="Runs", index=False)
    said = refused(book)[1]
    assert "sheet 'About' is read, the first of 2; task.sheet names another ('Runs')" in said
    key, said = refused(csv(tmp_path / "a.csv"), sheet="Runs")
    assert key == "task.sheet" and said == "a.csv has no sheets: leave sheet 'Runs' out."


def test_empty_columns_are_named_where_no_row_would_be_left(tmp_path: Path) -> None:
    empty = csv(tmp_path / "a.csv", xy().assign(x_b=np.nan, x_e=np.nan))
    for missing in ("refuse", "drop"):
        said = refused(empty, input_columns="x_*", output_columns="y_*", missing=missing)[1]
        assert said.endswith("at least 3 are needed: leave out 'x_b', 'x_e'."), said


def test_ids_and_dropped_rows_are_said(tmp_path: Path) -> None:
    rows = xy()
    rows.insert(0, "member", np.arange(7, 7 + 2 * len(rows), 2))
    rows.loc[3:5, "x_a"] = -9999
    task = table(csv(tmp_path / "a.csv", rows), fill_value="-9999", missing="drop")
    assert "a.csv: 'member' is left out (an ID by its name)" in task.notes
    assert "a.csv: 3 of 40 rows are left out, as they have missing or infinite values" in task.notes


def test_names_are_separated_by_commas_and_counted(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv")
    said = refused(path, output_columns="y_* x_b")[1]
    assert "Separate names by commas: y_*, x_b." in said
    assert "2 inputs (x_a, x_b), 1 output (y_c)," in taken(table(path, output_columns="y_c"))


def test_a_finished_run_says_that_nothing_was_left(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--resume", str(path)]) == 0
    said = capsys.readouterr().err
    assert "nothing was left to do; for more add --set training.epochs=120" in said


def test_onnx_is_written_without_warnings_of_torch(
    path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(path), "--model", "onnx", "-o", str(tmp_path / "m")]
    assert main(words) == 0
    assert "torchvision" not in capfd.readouterr().err


def test_names_are_near_whatever_their_case() -> None:
    with pytest.raises(InputError, match="Did you mean alpine02"):
        from stiffgui import presets

        presets["ALPINE02"]
