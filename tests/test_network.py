"""The batched network against numpy loops and automatic differentiation."""

from __future__ import annotations

from math import erf

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stiffgui._presets import presets
from stiffgui.errors import InputError
from stiffgui.resnet.activations import ACTIVATIONS
from stiffgui.resnet.architecture import LIFTS, READOUTS, Architecture
from stiffgui.resnet.network import ResidualNetwork, initial_parameters

NUMPY = {
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
    "gelu": lambda z: z * 0.5 * (1 + np.vectorize(erf)(z / np.sqrt(2))),
    "sin": np.sin,
    "identity": lambda z: z,
}


def build(
    architecture: Architecture, inputs: int, outputs: int, trials: int = 2, seed: int = 3
) -> ResidualNetwork:
    each = [initial_parameters(architecture, inputs, outputs, seed, r) for r in range(trials)]
    stacked = {k: torch.tensor(np.stack([p[k] for p in each])) for k in each[0]}
    return ResidualNetwork(architecture, {k: v.requires_grad_() for k, v in stacked.items()})


def points(trials: int, samples: int, inputs: int, seed: int = 0) -> torch.Tensor:
    values = np.random.default_rng(seed).uniform(-3, 3, (trials, samples, inputs))
    return torch.tensor(values)


def loop(network: ResidualNetwork, x: np.ndarray, trial: int, outputs: int) -> np.ndarray:
    """One trial, one sample, one layer at a time."""
    a = network.architecture
    p = {k: v.detach().numpy()[trial] for k, v in network.parameters.items()}
    results = []
    for sample in x:
        if a.lift.startswith("affine"):
            state = p["lift.weight"] @ sample + p["lift.bias"]
            state = np.tanh(state) if a.lift == "affine-tanh" else state
        else:
            state = np.zeros(a.width)
            state[: len(sample)] = sample
        for weight, bias in zip(p["layers.weight"], p["layers.bias"], strict=True):
            state = state + a.horizon / a.depth * NUMPY[a.activation](weight @ state + bias)
        if a.readout == "affine":
            results.append(p["readout.weight"] @ state + p["readout.bias"])
        else:
            results.append(state[:outputs])
    return np.array(results)


def test_every_activation_has_an_oracle() -> None:
    assert set(NUMPY) == set(ACTIVATIONS)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("lift", LIFTS)
@pytest.mark.parametrize("readout", READOUTS)
def test_forward_is_the_plain_loop(activation: str, lift: str, readout: str) -> None:
    width = 3 if lift == "identity" else 5
    architecture = Architecture(
        width=width, depth=4, activation=activation, lift=lift, readout=readout, horizon=1.7
    )
    architecture.check(3, 2)
    network = build(architecture, 3, 2)
    x = points(2, 6, 3)
    run = network.forward(x, 2)
    for trial in range(2):
        expected = loop(network, x[trial].numpy(), trial, 2)
        np.testing.assert_allclose(run.output[trial].detach(), expected, rtol=1e-12, atol=1e-14)
    assert len(run.states) == 5
    assert network.forward(x, 2, slopes=False).slopes.numel() == 0
    torch.testing.assert_close(network.forward(x, 2, slopes=False).output, run.output)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_jacobians_are_those_of_autograd(activation: str) -> None:
    network = build(Architecture(width=5, depth=3, activation=activation), 2, 1)
    x = points(2, 4, 2)
    jacobians = network.jacobians(x)
    states = network.forward(x, 1).states
    value = ACTIVATIONS[activation].value
    for r in range(2):
        for n in range(3):
            weight = network.weight[r, n].detach()
            bias = network.parameters["layers.bias"][r, n].detach()
            for i in range(4):
                expected = torch.autograd.functional.jacobian(
                    lambda s, w=weight, b=bias: value(w @ s + b), states[n][r, i].detach()
                )
                torch.testing.assert_close(
                    jacobians[r, n, i].detach(), expected, rtol=1e-12, atol=1e-14
                )


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_are_finite_in_the_tails(activation: str) -> None:
    z = torch.tensor([-1e4, -50.0, -1.0, 0.0, 1.0, 50.0, 1e4], requires_grad=True)
    a = ACTIVATIONS[activation]
    slope = a.slope(z, a.value(z))
    (expected,) = torch.autograd.grad(a.value(z).sum(), z)
    assert torch.isfinite(slope).all()
    torch.testing.assert_close(slope.detach(), expected, rtol=1e-5, atol=1e-6)
    if slope.requires_grad:
        (second,) = torch.autograd.grad(slope.sum(), z)
        assert torch.isfinite(second).all()


@pytest.mark.parametrize("depth", range(1, 41))
def test_every_layer_has_a_gradient(depth: int) -> None:
    network = build(Architecture(width=4, depth=depth), 2, 1)
    network.forward(points(2, 5, 2), 1).output.square().sum().backward()
    for values in network.parameters.values():
        assert values.grad is not None
        assert torch.isfinite(values.grad).all()
    for name in ("layers.weight", "layers.bias"):
        gradient = network.parameters[name].grad
        assert gradient is not None
        assert gradient.shape[:2] == (2, depth)
        assert (gradient.flatten(2).abs().amax(-1) > 0).all()


@given(seed=st.integers(0, 2**31 - 1), trial=st.integers(0, 50), trials=st.integers(1, 4))
@settings(max_examples=20)
def test_a_trial_does_not_depend_on_the_others(seed: int, trial: int, trials: int) -> None:
    architecture = Architecture(width=3, depth=2)
    alone = initial_parameters(architecture, 2, 1, seed, trial)
    for other in range(trials):  # drawing others before or after changes nothing
        initial_parameters(architecture, 2, 1, seed, other)
    again = initial_parameters(architecture, 2, 1, seed, trial)
    for name, values in alone.items():
        np.testing.assert_array_equal(values, again[name])
    different = initial_parameters(architecture, 2, 1, seed, trial + 1)
    assert not np.array_equal(alone["layers.weight"], different["layers.weight"])


def test_trials_in_a_batch_equal_trials_alone() -> None:
    architecture = Architecture(width=6, depth=5)
    together = build(architecture, 2, 1, trials=4)
    x = points(4, 7, 2)
    for r in range(4):
        values = initial_parameters(architecture, 2, 1, 3, r)
        alone = ResidualNetwork(
            architecture, {k: torch.tensor(v).unsqueeze(0) for k, v in values.items()}
        )
        torch.testing.assert_close(
            alone.forward(x[r : r + 1], 1).output[0],
            together.forward(x, 1).output[r].detach(),
            rtol=1e-13,
            atol=1e-14,
        )


def test_initial_parameters_are_uniform_in_their_bounds() -> None:
    values = initial_parameters(Architecture(width=40, depth=10), 4, 3, 0, 0)
    for name, fan_in in {"lift": 4, "layers": 40, "readout": 40}.items():
        both = np.concatenate([values[f"{name}.weight"].ravel(), values[f"{name}.bias"].ravel()])
        assert np.abs(both).max() <= fan_in**-0.5
        assert np.abs(both).max() > 0.9 * fan_in**-0.5
    assert values["layers.weight"].std() == pytest.approx((40**-0.5) / np.sqrt(3), rel=0.03)


def test_parameter_counts() -> None:
    preset = presets["alpine02"]
    assert preset.architecture.parameters(preset.task.inputs, preset.task.outputs) == 4281
    values = initial_parameters(preset.architecture, 2, 1, 0, 0)
    assert sum(v.size for v in values.values()) == 4281


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"lift": "identity", "width": 4}, "architecture.lift"),
        ({"lift": "augment", "width": 2}, "architecture.lift"),
        ({"readout": "identity", "width": 1}, "architecture.readout"),
    ],
)
def test_lifts_and_readouts_that_do_not_fit(change: dict[str, object], key: str) -> None:
    with pytest.raises(InputError) as caught:
        Architecture(**change).check(3, 2)
    assert caught.value.key == key
    assert "architecture.width" in str(caught.value)
