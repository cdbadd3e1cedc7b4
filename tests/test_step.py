"""The training step against its definition by plain autograd, and free of waiting."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch

from stiffgui.regularizers import L2, NoPenalty, Regularizer, Stiffness
from stiffgui.resnet.activations import ACTIVATIONS
from stiffgui.resnet.architecture import LIFTS, READOUTS, Architecture
from stiffgui.resnet.network import Pass, ResidualNetwork, initial_parameters
from stiffgui.stiffness import PROXIES, proxy
from stiffgui.stiffness.base import BufferCache, PenaltyBatch
from stiffgui.training.loss import batch_loss
from stiffgui.training.parameter_buffer import ParameterBuffer
from stiffgui.training.step import Gradient


class Everything(Regularizer):
    """A penalty that uses all that a pass offers."""

    kind: Literal["everything"] = "everything"
    weight: float = 0.7

    @property
    def needs_slopes(self) -> bool:  # type: ignore[override]
        return True

    def penalty(
        self, network: ResidualNetwork, run: Pass, generators: list[torch.Generator]
    ) -> torch.Tensor:
        moved = torch.stack(run.states, 1).diff(dim=1).square().sum((1, 3))
        bent = (run.slopes.unsqueeze(-1) * network.weight.unsqueeze(2)).square().sum((1, 3, 4))
        last = run.states[-1].square().sum(-1) * run.output.square().sum(-1)
        return moved + bent.sqrt() + last


class Constant(Regularizer):
    """A penalty without a gradient."""

    kind: Literal["constant"] = "constant"
    weight: float = 0.5

    def penalty(
        self, network: ResidualNetwork, run: Pass, generators: list[torch.Generator]
    ) -> torch.Tensor:
        return torch.full(run.output.shape[:2], 0.3, dtype=run.output.dtype)


PENALTIES: dict[str, Regularizer] = {
    "none": NoPenalty(),
    "l2": L2(weight=0.3),
    "sketch": Stiffness(weight=0.2),
    "radius": Stiffness(weight=0.2, proxy=proxy("spectral-radius")),
    "everything": Everything(),
    "constant": Constant(),
}


def build(
    architecture: Architecture, trials: int, inputs: int = 3, outputs: int = 2
) -> tuple[ResidualNetwork, ParameterBuffer, ParameterBuffer, Gradient]:
    shapes = architecture.shapes(inputs, outputs)
    parameters = ParameterBuffer(shapes, trials, torch.float64, torch.device("cpu"))
    for r in range(trials):
        for name, value in initial_parameters(architecture, inputs, outputs, 5, r).items():
            parameters.blocks[name][r] = torch.as_tensor(value)
    gradient = parameters.like()
    leaves = {k: v.detach().requires_grad_() for k, v in parameters.blocks.items()}
    network = ResidualNetwork(architecture, leaves)
    return network, parameters, gradient, Gradient(network, parameters, gradient)


def compare(architecture: Architecture, penalty: str, trials: int, samples: int = 7) -> None:
    network, _, gradient, compute = build(architecture, trials)
    random = np.random.default_rng(0)
    x = torch.tensor(random.normal(size=(trials, samples, 3)))
    y = torch.tensor(random.normal(size=(trials, samples, 2)))
    seeded = [[torch.Generator().manual_seed(r) for r in range(trials)] for _ in range(2)]
    expected = batch_loss(network, PENALTIES[penalty], x, y, seeded[0])
    wanted = torch.autograd.grad(
        expected[0].sum(), list(network.parameters.values()), allow_unused=True
    )
    got = torch.zeros(3, trials, dtype=torch.float64)
    gradient.flat.fill_(float("nan"))  # nothing of an earlier step may survive
    compute(x, y, PENALTIES[penalty], seeded[1], got)
    torch.testing.assert_close(got, torch.stack(expected).detach(), rtol=1e-12, atol=1e-14)
    for values, found in zip(wanted, gradient.blocks.values(), strict=True):
        target = torch.zeros_like(found) if values is None else values
        torch.testing.assert_close(found, target, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("trials", [1, 3])
def test_gradient_is_autograds(activation: str, penalty: str, trials: int) -> None:
    compare(Architecture(width=5, depth=4, activation=activation, horizon=1.7), penalty, trials)


@pytest.mark.parametrize("lift", LIFTS)
@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("penalty", ["none", "l2", "everything"])
@pytest.mark.parametrize("trials", [1, 2])
def test_gradient_at_both_ends(lift: str, readout: str, penalty: str, trials: int) -> None:
    width = 3 if lift == "identity" else 6
    compare(Architecture(width=width, depth=3, lift=lift, readout=readout), penalty, trials)


def test_batches_of_another_size_take_turns() -> None:
    network, _, gradient, compute = build(Architecture(width=4, depth=3), 2)
    for samples in (6, 2, 6):
        x = torch.full((2, samples, 3), 0.4, dtype=torch.float64)
        y = torch.ones(2, samples, 2, dtype=torch.float64)
        loss = batch_loss(network, NoPenalty(), x, y, [])[0].sum()
        wanted = torch.autograd.grad(loss, list(network.parameters.values()))
        compute(x, y, NoPenalty(), [], torch.zeros(3, 2, dtype=torch.float64))
        for values, found in zip(wanted, gradient.blocks.values(), strict=True):
            torch.testing.assert_close(found, values, rtol=1e-10, atol=1e-13)


def test_a_vanishing_loss_has_the_gradient_0() -> None:
    _, _, gradient, compute = build(Architecture(width=4, depth=2), 1)
    x = torch.ones(1, 3, 3, dtype=torch.float64)
    y = compute.forward(x, 2).clone()
    compute(x, y, NoPenalty(), [], torch.zeros(3, 1, dtype=torch.float64))
    assert (gradient.flat == 0).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_curvatures_are_autograds(activation: str) -> None:
    z = torch.linspace(-4, 4, 41, dtype=torch.float64).requires_grad_()
    a = ACTIVATIONS[activation]
    (slope,) = torch.autograd.grad(a.value(z).sum(), z, create_graph=True)
    wanted = torch.zeros_like(z)
    if slope.requires_grad:
        found = torch.autograd.grad(slope.sum(), z, allow_unused=True)[0]
        wanted = wanted if found is None else found
    keep = z.detach() != 0 if activation in ("relu", "elu") else torch.ones(41, dtype=torch.bool)
    with torch.no_grad():
        y = a.value(z)
        got = a.curvature(z, y, a.slope(z, y))
    torch.testing.assert_close(got[keep], wanted[keep], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_penalty_gradient_is_autograds(name: str, dtype: torch.dtype) -> None:
    random = torch.Generator().manual_seed(3)
    width = 4
    slopes = torch.rand(2, 3, 5, width, generator=random, dtype=torch.float64).to(dtype)
    weight = torch.randn(2, 3, width, width, generator=random, dtype=torch.float64).to(dtype)
    chosen, buffers = proxy(name), BufferCache()
    for _ in range(2):  # the second time with buffers that have been used
        seeded = [[torch.Generator().manual_seed(r) for r in range(2)] for _ in range(2)]
        leaves = [slopes.clone().requires_grad_(), weight.clone().requires_grad_()]
        p = chosen.of_layers(*leaves, seeded[0]).sum(1)
        wanted = torch.autograd.grad(p.square().sum() / 2, leaves)
        found = [torch.full_like(t, torch.nan) for t in (slopes, weight)]
        batch = PenaltyBatch(slopes, weight, seeded[1], *found, buffers)
        got = chosen.penalty_gradient(batch)
        # Gelfand's derivative at k = 2^10 amplifies rounding near double eigenvalues.
        rough = 2e-3 if name == "gelfand" else 1e-4
        close = {"rtol": rough, "atol": rough / 10} if dtype == torch.float32 else {}
        torch.testing.assert_close(got, p.detach(), **close)
        torch.testing.assert_close(found, list(wanted), **close)


@pytest.mark.parametrize("name", ["gelfand-sketch", "gelfand", "spectral-radius"])
@pytest.mark.parametrize("bad", [torch.nan, torch.inf, 0.0, 1e10, 1e-30])
def test_penalties_take_any_number(name: str, bad: float) -> None:
    """NaN and infinity stay visible, so that the trial is stopped; the rest gives numbers."""
    slopes, weight = torch.rand(1, 2, 3, 5), torch.full((1, 2, 5, 5), bad)
    found = [torch.empty_like(t) for t in (slopes, weight)]
    generators = [torch.Generator().manual_seed(1)]
    batch = PenaltyBatch(slopes, weight, generators, *found, BufferCache(2))
    p = proxy(name).penalty_gradient(batch)
    if np.isfinite(bad):
        assert torch.isfinite(p).all() and all(torch.isfinite(f).all() for f in found)
    else:
        assert not torch.isfinite(p).any()
