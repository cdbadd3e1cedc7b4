"""A run as a surrogate: own units, columns by name, spread, moved files, other programs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stiffgui import InputError, open_run
from stiffgui._presets import of_table
from stiffgui.cli import main
from stiffgui.figures.report import write_report
from stiffgui.runs import Run, WarmStart, train
from stiffgui.runs.extract import extract_trial
from stiffgui.runs.portable import FORMATS, export_model
from stiffgui.runs.samples import Samples
from stiffgui.tasks.scores import r2
from stiffgui.tasks.table import task as table_task
from stiffgui.training.quantities import per_trial
from tests.small import small

INPUTS, OUTPUTS = ["rain", "heat", "x, odd"], ["flux", "pool"]


def frame(rows: int = 150) -> pd.DataFrame:
    draws = np.random.default_rng(0)
    x = draws.uniform(0, 1, (rows, 3))
    columns = dict(zip(INPUTS, (x * [1e3, 10, 1]).T, strict=True))
    flux = 1e-6 * (2 + np.sin(4 * x[:, 0]) + x[:, 1])
    return pd.DataFrame({"id": [f"m{k}" for k in range(rows)], **columns}).assign(
        flux=flux, pool=400 + 30 * x[:, 1] ** 2
    )


SETTINGS = {"input_columns": 'rain, heat, "x, odd"', "output_columns": "flux, pool"}


def trained(folder: Path, **changes: object) -> Path:
    frame().to_csv(folder / "t.csv", index=False)
    base = {"training.epochs": 60, "training.trials": 3, "architecture.depth": 4}
    base |= {"architecture.width": 12, "watch.every": 1000, "watch.errors_every": 5}
    base |= {"training.learning_rate": 5e-3}
    experiment = of_table(folder / "t.csv", SETTINGS).with_settings(
        base | {key.replace("__", "."): value for key, value in changes.items()}
    )
    train(experiment, folder / "r.stiff").close()
    return folder / "r.stiff"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("surrogate"))


@pytest.fixture
def run(path: Path) -> Run:
    return open_run(path)


def test_it_takes_and_gives_own_units(run: Run) -> None:
    surrogate, data = run.surrogate("last"), run.data
    own = data.inputs_in_own_units(data.x_test)
    assert own[:, 0].max() > 500 and surrogate.epoch == 60
    expected = data.in_own_units(run.snapshot(60).predict(data.x_test))
    found = surrogate.predict(own)
    np.testing.assert_allclose(found.mean, expected.mean(0), rtol=1e-12)
    np.testing.assert_allclose(found.spread, expected.std(0, ddof=1), rtol=1e-7)
    table = pd.read_csv(run.path.with_name("t.csv"))
    said = surrogate.predict(table)
    shares = r2(table[OUTPUTS].to_numpy(), said.mean)
    assert (shares > 0.9).all() and 1e-6 < said.mean[:, 0].mean() < 4e-6


@settings(deadline=None, max_examples=20)
@given(st.permutations([*INPUTS, "id", "flux"]), st.integers(1, 5))
def test_columns_are_matched_by_name(path: Path, order: list[str], rows: int) -> None:
    with open_run(path) as run:
        surrogate = run.surrogate()
        table = frame().head(rows)
        expected = surrogate.predict(table[INPUTS].to_numpy()).mean
        np.testing.assert_array_equal(surrogate.predict(table[order]).mean, expected)


def test_the_best_epoch_is_that_of_least_validation_error(run: Run) -> None:
    history, kept = run.series(), run.snapshot_epochs
    errors = dict(zip(history.epochs.tolist(), history.series["validation_error"], strict=True))
    medians = {epoch: np.median(errors[epoch]) for epoch in kept if epoch in errors}
    best = run.surrogate()
    assert best.epoch == min(medians, key=lambda epoch: medians[epoch])
    assert best.chosen_by.startswith("least validation error")
    assert run.surrogate(7).epoch == run.nearest_epoch(7)
    # A row of the test set has no say: the choice is that of the recorded validation errors alone.


def test_without_validation_samples_the_last_epoch_is_taken(tmp_path: Path) -> None:
    with train(small(training__trials=2), tmp_path / "a.stiff") as run:
        surrogate = run.surrogate()
        assert (surrogate.epoch, surrogate.chosen_by, surrogate.coverage) == (20, "the last", None)
        x = np.array([[1.0, 2.0]])
        np.testing.assert_allclose(
            surrogate.predict(x).mean, run.snapshot(20).predict(x).mean(0), rtol=1e-12
        )


def test_rows_outside_the_training_range_are_marked(run: Run) -> None:
    surrogate = run.surrogate()
    low, high = surrogate.ends
    rows = np.stack([low, high, low - 1e-6 * (high - low), [high[0], 2 * high[1], low[2]]])
    assert surrogate.predict(rows).outside.tolist() == [
        [False] * 3,
        [False] * 3,
        [True] * 3,
        [False, True, False],
    ]
    assert surrogate.predict(rows).to_frame()["outside"].tolist() == [
        "",
        "",
        "; ".join(INPUTS),
        "heat",
    ]
    assert "2 of 4 rows lie outside" in surrogate.sentences(surrogate.predict(rows))[-1]


def test_the_coverage_is_counted_on_validation_rows(run: Run) -> None:
    surrogate = run.surrogate()
    x, y = run.data.validation or pytest.fail("no validation rows")
    each = run.data.in_own_units(run.snapshot(surrogate.epoch).predict(x))
    away = np.abs(run.data.in_own_units(y) - each.mean(0)) / each.std(0, ddof=1)
    coverage = surrogate.coverage
    assert coverage is not None and coverage.rows == len(x)
    assert coverage.share == pytest.approx((away <= 2).mean())
    assert coverage.spreads == pytest.approx(np.quantile(away, 0.95), rel=1e-6)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (np.zeros((2, 4)), r"rows must have 3 inputs \(rain, heat, x, odd\)"),
        (pd.DataFrame({"rain": [1], "heatt": [1], "x, odd": [1]}), "column 'heat'.*mean heatt"),
        (pd.DataFrame([[1, 2, 3, 4]], columns=[*INPUTS, "rain"]), "'rain' stands twice"),
        (np.array([[1, 2, 3], [1, np.nan, 2]]), "row 2 has no finite number for input 'heat'"),
        ([["a", 2, 3]], "something that is not a number"),
        (pd.DataFrame({"rain": ["?"], "heat": [1], "x, odd": [1]}), "not a number"),
    ],
)
def test_bad_rows_get_one_sentence(run: Run, rows: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        run.surrogate().predict(rows)


def test_a_trial_that_diverged_is_left_out(tmp_path: Path) -> None:
    experiment = small(training__trials=2, training__learning_rate=1e-2)
    with train(experiment, tmp_path / "a.stiff") as run:
        run.events  # noqa: B018
        both = run.surrogate().trials
    import contextlib
    import sqlite3

    with contextlib.closing(sqlite3.connect(tmp_path / "a.stiff")) as database, database:
        database.execute(
            "INSERT INTO events (epoch, step, kind, text, trial) VALUES (9, 1, 'diverged', '', 0)"
        )
    with open_run(tmp_path / "a.stiff") as run:
        assert both == [0, 1] and run.surrogate().trials == [1]
        assert run.surrogate(8).trials == [0, 1]
        assert np.isnan(run.surrogate().predict(np.zeros((1, 2))).spread).all()


# ------------------------------------------------------------------ moved, and on the command line


def test_a_moved_run_shows_exports_and_predicts_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = trained(tmp_path)
    new = tmp_path / "new.csv"
    frame(20).drop(columns=OUTPUTS).to_csv(new, index=False)
    assert main(["predict", str(path), str(new), "-o", str(tmp_path / "before.csv")]) == 0
    assert "the mean of 3 trials at epoch" in capsys.readouterr().err
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    moved = elsewhere / "m.stiff"
    path.rename(moved)
    (tmp_path / "t.csv").unlink()
    monkeypatch.chdir(elsewhere)
    assert main(["show", "m.stiff"]) == 0
    assert "no scores" not in capsys.readouterr().out
    assert main(["spectrum", "m.stiff", "--epoch", "60", "--layer", "2"]) == 0
    words = ["--width", "300", "--height", "200"]
    for figure in ("fit", "slices", "spectrum", "trajectories"):
        assert main(["export", "m.stiff", "--figure", figure, "-o", f"{figure}.svg", *words]) == 0
    assert main(["predict", "m.stiff", str(new), "-o", "after.csv"]) == 0
    assert Path("after.csv").read_bytes() == (tmp_path / "before.csv").read_bytes()
    # All rows are in the file: it can be resumed, too.
    assert main(["train", "--resume", "m.stiff", "--set", "training.epochs=62"]) == 0


def test_a_large_table_is_kept_in_part_and_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_task, "KEPT_ROWS", 10)
    path = trained(tmp_path)
    with open_run(path) as run:
        assert run.samples is not None and not run.samples.complete
        assert run.samples.rows == (10, 10, 10) and run.samples.sizes == (105, 15, 30)
        low, high = run.surrogate().ends
        own = run.data.inputs_in_own_units(run.experiment.task.data().x_train)
        np.testing.assert_allclose([low, high], [own.min(0), own.max(0)], rtol=1e-12)
    table = tmp_path / "t.csv"
    moved = tmp_path / "moved.csv"
    table.rename(moved)
    capsys.readouterr()
    resume = ["train", "--resume", str(path), "--set", "training.epochs=62"]
    assert main(resume) == 2
    said = capsys.readouterr().err
    assert "keeps 30 of 150 rows of its table" in said and "--table FILE" in said
    frame(149).to_csv(tmp_path / "other.csv", index=False)
    assert main([*resume, "--table", str(tmp_path / "other.csv")]) == 2
    assert "is not the table of" in capsys.readouterr().err
    assert main([*resume, "--table", str(moved)]) == 0
    with open_run(path) as run:
        assert run.ending == "finished" and run.last_snapshot_epoch == 62


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--epoch", "soon"], "--epoch soon: give a number from 0 on, best or last."),
        (["-o", "nowhere/x.csv"], "the folder nowhere does not exist"),
        (["-o", "there.csv"], "there.csv exists"),
    ],
)
def test_bad_words_of_predict(
    path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    frame(3).to_csv("new.csv", index=False)
    Path("there.csv").write_text("mine")
    assert main(["predict", str(path), "new.csv", *words]) == 2
    assert sentence in capsys.readouterr().err
    assert Path("there.csv").read_text() == "mine"


def test_predictions_are_printed_and_known_outputs_are_compared(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = frame(20).assign(pool=[7.0, *[1.0] * 19])
    table.to_csv(tmp_path / "new.csv", index=False)
    assert main(["predict", str(path), str(tmp_path / "new.csv")]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "id,flux,flux_spread,pool,pool_spread,outside" and len(lines) == 21
    assert "R² of flux on these rows: 0.9" in err and "worse than their mean" in err


# ---------------------------------------------------------------------------- other programs

LOADERS: dict[str, str] = {
    "safetensors": "import model; m, s = model.load()(torch.tensor(x))",
    "torch": "import model; m, s = model.load()(torch.tensor(x))",
    "onnx": "from onnx.reference import ReferenceEvaluator as E; "
    "m, s = E('model.onnx').run(None, {'rows': x.astype(np.float32)})",
}
SCRIPT = """
import json, sys
import numpy as np, torch
x = np.array(json.loads(sys.argv[1]))
{load}
assert not [name for name in sys.modules if name.startswith("stiffgui")]
print(json.dumps([np.asarray(v.detach() if hasattr(v, "detach") else v).tolist() for v in (m, s)]))
"""


def test_every_format_has_a_loader() -> None:
    assert set(LOADERS) == set(FORMATS)


@pytest.mark.parametrize("kind", FORMATS)
def test_fresh_processes_predict_the_same_without_stiffgui(
    kind: str, run: Run, tmp_path: Path
) -> None:
    surrogate = run.surrogate()
    folder = tmp_path / "taken"
    export_model(surrogate, folder, kind)
    x = run.data.inputs_in_own_units(run.data.x_test)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(load=LOADERS[kind]), json.dumps(x.tolist())],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "", "OMP_NUM_THREADS": "1"},
    )
    assert not done.returncode, done.stderr
    mean, spread = (np.array(values) for values in json.loads(done.stdout))
    found, scale = surrogate.predict(x), run.data.output_scale
    tolerance = 1e-5 if kind == "onnx" else 1e-12  # in deviations of an output
    assert (np.abs(mean - found.mean) / scale).max() < tolerance
    assert (np.abs(spread - found.spread) / scale).max() < tolerance
    facts = json.loads((folder / "model.json").read_text())
    assert (facts["inputs"], facts["outputs"]) == (INPUTS, OUTPUTS)


@pytest.mark.parametrize("integrator", ["rk2", "rk4"])
@pytest.mark.parametrize("weights", ["per-layer", "legendre", "piecewise-linear"])
def test_every_explicit_network_can_be_taken_along(
    integrator: str, weights: str, tmp_path: Path
) -> None:
    import torch

    experiment = small(
        training__epochs=2,
        training__trials=2,
        architecture__integrator=integrator,
        architecture__weights=weights,
        architecture__activation="gelu",
        architecture__lift="augment",
        architecture__readout="identity",
    )
    with train(experiment, tmp_path / "a.stiff") as run:
        surrogate = run.surrogate()
        export_model(surrogate, tmp_path / "m")
        from stiffgui.runs.portable import _module

        x = np.random.default_rng(0).uniform(-5, 5, (9, 2))
        each = _module().load(tmp_path / "m").each(torch.tensor(x)).detach().numpy()
        np.testing.assert_allclose(each, surrogate.per_trial(x), rtol=1e-10, atol=1e-12)


def test_what_cannot_be_taken_along_is_said(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    implicit = small(training__epochs=1, architecture__integrator="implicit-euler")
    train(implicit, tmp_path / "a.stiff").close()
    export: Callable[..., int] = lambda *words: main(["export", *words, "-o", str(tmp_path / "m")])  # noqa: E731
    assert export(str(tmp_path / "a.stiff"), "--model", "torch") == 2
    assert "only explicit ones" in capsys.readouterr().err
    assert export(str(path), "--model", "pickle") == 2
    assert "there is no format of a model 'pickle'" in capsys.readouterr().err
    assert export(str(path), "--model", "torch", "--table", "summary") == 2
    assert "leave out the rest" in capsys.readouterr().err
    assert export(str(path), "--model", "torch") == 0
    assert export(str(path), "--model", "torch") == 2
    assert "--force to replace it" in capsys.readouterr().err
    assert export(str(path), "--model", "torch", "--force") == 0


def test_samples_survive_a_file_and_damage_is_noticed(run: Run, tmp_path: Path) -> None:
    samples = run.samples
    assert samples is not None and samples.complete
    again = Samples.from_bytes(samples.to_bytes())
    assert again.data.output_names == tuple(OUTPUTS) and again.sizes == samples.sizes
    np.testing.assert_array_equal(again.data.x_test, samples.data.x_test)
    direct = run.experiment.task.data()
    for name in ("x_train", "y_train", "x_validation", "y_test", "input_scale", "output_shift"):
        np.testing.assert_array_equal(getattr(samples.data, name), getattr(direct, name))
    for content in (b"", b"x" * 50, samples.to_bytes()[:-9]):
        with pytest.raises(ValueError, match=r".|$"):
            Samples.from_bytes(content)
    extract_trial(run, 1, tmp_path / "one.stiff")
    with open_run(tmp_path / "one.stiff") as one:
        assert one.samples is not None and one.surrogate().trials == [0]


def test_a_branch_of_a_moved_run_needs_no_table(tmp_path: Path) -> None:
    path = trained(tmp_path, training__epochs=3)
    (tmp_path / "t.csv").unlink()
    with open_run(path) as run:
        experiment = run.experiment.with_settings({"training.epochs": 2})
    with train(experiment, tmp_path / "branch.stiff", warm_start=WarmStart(path, 3)) as run:
        assert run.last_snapshot_epoch == 2 and run.samples is not None and run.samples.complete


def test_a_report_has_the_scores_of_every_output_also_without_the_table(tmp_path: Path) -> None:
    path = trained(tmp_path, training__epochs=3)
    (tmp_path / "t.csv").unlink()
    with open_run(path) as run:
        write_report([run], tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text("utf-8")
    table = text[text.index("<h3>Outputs</h3>") : text.index("<h3>Settings ")]
    assert "validation R²" in table and "flux" in table and "pool" in table
    assert "To train it again its table is needed" in text


def test_show_says_how_much_of_the_table_a_run_keeps(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(path)]) == 0
    out = capsys.readouterr().out
    assert "the run keeps 150 of 150 rows of its table (0.0061 MB)" in out
    assert "validation_error" in out


def test_errors_without_validation_samples_are_those_of_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(small(training__epochs=1), tmp_path / "a.stiff").close()
    assert main(["show", str(tmp_path / "a.stiff"), "--json"]) == 0
    errors = json.loads(capsys.readouterr().out)["errors"]
    assert list(errors) == [q.name for q in per_trial() if q.name != "validation_error"]
