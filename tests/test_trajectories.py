"""A trained network's states beside its own ODE."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp
from test_weights import snapshot

from stiffgui import presets, train
from stiffgui.cli import main
from stiffgui.labs.trajectories import trajectories_of
from stiffgui.runs.snapshot import Snapshot


def first(snapshot: Snapshot, samples: int) -> np.ndarray:
    return snapshot.experiment.task.data().x_train[:samples]


@pytest.mark.parametrize("kind", ["per-layer", "legendre"])
@pytest.mark.parametrize("trial", [0, 1])
def test_network_and_ode(kind: str, trial: int) -> None:
    stored = snapshot(kind)
    found = trajectories_of(stored, trial, first(stored, 3))
    x = first(stored, 3)
    np.testing.assert_allclose(
        found.network, stored.trajectories(x)[trial].transpose(1, 0, 2), rtol=1e-12
    )
    np.testing.assert_allclose(found.ode[0], found.network[0], rtol=1e-12)
    fine = stored.at_depth(4000, "rk4").trajectories(x)[trial]
    np.testing.assert_allclose(found.ode[-1], fine[:, -1], atol=1e-4)
    assert found.ode_times[-1] == found.times[-1] == stored.experiment.architecture.horizon
    assert 0 < found.distance() < np.abs(found.network).max()


def test_the_ode_of_one_sample_is_scipys() -> None:
    stored = snapshot("linear")
    found = trajectories_of(stored, 0, first(stored, 1))
    p = {k: v[0] for k, v in stored._parameters.items()}

    def rate(t: float, x: np.ndarray) -> np.ndarray:
        phi = np.array([1.0, 2 * t - 1])
        weight = np.einsum("k,kij->ij", phi, p["layers.weight"])
        return np.tanh(weight @ x + phi @ p["layers.bias"])

    wanted = solve_ivp(
        rate, (0, 1), found.ode[0, 0], t_eval=found.ode_times, rtol=1e-10, atol=1e-10
    )
    np.testing.assert_allclose(found.ode[:, 0], wanted.y.T, atol=1e-5)


def test_principal_components_are_those_of_the_states() -> None:
    stored = snapshot("per-layer")
    found = trajectories_of(stored, 0, first(stored, 5))
    names, network, ode = found.coordinates()
    states = found.network.reshape(-1, 6)
    variances = np.sort(np.linalg.eigvalsh(np.cov(states.T)))[::-1]
    np.testing.assert_allclose(network.reshape(-1, 2).var(0, ddof=1), variances[:2], rtol=1e-9)
    assert names[0] == f"PC1 ({100 * variances[0] / variances.sum():.0f} %)"
    assert ode.shape[-1] == 2
    names, network, _ = found.coordinates(4)
    assert names == ["x4"]
    np.testing.assert_array_equal(network[..., 0], found.network[..., 3])


def test_a_state_of_one_component_has_one_principal_component() -> None:
    experiment = presets["alpine02"].with_settings(
        {"task": "reflection", "architecture.width": 1, "training.batch_size": 10}
    )
    parameters = {
        name: np.ones((1, *shape)) for name, shape in experiment.architecture.shapes(1, 1).items()
    }
    stored = Snapshot(experiment, 0, parameters)
    found = trajectories_of(stored, 0, first(stored, 4))
    names, network, _ = found.coordinates()
    assert names == ["PC1 (100 %)"] and network.shape == (11, 4, 1)


def test_an_ode_that_cannot_be_followed_is_said() -> None:
    experiment = presets["alpine02"].with_settings(
        {"architecture.activation": "identity", "architecture.width": 2, "architecture.depth": 4}
    )
    parameters = {
        name: np.full((1, *shape), 400.0)
        for name, shape in experiment.architecture.shapes(2, 1).items()
    }
    stored = Snapshot(experiment, 0, parameters)
    found = trajectories_of(stored, 0, first(stored, 2))
    assert "dopri5 gave up" in found.problem
    assert np.isfinite(found.network).all() and np.isnan(found.distance())


def test_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"training.epochs": 3, "architecture.width": 5, "watch.every": 100}
    train(presets["alpine02"].with_settings(settings), tmp_path / "a.stiff")
    export = ["export", str(tmp_path / "a.stiff"), "--figure", "trajectories"]
    assert main([*export, "-o", str(tmp_path / "t.png")]) == 0
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")
    more = ["--samples", "2", "--component", "3", "-o", str(tmp_path / "t.svg")]
    assert main([*export, *more]) == 0
    assert "x3" in (tmp_path / "t.svg").read_text()
    assert main([*export, "--samples", "2", "-o", str(tmp_path / "t.csv")]) == 0
    table = pd.read_csv(tmp_path / "t.csv")
    assert set(table.source) == {"network", "ode"} and set(table["sample"]) == {0, 1}
    assert list(table.columns) == ["source", "sample", "t", "x1", "x2", "x3", "x4", "x5"]
    assert (table.source == "network").sum() == 2 * 11
    assert main([*export, "--samples", "0", "-o", str(tmp_path / "u.png")]) == 2
    assert "samples" in capsys.readouterr().err
