"""Stiff system: x' = A x by explicit and implicit Euler and by adaptive solvers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from stiffgui.errors import InputError
from stiffgui.labs.linear_solutions import (
    Complex,
    Path,
    adaptive,
    decaying_and_turning,
    difference,
    eigenvalues_of,
    exponentials,
    implicit_euler,
    norm_of,
)
from stiffgui.labs.page import Exercise, Page, Result, listed
from stiffgui.settings import setting
from stiffgui.stiffness.matrices import Matrices
from stiffgui.stiffness.stability import REGIONS

Array = NDArray[np.float64]

MOST_STEPS = 50_000  # of the Euler methods
SOLVED_BY = ("dopri5", "radau", "bdf")
POINTS = 301  # of the exact solution, over so many decades of time:
DECADES = 5
GROWS, STIFF = 1.05, 3  # ‖exp(tA)‖ and ratios of steps from which on they are told


@dataclass(frozen=True, kw_only=True)
class LinearResult(Result):
    """paths: method -> trajectory; exact: exp(A t) x_0 [M, w] at `times`.

    eigenvalues [w]; those that decay, and those turning faster than they decay or grow;
    stiffness_ratio Re l_min / Re l_max over those that decay (None with fewer than two);
    largest_step: below it explicit Euler damps all of them, and fast is the one that sets it;
    solver_step: the same of dopri5; growth [M]: ||exp(A t)||_2, log_norm: its slope at t = 0;
    switched: the time of the change of step; regrowth_factor: by what the fast mode grows a step
    after it (None when there is no step after it), implicit_factor likewise for implicit Euler;
    predicted_factor: |1 + dt l|; differences: solver -> largest distance from the exact solution,
    None where the solver gave up; gave_up: solver -> when, None where it did not.
    """

    matrix: Array
    component: int
    threshold: float
    steps: tuple[float, float]
    times: Array
    exact: Array
    growth: Array
    log_norm: float
    eigenvalues: Complex
    decaying: Complex
    turning: Complex
    fast: complex | None
    stiffness_ratio: float | None
    largest_step: float | None
    solver_step: float | None
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
            "largest_step_dopri5": self.solver_step,
            "largest_growth": self.growth.max(),
            "log_norm": self.log_norm,
            "switched": self.switched,
            "eigenvalues": self.eigenvalues,
            "steps": {name: path.steps for name, path in self.paths.items()},
            "longest_steps": {name: path.longest for name, path in self.paths.items()},
            "evaluations": {name: path.evaluations for name, path in self.paths.items()},
            "differences": self.differences,
            "gave_up": self.gave_up,
        }

    def sentences(self) -> tuple[str, ...]:
        return self._of_system(), self._of_euler(), self._of_solvers()

    def _of_system(self) -> str:
        if self.fast is None:
            told = "No mode of A decays: there is no stiffness ratio, explicit Euler damps nothing."
        else:
            many = len(self.decaying) > 1
            first = f"One mode decays, λ = {_mode(self.fast)}"
            if many:
                first = f"The decaying modes have the stiffness ratio {self.stiffness_ratio:.4g}"
            told = (
                f"{first}; explicit Euler damps {'them all' if many else 'it'} with steps below "
                f"{self.largest_step:.3g}."
            )
        if len(self.turning):
            turns = max(self.turning.tolist(), key=lambda value: abs(value.imag))
            told += (
                f" λ = {_mode(turns)} turns once in {2 * np.pi / abs(turns.imag):.3g}, which every "
                f"method has to follow with short steps as long as it is there: that is "
                f"oscillation, not stiffness, and no ratio of real parts tells of it."
            )
        largest = int(self.growth.argmax())
        if len(self.decaying) == len(self.eigenvalues) and self.growth[largest] > GROWS:
            told += (
                f" Every mode decays, yet |x| can grow first, to {self.growth[largest]:.3g} times "
                f"at t = {self.times[largest]:.3g} (‖exp(tA)‖): A is not normal, and eigenvalues "
                f"do not tell that."
            )
        return told

    def _of_euler(self) -> str:
        watched = f"explicit Euler's |x{'₁₂₃₄'[self.component]}|"
        if self.switched is None:
            step, last = self.steps[0], self.paths["explicit Euler"].times[-1]
            told = f"Since {watched} is not below {self.threshold:.3g} before t = {last:.3g}"
        else:
            step = self.steps[1]
            told = f"Since {watched} is below {self.threshold:.3g} at t = {self.switched:.3g}"
        told += f", the Euler steps {'stay' if self.switched is None else 'are then'} {step:.3g}"
        if self.fast is None:
            return f"{told}."
        explicit, implicit = (
            float(REGIONS[name].amplification(step * self.fast))
            for name in ("explicit-euler", "implicit-euler")
        )
        goes = "falls" if explicit < 1 else "grows" if explicit > 1 else "stays"
        return (
            f"{told}: each multiplies the mode λ = {_mode(self.fast)} by |1 + dt λ| = "
            f"{explicit:.3g} in explicit Euler (it {goes}), by 1/|1 − dt λ| = {implicit:.3g} in "
            f"implicit Euler."
        )

    def _of_solvers(self) -> str:
        if len(self.gave_up) < len(SOLVED_BY):
            return "The solvers that choose their own steps are at work."
        came: dict[str, float | str] = {
            name: self.paths[name].evaluations if at is None else "gave up"
            for name, at in self.gave_up.items()
        }
        told = f"Evaluations to t = {self.times[-1]:.3g}: {listed(came)}."
        held, limit = self.paths["dopri5"].longest, self.solver_step
        if held is None or limit is None:
            return told
        if held < limit / 2:
            return (
                f"{told} Accuracy keeps dopri5 to steps of {held:.3g}, less than half the "
                f"{limit:.3g} that stability allows: so far, with this tolerance, it is not stiff."
            )
        if held > 2 * limit:
            return (
                f"{told} dopri5's longest step, {held:.3g}, is beyond the {limit:.3g} to which it "
                f"damps every decaying mode: what is in the solution does not show them."
            )
        here = f"{told} dopri5's longest step, {held:.3g}, is near the {limit:.3g} of its stability"
        implicit = {
            longest: name
            for name in SOLVED_BY[1:]
            if self.gave_up[name] is None and (longest := self.paths[name].longest) is not None
        }
        if not implicit:
            return f"{here}."
        longest = max(implicit)
        if longest > STIFF * held:
            return f"{here}; {implicit[longest]} takes {longest:.3g}: that is stiffness."
        return f"{here}; no implicit solver takes {STIFF} times as long ones so far."


class Linear(Page):
    """Stiff system

    A linear ODE. The Euler methods take the first step until explicit Euler's watched component is
    below the threshold, then the second; the other solvers choose their own.

    A problem is stiff where stability, not accuracy, limits the steps of explicit methods. Of
    modes that oscillate, and of a matrix far from normal, the ratio of real parts does not tell.
    """

    kind: Literal["linear"] = "linear"
    first: ClassVar[tuple[str, ...]] = ("matrix",)
    sliders: ClassVar[dict[str, tuple[float, float]]] = {
        "second_step": (1e-3, 0.1),
        "first_step": (1e-5, 1e-2),
        "end": (0.1, 100),
    }
    formulas: ClassVar[tuple[str, ...]] = (
        r"$x' = A\,x, \quad A v = \lambda v, \quad x(0) = x_0$",
        r"$x_{k+1} = (I + \Delta t\,A)\, x_k: \quad |1 + \Delta t\,\lambda| \leq 1$",
        r"$x_{k+1} = (I - \Delta t\,A)^{-1} x_k: \quad 1\,/\,|1 - \Delta t\,\lambda|$",
    )
    exercises: ClassVar[tuple[Exercise, ...]] = (
        Exercise(
            "A second step that is small enough",
            {"second_step": 0.019},
            "The square is inside the disc now, and explicit Euler's |x₂| goes on falling; with "
            "0.021 it would be outside.",
        ),
        Exercise(
            "Turn instead of decaying",
            {"matrix": "-1 50; -50 -1", "end": 1, "tolerance": 1e-5},
            "The ratio is 1, and yet explicit Euler grows. Below, no solver's steps become long "
            "while the oscillation lasts.",
        ),
        Exercise(
            "Grow before decaying",
            {"matrix": "-1 0; 100 -2", "start": "1 0"},
            "Both eigenvalues are negative, and |x₂| first rises to 25. Explicit Euler is stable "
            "with both steps.",
        ),
    )
    sources: ClassVar[tuple[str, ...]] = (
        "Hairer & Wanner 1996, Solving Ordinary Differential Equations II, sections IV.1 to IV.3 "
        "(stability function, stiffness), IV.8 (Radau), V.1 (BDF)",
        "Söderlind, Jay & Calvo 2015, BIT Numer. Math. 55, 531: no single number tells stiffness",
        "Trefethen & Embree 2005, Spectra and Pseudospectra, part IV: growth before decay",
    )
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
        10.0,
        title="End time",
        help="Steps are taken until it is passed; 1/|λ| is in the same unit of time.",
        gt=0,
        le=1000,
        logarithmic=True,
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
        times = np.append(0.0, self.end * np.logspace(-DECADES, 0, POINTS - 1))
        maps = exponentials(a, times)
        with np.errstate(all="ignore"):
            exact = maps @ x0
        decaying, turning = decaying_and_turning(a)
        fast = min(decaying.tolist(), key=_euler_limit) if len(decaying) else None
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
            threshold=self.threshold,
            steps=(self.first_step, self.second_step),
            times=times,
            exact=exact,
            growth=np.array([norm_of(each) for each in maps]),
            log_norm=float(Matrices(a).log_norms[-1]),
            eigenvalues=eigenvalues_of(a),
            decaying=decaying,
            turning=turning,
            fast=fast,
            stiffness_ratio=_ratio(decaying),
            largest_step=None if fast is None else _euler_limit(fast),
            solver_step=None if fast is None else float(REGIONS["dopri5"].largest_step(decaying)),
            switched=switched,
            regrowth_factor=_factor(a, fast, explicit, switched),
            implicit_factor=_factor(a, fast, implicit, switched),
            predicted_factor=None if fast is None else float(abs(1 + self.second_step * fast)),
            paths=paths,
            differences={name: difference(a, x0, path) for name, path in solved.items()},
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


def _mode(value: complex) -> str:
    """An eigenvalue as it is read; of a pair, both."""
    if value.imag == 0:
        return f"{value.real:.4g}"
    return f"{value.real:.4g} ± {abs(value.imag):.4g}i"


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


def _euler_limit(value: complex) -> float:
    """|1 + dt l| <= 1 for dt <= -2 Re l / |l|^2, of an l that decays."""
    return -2 * value.real / abs(value) ** 2


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
