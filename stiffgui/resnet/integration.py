"""Layers of other methods than explicit Euler, through autograd.

Letters for shapes: R trials, B samples, N layers, w width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from stiffgui.errors import InputError
from stiffgui.resnet.activations import Activation
from stiffgui.resnet.tableaus import Tableau

NEWTON_STEPS, HALVINGS = 25, 8

Layer = tuple[Tensor, Tensor]  # W_n [R, w, w] and b_n [R, 1, w] at one time
Steps = Callable[[Tensor, int], Tensor]


def explicit(
    tableau: Tableau, activation: Activation, stages: Sequence[Sequence[Layer]], step: float
) -> Steps:
    """x_{n-1} [R, B, w], n -> x_n by an explicit method.

    stages[i][n]: the weights of layer n at t_n + c_i a.
    """

    def advance(state: Tensor, n: int) -> Tensor:
        slopes: list[Tensor] = []
        for row, layers in zip(tableau.matrix, stages, strict=True):
            inner = _combined(state, row, slopes, step)
            weight, bias = layers[n]
            slopes.append(activation.value(torch.baddbmm(bias, inner, weight.mT)))
        return _combined(state, tableau.weights, slopes, step)

    return advance


def _combined(state: Tensor, factors: Sequence[float], slopes: list[Tensor], step: float) -> Tensor:
    for factor, slope in zip(factors, slopes, strict=True):
        if factor:
            state = state.add(slope, alpha=factor * step)
    return state


def implicit_euler(activation: Activation, layers: Sequence[Layer], step: float) -> Steps:
    """x_{n-1} [R, B, w], n -> the x_n that solves x = x_{n-1} + a s(W_n x + b_n).

    layers[n]: the weights at the step's end. Newton's method with the analytic Jacobian
    I - a diag(s') W runs without a graph; one more Newton step from the solution, with the
    Jacobian as a constant, has the value of the solution and, by the implicit function theorem,
    its gradient. Raises InputError when a Jacobian is singular or the steps do not converge.
    """

    def advance(state: Tensor, n: int) -> Tensor:
        weight, bias = layers[n]

        def residual(x: Tensor) -> tuple[Tensor, Tensor]:
            z = torch.baddbmm(bias, x, weight.mT)
            y = activation.value(z)
            return x - state.add(y, alpha=step), activation.slope(z, y)

        with torch.no_grad():
            x, factors, pivots = _newton(residual, state, weight, step, n)
        change = torch.linalg.lu_solve(factors, pivots, residual(x)[0].unsqueeze(-1))
        solution: Tensor = x - change.squeeze(-1)
        return solution

    return advance


def _newton(
    residual: Callable[[Tensor], tuple[Tensor, Tensor]],
    state: Tensor,
    weight: Tensor,
    step: float,
    layer: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """The solution and the factors of I - a diag(s') W there.

    A sample's step is halved while it does not lower the residual.
    """
    tolerance = 100 * torch.finfo(state.dtype).eps
    identity = torch.eye(state.shape[-1], dtype=state.dtype, device=state.device)
    x = state
    remainder, slope = residual(x)
    for _ in range(NEWTON_STEPS):
        jacobian = identity - step * slope.unsqueeze(-1) * weight.unsqueeze(1)
        factors, pivots, info = torch.linalg.lu_factor_ex(jacobian)
        if bool(info.any()):
            raise _unsolvable(f"its matrix I − a J is singular in layer {layer + 1}")
        if bool((remainder.abs() <= tolerance * (1 + x.abs())).all()):
            return x, factors, pivots
        change = torch.linalg.lu_solve(factors, pivots, remainder.unsqueeze(-1)).squeeze(-1)
        size = remainder.norm(dim=-1, keepdim=True)
        factor = torch.ones_like(size)
        for _ in range(HALVINGS):
            remainder, slope = residual(x - factor * change)
            worse = ~(remainder.norm(dim=-1, keepdim=True) <= size)  # also where it is not a number
            if not bool(worse.any()):
                break
            factor = torch.where(worse, factor / 2, factor)
        x = x - factor * change
        remainder, slope = residual(x)
    raise _unsolvable(
        f"Newton's method did not converge in layer {layer + 1} within {NEWTON_STEPS} steps"
    )


def _unsolvable(what: str) -> InputError:
    return InputError(
        f"The implicit Euler step has no solution to be found: {what}. Raise architecture.depth or "
        f"lower architecture.horizon, so that steps are smaller.",
        "architecture.integrator",
    )
