"""Reference trajectories by adaptive solvers, float64, counting what they cost.

Letters for shapes: M times; a state has any shape, the last axis w.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stiffgui.errors import entry
from stiffgui.resnet.field import VectorField

Array = NDArray[np.float64]
Field = Callable[[float, Tensor], Tensor]  # F(t, x), the shape of x
Jacobian = Callable[[float, Tensor], Tensor]  # [..., w, w] of x [..., w]

SOLVERS = {
    "dopri5": "explicit, fifth order (Dormand & Prince), adaptive",
    "dopri8": "explicit, eighth order, adaptive: for high accuracy",
    "radau": "implicit, fifth order, adaptive: for stiff equations",
    "bdf": "implicit, order 1 to 5, adaptive: for stiff equations",
}
_IMPLICIT = {"radau": "Radau", "bdf": "BDF"}
EVALUATIONS = 20_000  # more is a sentence, not a wait


@dataclass(frozen=True)
class Solution:
    """States [M, ...] at the times [M]; evaluations of F.

    step_times [S + 1], step_states [S + 1, ...]: the start and the end of every accepted step.
    problem: why the solver gave up, in a sentence, and gave_up: when; the states from there on are
    NaN, and there may be no step at all.
    """

    times: Array
    states: Array
    evaluations: int
    step_times: Array
    step_states: Array
    problem: str = ""
    gave_up: float | None = None

    @property
    def steps(self) -> int:
        """Accepted steps."""
        return len(self.step_times) - 1


class GaveUp(Exception):
    """Raised inside a solver's call of F."""


def solve(
    field: Field,
    start: Tensor,
    times: Sequence[float] | Array,
    solver: str = "dopri8",
    *,
    jacobian: Jacobian | None = None,
    tolerance: float = 1e-12,
    limit: int = EVALUATIONS,
) -> Solution:
    """x' = F(t, x), x(times[0]) = start, at the given times.

    tolerance: relative and absolute. Steps end at every one of the times: torchdiffeq's
    interpolant is of fourth order only. Implicit solvers use `jacobian` where given. A solution
    that leaves the range of numbers, a step that underflows, or more than `limit` evaluations end
    in the solution's `problem`. Raises InputError for an unknown solver.
    """
    entry("solver", solver, SOLVERS)
    grid = np.asarray(times, np.float64)
    counted = Counted(field, limit)
    start = start.detach().double()
    attempt = _by_scipy if solver in _IMPLICIT else _by_torchdiffeq
    states = np.full((len(grid), *start.shape), np.nan)
    states[0] = start.numpy()
    problem, gave_up = "", None
    with torch.no_grad(), np.errstate(all="ignore"):
        try:
            for k, ends in enumerate(pairwise(grid), start=1):
                states[k] = attempt(counted, states[k - 1], ends, solver, jacobian, tolerance)
        except GaveUp as reason:
            gave_up = counted.time
            problem = f"{solver} gave up at t = {gave_up:.4g}: {reason}."
    steps = [(float(grid[0]), states[0]), *counted.steps]
    step_times, step_states = np.array([t for t, _ in steps]), np.stack([x for _, x in steps])
    evaluations = counted.evaluations
    return Solution(grid, states, evaluations, step_times, step_states, problem, gave_up)


class Counted:
    """F with a limit on its evaluations; also what torchdiffeq calls after an accepted step."""

    def __init__(self, field: Field, limit: int) -> None:
        self._field, self._limit = field, limit
        self.evaluations, self.time = 0, 0.0
        self.steps: list[tuple[float, Array]] = []
        self._pending: float | None = None

    def __call__(self, t: Tensor | float, x: Tensor) -> Tensor:
        self.evaluations += 1
        self.time = float(t)
        if self.evaluations > self._limit:
            raise GaveUp(f"it needs more than {self._limit} evaluations")
        value = self._field(self.time, x)
        if not bool(torch.isfinite(value).all()):
            raise GaveUp("the solution leaves the range of numbers")
        return value

    def callback_accept_step(self, t0: Tensor, y0: Tensor, dt: Tensor) -> None:
        # Called before the new state is known: it is the next step's y0, or the segment's end.
        self.arrive(y0)
        self._pending = float(t0 + dt)

    def arrive(self, state: Tensor) -> None:
        """The state at the end of the last accepted step."""
        if self._pending is not None:
            self.steps.append((self._pending, state.numpy().copy()))
            self._pending = None


@contextlib.contextmanager
def giving_up() -> Iterator[None]:
    """Turns what torchdiffeq says of a step that underflows into GaveUp."""
    try:
        yield
    except AssertionError as reason:
        if "underflow" not in str(reason) and "non-finite" not in str(reason):
            raise
        raise GaveUp("its step size falls below what numbers can hold") from None


def _by_torchdiffeq(
    field: Counted,
    start: Array,
    ends: tuple[float, float],
    solver: str,
    jacobian: Jacobian | None,
    tolerance: float,
) -> Array:
    """The state at the second of the ends, from that at the first."""
    from torchdiffeq import odeint

    times = torch.tensor(ends, dtype=torch.float64)
    options = {"step_t": times[1:]}
    with giving_up():
        states = odeint(
            field,
            torch.as_tensor(start.copy()),
            times,
            rtol=tolerance,
            atol=tolerance,
            method=solver,
            options=options,
        )
    field.arrive(states[-1])
    return np.asarray(states[-1].numpy())


def _by_scipy(
    field: Counted,
    start: Array,
    ends: tuple[float, float],
    solver: str,
    jacobian: Jacobian | None,
    tolerance: float,
) -> Array:
    """The same by an implicit solver."""
    from scipy.integrate import solve_ivp
    from scipy.linalg import block_diag

    shape = start.shape

    def function(t: float, x: Array) -> Array:
        return np.asarray(field(t, torch.as_tensor(x.reshape(shape))).numpy().ravel())

    def matrix(t: float, x: Array) -> Array:
        assert jacobian is not None
        blocks = jacobian(t, torch.as_tensor(x.reshape(shape))).numpy()
        return np.asarray(block_diag(*blocks.reshape(-1, shape[-1], shape[-1])))

    try:
        solution = solve_ivp(
            function,
            ends,
            start.ravel(),
            method=_IMPLICIT[solver],
            jac=matrix if jacobian is not None else None,
            rtol=max(tolerance, 3e-14),
            atol=tolerance,
        )
    except (ValueError, np.linalg.LinAlgError, RuntimeError):
        raise GaveUp("its equations have no solution in the range of numbers") from None
    if not solution.success:
        raise GaveUp("its step size falls below what numbers can hold")
    states = solution.y.T.reshape(-1, *shape)
    field.steps.extend(zip(solution.t[1:].tolist(), states[1:], strict=True))
    return np.asarray(states[-1])


def reference(
    field: VectorField,
    start: Tensor,
    times: Sequence[float] | Array,
    solver: str = "dopri8",
    tolerance: float = 1e-12,
    limit: int = EVALUATIONS,
) -> Solution:
    """The trajectory of a network's own ODE from x_0 [R, B, w]: states [M, R, B, w].

    Separate layers make F jump between cells: each cell is integrated by itself, with the
    layer's weights up to its very end. Kinks of piecewise linear weights are steps' ends too.
    """
    grid = np.asarray(times, np.float64)
    count, horizon = field.weight.shape[1], field.horizon
    kinds = {"per-layer": count, "piecewise-linear": count - 1}
    cells = kinds.get(str(getattr(field.weights, "kind", "")), 0)
    if cells < 1:
        return solve(
            field, start, grid, solver, jacobian=field.jacobian, tolerance=tolerance, limit=limit
        )
    width = horizon / cells
    edges = np.union1d(grid, np.arange(cells + 1) * width)
    edges = edges[(edges >= grid[0]) & (edges <= grid[-1])]
    edges = edges[np.append(True, np.diff(edges) > 1e-12 * horizon)]
    states = np.full((len(grid), *start.shape), np.nan)
    states[0] = start.detach().double().numpy()
    parts: list[Solution] = []

    def on_cell(function: Field, middle: float) -> Field:
        return lambda t, x: function(t if field.weights.smooth else middle, x)

    for left, right in pairwise(edges.tolist()):
        middle = (left + right) / 2
        part = solve(
            on_cell(field, middle),
            torch.as_tensor(parts[-1].states[-1] if parts else states[0]),
            [left, right],
            solver,
            jacobian=on_cell(field.jacobian, middle),
            tolerance=tolerance,
            limit=limit - sum(p.evaluations for p in parts),
        )
        parts.append(part)
        if part.problem:
            break
        states[np.abs(grid - right) <= 1e-12 * horizon] = part.states[-1]
    return Solution(
        grid,
        states,
        sum(p.evaluations for p in parts),
        np.concatenate([grid[:1], *(p.step_times[1:] for p in parts)]),
        np.concatenate([states[:1], *(p.step_states[1:] for p in parts)]),
        parts[-1].problem,
        parts[-1].gave_up,
    )
