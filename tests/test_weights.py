"""Weights as functions of time, integrators as layers, refining."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from test_network import NUMPY, build, points
from test_step import compare

from stiffgui import presets, train
from stiffgui.cli import main
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.resnet.architecture import Architecture
from stiffgui.resnet.network import initial_parameters
from stiffgui.resnet.tableaus import EXPLICIT, INTEGRATORS
from stiffgui.resnet.weights import (
    WEIGHTS,
    Constant,
    Legendre,
    Linear,
    PerLayer,
    PiecewiseLinear,
    Weights,
)
from stiffgui.runs import open_run, refine
from stiffgui.runs.snapshot import Snapshot
from stiffgui.training import Record, Trainer
from tests.small import small

SMOOTH = [kind for kind in WEIGHTS if kind != "per-layer"]


# ------------------------------------------------------------------ functions of time


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("integrator", INTEGRATORS)
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7, 40])
def test_every_parameter_has_a_gradient(kind: str, integrator: str, depth: int) -> None:
    check_gradients(Architecture(width=3, depth=depth, weights=kind, integrator=integrator))


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("depth", range(1, 41))
def test_every_parameter_has_a_gradient_at_any_depth(kind: str, depth: int) -> None:
    check_gradients(Architecture(width=3, depth=depth, weights=kind))


def check_gradients(architecture: Architecture) -> None:
    network = build(architecture, 2, 1)
    network.forward(points(2, 5, 2), 1).output.square().sum().backward()
    for name, values in network.parameters.items():
        assert values.grad is not None
        assert torch.isfinite(values.grad).all()
        if name.startswith("layers."):
            assert values.grad.shape[:2] == (2, architecture.coefficients)
            assert (values.grad.flatten(2).abs().amax(-1) > 0).all()


@pytest.mark.parametrize("knots", [1, 2, 5, 9])
@pytest.mark.parametrize("depth", [1, 2, 4, 5, 8, 9, 10, 33])
def test_no_knot_stays_untrained(knots: int, depth: int) -> None:
    weights = PiecewiseLinear(knots=knots)
    count = weights.count(depth)
    assert (weights.at_layers(depth, count).sum(0) > 0).all()


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (Constant(), lambda t, c: c[0]),
        (Linear(), lambda t, c: c[0] + (2 * t - 1) * c[1]),
        (
            Legendre(degree=3),
            lambda t, c: (
                c[0]
                + (2 * t - 1) * c[1]
                + (6 * t**2 - 6 * t + 1) * c[2]
                + (20 * t**3 - 30 * t**2 + 12 * t - 1) * c[3]
            ),
        ),
        (PiecewiseLinear(knots=4), lambda t, c: np.interp(t, np.linspace(0, 1, 4), c)),
        (PerLayer(), lambda t, c: c[min(int(t * len(c) + 1e-9), len(c) - 1)]),
    ],
)
def test_basis_is_its_formula(weights: Weights, expected: object) -> None:
    count = weights.count(6)
    c = np.random.default_rng(0).normal(size=count)
    times = np.linspace(0, 1, 25)
    wanted = [expected(t, c) for t in times]  # type: ignore[operator]
    np.testing.assert_allclose(weights.basis(times, count) @ c, wanted, atol=1e-13)


@pytest.mark.parametrize("depth", range(1, 200))
def test_separate_layers_are_the_identity(depth: int) -> None:
    weights = PerLayer()
    for node in (0.0, 0.5, 1.0):
        np.testing.assert_array_equal(weights.at_layers(depth, depth, node), np.eye(depth))
    twice = weights.at_layers(2 * depth, depth)
    np.testing.assert_array_equal(twice, np.repeat(np.eye(depth), 2, axis=0))


@pytest.mark.parametrize("kind", SMOOTH)
def test_initial_weights_have_the_scale_of_separate_layers(kind: str) -> None:
    depth, width = 30, 60
    values = initial_parameters(Architecture(width=width, depth=depth, weights=kind), 2, 1, 0, 0)
    weights = Architecture(weights=kind, depth=depth).weights
    fine = weights.basis(np.linspace(0, 1, 200), len(values["layers.weight"]))
    layers = np.einsum("nk,kij->nij", fine, values["layers.weight"])
    assert layers.std() == pytest.approx(width**-0.5 / np.sqrt(3), rel=0.04)


# ------------------------------------------------------------------ the step by hand


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("penalty", ["none", "l2", "sketch", "everything"])
@pytest.mark.parametrize("trials", [1, 3])
@pytest.mark.parametrize("depth", [1, 6])
def test_gradient_by_hand_is_autograds(kind: str, penalty: str, trials: int, depth: int) -> None:
    compare(Architecture(width=5, depth=depth, weights=kind, horizon=1.7), penalty, trials)


@pytest.mark.parametrize("integrator", [i for i in INTEGRATORS if i != "euler"])
@pytest.mark.parametrize("kind", ["per-layer", "legendre"])
def test_training_lowers_the_error(integrator: str, kind: str) -> None:
    changes = {"architecture__weights": kind, "architecture__integrator": integrator}
    experiment = narrow(training__epochs=30, **changes)
    errors = [
        item.values["train_error"][0] for item in Trainer(experiment) if isinstance(item, Record)
    ]
    assert errors[-1] < 0.9 * errors[0]


narrow = partial(
    small,
    architecture__width=6,
    architecture__depth=5,
    training__epochs=40,
    training__learning_rate=1e-2,
    task__train_samples=180,
)


# ------------------------------------------------------------------ integrators


@pytest.mark.parametrize("integrator", EXPLICIT)
@pytest.mark.parametrize("kind", ["per-layer", "legendre", "piecewise-linear"])
def test_explicit_layers_are_the_plain_loop(integrator: str, kind: str) -> None:
    architecture = Architecture(
        width=4, depth=5, weights=kind, integrator=integrator, horizon=1.3, activation="sin"
    )
    network = build(architecture, 2, 1)
    x = points(2, 3, 2)
    states = network.forward(x, 1).states
    tableau, a = EXPLICIT[integrator], architecture.step_size
    p = {k: v.detach().numpy() for k, v in network.parameters.items()}
    for trial in range(2):
        state = states[0][trial].detach().numpy()
        for n in range(5):
            slopes: list[np.ndarray] = []
            for node, row in zip(tableau.nodes, tableau.matrix, strict=True):
                phi = architecture.weights.basis(
                    np.array([(n + (min(node, 0.5) if kind == "per-layer" else node)) / 5]),
                    architecture.coefficients,
                )[0]
                inner = state + a * sum(
                    (f * s for f, s in zip(row, slopes, strict=True)), start=np.zeros_like(state)
                )
                weight = np.einsum("k,kij->ij", phi, p["layers.weight"][trial])
                slopes.append(NUMPY["sin"](inner @ weight.T + phi @ p["layers.bias"][trial]))
            state = state + a * sum(f * s for f, s in zip(tableau.weights, slopes, strict=True))
        np.testing.assert_allclose(states[-1][trial].detach(), state, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(
            network.predict(x, 1)[trial], network.forward(x, 1).output[trial].detach()
        )


@pytest.mark.parametrize("activation", ["tanh", "softplus", "sin"])
@pytest.mark.parametrize("kind", ["per-layer", "linear"])
def test_implicit_layers_solve_their_equation_and_its_gradient(activation: str, kind: str) -> None:
    architecture = Architecture(
        width=3, depth=4, activation=activation, integrator="implicit-euler", weights=kind
    )
    network = build(architecture, 2, 1)
    x = points(2, 3, 2)
    run = network.forward(x, 1)
    weight = network.at_layers("layers.weight", 1.0)
    bias = network.at_layers("layers.bias", 1.0)
    for n in range(4):
        z = run.states[n + 1] @ weight[:, n].mT + bias[:, n].unsqueeze(1)
        value = run.states[n] + architecture.step_size * network._activation.value(z)
        torch.testing.assert_close(run.states[n + 1], value, rtol=1e-12, atol=1e-13)
    loss = run.output.square().sum()
    for values, found in zip(
        network.parameters.values(),
        torch.autograd.grad(loss, list(network.parameters.values())),
        strict=True,
    ):
        direction = torch.randn(values.shape, dtype=values.dtype, generator=torch.manual_seed(1))
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                values += sign * 1e-5 * direction
                ends.append(float(network.forward(x, 1).output.square().sum()))
                values -= sign * 1e-5 * direction
        expected = (ends[0] - ends[1]) / 2e-5
        assert float((found * direction).sum()) == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_an_implicit_step_without_a_solution_is_said() -> None:
    architecture = Architecture(
        width=2,
        depth=1,
        activation="identity",
        integrator="implicit-euler",
        lift="identity",
        readout="identity",
    )
    network = build(architecture, 2, 2)
    with torch.no_grad():
        network.parameters["layers.weight"][:] = torch.eye(2)  # I - a W = 0
    with pytest.raises(InputError, match=r"singular in layer 1.*architecture\.depth") as caught:
        network.predict(points(2, 3, 2), 2)
    assert caught.value.key == "architecture.integrator"


def test_newton_that_does_not_converge_is_said() -> None:
    architecture = Architecture(
        width=1, depth=1, activation="sin", integrator="implicit-euler", horizon=300.0,
        lift="identity", readout="identity",
    )  # fmt: skip
    network = build(architecture, 1, 1)
    with torch.no_grad():
        network.parameters["layers.weight"][:] = 40.0
    with pytest.raises(InputError, match="did not converge in layer 1"):
        network.predict(points(2, 200, 1), 1)


def test_implicit_jacobians_are_those_of_the_field_at_the_left_end() -> None:
    architecture = Architecture(width=3, depth=4, weights="linear", integrator="implicit-euler")
    network = build(architecture, 2, 1)
    x = points(2, 3, 2)
    with torch.no_grad():
        states, found = network.forward(x, 1).states, network.jacobians(x)
        for n in range(4):
            wanted = network.field().jacobian(n / 4, states[n])
            torch.testing.assert_close(found[:, n], wanted, rtol=1e-12, atol=1e-14)


# ------------------------------------------------------------------ other depths


def snapshot(kind: str, integrator: str = "euler", depth: int = 5) -> Snapshot:
    experiment = narrow(architecture__weights=kind).with_settings(
        {"architecture.integrator": integrator, "architecture.depth": depth}
    )
    each = [initial_parameters(experiment.architecture, 2, 1, 1, r) for r in range(2)]
    return Snapshot(experiment, 0, {k: np.stack([p[k] for p in each]) for k in each[0]})


@pytest.mark.parametrize("kind", WEIGHTS)
def test_the_same_depth_is_the_same_network(kind: str) -> None:
    network = snapshot(kind)
    x = np.random.default_rng(0).uniform(-5, 5, (7, 2))
    np.testing.assert_array_equal(network.at_depth(5).predict(x), network.predict(x))
    np.testing.assert_allclose(network.refined(5).predict(x), network.predict(x), rtol=1e-14)


@pytest.mark.parametrize("kind", WEIGHTS)
def test_depths_converge_to_one_limit(kind: str) -> None:
    """First order: the distance to a four times deeper network falls fourfold."""
    network = snapshot(kind)
    x = np.random.default_rng(0).uniform(-5, 5, (7, 2))
    limit = network.at_depth(2000, "rk4").predict(x)
    errors = [np.abs(network.at_depth(n).predict(x) - limit).max() for n in (100, 400)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


def test_interpolation_keeps_layers_and_puts_means_between() -> None:
    network = snapshot("per-layer")
    experiment, deeper = refine(network.experiment, network._parameters, 10)
    assert experiment.architecture.depth == 10
    old = network._parameters["layers.weight"]
    np.testing.assert_array_equal(deeper["layers.weight"][:, ::2], old)
    np.testing.assert_allclose(
        deeper["layers.weight"][:, 1:9:2], (old[:, 1:] + old[:, :-1]) / 2, rtol=1e-15
    )
    np.testing.assert_array_equal(deeper["layers.weight"][:, 9], old[:, 4])
    np.testing.assert_array_equal(deeper["lift.weight"], network._parameters["lift.weight"])


def test_depths_that_cannot_be() -> None:
    with pytest.raises(InputError, match="at least one layer"):
        snapshot("linear").at_depth(0)
    with pytest.raises(InputError, match="no integrator 'leapfrog'"):
        snapshot("linear").at_depth(3, "leapfrog")
    with pytest.raises(InputError, match=r"architecture\.depth is 1000"):
        snapshot("per-layer").refined(1000)


def test_refining_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(narrow(training__epochs=60), tmp_path / "five.stiff")
    depths = [("five", "ten", 10), ("ten", "twenty", 20)]
    for source, target, depth in depths:
        arguments = ["--refine", str(tmp_path / f"{source}.stiff"), "--set"]
        arguments += [f"architecture.depth={depth}", "--out", str(tmp_path / f"{target}.stiff")]
        assert main(["train", *arguments]) == 0
        with open_run(tmp_path / f"{source}.stiff") as old:
            before = old.series().series["train_error"]
        with open_run(tmp_path / f"{target}.stiff") as new:
            after = new.series().series["train_error"]
            assert new.experiment.architecture.depth == depth
        # It begins near where the shallower one ended, not where that one began.
        assert after[0] - before[-1] < 0.25 * (before[0] - before[-1])
    assert main(["train", "alpine02", "--refine", str(tmp_path / "five.stiff")]) == 2
    assert "leave out PRESET" in capsys.readouterr().err
    refused = ["--refine", str(tmp_path / "five.stiff"), "--set", "architecture.width=7"]
    assert main(["train", *refused, "--out", str(tmp_path / "no.stiff")]) == 2
    assert not (tmp_path / "no.stiff").exists()
    refused = ["--refine", str(tmp_path / "five.stiff"), "--set", "architecture.weights=linear"]
    assert main(["train", *refused]) == 2


@pytest.mark.parametrize("kind", WEIGHTS)
def test_a_run_of_any_kind_is_stored_and_resumed(kind: str, tmp_path: Path) -> None:
    experiment = narrow(architecture__weights=kind, training__epochs=4)
    whole = train(experiment, tmp_path / "whole.stiff")
    assert whole.experiment == experiment
    coefficients = whole.parameters(4)["layers.weight"]
    assert coefficients.shape[1] == experiment.architecture.coefficients
    train(experiment.with_settings({"training.epochs": 2}), tmp_path / "half.stiff")
    command = ["train", "--resume", str(tmp_path / "half.stiff"), "--set", "training.epochs=4"]
    assert main(command) == 0
    with open_run(tmp_path / "half.stiff") as half:
        np.testing.assert_array_equal(half.parameters(4)["layers.weight"], coefficients)


def test_older_settings_have_separate_layers() -> None:
    text = presets["alpine02"].to_toml()
    start = text.index("[architecture.weights]")
    end = text.index("[", start + 1)
    without = text[:start] + text[end:]
    assert Experiment.from_toml(without) == presets["alpine02"]
