"""Tables as people have them: several sheets or files, no header, units, encodings, categories,
fill values, columns that only name rows; what was decided is said."""

from __future__ import annotations

import contextlib
import gc
import gzip
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stiffgui import InputError, open_run
from stiffgui._presets import of_table
from stiffgui.cli import main
from stiffgui.experiment import Experiment
from stiffgui.tasks.table import Table, inspect

ROWS = 40


def frame() -> pd.DataFrame:
    draws = np.random.default_rng(0)
    x = draws.uniform(0, 5, (ROWS, 2))
    return pd.DataFrame(
        {"x_a": x[:, 0], "x_b": x[:, 1], "y_c": np.sin(x[:, 0]), "y_d": 300 + x[:, 1]}
    )


def table(path: Path, **values: Any) -> Table:
    task = of_table(path, values).task
    assert isinstance(task, Table)
    return task


def refused(path: Path, **values: Any) -> tuple[str, str]:
    """Key and sentence."""
    with pytest.raises(InputError) as caught:
        of_table(path, values)
    assert "\n" not in str(caught.value)
    return str(caught.value.key), str(caught.value)


def own(task: Table) -> np.ndarray:
    """The outputs of all rows in own units, sorted by the last."""
    data = task.data()
    parts = [data.y_train, data.y_test, *([data.y_validation] if data.validation else [])]
    y = data.in_own_units(np.concatenate(parts))
    return np.asarray(y[np.argsort(y[:, -1])])


def expected() -> np.ndarray:
    return np.asarray(frame()[["y_c", "y_d"]].sort_values("y_d"))


def csv(path: Path, rows: pd.DataFrame | None = None) -> Path:
    (frame() if rows is None else rows).to_csv(path, index=False)
    return path


# ------------------------------------------------------------------------- workbooks


def test_a_sheet_is_named_and_the_first_is_said(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"about": ["made", "in", "May"]}).to_excel(
            book, sheet_name="About", index=False
        )
        units = pd.DataFrame([["m", "[kg]", "-", "K"]], columns=list(frame()))
        pd.concat([units, frame()]).to_excel(book, sheet_name="Runs", index=False)
    task = table(path, sheet="Runs")
    np.testing.assert_allclose(own(task), expected())
    assert task.data().input_units == ("m", "kg") and task.data().unit(1) == "K"
    assert not any("sheet" in note for note in task.notes)
    key, sentence = refused(path, sheet="runs")
    assert key == "task.sheet" and "it has 'About' and 'Runs'. Did you mean Runs?" in sentence
    preview = inspect(path)
    assert preview.choices == ("About", "Runs")
    assert "sheet 'About' is read, the first of 2; task.sheet names another" in preview.notes[0]


# ------------------------------------------------------------------------------ text


def test_without_a_header_columns_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "bare.csv"
    frame().to_csv(path, index=False, header=False)
    task = table(path, output_columns="c3, c4")
    np.testing.assert_allclose(own(task), expected())
    assert task.columns[0] == ("c1", "c2")
    assert "first line holds numbers, so columns are named c1 to c4" in task.notes[0]
    sheet = tmp_path / "bare.xlsx"
    frame().to_excel(sheet, index=False, header=False)
    assert table(sheet, output_columns="c3, c4").columns[0] == ("c1", "c2")
    comma = tmp_path / "comma.csv"
    frame().to_csv(comma, index=False, header=False, sep=";", decimal=",")
    np.testing.assert_allclose(own(table(comma, output_columns="c3, c4")), expected())


def test_comments_are_left_out_and_may_name_columns(tmp_path: Path) -> None:
    path = tmp_path / "saved.txt"
    np.savetxt(path, frame(), header="made in May\nx_a x_b y_c y_d")
    task = table(path)
    np.testing.assert_allclose(own(task), expected())
    assert "2 comment lines left out" in task.notes[0] and "comment above" in task.notes[1]
    lines = csv(tmp_path / "plain.csv").read_text("utf-8").splitlines()
    mixed = tmp_path / "mixed.csv"
    mixed.write_text("\n".join(["% one", *lines[:5], "", "# two", *lines[5:]]), "utf-8")
    np.testing.assert_allclose(own(table(mixed)), expected())
    numbered = frame()
    numbered.insert(0, "#", [f"#{k}" for k in range(ROWS)])
    np.testing.assert_allclose(own(table(csv(tmp_path / "ids.csv", numbered))), expected())
    numbered["#"] = np.arange(ROWS)
    task = table(csv(tmp_path / "count.csv", numbered))
    np.testing.assert_allclose(own(task), expected())


def test_a_row_of_units_is_kept(tmp_path: Path) -> None:
    path = csv(tmp_path / "plain.csv")
    head, *lines = path.read_text("utf-8").splitlines()
    (tmp_path / "units.csv").write_text("\n".join([head, "m,1,-,(K)", *lines]), "utf-8")
    task = table(tmp_path / "units.csv")
    np.testing.assert_allclose(own(task), expected())
    assert task.data().input_units == ("m", "") and task.data().output_units == ("", "K")
    assert "second row is read as units (m, K)" in task.notes[0]
    # A slip of the pen in the first row is none.
    slip = tmp_path / "slip.csv"
    slip.write_text("\n".join([head, "1,zz,1,2", *lines]), "utf-8")
    assert "row 1 of column 'x_b' holds 'zz'" in refused(slip)[1]


@pytest.mark.parametrize(
    ("encoding", "called"),
    [
        ("utf-8", ""),
        ("utf-8-sig", "UTF-8 with a byte order mark"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_encodings_are_found_and_said(encoding: str, called: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    named = frame().rename(columns={"x_a": "x_Wärme", "x_b": "x_m²"})
    path.write_bytes(named.to_csv(index=False, lineterminator="\r\n").encode(encoding))
    task = table(path)
    assert task.columns[0] == ("x_Wärme", "x_m²")
    np.testing.assert_allclose(own(task), expected())
    assert [called in note for note in task.notes] == ([True] if called else [])


def test_packed_files(tmp_path: Path) -> None:
    text = frame().to_csv(index=False).encode()
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("data/t.csv", text)
    for name in ("t.csv.gz", "t.zip"):
        np.testing.assert_allclose(own(table(tmp_path / name)), expected())
    with zipfile.ZipFile(tmp_path / "t.zip", "a") as archive:
        archive.writestr("u.csv", text)
    assert "holds 2 files: unpack it" in refused(tmp_path / "t.zip")[1]
    (tmp_path / "t.docx.gz").write_bytes(gzip.compress(text))
    assert "'t.docx', which is no table" in refused(tmp_path / "t.docx.gz")[1]
    (tmp_path / "bad.csv.gz").write_bytes(text)
    assert "cannot be read as gzip" in refused(tmp_path / "bad.csv.gz")[1]


# ------------------------------------------------------------------------- two files


def test_two_files_in_the_same_order_or_by_an_id(tmp_path: Path) -> None:
    rows = frame().rename(columns={"x_a": "rain", "x_b": "heat", "y_c": "gpp", "y_d": "lai"})
    x, y = rows[["rain", "heat"]], rows[["gpp", "lai"]]
    outputs = csv(tmp_path / "Y.csv", y)
    task = table(csv(tmp_path / "X.csv", x), outputs_path=str(outputs))
    assert task.columns == (("rain", "heat"), ("gpp", "lai"))
    np.testing.assert_allclose(own(task), expected())
    assert "same order as those of Y.csv" in task.notes[0]

    names = [f"m{k:02d}" for k in range(ROWS)]
    csv(tmp_path / "X.csv", x.assign(member=names))
    mixed = y.assign(member=names).sample(frac=1, random_state=1)
    csv(outputs, mixed)
    task = table(tmp_path / "X.csv", outputs_path=str(outputs))
    assert task.columns == (("rain", "heat"), ("gpp", "lai"))
    np.testing.assert_allclose(own(task), expected())
    data = task.data()
    rain = data.inputs_in_own_units(data.x_train)[:, 0]
    np.testing.assert_allclose(data.in_own_units(data.y_train)[:, 0], np.sin(rain), atol=1e-12)
    assert "by column 'member'" in task.notes[0] and "'member' is left out" in task.notes[1]
    csv(outputs, mixed.iloc[5:])
    task = table(tmp_path / "X.csv", outputs_path=str(outputs))
    assert "5 without a partner are left out" in task.notes[0] and len(own(task)) == ROWS - 5

    csv(outputs, y.iloc[1:])
    key, sentence = refused(tmp_path / "X.csv", outputs_path=str(outputs))
    assert key == "task.outputs_path" and "has 40 rows and Y.csv 39" in sentence
    csv(outputs, y.assign(heat=0.0))
    assert "both have a column 'heat'" in refused(tmp_path / "X.csv", outputs_path=str(outputs))[1]


def test_two_files_without_headers(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "X.txt", frame()[["x_a", "x_b"]])
    np.savetxt(tmp_path / "Y.txt", frame()[["y_c", "y_d"]])
    task = table(tmp_path / "X.txt", outputs_path=str(tmp_path / "Y.txt"))
    assert task.columns == (("x1", "x2"), ("y1", "y2"))
    np.testing.assert_allclose(own(task), expected())


def test_a_toml_file_finds_both_files_beside_it(tmp_path: Path) -> None:
    csv(tmp_path / "X.csv", frame()[["x_a", "x_b"]])
    csv(tmp_path / "Y.csv", frame()[["y_c", "y_d"]])
    lines = ["[task]", "kind = 'table'", "path = 'X.csv'", "outputs_path = 'Y.csv'"]
    (tmp_path / "e.toml").write_text("\n".join([*lines, "[training]", "batch_size = 16"]), "utf-8")
    assert Experiment.read(tmp_path / "e.toml").task.outputs == 2


def test_a_run_of_two_files_goes_on_where_they_lie_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    csv(tmp_path / "X.csv", frame()[["x_a", "x_b"]])
    csv(tmp_path / "Y.csv", frame()[["y_c", "y_d"]])
    words = ["--set", "training.epochs=2", "--set", "training.trials=2", "--out", "r.stiff"]
    assert main(["train", "X.csv", *words, "--set", "task.outputs_path=Y.csv"]) == 0
    (tmp_path / "moved").mkdir()
    for name in ("X.csv", "Y.csv"):
        (tmp_path / name).rename(tmp_path / "moved" / name)
    go_on = ["train", "--resume", "r.stiff", "--set", "training.epochs=3"]
    assert main([*go_on, "--table", "moved/X.csv"]) == 0


# ---------------------------------------------------------------------------- NetCDF


def test_a_dimension_counts_the_rows(tmp_path: Path) -> None:
    import xarray as xr

    rows, draws = frame(), np.random.default_rng(1)
    gpp = np.stack([rows["y_c"], rows["y_d"]])
    dataset = xr.Dataset(
        {
            "x_a": ("member", rows["x_a"], {"units": "m"}),
            "x_b": ("member", rows["x_b"]),
            "y": (("time", "member"), gpp, {"units": "kg"}),
            "noise": (("time", "lat", "member"), draws.normal(size=(2, 3, ROWS))),
            "area": ("lat", [1.0, 2.0, 3.0]),
        }
    )
    path = tmp_path / "t.nc"
    dataset.to_netcdf(path)
    guessed = table(path, output_columns="y_*", input_columns="x_*")
    np.testing.assert_allclose(own(guessed), expected())
    assert "along 'member'; task.rows_along names another dimension" in guessed.notes[0]
    task = table(path, rows_along="member", output_columns="y_*", input_columns="x_*")
    assert task.columns == (("x_a", "x_b"), ("y_1", "y_2"))
    np.testing.assert_allclose(own(task), expected())
    assert task.data().input_units == ("m", "") and task.data().output_units == ("kg", "kg")
    assert task.notes[0].endswith("along 'member'") and "left out (area)" in task.notes[1]
    assert "noise_2_3" in [c.name for c in inspect(path, rows_along="member").columns]
    assert "Did you mean member?" in refused(path, rows_along="members")[1]


def test_a_damaged_netcdf_is_refused_with_a_sentence_alone(tmp_path: Path) -> None:
    import xarray as xr

    path = tmp_path / "t.nc"
    xr.Dataset({"x": ("s", np.arange(50.0))}).to_netcdf(path, engine="h5netcdf")
    sound, spoilt = path.read_bytes(), 0
    for seed in range(600):
        drawn, content = random.Random(seed), bytearray(sound)
        for _ in range(drawn.choice((5, 100))):
            content[drawn.randrange(len(content))] = drawn.randrange(256)
        path.write_bytes(content)
        with contextlib.suppress(InputError):
            inspect(path)
            continue
        spoilt += 1
        if spoilt > 10 and seed >= 60:
            break
    gc.collect()  # what is left of a file then complains, which is an error here
    assert spoilt > 10


# ------------------------------------------------------------------------ categories


def soils() -> pd.DataFrame:
    rows = frame()
    rows.insert(0, "x_soil", ["clay", "sand", "loam", "sand"] * (ROWS // 4))
    rows["y_c"] += rows["x_soil"] == "clay"
    return rows


def test_categories_become_inputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = csv(tmp_path / "t.csv", soils())
    task = table(path)
    assert task.columns[0] == ("x_soil=clay", "x_soil=loam", "x_soil=sand", "x_a", "x_b")
    assert "'x_soil' has an input for each of clay, loam, sand" in task.notes[0]
    x = task.data().inputs_in_own_units(task.data().x_train)
    assert set(np.unique(x[:, :3].round(9))) == {0.0, 1.0}
    np.testing.assert_allclose(x[:, :3].sum(1), 1)
    assert "'clay', not a number" in refused(path, categories="refuse")[1]
    # A gap is a missing value, and a category of dropped rows alone is none.
    gaps = soils()
    gaps.loc[0, "x_soil"] = None
    gaps.loc[gaps["x_soil"] == "loam", "x_a"] = np.nan
    csv(path, gaps)
    assert "the first in column 'x_soil'" in refused(path)[1]
    dropped = table(path, missing="drop")
    assert dropped.columns[0] == ("x_soil=clay", "x_soil=sand", "x_a", "x_b")


def test_a_run_knows_its_categories_without_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = csv(tmp_path / "t.csv", soils())
    words = ["--set", "training.epochs=40", "--set", "training.trials=2"]
    assert main(["train", "t.csv", *words, "--out", "r.stiff"]) == 0
    note = "t.csv: 'x_soil' has an input for each of clay, loam, sand"
    assert note in capsys.readouterr().err
    path.unlink()
    assert main(["show", "r.stiff"]) == 0
    assert note in capsys.readouterr().out
    assert main(["show", "r.stiff", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == [note]
    new = soils().iloc[:6, :3].iloc[:, ::-1]
    csv(tmp_path / "new.csv", new)
    assert main(["predict", "r.stiff", "new.csv"]) == 0
    assert capsys.readouterr().out.count("\n") == 7
    with open_run(tmp_path / "r.stiff") as run:
        surrogate = run.surrogate("last")
        by_text = surrogate.predict(new).mean
        made = {f"x_soil={c}": (new["x_soil"] == c) * 1.0 for c in ("clay", "loam", "sand")}
        encoded = new[["x_a", "x_b"]].assign(**made)
        np.testing.assert_array_equal(surrogate.predict(encoded).mean, by_text)
    csv(tmp_path / "new.csv", new.replace({"loam": "peat"}))
    assert main(["predict", "r.stiff", "new.csv"]) == 2
    said = capsys.readouterr().err
    assert "row 3 of column 'x_soil' holds 'peat', none of the categories" in said
    csv(tmp_path / "new.csv", new.drop(columns="x_soil"))
    assert main(["predict", "r.stiff", "new.csv"]) == 2
    assert "no column 'x_soil', which is an input" in capsys.readouterr().err


def test_new_rows_are_read_as_the_table_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savetxt("X.txt", frame()[["x_a", "x_b"]])
    np.savetxt("Y.txt", frame()[["y_c", "y_d"]])
    words = ["--set", "training.epochs=2", "--set", "training.trials=2", "--out", "r.stiff"]
    words += ["--set", "task.outputs_path=Y.txt", "--set", "task.fill_value=-9999"]
    assert main(["train", "X.txt", *words]) == 0
    with pd.ExcelWriter("new.xlsx") as book:
        pd.DataFrame({"about": ["nothing"] * 3}).to_excel(book, sheet_name="About")
        frame()[["x_a", "x_b"]].to_excel(book, sheet_name="New", header=False, index=False)
    assert main(["predict", "r.stiff", "new.xlsx", "--sheet", "New"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("row,y1,y1_spread,y2") and "named x1 to x2" in said.err
    np.savetxt("X.txt", [[1.0, -9999.0]])
    assert main(["predict", "r.stiff", "X.txt"]) == 2
    assert "row 1 has no finite number for input 'x2'" in capsys.readouterr().err


# ----------------------------------------------------------------------- fill values


def test_fill_values_are_suspected_and_count_as_missing(tmp_path: Path) -> None:
    for value, shown in ((-9999, "-9999"), (1e20, "1e+20"), (9.96921e36, "9.96921e+36")):
        rows = frame()
        rows.loc[[3, 8], "x_a"] = value
        rows.loc[5, "y_d"] = value
        path = csv(tmp_path / "t.csv", rows)
        note = table(path).notes[-1]
        assert f"{shown} stands 3 times in 'x_a', 'y_d'" in note and "task.fill_value" in note
        fill = inspect(path).fill
        assert fill is not None and fill.value == shown
        key, sentence = refused(path, fill_value=shown)
        assert key == "task.missing" and "rows 4, 6, 9" in sentence
        task = table(path, fill_value=shown, missing="drop")
        assert len(own(task)) == ROWS - 3 and own(task).max() < 400
        assert f"3 values {shown} are taken for missing" in task.notes[0]
    assert refused(path, fill_value="none")[0] == "task.fill_value"
    plain = frame().assign(switch=[0, 1] * 20, often=[0.0, 0, 0, 1, 2, 9, 9, 3] * 5)
    assert inspect(csv(tmp_path / "u.csv", plain)).fill is None


# ----------------------------------------------------- columns that are left out


def ensemble() -> pd.DataFrame:
    rows = frame().rename(columns={"x_a": "rain", "x_b": "heat", "y_d": "lai"})
    rows = rows.drop(columns="y_c").assign(flat=1.0, again=rows["rain"], note="fine")
    draws = np.random.default_rng(2)
    rows.insert(0, "count", np.arange(1, ROWS + 1))
    rows.insert(1, "member", draws.permutation(1000)[:ROWS])
    rows.insert(2, "label", [f"m{k}" for k in range(ROWS)])
    return rows


def test_columns_that_teach_nothing_are_left_out_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = csv(tmp_path / "t.csv", ensemble())
    task = table(path, output_columns="lai")
    assert task.columns == (("rain", "heat"), ("lai",))
    assert task.notes == (
        "t.csv: 'count' is left out (it counts the rows)",
        "t.csv: 'member' is left out (an ID by its name)",
        "t.csv: 'label' is left out (an ID, another text in every row)",
        "t.csv: 'flat' is left out (constant)",
        "t.csv: 'again' is left out (the same numbers as 'rain')",
        "t.csv: 'note' is left out (text)",
    )
    # By name what can be learnt from is taken; the rest is refused by name.
    named = table(path, output_columns="lai", input_columns="rain, member, count")
    assert set(named.columns[0]) == {"count", "member", "rain"} and not named.notes
    key, sentence = refused(path, output_columns="lai", input_columns="rain, again")
    assert key == "task.input_columns" and "'rain' and 'again' hold the same numbers" in sentence
    assert "'flat' is constant" in refused(path, output_columns="lai", input_columns="flat")[1]
    # What is called as inputs are is no ID; what counts rows is one unless nothing else is left.
    rows = frame().assign(x_id=np.arange(ROWS), x_twice=frame()["x_a"], x_flat=2)
    csv(path, rows)
    assert table(path).columns[0] == ("x_a", "x_b", "x_id")
    csv(path, pd.DataFrame({"t": np.arange(ROWS), "lai": frame()["y_d"]}))
    assert table(path, output_columns="lai").columns[0] == ("t",)


def test_what_was_chosen_stays_chosen(tmp_path: Path) -> None:
    """A file of an earlier version, which took every number for an input, still reads its rows."""
    path = csv(tmp_path / "t.csv", ensemble()[["count", "rain", "again", "lai"]])
    known = table(path, input_columns="count, rain", output_columns="lai")
    settings, *others = json.loads(known.found)[:6]  # all that earlier versions wrote
    settings = [settings[0], "", *settings[2:5]]
    values = {"kind": "table", "path": str(path), "output_columns": "lai"}
    values["found"] = json.dumps([settings, *others])
    task = Experiment.of({"task": values, "training": {"batch_size": 1}}).task
    assert isinstance(task, Table) and task.columns[0] == ("count", "rain")
    assert task.notes == () and task.data().x_train.shape[1] == 2
