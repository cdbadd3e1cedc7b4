"""Tables of the user's own: every format, and the sentence for every table that cannot be used."""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stiffgui._presets import _dividing, of_table
from stiffgui.cli import main
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment, checked
from stiffgui.runs import open_run, train
from stiffgui.runs.scores import output_scores
from stiffgui.tasks.table import ENDINGS, Table, inspect
from stiffgui.tasks.table.formats import PACKED, read_sheet
from stiffgui.tasks.table.sheet import Reading

CLM = Path(__file__).parents[2] / "shared" / "data" / "clm5ppe" / "clm5ppe_500x32_to_10.csv"


def frame(rows: int = 40) -> pd.DataFrame:
    draws = np.random.default_rng(0)
    x = draws.uniform(0, 5, (rows, 2))
    return pd.DataFrame(
        {
            "member": [f"m{k}" for k in range(rows)],
            "x_a": x[:, 0],
            "x_b": 1e6 * x[:, 1],
            "y_c": 1e-5 * np.sin(x[:, 0]),
            "y_d": 300 + x[:, 1],
        }
    )


def to_npz(table: pd.DataFrame, path: Path) -> None:
    np.savez(path, **{n: table[n].to_numpy() for n in table if n != "member"})


def to_netcdf(table: pd.DataFrame, path: Path) -> None:
    table.drop(columns="member").rename_axis("sample").to_xarray().to_netcdf(path)


WRITERS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    ".csv": lambda t, p: t.to_csv(p, index=False),
    ".tsv": lambda t, p: t.to_csv(p, index=False, sep="\t"),
    ".txt": lambda t, p: t.to_csv(p, index=False, sep=" "),
    ".dat": lambda t, p: t.to_csv(p, index=False, sep="|"),
    ".parquet": lambda t, p: t.to_parquet(p),
    ".xlsx": lambda t, p: t.to_excel(p, index=False),
    ".xlsm": lambda t, p: t.to_excel(p, index=False, engine="openpyxl"),
    ".npy": lambda t, p: np.save(p, t.drop(columns="member").to_records(index=False)),
    ".npz": to_npz,
    ".nc": to_netcdf,
}


def test_every_ending_has_a_test() -> None:
    assert set(WRITERS) == set(ENDINGS) - set(PACKED)


@pytest.mark.parametrize("ending", WRITERS)
def test_every_format_gives_the_same_data(ending: str, tmp_path: Path) -> None:
    table, path = frame(), tmp_path / f"samples{ending}"
    WRITERS[ending](table, path)
    task = Table(path=str(path))
    assert task.columns == (("x_a", "x_b"), ("y_c", "y_d"))
    assert (task.training_samples, task.test_samples) == (32, 8)
    data = task.data()
    y = np.concatenate([data.in_own_units(data.y_train), data.in_own_units(data.y_test)])
    expected = table[["y_c", "y_d"]].to_numpy()
    order = np.argsort(y[:, 1])
    np.testing.assert_allclose(y[order], expected[expected[:, 1].argsort()], rtol=1e-12)
    np.testing.assert_allclose(data.x_train.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(data.x_train.std(0), task.input_scale)
    np.testing.assert_allclose(data.y_train.std(0), 1)
    x = data.inputs_in_own_units(np.concatenate([data.x_train, data.x_test]))
    by_d = table.sort_values("y_d")
    np.testing.assert_allclose(x[order], by_d[["x_a", "x_b"]].to_numpy(), rtol=1e-9, atol=1e-9)
    preview = inspect(path)
    assert (preview.rows, preview.inputs, preview.outputs) == (40, ("x_a", "x_b"), ("y_c", "y_d"))
    assert not preview.problems and len(preview.first_rows) == 20


def test_the_split(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    frame().to_csv(path, index=False)
    first, again = Table(path=str(path)).data(), Table(path=str(path)).data()
    np.testing.assert_array_equal(first.x_train, again.x_train)
    other = Table(path=str(path), seed=1).data()
    assert not np.array_equal(first.x_train, other.x_train)
    half = Table(path=str(path), test_fraction=0.5)
    assert (half.training_samples, half.test_samples) == (20, 20)
    assert Table(path=str(path), test_fraction=0.999).training_samples == 2


@pytest.mark.parametrize(
    "text", ["x_1;x_2;y\n1,5;2;3\n2,5;1;4\n0;3;5\n", "\ufeffx_1;x_2;y\n1.5;2;3\n2.5;1;4\n0;3;5\n\n"]
)
def test_semicolons_decimal_commas_and_a_byte_order_mark(text: str, tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(text, "utf-8")
    task = Table(path=str(path), output_columns="y")
    assert task.columns == (("x_1", "x_2"), ("y",))
    assert inspect(path).columns[0].high == 2.5


@pytest.mark.parametrize(
    ("inputs", "outputs", "columns"),
    [
        ("", "y_c", (("x_a", "x_b"), ("y_c",))),
        ("x_b", "", (("x_b",), ("y_c", "y_d"))),
        ("x_b, x_a", "Y_*", (("x_a", "x_b"), ("y_c", "y_d"))),
        ("?_a,x_b", "y_d", (("x_a", "x_b"), ("y_d",))),
        ("y_*", "x_*", (("y_c", "y_d"), ("x_a", "x_b"))),
    ],
)
def test_choosing_columns(
    inputs: str, outputs: str, columns: tuple[Any, Any], tmp_path: Path
) -> None:
    path = tmp_path / "s.csv"
    frame().to_csv(path, index=False)
    assert Table(path=str(path), input_columns=inputs, output_columns=outputs).columns == columns


def test_all_but_the_outputs(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    frame().rename(columns={"x_a": "speed", "x_b": "a,b", "y_c": "drag", "y_d": "lift"}).to_csv(
        path, index=False
    )
    assert Table(path=str(path), output_columns="drag").columns == (
        ("speed", "a,b", "lift"),
        ("drag",),
    )
    two = Table(path=str(path), input_columns='speed,"a,b"', output_columns="drag, lift")
    assert two.columns == (("speed", "a,b"), ("drag", "lift"))
    with pytest.raises(InputError, match=r"s\.csv: no columns are named x_\* and y_\*.*'speed'"):
        told(Table, path=str(path))


@pytest.mark.parametrize("output", ["y", "target", "output_flux"])
def test_a_named_output_is_learnt_from_every_other_number(output: str, tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    named = {"x_a": "speed", "x_b": "angle", "y_c": "drag", "y_d": output}
    frame().rename(columns=named).assign(note="fine").to_csv(path, index=False)
    assert Table(path=str(path)).columns == (("speed", "angle", "drag"), (output,))
    inputs = ("speed", "angle", output)
    assert Table(path=str(path), output_columns="drag").columns == (inputs, ("drag",))


def test_two_dimensional_arrays_become_columns(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    x = np.arange(20.0).reshape(10, 2)
    np.savez(path, x=x, y=x[:, :1] ** 2)
    assert Table(path=str(path)).columns == (("x_1", "x_2"), ("y_1",))


def test_missing_values_are_dropped_on_request(tmp_path: Path) -> None:
    table, path = frame(), tmp_path / "s.csv"
    table.loc[3, "x_a"] = np.nan
    table.loc[7, "y_d"] = np.inf
    table.to_csv(path, index=False)
    with pytest.raises(InputError, match=r"2 of 40 rows .* rows 4, 8 \(the first in column 'x_a'"):
        told(Table, path=str(path))
    task = Table(path=str(path), missing="drop")
    assert task.training_samples + task.test_samples == 38
    assert np.isfinite(task.data().y_train).all()


def told(kind: Any, **values: Any) -> Any:
    """The InputError behind pydantic's, as the experiment gives it."""
    return Experiment.of({"task": {"kind": "table", **values}, "training": {"batch_size": 1}})


def csv(text: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "bad.csv"
        path.write_bytes(text.encode("latin-1"))
        return path

    return write


def _ragged(folder: Path) -> Path:
    lines = ["x_1,y_1", *(f"{k},{k}" for k in range(500)), "7,8,9"]
    return csv("\n".join(lines))(folder)


def _pickled(folder: Path) -> Path:
    path = folder / "bad.npz"
    np.savez(path, x=np.array([{"a": 1}, None, 3], dtype=object), y=np.arange(3.0))
    return path


def _pickle(folder: Path) -> Path:
    class Bomb:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(folder / "it ran"),))

    path = folder / "bad.npz"
    path.write_bytes(pickle.dumps(Bomb()))
    return path


def _three_axes(folder: Path) -> Path:
    np.savez(folder / "bad.npz", x=np.zeros((2, 2, 2)))
    return folder / "bad.npz"


def _lengths(folder: Path) -> Path:
    np.savez(folder / "bad.npz", x=np.arange(5.0), y=np.arange(6.0))
    return folder / "bad.npz"


def _garbage(ending: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / f"bad{ending}").write_bytes(b"\x01garbage" * 50)
        return folder / f"bad{ending}"

    return write


def _twice_in_excel(folder: Path) -> Path:
    table = frame()
    table.columns = ["member", "x_a", "x_a", "y_c", "y_d"]
    table.to_excel(folder / "bad.xlsx", index=False)
    return folder / "bad.xlsx"


BAD: list[tuple[Callable[[Path], Path], dict[str, Any], str, list[str]]] = [
    (lambda f: f / "bad.csv", {}, "path", ["cannot be read: No such file"]),
    (lambda f: f, {}, "path", ["is a folder"]),
    (csv(""), {}, "path", ["empty (0 bytes)"]),
    (csv("\n \n"), {}, "path", ["blank lines"]),
    (csv("x_1,y_1"), {}, "path", ["no rows", "at least 3"]),
    (csv("x_1,y_1\n1,2\n"), {}, "path", ["1 row:", "at least 3"]),
    (csv("x_1,y_1\n1,2\n2,3\n3,zz\n"), {}, "path", ["row 3", "column 'y_1'", "'zz'"]),
    (csv("x_1,x_1,y_1\n1,2,3\n1,2,3\n3,3,3\n"), {}, "path", ["columns 1 and 2", "'x_1'"]),
    (csv("x_1,,,y_1\n1,2,3,1\n1,2,3,2\n3,3,3,3\n"), {}, "path", ["columns 2 and 3 have no name"]),
    (csv("x_1,y_1\n1,4\n2,4\n3,4\n"), {}, "output_columns", ["'y_1' is constant", "leave it out"]),
    (csv("x_1,x_2,y_1\n1,4,1\n1,4,2\n1,4,3\n"), {}, "input_columns", ["'x_1', 'x_2' are constant"]),
    (
        csv("x_1,y_1\n1,4\nnan,5\n3,inf\n"),
        {},
        "missing",
        ["2 of 3 rows", "rows 2, 3", "correct them."],
    ),
    (csv("x_1,y_1\n1,\n2,5\n,6\n"), {"missing": "drop"}, "missing", ["1 of 3 rows"]),
    (
        csv("x_1;y_1\n1;4\n2;5\n3;6\n"),
        {"delimiter": "comma"},
        "delimiter",
        ["x_1;y_1", "semicolon"],
    ),
    (csv("1,4\n2,5\n3,6\n"), {}, "input_columns", ["'c1', 'c2'"]),
    (csv("x_1,y_1\n1,4\n2,5,6\n3,6\n"), {}, "delimiter", ["row 2 has 3 fields", "2"]),
    (_ragged, {}, "delimiter", ["row 501 has 3 fields"]),
    (csv("x_1,y_\x01\n1,4\n2,5\n3,6\n"), {}, "path", ["UTF-8"]),
    (csv("a,b\n1,4\n2,5\n3,6\n"), {}, "input_columns", ["x_* and y_*", "'a', 'b'"]),
    (
        csv("x_one,y_1\n1,4\n2,5\n3,6\n"),
        {"input_columns": "x_ones*"},
        "input_columns",
        ["'x_ones*'", "Did you mean x_one?"],
    ),
    (
        csv("x_one,y_1\n1,4\n2,5\n3,6\n"),
        {"output_columns": "qqq"},
        "output_columns",
        ["'qqq'", "It has 'x_one', 'y_1'"],
    ),
    (
        csv("x_one,y_1\n1,4\n2,5\n3,6\n"),
        {"input_columns": "*"},
        "output_columns",
        ["'y_1' is chosen as input and as output"],
    ),
    (_pickled, {}, "path", ["pickled", "refused"]),
    (_pickle, {}, "path", ["pickled", "refused", "not an NPZ archive"]),
    (_three_axes, {}, "path", ["array 'x' has 3 axes"]),
    (_lengths, {}, "path", ["'x' has 5 rows and 'y' 6"]),
    (_garbage(".npz"), {}, "path", ["not an NPZ archive"]),
    (_garbage(".parquet"), {}, "path", ["cannot be read as Parquet"]),
    (_garbage(".xlsx"), {}, "path", ["cannot be read as Excel"]),
    (_garbage(".nc"), {}, "path", ["cannot be read as NetCDF"]),
    (_garbage(".docx"), {}, "path", [".csv", ".parquet"]),
    (_twice_in_excel, {}, "path", ["columns 2 and 3 are both named 'x_a'"]),
    (csv("x_1,y_1\n1,4\n2,5\n3,6\n"), {"found": "{}"}, "found", ["remove it"]),
    (csv("x_1,y_1\n1,4\n2,5\n3,6\n"), {"test_fraction": 1.0}, "test_fraction", ["below 1"]),
]


@pytest.mark.parametrize(("make", "values", "key", "words"), BAD)
def test_bad_tables(
    make: Callable[[Path], Path],
    values: dict[str, Any],
    key: str,
    words: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = make(tmp_path)
    with pytest.raises(InputError) as caught:
        told(Table, path=str(path), **values)
    sentence = str(caught.value)
    assert caught.value.key == f"task.{key}" and "\n" not in sentence
    if key in ("path", "missing", "delimiter"):
        assert path.name in sentence
    for word in words:
        assert word in sentence
    # The same on the command line, which leaves nothing behind.
    there = sorted(tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    changes = [w for k, v in values.items() for w in ("--set", f"task.{k}={v}")]
    assert main(["train", "table", "--set", f"task.path={path}", *changes]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("stiffgui: ")
    assert sorted(tmp_path.iterdir()) == there


def test_a_table_that_is_not_chosen_is_a_problem_of_its_path() -> None:
    values = Experiment().changed_values({"task.kind": "table"})
    assert "task.path is empty" in checked(values)[1]["task.path"]
    assert main(["train", "table"]) == 2


def test_preview_of_a_bad_table_shows_it_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("x_1,x_2,x_2,y_1\n1,a,4,\n2,5,4,1\n3,6,4,2\n", "utf-8")
    preview = inspect(path)
    assert [c.kind for c in preview.columns] == ["number", "text", "number", "number"]
    assert "row 1" in preview.columns[1].problem and "'a'" in preview.columns[1].problem
    assert "constant" in preview.columns[2].problem
    assert preview.columns[3].missing == 1 and "row 1" in preview.columns[3].problem
    assert (preview.columns[0].low, preview.columns[0].high) == (1, 3)
    assert any("'x_2' named twice" in p for p in preview.problems)
    assert preview.first_rows[0] == ("1", "a", "4", "")


def test_a_run_opens_where_its_table_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, run = tmp_path / "s.csv", tmp_path / "a.stiff"
    frame().to_csv(path, index=False)
    monkeypatch.chdir(tmp_path)
    words = ["--set", "training.epochs=2", "--set", "training.trials=2", "--out", "a.stiff"]
    assert main(["train", "s.csv", *words]) == 0
    said = capsys.readouterr().err
    assert "2 inputs (x_a, x_b), 2 outputs (y_c, y_d), 28 rows to train on, 4 to choose by" in said
    assert main(["show", "a.stiff", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [o["name"] for o in facts["outputs"]] == ["y_c", "y_d"]
    assert 0 < facts["outputs"][0]["test_rmse"] < 1e-4 < facts["outputs"][1]["test_rmse"]
    assert facts["outputs"][0]["test_r2"] < 1
    assert main(["show", "a.stiff"]) == 0
    assert "y_d" in capsys.readouterr().out

    moved = tmp_path / "moved.csv"
    path.rename(moved)
    with open_run(run) as opened:
        task = opened.experiment.task
        assert (task.inputs, task.outputs, task.training_samples) == (2, 2, 28)
        assert opened.experiment.with_settings({"training.epochs": 3}).training.epochs == 3
        assert opened.snapshot(2).predict(np.zeros((1, 2))).shape == (2, 1, 2)
        with pytest.raises(InputError, match=r"s\.csv cannot be read"):
            task.data()
    assert main(["show", "a.stiff", "--json"]) == 0  # the run keeps its samples
    assert json.loads(capsys.readouterr().out)["outputs"] == facts["outputs"]

    # Another table in its place is not taken for it; the same numbers in another format would be.
    frame(41).to_csv(path, index=False)
    with pytest.raises(InputError, match=r"has changed since.*40 rows then, 41 now"):
        task.data()
    frame().to_csv(path, index=False, sep=";")
    assert task.data().x_train.shape == (28, 2)


def test_settings_other_than_the_table_do_not_read_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.csv"
    frame().to_csv(path, index=False)
    experiment = of_table(path)
    text = experiment.to_toml()
    path.unlink()
    assert Experiment.from_toml(text) == experiment
    assert experiment.with_settings({"architecture.width": 9}).architecture.width == 9
    with pytest.raises(InputError, match="cannot be read"):
        experiment.with_settings({"task.output_columns": "y_c"})


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame().to_csv(tmp_path / "s.csv", index=False)
    monkeypatch.chdir(tmp_path)
    assert Table(path="s.csv").path == str(tmp_path / "s.csv")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    frame(40).to_csv(path, index=False)
    assert Table(path=str(path)).training_samples == 32
    frame(50).to_csv(path, index=False)
    assert Table(path=str(path)).training_samples == 40


@given(st.integers(2, 5000))
@settings(max_examples=200, deadline=None)
def test_the_batch_fits(samples: int) -> None:
    batch = _dividing(samples, 20)
    assert 1 <= batch <= min(50, samples)
    if any(samples % b == 0 for b in range(8, 51)):
        assert samples % batch == 0


@pytest.mark.skipif(not CLM.exists(), reason=f"{CLM} is not on this machine")
def test_the_real_land_model_table() -> None:
    preview = inspect(CLM)
    assert (preview.rows, len(preview.inputs), len(preview.outputs)) == (500, 32, 10)
    assert not preview.problems and preview.columns[0].kind == "text"
    experiment = of_table(CLM)
    assert experiment.training.batch_size == 25
    data = experiment.task.data()
    assert data.x_train.shape == (350, 32) and data.y_test.shape == (100, 10)
    scale = data.output_scale
    assert scale is not None and scale.max() / scale.min() > 1e5


def test_a_toml_file_finds_the_table_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame().to_csv(tmp_path / "s.csv", index=False)
    (tmp_path / "e.toml").write_text(
        "[task]\nkind = 'table'\npath = 's.csv'\n[training]\nbatch_size = 16\n", "utf-8"
    )
    assert Experiment.read(tmp_path / "e.toml").task.inputs == 2


def test_categories_and_flags_are_numbers(tmp_path: Path) -> None:
    table, path = frame(), tmp_path / "s.parquet"
    table["x_a"] = pd.Categorical([0.5, 1.5] * 20)
    table["x_b"] = [True, False, False, True] * 10
    table.to_parquet(path)
    assert Table(path=str(path)).columns[0] == ("x_a", "x_b")
    assert [(c.low, c.high) for c in inspect(path).columns[1:3]] == [(0.5, 1.5), (0, 1)]


@pytest.mark.slow  # half a minute
@pytest.mark.skipif(not CLM.exists(), reason=f"{CLM} is not on this machine")
def test_the_real_land_model_is_learnt_with_the_settings_of_any_table(tmp_path: Path) -> None:
    experiment = of_table(CLM).with_settings({"watch.every": 1000})
    with train(experiment, tmp_path / "a.stiff") as run:
        scores = {score.name: score.mean_test_r2 for score in output_scores(run)}
    assert scores["y_GPP_mean"] >= 0.85 and scores["y_TLAI_mean"] >= 0.88


@pytest.mark.parametrize("name", ["a", "y"])
def test_values_that_overflow_are_refused_with_their_column(tmp_path: Path, name: str) -> None:
    columns = {"a": ["1", "2", "3", "4"], "y": ["2", "3", "5", "7"]}
    columns[name][2] = "1e308"
    rows = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    (tmp_path / "huge.csv").write_text("\n".join(rows))
    with pytest.raises(ValueError, match=f"column '{name}' has values beyond"):
        Table(path=str(tmp_path / "huge.csv"), input_columns="a", output_columns="y")


@pytest.mark.parametrize(
    ("ending", "library"), [(".xlsx", "openpyxl"), (".nc", "xarray"), (".nc", "h5netcdf")]
)
def test_a_missing_library_is_told_with_what_to_install(
    ending: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"samples{ending}"
    WRITERS[ending](frame(), path)
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    with pytest.raises(InputError, match=r'`pip install "stiffgui\[tables\]"`\.$') as caught:
        read_sheet(path, Reading(str(path)))
    assert str(caught.value).startswith(path.name) and "\n" not in str(caught.value)
