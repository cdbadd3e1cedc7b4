"""Solutions of x' = A x: eigenvalues, the exact one, and those of methods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stiffgui.stiffness.matrices import Matrices

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

MOST_EVALUATIONS = 5_000  # of an adaptive solver: half a second


@dataclass(frozen=True)
class Path:
    """One method's trajectory: states [M, w] at times [M]; evaluations of A x (or solves).

    gave_up: when an adaptive solver did, whatever it had reached by then.
    """

    times: Array
    states: Array
    evaluations: int
    problem: str = ""
    gave_up: float | None = None

    @property
    def steps(self) -> int:
        """Steps taken."""
        return len(self.times) - 1

    @property
    def longest(self) -> float | None:
        """The longest step; None where none was taken."""
        return float(np.diff(self.times).max()) if self.steps else None


def eigenvalues_of(a: Array) -> Complex:
    """The eigenvalues of A by closed formula, those that decay fastest first."""
    from stiffgui.stiffness.analytic import closed_form_eigenvalues

    values = closed_form_eigenvalues(a)
    return np.asarray(values[np.argsort(values.real)])


def decaying_and_turning(a: Array) -> tuple[Complex, Complex]:
    """Eigenvalues with Re l < 0, and those with |Im l| > |Re l|, by more than rounding may have
    moved them: to first order, or as far as a perturbation of that size moves any eigenvalue
    (Elsner 1985, Linear Algebra Appl. 71, 77)."""
    matrices, size = Matrices(a), len(a)
    norm = float(np.linalg.norm(a, 2))
    moved = np.fmin(matrices.errors, 2 * norm * np.finfo(float).eps ** (1 / size))
    values = matrices.eigenvalues
    turns = np.abs(values.imag) > np.fmax(np.abs(values.real), moved)
    return np.asarray(values[values.real < -moved]), np.asarray(values[turns])


def exact_solution(a: Array, x0: Array, times: Array) -> Array:
    """exp(A t) x_0: [M, w]."""
    with np.errstate(all="ignore"):
        return np.asarray(exponentials(a, times) @ x0)


def exponentials(a: Array, times: Array) -> Array:
    """exp(A t) [M, w, w]."""
    from scipy.linalg import expm

    with np.errstate(all="ignore"):
        return np.asarray(expm(times[:, None, None] * a))


def norm_of(matrix: Array) -> float:
    """The 2-norm; infinite beyond the range of numbers."""
    return float(np.linalg.norm(matrix, 2)) if np.isfinite(matrix).all() else np.inf


def implicit_euler(a: Array, x0: Array, steps: Array) -> Path:
    """x_k = (I - dt_k A)^-1 x_{k-1}. A singular step ends the path with a sentence."""
    states, problem = [x0], ""
    inverses: dict[float, Array] = {}
    for step in steps.tolist():
        if step not in inverses:
            matrix = np.eye(len(a)) - step * a
            if not np.isfinite(matrix).all() or np.linalg.cond(matrix) > 1e13:
                problem = (
                    f"The implicit Euler step of {step:.4g} is singular: 1/{step:.4g} is an "
                    f"eigenvalue of A; choose another step."
                )
                break
            inverses[step] = np.linalg.inv(matrix)
        with np.errstate(all="ignore"):
            state = inverses[step] @ states[-1]
        if not np.isfinite(state).all():
            problem = "Implicit Euler leaves the range of numbers: lower the end."
            break
        states.append(state)
    times = np.concatenate([[0.0], np.cumsum(steps)])[: len(states)]
    return Path(times, np.array(states), len(states) - 1, problem)


def adaptive(a: Array, x0: Array, end: float, solver: str, tolerance: float) -> Path:
    """An adaptive solver's own steps from 0 to `end`."""
    import torch

    from stiffgui.labs.ode import solve

    matrix = torch.as_tensor(a)
    solution = solve(
        lambda t, x: matrix @ x,
        torch.as_tensor(x0),
        [0.0, end],
        solver,
        jacobian=lambda t, x: matrix,
        tolerance=tolerance,
        limit=MOST_EVALUATIONS,
    )
    return Path(
        solution.step_times,
        solution.step_states,
        solution.evaluations,
        solution.problem,
        solution.gave_up,
    )


def difference(a: Array, x0: Array, path: Path) -> float | None:
    if path.gave_up is not None:
        return None
    with np.errstate(all="ignore"):
        return float(np.abs(path.states - exact_solution(a, x0, path.times)).max())
