"""Stiff system: x' = A x by explicit and implicit Euler and by adaptive solvers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from stiffgui.errors import InputError
from stiffgui.labs.page import Page, Result
from stiffgui.settings import setting
from stiffgui.stiffness.matrices import Matrices

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

MOST_STEPS = 50_000  # of the Euler methods
MOST_EVALUATIONS = 5_000  # of an adaptive solver: half a second
SOLVED_BY = ("dopri5", "radau", "bdf")
POINTS = 201  # of the exact solution


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


@dataclass(frozen=True, kw_only=True)
class LinearResult(Result):
    """paths: method -> trajectory; exact: exp(A t) x_0 [M, w] at `times`.

    eigenvalues [w]; stiffness_ratio Re l_min / Re l_max over those that decay (None with fewer
    than two); largest_step: below it explicit Euler damps every decaying mode; switched: the time
    of the change of step; regrowth_factor: by what the fast mode grows a step after it (None
    when there is no step after it), implicit_factor likewise for implicit Euler;
    predicted_factor: |1 + dt l|; differences: solver -> largest distance from the exact solution,
    None where the solver gave up; gave_up: solver -> when, None where it did not.
    """

    matrix: Array
    component: int
    steps: tuple[float, float]
    times: Array
    exact: Array
    eigenvalues: Complex
    stiffness_ratio: float | None
    largest_step: float | None
    switched: float | None
    regrowth_factor: float | None
    implicit_factor: float | None
    predicted_factor: float | None
    paths: dict[str, Path]
    differences: dict[str, float | None]
    gave_up: dict[str, float | None]

    def values(self) -> dict[str, Any]:
        return {
            "stiffness_ratio": self.stiffness_ratio,
            "regrowth_factor": self.regrowth_factor,
            "predicted_factor": self.predicted_factor,
            "implicit_factor": self.implicit_factor,
            "largest_step": self.largest_step,
            "switched": self.switched,
            "eigenvalues": self.eigenvalues,
            "steps": {name: path.steps for name, path in self.paths.items()},
            "evaluations": {name: path.evaluations for name, path in self.paths.items()},
            "differences": self.differences,
            "gave_up": self.gave_up,
        }

    def sentences(self) -> tuple[str, str]:
        ratio = "undefined" if self.stiffness_ratio is None else f"{self.stiffness_ratio:.4g}"
        limit = (
            "Nothing decays, so no step is small enough."
            if self.largest_step is None
            else f"Stiffness ratio {ratio}: explicit Euler is stable for steps below "
            f"{self.largest_step:.3g} only, however slow what is left."
        )
        if self.regrowth_factor is None:
            step = f"{self.steps[0]:.3g}"
            return limit, f"The fast mode never falls below the threshold: the step stays {step}."
        implicit = "has no solution"
        if self.implicit_factor is not None:
            implicit = f"multiplies it by {self.implicit_factor:.3g}"
        return limit, (
            f"After the change to {self.steps[1]:.3g} at t = {self.switched:.3g} each step of "
            f"explicit Euler multiplies the fast mode by {self.regrowth_factor:.3g}; implicit "
            f"Euler {implicit}."
        )


class Linear(Page):
    """Stiff system

    x' = A x, x(0) given. Explicit Euler takes the first step size until |x_c| falls below the
    threshold and the second from there on (the talk: A = diag(-1, -100), 1e-4, then 0.03 after
    |x_2| < 0.01). It is stable for |1 + dt l| <= 1, so the fast mode, although gone from the
    solution, grows again by |1 - 3| = 2 a step. Implicit Euler on the same steps multiplies it
    by 1/|1 - dt l| = 1/4; adaptive explicit solvers keep steps near 2/100 for ever, implicit
    ones do not.
    """

    kind: Literal["linear"] = "linear"
    first: ClassVar[tuple[str, ...]] = ("matrix",)
    sliders: ClassVar[dict[str, tuple[float, float]]] = {
        "second_step": (1e-3, 0.1),
        "first_step": (1e-5, 1e-2),
        "end": (0.05, 2),
    }
    matrix: str = setting(
        "-1 0; 0 -100",
        title="Matrix A",
        help="2 x 2 to 4 x 4: numbers apart by spaces or commas, rows by semicolons.",
    )
    start: str = setting(
        "1", title="Start x(0)", help="As many numbers as A has rows, or one for all."
    )
    first_step: float = setting(
        1e-4, title="First step", help="Step size at first.", gt=0, le=10, logarithmic=True
    )
    second_step: float = setting(
        0.03,
        title="Second step",
        help="Step size once the watched component is small.",
        gt=0,
        le=10,
        logarithmic=True,
    )
    threshold: float = setting(
        0.01,
        title="Threshold",
        help="The step changes when the watched component falls below this.",
        ge=0,
        le=1e6,
        logarithmic=True,
    )
    component: int = setting(
        2, title="Watched component", help="Which component decides, from 1.", ge=1, le=4
    )
    end: float = setting(
        0.3, title="End time", help="Steps are taken until it is passed.", gt=0, le=1000
    )
    tolerance: float = setting(
        1e-8,
        title="Tolerance",
        help="Of the adaptive solvers, relative and absolute.",
        ge=1e-12,
        le=1e-1,
        logarithmic=True,
        advanced=True,
    )

    @field_validator("matrix")
    @classmethod
    def _is_matrix(cls, text: str) -> str:
        _matrix(text)
        return text

    def results(self) -> Iterator[LinearResult]:
        a = _matrix(self.matrix)
        x0 = _start(self.start, len(a))
        if self.component > len(a):
            raise InputError(
                f"component {self.component} does not exist: A has {len(a)} rows.", "component"
            )
        explicit, switched = self._explicit_euler(a, x0)
        implicit = implicit_euler(a, x0, np.diff(explicit.times))
        paths = {"explicit Euler": explicit, "implicit Euler": implicit}
        yield self._result(a, x0, paths, switched)
        for solver in SOLVED_BY:
            paths = {**paths, solver: adaptive(a, x0, self.end, solver, self.tolerance)}
            yield self._result(a, x0, paths, switched)

    def _result(
        self, a: Array, x0: Array, paths: dict[str, Path], switched: float | None
    ) -> LinearResult:
        times = np.linspace(0, self.end, POINTS)
        exact = exact_solution(a, x0, times)
        eigenvalues, matrices = eigenvalues_of(a), Matrices(a)
        decaying = matrices.eigenvalues[matrices.decays]
        fast = decaying[np.argmin(decaying.real)] if len(decaying) else None
        problems = [path.problem for path in paths.values() if path.problem]
        if not np.isfinite(exact).all():
            problems.insert(0, "The exact solution leaves the range of numbers: lower the end.")
        explicit, implicit = paths["explicit Euler"], paths["implicit Euler"]
        solved = {name: path for name, path in paths.items() if name in SOLVED_BY}
        return LinearResult(
            problem=" ".join(problems),
            progress=(2 + len(solved)) / (2 + len(SOLVED_BY)),
            matrix=a,
            component=self.component - 1,
            steps=(self.first_step, self.second_step),
            times=times,
            exact=exact,
            eigenvalues=eigenvalues,
            stiffness_ratio=_ratio(decaying),
            largest_step=_largest_step(decaying),
            switched=switched,
            regrowth_factor=_factor(a, fast, explicit, switched),
            implicit_factor=_factor(a, fast, implicit, switched),
            predicted_factor=None if fast is None else float(abs(1 + self.second_step * fast)),
            paths=paths,
            differences={name: _difference(a, x0, path) for name, path in solved.items()},
            gave_up={name: path.gave_up for name, path in solved.items()},
        )

    def _explicit_euler(self, a: Array, x0: Array) -> tuple[Path, float | None]:
        """The talk's two step sizes; and when the step changed."""
        time, state, step = 0.0, x0, self.first_step
        times, states, switched, problem = [0.0], [x0], None, ""
        watched = self.component - 1
        rounding = 1e-9 * self.end
        with np.errstate(all="ignore"):
            while time < self.end - rounding:
                if switched is None and abs(state[watched]) < self.threshold:
                    step, switched = self.second_step, time
                state, time = state + step * (a @ state), time + step
                if not np.isfinite(state).all():
                    problem = f"Explicit Euler leaves the range of numbers at t = {time:.4g}."
                    break
                if len(times) > MOST_STEPS:
                    problem = (
                        f"Explicit Euler stops at t = {time:.4g} after {MOST_STEPS} steps: raise "
                        f"the first step or lower the end."
                    )
                    break
                times.append(time)
                states.append(state)
        path = Path(np.array(times), np.array(states), len(times) - 1, problem)
        return path, switched


def eigenvalues_of(a: Array) -> Complex:
    """The eigenvalues of A by closed formula, those that decay fastest first."""
    from stiffgui.stiffness.analytic import closed_form_eigenvalues

    values = closed_form_eigenvalues(a)
    return np.asarray(values[np.argsort(values.real)])


def exact_solution(a: Array, x0: Array, times: Array) -> Array:
    """exp(A t) x_0: [M, w]."""
    from scipy.linalg import expm

    with np.errstate(all="ignore"):
        return np.asarray(expm(times[:, None, None] * a) @ x0)


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


def _difference(a: Array, x0: Array, path: Path) -> float | None:
    if path.gave_up is not None:
        return None
    with np.errstate(all="ignore"):
        return float(np.abs(path.states - exact_solution(a, x0, path.times)).max())


def _matrix(text: str) -> Array:
    """Rows apart by semicolons. Raises InputError."""
    try:
        rows = [[float(v) for v in row.replace(",", " ").split()] for row in text.split(";")]
    except ValueError:
        rows = []
    size = len(rows)
    if size not in (2, 3, 4) or any(len(row) != size for row in rows):
        raise InputError(
            f"matrix {text!r} is not 2 x 2 to 4 x 4: write rows of numbers apart by semicolons, "
            f"such as '-1 0; 0 -100'.",
            "matrix",
        )
    matrix = np.array(rows, np.float64)
    if not (np.abs(matrix) <= 1e9).all():
        raise InputError("matrix entries must lie between -1e9 and 1e9.", "matrix")
    return matrix


def _start(text: str, size: int) -> Array:
    try:
        values = [float(v) for v in text.replace(",", " ").split()]
    except ValueError:
        values = []
    if len(values) not in (1, size) or not np.isfinite(values).all():
        raise InputError(
            f"start {text!r} must be one number or {size} of them, apart by spaces.", "start"
        )
    return np.resize(np.array(values, np.float64), size)


def _ratio(decaying: Complex) -> float | None:
    """Re(l_min)/Re(l_max) over the eigenvalues that decay, the index `ratio-real`."""
    if len(decaying) < 2:
        return None
    return float(decaying.real.min() / decaying.real.max())


def _largest_step(decaying: Complex) -> float | None:
    """|1 + dt l| <= 1 for dt <= -2 Re l / |l|^2, for all that decay."""
    if not len(decaying):
        return None
    return float((-2 * decaying.real / np.abs(decaying) ** 2).min())


def _factor(a: Array, fast: complex | None, path: Path, switched: float | None) -> float | None:
    """By what the fast mode u^H x changes a step after the switch: the median over whole steps.

    u is the left eigenvector of the fast eigenvalue.
    """
    if fast is None or switched is None:
        return None
    values, left = np.linalg.eig(a.T)
    mode = np.abs(path.states @ left[:, np.argmin(np.abs(values - fast))])
    first = int(np.searchsorted(path.times, switched - 1e-12))
    lengths = np.diff(path.times)[first:]
    whole = lengths > 0.999999 * lengths.max() if len(lengths) else lengths > 0
    with np.errstate(all="ignore"):
        factors = (mode[first + 1 :] / mode[first:-1])[whole]
    factors = factors[np.isfinite(factors)]
    return float(np.median(factors)) if len(factors) else None
