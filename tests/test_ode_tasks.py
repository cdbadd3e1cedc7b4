"""Tasks of the neural-ODE literature: reflection, annulus, Robertson."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stiffgui import presets
from stiffgui.tasks import Annulus, Reflection
from stiffgui.tasks.robertson import RATES, Robertson, concentrations
from stiffgui.training import Record, Trainer


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stiffgui.tasks.cache.folder", lambda: tmp_path / "kept")


def test_reflection() -> None:
    data = Reflection().data()
    np.testing.assert_array_equal(data.y_train, -data.x_train)
    np.testing.assert_array_equal(data.y_test, -data.x_test)
    assert data.x_train.min() == -1 and data.x_train.max() == 1


def test_annulus() -> None:
    data = Annulus(train_samples=4000).data()
    radius = np.linalg.norm(data.x_train, axis=1)
    inner = data.y_train[:, 0] < 0
    assert inner.sum() == 2000
    assert radius[inner].max() <= 0.4
    assert radius[~inner].min() >= 0.6 and radius.max() <= 1
    # Uniform in area: half of the disc's points lie within 0.4 / sqrt(2).
    assert (radius[inner] < 0.4 / np.sqrt(2)).mean() == pytest.approx(0.5, abs=0.04)
    np.testing.assert_array_equal(Annulus().function(data.x_train), data.y_train)


def test_concentrations_are_a_solution() -> None:
    times = 10.0 ** np.linspace(-4, 4, 33)
    y = concentrations(times[::-1])[::-1]
    np.testing.assert_allclose(y.sum(1), 1, rtol=1e-9)  # mass
    k1, k2, k3 = RATES
    for t in (1e-3, 40.0):
        h = 1e-4 * t
        before, here, after = concentrations(np.array([t - h, t, t + h]))
        first, second, third = k1 * here[0], k2 * here[1] ** 2, k3 * here[1] * here[2]
        rate = np.array([-first + third, first - third - second, second])
        np.testing.assert_allclose((after - before) / (2 * h), rate, rtol=1e-3, atol=1e-9)
    # As published with the problem (Hairer & Wanner 1996, II, section IV.10) to its digits.
    at_40 = concentrations(np.array([40.0]))[0]
    np.testing.assert_allclose(at_40, [0.7158271, 9.1855e-6, 0.2841637], rtol=1e-4)


@pytest.fixture(scope="module")
def solved() -> np.ndarray:
    return concentrations(10 ** np.linspace(-5, 5, 200))


@pytest.mark.parametrize("scaling", ["equation", "standard", "none"])
def test_scaling(scaling: str, solved: np.ndarray) -> None:
    task = Robertson(scaling=scaling)
    data = task.data()
    times = 10 ** data.inputs_in_own_units(data.x_train)[:, 0]
    np.testing.assert_allclose(times, 10 ** np.linspace(-5, 5, 200), rtol=1e-12)
    own = data.in_own_units(data.y_train)
    np.testing.assert_allclose(own, solved, rtol=1e-7, atol=1e-12)
    spread = np.ptp(data.y_train, axis=0)
    if scaling == "equation":
        np.testing.assert_allclose(spread, 1)
        np.testing.assert_allclose(data.y_train.min(0), 0, atol=1e-15)
    elif scaling == "standard":
        np.testing.assert_allclose(data.y_train.std(0), 1)
    else:
        assert spread[1] < 4e-5 < spread[0]


def test_without_scaling_the_small_component_is_not_learnt() -> None:
    """R2 of y2 after the same training."""
    scores = {}
    for scaling in ("equation", "none"):
        experiment = presets["alpine02"].with_settings(
            {
                "task": "robertson",
                "task.scaling": scaling,
                "training.epochs": 60,
                "training.batch_size": 50,
                "training.learning_rate": 5e-3,
                "watch.every": 1000,
            }
        )
        trainer = Trainer(experiment)
        assert [item for item in trainer if isinstance(item, Record)]
        data = trainer.data
        from stiffgui.runs.snapshot import Snapshot

        found = Snapshot(experiment, 60, trainer.parameters()).predict(data.x_train)[0]
        error = np.square(found - data.y_train).mean(0)
        scores[scaling] = 1 - error[1] / data.y_train[:, 1].var()
    assert scores["equation"] > 0.8
    assert scores["none"] < 0
