"""A number is declared once and found everywhere; an index has one value wherever it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stiffgui import InputError, open_run, presets, train
from stiffgui.cli import main
from stiffgui.figures import figure
from stiffgui.figures.spectrum import RADIUS_PROXIES
from stiffgui.runs import History, Run
from stiffgui.runs.extract import extract_trial
from stiffgui.runs.schema import RUN
from stiffgui.runs.snapshot import Snapshot
from stiffgui.runs.writer import RunWriter
from stiffgui.session.sources import RunFile, RunSource
from stiffgui.session.views import Look, look
from stiffgui.stiffness import WATCHABLE, layer_indices
from stiffgui.training import Record
from stiffgui.training.quantities import QUANTITIES, Quantity, of_study
from tests.plugin import GRADIENT_NORM, gradient_norm

NARROW = {
    "task.train_samples": 60,
    "architecture.width": 4,
    "architecture.depth": 3,
    "training.epochs": 12,
    "watch.indices": tuple(WATCHABLE),
}


@pytest.fixture
def gradient(monkeypatch: pytest.MonkeyPatch) -> Quantity:
    """A quantity that the table did not have."""
    monkeypatch.setitem(QUANTITIES, GRADIENT_NORM.name, GRADIENT_NORM)
    return GRADIENT_NORM


def test_a_quantity_that_is_added_to_the_table_is_found_everywhere(
    gradient: Quantity, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.stiff"
    experiment = presets["alpine02"].with_settings(NARROW | {"training.trials": 2})
    records: list[Record] = []
    with train(
        experiment, path, progress=lambda i: records.append(i) if isinstance(i, Record) else None
    ) as run:
        live = History(2)
        for record in records:
            assert record.values["gradient_norm"].shape == (2,)
            live.append(record)
        stored = run.series().series["gradient_norm"]
        np.testing.assert_array_equal(stored, live.series["gradient_norm"])
        assert (stored[1:] > 0).all() and "gradient_norm" in run.history
        assert run.last().medians["gradient_norm"] == pytest.approx(np.median(stored[-1]))
        table = figure("errors").table([run])
        assert set(table["series"]) == {"train", "test", "gradient_norm"}
    assert main(["show", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["errors"]["gradient_norm"] == pytest.approx(np.median(stored[-1]))
    assert of_study("in_table")["gradient_norm"] is gradient
    assert list(of_study("as_panel"))[-1] == "gradient_norm"


def test_a_file_brings_its_own_quantities(
    gradient: Quantity, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a newer version recorded is read with its title, and what it lacks is NaN."""
    path, experiment = tmp_path / "a.stiff", presets["alpine02"].with_settings(NARROW)
    train(experiment, path).close()
    monkeypatch.delitem(QUANTITIES, "gradient_norm")
    later = Quantity("later", "Later", "Declared after the file was written")
    monkeypatch.setitem(QUANTITIES, "later", later)
    with open_run(path) as run:
        history = run.series()
        assert history.quantity("gradient_norm").title == "Gradient norm"
        assert np.isfinite(history.series["gradient_norm"]).all()
        assert np.isnan(history.series["later"]).all()
        assert np.isnan(run.history["later"]).all() and np.isfinite(run.history["l2_norm"]).all()
        copy = extract_trial(run, 0, tmp_path / "b.stiff")
    with open_run(copy) as run:
        assert np.isfinite(run.series().series["gradient_norm"]).all()


def test_a_resumed_file_gets_the_columns_that_it_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from stiffgui.runs import Recording

    path, experiment = tmp_path / "a.stiff", presets["alpine02"].with_settings(NARROW)
    train(experiment, path).close()
    added = Quantity("gradient_norm", "Gradient norm", "", of=gradient_norm)
    monkeypatch.setitem(QUANTITIES, "gradient_norm", added)
    for _ in Recording(experiment.with_settings({"training.epochs": 15}), path, resume=True):
        pass
    with open_run(path) as run:
        column = run.series().series["gradient_norm"][:, 0]
    assert np.isnan(column[:13]).all() and np.isfinite(column[13:]).all() and len(column) == 16


def test_the_table_is_whole() -> None:
    assert set(WATCHABLE) < set(QUANTITIES)
    for name, q in QUANTITIES.items():
        assert name == q.name and q.title and q.help and q.short
        assert (q.of is not None) == (q.per == "trial")
    assert list(of_study("in_table")) == [
        "penalty",
        "train_error",
        "test_error",
        "stiffness",
        "l2_norm",
        "seconds_per_trial",
    ]
    assert of_study("as_panel").keys() | of_study("compared").keys() < of_study("in_table").keys()
    assert QUANTITIES["l2_norm"].in_text == "L2 norm"
    assert QUANTITIES["train_error"].in_text == "training error"
    assert QUANTITIES["spectral-radius"].in_study == "stiffness"


# ------------------------------------------------------------------------- one number


@pytest.mark.parametrize("trials", [1, 2])
@pytest.mark.parametrize("kind", ["per-layer", "linear"])
def test_an_index_has_one_value_wherever_it_is_shown(
    trials: int, kind: str, tmp_path: Path
) -> None:
    settings = NARROW | {"training.trials": trials, "architecture.weights.kind": kind}
    experiment = presets["alpine02-stiff"].with_settings(settings)
    assert experiment.training.precision == "float32"
    with train(experiment, tmp_path / "a.stiff") as run:
        history, snapshot = run.series(), run.snapshot(12)
        recorded = {name: values[-1] for name, values in history.indices.items()}
        assert history.index_epochs[-1] == 12 and set(recorded) == set(WATCHABLE)
        _stored(run, snapshot, recorded)
        for trial in range(trials):
            for layer in range(1, 4):
                _viewed(run, recorded, trial, layer)
                _tabled(run, recorded, trial, layer)


def _stored(run: Run, snapshot: Snapshot, recorded: dict[str, np.ndarray]) -> None:
    """From the networks that the file keeps, all together and a trial alone."""
    probe = run.probe_samples()
    assert probe.shape == (run.experiment.watch.probe, 2)
    step, one = run.experiment.architecture.step_size, snapshot.of_trial(0)
    values, _ = layer_indices(snapshot.jacobians(probe), WATCHABLE, WATCHABLE, step)
    alone, _ = layer_indices(one.jacobians(probe), WATCHABLE, WATCHABLE, step)
    for name, expected in recorded.items():
        np.testing.assert_allclose(values[name], expected, rtol=1e-9, err_msg=name)
        np.testing.assert_allclose(alone[name][0], expected[0], rtol=1e-9, err_msg=name)


def _viewed(run: Run, recorded: dict[str, np.ndarray], trial: int, layer: int) -> None:
    """In the window: of the stored network, and of the newest one as the training sends it."""
    shown = figure("spectrum", epoch=12, layer=layer, trial=trial)
    for network in (None, (12, run.parameters(12))):
        source = RunSource((RunFile(run.path, 0, "a"),), network)
        picture = look(Look(source, 12, network is not None, (("spectrum", shown),)))
        numbers = picture.pictures["spectrum"].numbers  # type: ignore[union-attr]
        assert picture.epoch == 12
        assert {f"proxy {name}" for name in RADIUS_PROXIES} < numbers.keys()
        shared = [name for name in recorded if {name, f"proxy {name}"} & numbers.keys()]
        assert {"spectral-radius", "frobenius", *RADIUS_PROXIES} <= set(shared)
        for name in shared:
            value = numbers.get(name, numbers.get(f"proxy {name}"))
            expected = recorded[name][trial, layer - 1]
            np.testing.assert_allclose(value, expected, rtol=1e-9, err_msg=name)


def _tabled(run: Run, recorded: dict[str, np.ndarray], trial: int, layer: int) -> None:
    """In the table of eigenvalues that is exported."""
    table = figure("spectrum", epoch=12, layer=layer, trial=trial).table([run])
    radius = table.groupby("sample")["modulus"].max().mean()
    assert radius == pytest.approx(recorded["spectral-radius"][trial, layer - 1], rel=1e-9)


# ------------------------------------------------------------------- of the whole network


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trials; indices that are summed over layers, and others."""
    path = tmp_path_factory.mktemp("several") / "a.stiff"
    watched = ("spectral-radius", "condition", "unstable", "step-norm", "propagator")
    settings = NARROW | {"training.trials": 2, "watch.indices": watched}
    train(presets["alpine02"].with_settings(settings), path).close()
    return path


def test_the_networks_index_follows_from_its_layers_everywhere(
    several: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_run(several) as run:
        history, frame = run.series(), run.history
        layers = history.indices
        expected = {
            "spectral-radius": layers["spectral-radius"].sum(-1),
            "unstable": layers["unstable"].mean(-1),
            "step-norm": layers["step-norm"].max(-1),
            "propagator": layers["propagator"][..., -1],
        }
        for name, values in expected.items():
            np.testing.assert_allclose(history.network(name), values, rtol=1e-14)
            np.testing.assert_array_equal(history.of(name)[1], history.network(name))
            column = frame[frame.epoch == 12][QUANTITIES[name].column]
            np.testing.assert_allclose(column, values[-1], rtol=1e-14)
        product = np.eye(4)
        for jacobian in run.snapshot(12).jacobians(run.probe_samples()[:1])[0, :, 0]:
            product = product + run.experiment.architecture.step_size * jacobian @ product
        one = np.log10(np.linalg.norm(product, 2))
        assert abs(layers["propagator"][-1, 0, -1] - one) < 0.5  # the mean over samples, of one
    assert main(["show", str(several), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    for name, values in expected.items():
        assert facts["indices"][name] == pytest.approx(np.median(values[-1]))
    assert facts["over"]["propagator"] == "whole network"
    assert main(["show", str(several)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["spectral-radius"].endswith("summed over layers")
    assert lines["unstable"].endswith("mean over layers")


def test_stiffness_is_drawn_summed_per_unit_time_and_per_layer(several: Path) -> None:
    with open_run(several) as run:
        step = run.experiment.architecture.step_size
        assert step == pytest.approx(1 / 3)
        sums = {name: run.series().quartiles(name)[1][1] for name in run.series().indices}

        def drawn_as(over: str, *indices: str) -> tuple[str, dict[str, np.ndarray]]:
            chosen = figure("stiffness", over=over, indices=indices)
            [panel] = chosen.picture([run]).panels
            table = chosen.table([run])
            medians = {n: table[table.series == n]["median"].to_numpy() for n in indices}
            labels = [item.label for item in panel.items if getattr(item, "label", "")]
            return f"{panel.y.label} | {' | '.join(labels)}", medians

        both = ("spectral-radius", "condition")
        text, values = drawn_as("sum", *both)
        assert text == "index, summed over layers | spectral radius | condition"
        for name in both:
            np.testing.assert_array_equal(values[name], sums[name])
        text, values = drawn_as("unit-time", *both)
        assert text.startswith("index, per unit time")
        for name in both:  # sum of a i(J) over T = 1
            np.testing.assert_allclose(values[name], step * sums[name], rtol=1e-14)
        text, values = drawn_as("layer", *both)
        assert text.startswith("index, per layer")
        scaled, plain = values["spectral-radius"], values["condition"]
        np.testing.assert_allclose(scaled, step * sums["spectral-radius"] / 3, rtol=1e-14)
        np.testing.assert_allclose(plain, sums["condition"] / 3, rtol=1e-14)  # that of aJ and J
        text, values = drawn_as("unit-time", "spectral-radius", "propagator")
        assert text == "index | spectral radius, per unit time | propagator, whole network"
        np.testing.assert_array_equal(values["propagator"], sums["propagator"])


def test_a_file_says_how_its_indices_follow_from_layers(tmp_path: Path) -> None:
    """Indices that this version does not know are read as they were declared."""
    declared = [
        Quantity(over, over, "", "layer", over=over, unit="1/time")
        for over in ("sum", "mean", "max", "last")
    ]
    recorded = [QUANTITIES["train_error"], *declared]
    writer = RunWriter(tmp_path / "a.stiff", None, trials=1, quantities=recorded)
    errors, layers = {"train_error": np.ones(1)}, np.array([[1.0, 5.0, 3.0]])
    writer.record(Record(0, 0.0, errors, {q.name: layers for q in declared}))
    writer.close("finished")
    with open_run(tmp_path / "a.stiff") as run:
        history = run.series()
        for quantity in declared:
            found = history.quantity(quantity.name)
            assert (found.per, found.over, found.unit) == ("layer", quantity.over, "1/time")
        values = {name: history.network(name)[0, 0] for name in history.indices}
    assert values == {"sum": 9, "mean": 3, "max": 5, "last": 3}


# ------------------------------------------------------- runs of foreign networks, spectra


def test_a_run_without_an_experiment_shows_what_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.stiff"
    loss = Quantity("loss", "Loss", "What I minimised", unit="bit")
    writer = RunWriter(path, None, trials=2, quantities=[QUANTITIES["train_error"], loss])
    for epoch in (0, 5):
        values = {"train_error": np.array([1.0, 2.0]) + epoch, "loss": np.array([3.0, np.nan])}
        indices = {"frobenius": np.ones((2, 3)) * epoch}
        writer.record(Record(epoch, float(epoch), values, indices))
    writer.close("finished")
    with open_run(path) as run:
        assert run.foreign and (run.name, run.trials, run.ending) == ("mine", 2, "finished")
        assert run.events == [] and run.snapshot_epochs == []
        history = run.series()
        assert set(history.series) == {"train_error", "loss"}
        assert history.quantity("loss").unit == "bit"
        assert list(run.history["stiffness_frobenius"]) == [0, 0, 15, 15]
        with pytest.raises(InputError, match="did not train"):
            figure("stiffness", over="unit-time").table([run])
        with pytest.raises(InputError, match=r"mine\.stiff is of a network that stiffgui did not"):
            _ = run.experiment
        assert isinstance(figure("errors").table([run]), pd.DataFrame)
        one = extract_trial(run, 1, tmp_path / "one.stiff")
    with open_run(one) as run:
        assert (run.foreign, run.trials, run.first_trial) == (True, 1, 1)
        assert run.series().series["train_error"][:, 0].tolist() == [2, 7]
    assert main(["show", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["settings"] is None and facts["errors"] == {"train_error": 6.5, "loss": 3.0}
    assert "did not train" in facts["outputs_problem"]
    assert main(["show", str(path)]) == 0
    for name in ("errors", "stiffness", "layers", "summary"):
        out = tmp_path / f"{name}.svg"
        assert main(["export", str(path), "--figure", name, "-o", str(out)]) == 0
    assert main(["export", str(path), "--figure", "fit", "-o", str(tmp_path / "f.svg")]) == 2
    assert "did not train" in capsys.readouterr().err


def test_spectra_of_layers_of_different_widths(tmp_path: Path) -> None:
    path = tmp_path / "a.stiff"
    writer = RunWriter(path, None, trials=2)
    kept = {}
    for epoch, layer, trial, width in ((0, 1, 0, 3), (0, 2, 0, 5), (0, 2, 1, 5), (7, 1, 0, 3)):
        random = np.random.default_rng(width + epoch + trial)
        arrays = {"real": random.normal(size=(4, width)), "imag": random.normal(size=(4, width))}
        writer.spectrum(epoch, layer, trial, arrays)
        kept[epoch, layer, trial] = arrays
    writer.close("finished")
    with open_run(path) as run:
        assert run.spectra == list(kept)
        for place, arrays in kept.items():
            read = run.spectrum(*place)
            assert read.keys() == arrays.keys()
            for name in arrays:
                np.testing.assert_array_equal(read[name], arrays[name])
        with pytest.raises(InputError, match="keeps no spectrum of epoch 3, layer 1, trial 0"):
            run.spectrum(3, 1)
        one = extract_trial(run, 1, tmp_path / "b.stiff")
    with open_run(one) as run:
        assert run.spectra == [(0, 2, 0)]
        np.testing.assert_array_equal(run.spectrum(0, 2)["real"], kept[0, 2, 1]["real"])


def test_the_version_is_said_in_the_file(tmp_path: Path) -> None:
    import sqlite3

    RunWriter(tmp_path / "a.stiff", None).close("finished")
    database = sqlite3.connect(tmp_path / "a.stiff")
    try:
        assert database.execute("PRAGMA user_version").fetchone() == (RUN.version,)
        titles = dict(database.execute("SELECT name, title FROM quantities"))
    finally:
        database.close()
    assert titles["train_error"] == "Training error" and titles["seconds"] == "Training time"
