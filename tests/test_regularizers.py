"""Penalties of the neural-ODE literature, and the random end time."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from test_network import build, points
from test_step import PENALTIES, compare

from stiffgui.cli import main
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.regularizers import (
    ConditionNumber,
    JacobianFrobenius,
    Kinetic,
    Regularizer,
    Stiffness,
)
from stiffgui.resnet.architecture import Architecture
from stiffgui.resnet.tableaus import INTEGRATORS
from stiffgui.stiffness import PROXIES, proxy
from stiffgui.training import Record, Trainer
from stiffgui.training.end_time import RandomEndTime
from stiffgui.training.paths.torch_path import TorchPath
from tests.small import along, small

NEW: dict[str, Regularizer] = {
    "kinetic": Kinetic(weight=0.3),
    "jacobian-frobenius": JacobianFrobenius(weight=0.3),
    "condition": ConditionNumber(weight=0.3),
}


def test_values_are_their_formulas() -> None:
    network = build(Architecture(width=4, depth=5, horizon=1.7), 3, 2)
    a = network.architecture.step_size
    run = network.forward(points(2, 6, 3), 2)
    jacobians = network.jacobians(points(2, 6, 3)).detach().numpy()
    moved = np.diff(np.stack([s.detach().numpy() for s in run.states]), axis=0) / a
    expected = {
        "kinetic": np.sqrt(a * np.square(moved).sum((0, 3))),
        "jacobian-frobenius": np.sqrt(a * np.square(jacobians).sum((1, 3, 4))),
        "condition": np.log10(np.linalg.cond(jacobians)).sum(1),
    }
    for name, penalty in NEW.items():
        found = penalty.penalty(network, run, [])
        assert found is not None
        np.testing.assert_allclose(found.detach(), expected[name], rtol=1e-9)


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("kind", ["per-layer", "legendre"])
@pytest.mark.parametrize("trials", [1, 3])
def test_their_gradient_is_autograds(
    name: str, kind: str, trials: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PENALTIES, name, NEW[name])
    compare(Architecture(width=5, depth=4, weights=kind, horizon=1.7), name, trials)


double = partial(
    small,
    architecture__width=6,
    architecture__depth=4,
    task__train_samples=100,
    training__epochs=15,
    training__learning_rate=1e-2,
    training__precision="float64",
)


def last(experiment: Experiment) -> tuple[Trainer, Record]:
    trainer = Trainer(experiment)
    record = [item for item in trainer if isinstance(item, Record)][-1]
    return trainer, record


@pytest.mark.parametrize("name", NEW)
def test_training_lowers_them(name: str) -> None:
    penalties = []
    for weight in (0.0, 1.0):
        _, record = last(double(regularizer=name, regularizer__weight=weight))
        penalties.append(record.values["penalty"][0])
    assert penalties[1] < 0.9 * penalties[0]


def test_a_network_at_rest_has_a_finite_gradient() -> None:
    network = build(Architecture(width=3, depth=2), 2, 1)
    with torch.no_grad():
        for name in ("layers.weight", "layers.bias"):
            network.parameters[name].zero_()
    for penalty in (Kinetic(), JacobianFrobenius()):
        found = penalty.penalty(network, network.forward(points(2, 3, 2), 1), [])
        assert found is not None
        found.sum().backward()
        gradient = network.parameters["layers.weight"].grad
        assert gradient is not None and torch.isfinite(gradient).all()


# ------------------------------------------------------------------ random end time


@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_end_times_are_reproducible_and_leave_the_network_alone(integrator: str) -> None:
    jittered = double(
        training__end_time_jitter=0.4, architecture__integrator=integrator, training__epochs=3
    )
    first, second = last(jittered)[0], last(jittered)[0]
    for name, values in first.parameters().items():
        np.testing.assert_array_equal(values, second.parameters()[name])
    plain = last(jittered.with_settings({"training.end_time_jitter": 0}))[0]
    assert not np.array_equal(
        plain.parameters()["layers.weight"], first.parameters()["layers.weight"]
    )
    assert first.network.architecture == jittered.architecture


def test_end_times_are_uniform_around_t() -> None:
    trainer = Trainer(double(training__end_time_jitter=0.25, architecture__horizon=2.0))
    seen: list[float] = []
    assert isinstance(trainer.steps, TorchPath)
    inner = trainer.steps.gradient
    assert isinstance(inner, RandomEndTime)
    compute = inner._gradient

    class Listening:
        def __call__(self, *batch: object) -> None:
            seen.append(trainer.network.architecture.horizon)
            compute(*batch)  # type: ignore[arg-type]

        def use_step(self, step: float) -> None:
            compute.use_step(step)

    inner._gradient = Listening()  # type: ignore[assignment]
    for _ in trainer:
        pass
    assert len(seen) == 15 * 3
    assert 1.5 <= min(seen) < 1.65 and 2.35 < max(seen) <= 2.5
    assert len(set(seen)) == len(seen)


def test_a_jittered_step_has_the_step_size_it_says() -> None:
    """One batch with jitter is one batch of a network with that horizon."""
    experiment = double(training__end_time_jitter=0.3, training__batch_size=100)
    trainer = Trainer(experiment)
    assert isinstance(trainer.steps, TorchPath)
    x, y = trainer.steps.ordered(0)
    loss = torch.zeros(3, 1, dtype=torch.float64)
    factor = 1 + 0.3 * np.random.default_rng([0, 2**31, 0]).uniform(-1, 1)
    steps = trainer.steps
    steps.gradient(x, y, experiment.regularizer, steps.generators, loss)
    farther = double(architecture__horizon=float(factor), training__batch_size=100)
    other = Trainer(farther, decided=along("operations", farther)).steps
    assert isinstance(other, TorchPath)
    expected = torch.zeros(3, 1, dtype=torch.float64)
    other.gradient(x, y, experiment.regularizer, other.generators, expected)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=0)


def test_trials_with_jitter_are_the_same_alone() -> None:
    both = double(training__end_time_jitter=0.3, training__trials=2, training__epochs=3)
    alone = both.with_settings({"training.trials": 1, "training.first_trial": 1})
    together = last(both)[0].parameters()["layers.weight"][1]
    np.testing.assert_allclose(
        last(alone)[0].parameters()["layers.weight"][0], together, rtol=1e-9, atol=1e-12
    )


def test_a_captured_step_does_not_wait(capsys: pytest.CaptureFixture[str]) -> None:
    for penalty in ("condition", *PROXIES):
        changes = {"regularizer": penalty}
        if penalty in PROXIES and penalty != "condition":
            changes = {"regularizer": "stiffness", "regularizer.proxy": penalty}
        plain = double(architecture__width=4).with_settings(changes)
        if penalty not in ("condition", "singular", "mean-modulus"):
            assert not plain.regularizer.waits
            plain.with_settings({"training.cuda_graph": True})
            continue
        with pytest.raises(InputError, match=f"a penalty on {penalty} does at every") as caught:
            plain.with_settings({"training.cuda_graph": True})
        assert caught.value.key == "training.cuda_graph"
    assert Stiffness(proxy=proxy("condition")).waits
    arguments = ["regularizer=stiffness", "regularizer.proxy=singular", "training.cuda_graph=true"]
    flags = [word for argument in arguments for word in ("--set", argument)]
    assert main(["train", "alpine02", *flags]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "wait" in said


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"training__end_time_jitter": 0.1}, "training.end_time_jitter"),
        ({"architecture__integrator": "rk4"}, "architecture.integrator"),
    ],
)
def test_a_captured_step_is_one_fixed_step(changes: dict[str, object], key: str) -> None:
    with pytest.raises(InputError, match="captures one fixed step") as caught:
        double(training__cuda_graph=True, **changes)
    assert caught.value.key == key
