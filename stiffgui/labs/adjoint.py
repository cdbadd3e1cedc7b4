"""Two gradients of a loss at the end of x' = F(t, x): of the discretised, and discretised.

Letters for shapes: R trials, B samples, K coefficients, w width, L steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stiffgui.resnet.field import VectorField

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Gradients:
    """d loss / d W^(k) [R, K, w, w], d loss / d b^(k) [R, K, w]."""

    weight: Tensor
    bias: Tensor

    def flat(self) -> Tensor:
        """Everything in one vector."""
        return torch.cat([self.weight.flatten(), self.bias.flatten()])


def discretise_then_optimise(
    field: VectorField, start: Tensor, end: Tensor, steps: int
) -> Gradients:
    """Back-propagation by autograd through L steps of explicit Euler.

    loss = sum |x_L - y|^2 / B for start x_0 and end y, [R, B, w]. field's coefficients must not
    require gradients; copies of them do.
    """
    own = VectorField(field.architecture, _leaves(field))
    step, x = field.horizon / steps, start
    for n in range(steps):
        x = x + step * own(n * step, x)
    return _of_loss(own, x, end)


def optimise_then_discretise(
    field: VectorField, start: Tensor, end: Tensor, steps: int
) -> Gradients:
    """Explicit Euler on the adjoint equation, backwards from T to 0.

    The continuous gradient is the integral over t of l(t) dF/dtheta, where the adjoint l obeys
    l' = -J(t, x)^T l, l(T) = d loss / d x(T). Backwards, Euler takes every right-hand side at
    the right end of its step:

        theta_bar += dt l_k dF/dtheta(t_k, x_k),  l_{k-1} = l_k + dt J(t_k, x_k)^T l_k,  k = L..1,

    while back-propagation through the same forward steps has t_{k-1}, x_{k-1} in both places.
    x_k are the forward states (Chen et al. 2018 recompute them backwards, to save memory).
    """
    step, states = field.horizon / steps, [start]
    with torch.no_grad():
        for n in range(steps):
            states.append(states[-1] + step * field(n * step, states[-1]))
        adjoint = 2 * (states[-1] - end) / start.shape[1]
        weight, bias = torch.zeros_like(field.weight), torch.zeros_like(field.bias)
        for k in range(steps, 0, -1):
            t, x = k * step, states[k]
            w, b = field.at(t)
            z = torch.baddbmm(b, x, w.mT)
            slope = field.activation.slope(z, field.activation.value(z))
            scaled = slope * adjoint  # l^T diag(s')
            phi = field.phi(t)
            weight += step * torch.einsum("k,rbi,rbj->rkij", phi, scaled, x)
            bias += step * torch.einsum("k,rbi->rki", phi, scaled)
            adjoint = adjoint + step * scaled @ w
    return Gradients(weight, bias)


def continuous(
    field: VectorField, start: Tensor, end: Tensor, tolerance: float = 1e-11
) -> Gradients:
    """The limit of both, by torchdiffeq's adjoint with dopri8.

    Raises ArithmeticError when the solver gives up.
    """
    from torchdiffeq import odeint_adjoint

    own = _Limited(field.architecture, _leaves(field))
    try:
        states = odeint_adjoint(
            own,
            start.clone().requires_grad_(),
            torch.tensor([0.0, field.horizon], dtype=torch.float64),
            method="dopri8",
            rtol=tolerance,
            atol=tolerance,
            adjoint_params=(own.weight, own.bias),
        )
        return _of_loss(own, states[-1], end)
    except AssertionError as reason:  # how torchdiffeq says that its step underflows
        raise ArithmeticError(str(reason)) from None


def _leaves(field: VectorField) -> dict[str, Tensor]:
    """Copies of the coefficients that require gradients."""
    coefficients = {"layers.weight": field.weight, "layers.bias": field.bias}
    return {k: c.detach().clone().requires_grad_() for k, c in coefficients.items()}


def _of_loss(own: VectorField, x: Tensor, end: Tensor) -> Gradients:
    loss = (x - end).square().sum() / end.shape[1]
    return Gradients(*torch.autograd.grad(loss, [own.weight, own.bias]))


class _Limited(VectorField):
    """A field that gives up instead of keeping one waiting."""

    LIMIT = 5_000

    def forward(self, t: Tensor | float, x: Tensor) -> Tensor:
        if self.evaluations > self.LIMIT:
            raise ArithmeticError("too many evaluations")
        return super().forward(t, x)


# ------------------------------------------------------------ the talk's formulas


def talk_dto(w: Array, x: Array, y: Array, horizon: float, layers: int) -> Array:
    """Discretise-then-optimise for x' = W x with one matrix W [w, w] for L linear layers.

    With M = I + dt W, dt = T/L and x_k = M^k x, the loss |x_L - y|^2 has the gradient

        dloss/dW = dt sum_{k=1..L} (M^T)^(L-k) r (M^(k-1) x)^T,  r = 2 (M^L x - y),

    by the product rule on M^L. For numbers all L terms agree and dt L = T gives

        2 T (M^L x - y) M^(L-1) x,

    the slides' ResNet line, which has T = 1. x, y [w]; the result is [w, w].
    """
    return _talk(w, x, y, horizon, layers, shift=0)


def talk_otd(w: Array, x: Array, y: Array, horizon: float, layers: int) -> Array:
    """Optimise-then-discretise for the same: Euler backwards on l' = -W^T l, l(T) = r.

    l_{k-1} = l_k + dt W^T l_k gives l_k = (M^T)^(L-k) r, and the integral of l x^T, taken at
    right ends,

        dt sum_{k=1..L} (M^T)^(L-k) r (M^k x)^T = (dloss/dW of the other) M^T,

    for numbers 2 T (M^L x - y) M^L x, the slides' neural ODE line. The two differ by the factor
    M^T = I + dt W^T: relatively by at most dt |W|, for numbers by exactly dt |W|, so O(dt).
    """
    return _talk(w, x, y, horizon, layers, shift=1)


def _talk(w: Array, x: Array, y: Array, horizon: float, layers: int, shift: int) -> Array:
    step = horizon / layers
    m = np.eye(len(w)) + step * w
    states = [np.asarray(x, np.float64)]
    for _ in range(layers):
        states.append(m @ states[-1])
    adjoint, total = 2 * (states[-1] - y), np.zeros_like(m)
    for k in range(layers, 0, -1):
        total += step * np.outer(adjoint, states[k - 1 + shift])
        adjoint = m.T @ adjoint
    return total
