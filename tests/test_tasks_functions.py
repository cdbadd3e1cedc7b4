"""Test functions against an independent library, closed-form points and their own rules."""

from __future__ import annotations

import numpy as np
import pytest
import uqtestfuns

from stiffgui.experiment import Experiment
from stiffgui.tasks import TASKS
from stiffgui.tasks.functions import FUNCTIONS, BenchmarkFunction
from stiffgui.tasks.functions.base import NEAR_ONE

KINDS = [f.model_fields["kind"].default for f in FUNCTIONS]
COUNTERPARTS = {
    "ackley": "Ackley",
    "friedman1": "Friedman10D",
    "ishigami": "Ishigami",
    "sobol-g": "SobolG",
    "genz-oscillatory": "GenzOscillatory",
    "genz-product-peak": "GenzProductPeak",
    "genz-corner-peak": "GenzCornerPeak",
    "genz-gaussian": "GenzGaussian",
    "genz-continuous": "GenzContinuous",
    "genz-discontinuous": "GenzDiscontinuous",
    "borehole": "Borehole",
    "otl-circuit": "OTLCircuit",
    "piston": "Piston",
}


def task_of(kind: str, **settings: object) -> BenchmarkFunction:
    task = TASKS[kind](**settings)
    assert isinstance(task, BenchmarkFunction)
    return task


def own(task: BenchmarkFunction, samples: int = 200) -> np.ndarray:
    low, high = task.box().T
    return np.random.default_rng(1).uniform(low, high, (samples, task.inputs))


def peers() -> list[tuple[str, int | None]]:
    """Kinds, in two and three dimensions where the dimension is free.

    Genz cuts his discontinuous family along the first two inputs, uqtestfuns along all.
    """
    free = [k for k in COUNTERPARTS if k.startswith("genz") or k in ("ackley", "sobol-g")]
    three = [(k, 3) for k in free if k != "genz-discontinuous"]
    return [(k, 2 if k in free else None) for k in COUNTERPARTS] + three


@pytest.mark.parametrize(("kind", "dimension"), peers())
def test_agrees_with_uqtestfuns(kind: str, dimension: int | None) -> None:
    task = task_of(kind) if dimension is None else task_of(kind, dimension=dimension)
    settings = {} if dimension is None else {"input_dimension": dimension}
    peer = getattr(uqtestfuns, COUNTERPARTS[kind])(**settings)
    x = own(task)
    if kind == "borehole":  # its ranges there are a little narrower than those of the paper
        x[:, 3], x[:, 7] = np.minimum(x[:, 3], 1100.0), np.maximum(x[:, 7], 9985.0)
    np.testing.assert_allclose(task.value(x), np.ravel(peer(x)), rtol=1e-10)


def test_the_ones_uqtestfuns_does_not_have() -> None:
    alpine, rastrigin = task_of("alpine01"), task_of("rastrigin", dimension=3)
    half = np.pi / 2
    assert alpine.value(np.array([[0.0, 0.0]])) == pytest.approx(0)
    assert alpine.value(np.array([[half, -half]])) == pytest.approx(2.2 * half - 0.2 * half)
    assert rastrigin.value(np.zeros((1, 3))) == pytest.approx(0)
    assert rastrigin.value(np.array([[1.0, -2.0, 3.0]])) == pytest.approx(14)
    assert rastrigin.value(np.array([[0.5, 0.5, 0.5]])) == pytest.approx(3 * 20.25)


@pytest.mark.parametrize("kind", KINDS)
def test_data(kind: str) -> None:
    task = task_of(kind, train_samples=400, test_samples=50)
    data = task.data()
    assert data.x_train.shape == (400, task.inputs) and data.y_test.shape == (50, 1)
    assert np.abs(data.x_train).max() <= 1 and len(data.input_names) == task.inputs
    np.testing.assert_array_equal(task.function(data.x_test), data.y_test)
    exact = task.value(data.inputs_in_own_units(data.x_test))
    np.testing.assert_allclose(data.in_own_units(data.y_test)[:, 0], exact, rtol=1e-9, atol=1e-12)
    deviation = data.in_own_units(data.y_train).std()
    if NEAR_ONE[0] <= deviation <= NEAR_ONE[1]:
        np.testing.assert_array_equal(data.in_own_units(data.y_test), data.y_test)
    else:
        assert data.y_train.mean() == pytest.approx(0, abs=1e-9)
        assert data.y_train.std() == pytest.approx(1)


@pytest.mark.parametrize("kind", KINDS)
def test_choosing_it(kind: str) -> None:
    experiment = Experiment().with_settings({"task.kind": kind, "task.noise": 0.1})
    assert Experiment.from_toml(experiment.to_toml()) == experiment
    assert TASKS[kind].title() and "Source" in (
        (TASKS[kind].__doc__ or "") + (__import__(TASKS[kind].__module__, fromlist=["x"]).__doc__)
    )


def test_noise_and_sizes_leave_other_samples_alone() -> None:
    plain = task_of("ishigami").data()
    noisy = task_of("ishigami", noise=0.5, test_samples=9).data()
    np.testing.assert_array_equal(noisy.x_train, plain.x_train)
    noise = noisy.in_own_units(noisy.y_train) - plain.in_own_units(plain.y_train)
    assert noise.std() == pytest.approx(0.5, rel=0.1)
