"""Whole epochs in compiled loops: the numbers of torch's path, whatever shares the work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stiffgui import Experiment, presets
from stiffgui.regularizers import Kinetic
from stiffgui.resnet.activations import ACTIVATIONS
from stiffgui.resnet.architecture import LIFTS, READOUTS
from stiffgui.resnet.kernels.activations import CODES
from stiffgui.resnet.kernels.passes import LIFTS as LIFT_CODES
from stiffgui.resnet.network import ResidualNetwork
from stiffgui.resnet.weights import WEIGHTS
from stiffgui.stiffness.sketch_products import random_bytes
from stiffgui.training import Controls, Event, Record, Trainer
from stiffgui.training.decisions import Decisions, decide
from stiffgui.training.kernels.batch import cut
from stiffgui.training.loss import batch_loss
from stiffgui.training.paths import compiled_path
from stiffgui.training.paths.choice import choose
from tests.small import along

CPU = torch.device("cpu")


def tiny(preset: str = "alpine02", **changes: Any) -> Experiment:
    """Batches of 7, 7, 7, 7, 7 and 5; `__` stands for the dot."""
    settings = {
        "training.precision": "float64",
        "training.trials": 2,
        "training.batch_size": 7,
        "training.epochs": 9,
        "training.device": "cpu",
        "task.train_samples": 40,
        "task.test_samples": 5,
        "architecture.width": 6,
        "architecture.depth": 4,
        "watch.every": 1000,
    }
    if preset != "alpine02":
        settings["regularizer.weight"] = 0.1
    if preset == "alpine02-stiff":
        settings["regularizer.fraction"] = 1.0
    given = {key.replace("__", "."): value for key, value in changes.items()}
    return presets[preset].with_settings(settings | given)


def agree(
    experiment: Experiment,
    epochs: int = 9,
    tolerance: float = 1e-9,
    decided: Decisions | None = None,
) -> None:
    ours, theirs = (
        Trainer(experiment, decided=decided),
        Trainer(experiment, decided=along("operations", experiment)),
    )
    assert ours.decided.path == "compiled"
    for _ in range(epochs):
        ours.run_epoch()
        theirs.run_epoch()
        found, wanted = ours.steps.losses(), theirs.steps.losses()
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance / 1000)
    for name, values in theirs.parameters().items():
        np.testing.assert_allclose(ours.parameters()[name], values, rtol=0, atol=tolerance)
    np.testing.assert_allclose(ours.training_error(), theirs.training_error(), rtol=tolerance)
    np.testing.assert_allclose(ours.test_error(), theirs.test_error(), rtol=tolerance)


def test_codes_are_those_of_every_choice() -> None:
    assert set(CODES) == set(ACTIVATIONS) and set(LIFT_CODES) == set(LIFTS)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("preset", ["alpine02", "alpine02-stiff"])
def test_fifty_steps_with_every_activation(activation: str, preset: str) -> None:
    agree(tiny(preset, architecture__activation=activation))


@pytest.mark.parametrize("lift", [lift for lift in LIFTS if lift != "identity"])
@pytest.mark.parametrize("readout", READOUTS)
def test_fifty_steps_at_both_ends(lift: str, readout: str) -> None:
    agree(tiny("alpine02-l2", architecture__lift=lift, architecture__readout=readout))


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("preset", ["alpine02", "alpine02-l2", "alpine02-stiff"])
def test_fifty_steps_of_weights_in_time(kind: str, preset: str) -> None:
    agree(tiny(preset, architecture__weights__kind=kind))


SKETCHES: list[dict[str, Any]] = [
    {"power": 1},
    {"vectors": 3},
    {"power": 17},
    {"vectors": 2, "power": 9, "fraction": 0.4},
    {"fraction": 0.2, "every": 3},
    {"fraction": 0.01},
    {"fraction": "auto"},
]


@pytest.mark.parametrize("settings", SKETCHES, ids=str)
@pytest.mark.parametrize("parts", [1, 3])
def test_fifty_steps_of_every_sketch(settings: dict[str, Any], parts: int) -> None:
    proxies = {k: v for k, v in settings.items() if k in ("power", "vectors")}
    others = {k: v for k, v in settings.items() if k not in proxies}
    changes = {f"regularizer__proxy__{k}": v for k, v in proxies.items()}
    experiment = tiny(
        "alpine02-stiff", **changes, **{f"regularizer__{k}": v for k, v in others.items()}
    )
    agree(experiment, decided=cut_into(parts, experiment))


def cut_into(parts: int, experiment: Experiment) -> Decisions:
    return decide(experiment, "cpu").model_copy(update={"parts": parts})


def matrices(kind: str, **changes: Any) -> Experiment:
    return tiny("alpine02-stiff", regularizer__proxy__kind=kind, training__batch_size=40, **changes)


@pytest.mark.parametrize("fraction", [1.0, 0.3])
def test_gelfands_formula(fraction: float) -> None:
    """A few steps: k = 2^10 amplifies rounding, so that later ones drift apart on any path."""
    agree(matrices("gelfand", regularizer__fraction=fraction), epochs=3, tolerance=1e-8)


def test_the_exact_radius() -> None:
    agree(matrices("spectral-radius", training__precision="float32"), epochs=3, tolerance=1e-3)


PENALTIES = ["alpine02", "alpine02-l2", "alpine02-stiff"]


@pytest.mark.parametrize("preset", PENALTIES)
def test_a_steps_gradient_is_autograds(preset: str) -> None:
    """Adam's mean after one step is (1 - beta1) times the gradient."""
    experiment = tiny(preset, training__batch_size=40, training__trials=1)
    trainer = Trainer(experiment)
    x, y = trainer.steps.ordered(0)
    leaves = {k: v.detach().clone().requires_grad_() for k, v in trainer.network.parameters.items()}
    network = ResidualNetwork(experiment.architecture, leaves)
    loss, penalty, share = batch_loss(
        network, experiment.regularizer, x, y, trainer.steps.generators
    )
    loss.sum().backward()
    trainer.run_epoch()
    for name, leaf in leaves.items():
        found = trainer.state.mean.blocks[name] / (1 - experiment.training.beta1)
        torch.testing.assert_close(found, leaf.grad, rtol=1e-9, atol=1e-12)
    wanted = [loss.detach()[0], penalty[0], share[0]]
    np.testing.assert_allclose(trainer.steps.losses()[0, :, 0], wanted, rtol=1e-9)


# ------------------------------------------------------------------ who shares the work


def trained(experiment: Experiment, **options: Any) -> dict[str, Any]:
    trainer = Trainer(experiment, **options)
    for _ in trainer:
        pass
    return trainer.checkpoint()


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, values in one.items():
        if name != "seconds":
            np.testing.assert_array_equal(values, other[name], err_msg=name)


@pytest.mark.parametrize("preset", PENALTIES)
def test_threads_change_nothing(preset: str) -> None:
    one, *others = (
        trained(tiny(preset, training__trials=5, training__threads=n)) for n in (1, 2, 3)
    )
    for other in others:
        same(one, other)


@pytest.mark.parametrize("kind", ["none", "gelfand-sketch", "gelfand", "spectral-radius"])
def test_parts_shared_among_threads_change_nothing(kind: str) -> None:
    changes: dict[str, Any] = {"training__trials": 1, "training__precision": "float32"}
    if kind != "none":
        changes["regularizer__proxy__kind"] = kind
    preset = "alpine02" if kind == "none" else "alpine02-stiff"
    one, two = (tiny(preset, training__threads=n, **changes) for n in (1, 2))
    same(trained(one, decided=cut_into(3, one)), trained(two, decided=cut_into(3, two)))


def test_a_trial_is_bit_for_bit_the_same_alone() -> None:
    together = trained(tiny("alpine02-stiff", training__trials=3))
    alone = trained(tiny("alpine02-stiff", training__trials=1, training__first_trial=2))
    np.testing.assert_array_equal(together["flat"][2], alone["flat"][0])


def test_a_checkpoint_goes_on_bit_for_bit() -> None:
    experiment = tiny("alpine02-stiff")
    whole = trained(experiment)
    half = trained(experiment.with_settings({"training.epochs": 4}))
    same(whole, trained(experiment, checkpoint=half))


def test_random_bits_drawn_ahead_are_those_drawn_step_by_step() -> None:
    ahead = random_bytes(64 * 12, CPU, [torch.Generator().manual_seed(5)])[0]
    generator = torch.Generator().manual_seed(5)
    steps = [random_bytes(64 * count, CPU, [generator])[0] for count in (5, 5, 2)]
    assert torch.equal(ahead, torch.cat(steps))


def test_bits_in_portions_are_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained(tiny("alpine02-stiff"))
    monkeypatch.setattr(compiled_path, "BITS", 400)
    same(whole, trained(tiny("alpine02-stiff")))


@given(st.integers(0, 60), st.integers(1, 9))
def test_parts_follow_each_other_and_the_first_are_the_larger(count: int, parts: int) -> None:
    ends = [cut(count, parts, k) for k in range(parts + 1)]
    sizes = np.diff(ends)
    assert ends[0] == 0 and ends[-1] == count
    assert (np.diff(sizes) <= 0).all() and sizes.max() - sizes.min() <= 1


# --------------------------------------------------------------------------- steering


def test_a_long_epoch_is_paused_changed_and_stopped_in_its_middle() -> None:
    """Another thread asks while one compiled call runs; the epoch alone would take minutes."""
    controls = Controls()
    experiment = tiny(
        "alpine02-stiff",
        task__train_samples=50_000,
        training__batch_size=1,
        architecture__depth=64,
        architecture__width=20,
    )
    trainer = Trainer(experiment, controls)
    seen: list[Event | Record] = []

    def ask() -> Iterator[None]:
        controls.pause()
        yield
        controls.change({"training.learning_rate": 1e-5})
        yield
        controls.resume()
        controls.stop()
        yield

    asked = ask()
    for item in trainer:
        if not seen:  # the record before the first epoch
            threading.Timer(0.3, lambda: next(asked)).start()
        seen.append(item)
        if isinstance(item, Event) and item.kind in ("paused", "change"):
            next(asked)
    kinds = [item.kind for item in seen if isinstance(item, Event)]
    assert kinds[:2] == ["paused", "change"] and trainer.epoch == 0
    paused = next(item for item in seen if isinstance(item, Event))
    assert 0 < paused.step < 50_000


def test_a_live_weight_acts_from_the_next_step_on() -> None:
    controls = Controls()
    trainer = Trainer(tiny("alpine02-stiff"), controls)
    shares = {}
    for item in trainer:
        if isinstance(item, Record):
            shares[item.epoch] = item.values["penalty_share"]
            if item.epoch == 3:
                controls.change({"regularizer.weight": 10.0})
    assert (shares[4] > 3 * shares[3]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_trial_that_diverges_stops_alone(bad: float) -> None:
    trainer = Trainer(tiny("alpine02-stiff", training__trials=3))
    events = []
    for item in trainer:
        if isinstance(item, Record) and item.epoch == 2:
            trainer.state.parameters.blocks["layers.weight"][1, 0, 0, 0] = bad
        if isinstance(item, Event):
            events.append((item.kind, item.trial))
    assert events == [("diverged", 1)] and trainer.epoch == 9
    assert trainer.alive.tolist() == [True, False, True]


# ----------------------------------------------------------------------------- choice


def test_every_choice_has_its_reason() -> None:
    jitter = tiny(training__end_time_jitter=0.1)
    exact = tiny("alpine02-stiff", regularizer__proxy__kind="spectral-radius")
    power = tiny("alpine02-stiff", regularizer__proxy__kind="power")
    kinetic = tiny().model_copy(update={"regularizer": Kinetic()})
    found = {
        "": choose(tiny("alpine02-stiff"), "cpu"),
        "rk4": choose(tiny(architecture__integrator="rk4"), "cpu"),
        "cuda": choose(tiny(), "cuda"),
        "end time": choose(jitter, "cpu"),
        "spectral-radius": choose(exact, "cpu"),
        "power": choose(power, "cpu"),
        "kinetic": choose(kinetic, "cpu"),
    }
    paths = [choice.path for choice in found.values()]
    assert paths == ["compiled", "autograd", *["operations"] * 5]
    for word, choice in found.items():
        assert word in choice.reason and bool(word) == (", since " in choice.sentence)
