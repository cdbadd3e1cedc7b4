"""What the plane shows is what LAPACK says of Jacobians that other code has computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stiffgui import open_run, train
from stiffgui.figures import figure
from stiffgui.figures.picture import Points
from stiffgui.runs import Run
from tests.small import small

CASES = 100  # of a run, an epoch and a layer; each has ten samples or more


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("values")
    changes = {
        "tanh": {},
        "deep": {"architecture__depth": 17, "architecture__width": 7, "architecture__horizon": 3},
        "affine": {"architecture__lift": "affine", "task__kind": "annulus"},
        "double": {"training__precision": "float64", "training__trials": 2},
    }
    paths = []
    for name, settings in changes.items():
        settings = {"training__epochs": 30} | settings
        task = settings.pop("task__kind", None)
        experiment = small(**settings)
        if task is not None:
            experiment = experiment.with_settings({"task.kind": task})
        paths.append(folder / f"{name}.stiff")
        train(experiment, out=paths[-1])
    return paths


def jacobians(run: Run, epoch: int, layer: int, trial: int) -> NDArray[np.float64]:
    """diag(1 - tanh^2 z) W of a layer at the probe samples, by the formulas of the paper."""
    stored = run.parameters(epoch)
    p = {name: np.asarray(block[trial], np.float64) for name, block in stored.items()}
    architecture = run.experiment.architecture
    x = np.asarray(run.probe_samples(), np.float64) @ p["lift.weight"].T + p["lift.bias"]
    if architecture.lift == "affine-tanh":
        x = np.tanh(x)
    for n in range(layer):
        weight, bias = p["layers.weight"][n], p["layers.bias"][n]
        y = np.tanh(x @ weight.T + bias)
        slope = 1 - y**2
        x = x + architecture.horizon / architecture.depth * y
    return np.asarray(slope[:, :, None] * weight)


def test_a_thousand_spectra_are_lapacks(files: list[Path]) -> None:
    random, compared = np.random.default_rng(0), 0
    runs = [open_run(path) for path in files]
    for _ in range(CASES):
        run = runs[random.integers(len(runs))]
        epoch = int(random.choice(run.snapshot_epochs))
        layer = int(random.integers(1, run.experiment.architecture.depth + 1))
        trial = int(random.integers(run.trials))
        picture = figure("spectrum", epoch=epoch, layer=layer, trial=trial).picture([run])
        points = next(picture.panels[0].of(Points))
        shown = points.x + 1j * points.y
        samples = np.asarray(points.places.sample)
        for sample, matrix in enumerate(jacobians(run, epoch, layer, trial)):
            mine, lapack = shown[samples == sample], np.linalg.eigvals(matrix)
            # Of matrices that differ by rounding: as sets, each has a partner in the other.
            apart = np.abs(mine[:, None] - lapack[None])
            near = 1e-6 * max(1.0, float(np.abs(lapack).max()))
            assert len(mine) == len(lapack) and max(apart.min(0).max(), apart.min(1).max()) < near
            radius = float(np.abs(lapack).max())
            assert abs(float(np.abs(mine).max()) - radius) <= 1e-9 * max(radius, 1.0)
            compared += 1
    for run in runs:
        run.close()
    assert compared >= 1000
