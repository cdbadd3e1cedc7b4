"""ResNet to neural ODE: networks of more and more layers against the ODE they approach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError
from stiffgui.labs.page import Exercise, Page, Result, listed
from stiffgui.resnet.activations import ACTIVATIONS
from stiffgui.resnet.tableaus import EXPLICIT, IMPLICIT_EULER, INTEGRATORS
from stiffgui.settings import setting

if TYPE_CHECKING:
    from stiffgui.resnet.network import ResidualNetwork

Array = NDArray[np.float64]

WEIGHT_KINDS = {
    "legendre": "polynomials of the chosen degree",
    "constant": "one matrix for all times",
    "linear": "a straight line in time",
    "piecewise-linear": "straight lines between knots, one more than the degree",
}
ROUNDING = 3e-13  # relative to the states: errors below are the reference's or rounding
FITTED = 3  # the slope is that of the finest points above rounding
BLOWN_UP = "Some networks leave the range of numbers: lower the scale or the horizon."
MOST_EVALUATIONS = 10_000  # of the reference: a second
DEEPEST_IMPLICIT = 256  # implicit steps cost ten times the others
SHOWN = 5  # samples of which trajectories are drawn
CURVE = 1e-6  # tolerance of the ODE's curve, which is drawn at so many times:
TIMES = 65
TITLES = {"euler": "Euler", "rk2": "RK2", "rk4": "RK4", "implicit-euler": "implicit Euler"}
NEAR = 0.1  # an order, relatively, that a slope is said to have
ORDERS = {**{name: tableau.order for name, tableau in EXPLICIT.items()}, IMPLICIT_EULER: 1}


@dataclass(frozen=True, kw_only=True)
class ConvergenceResult(Result):
    """depths [D]; errors: integrator -> [D], the root mean square over samples of |x_N - x(T)|,
    NaN where a network gave up, and for implicit Euler beyond 256 layers; slopes: integrator ->
    slope against N, None where undefined.

    times [M], ode [M, samples, w]: the ODE's curve; step_times [S + 1]: where the steps of the
    reference end; networks: depth -> states [N + 1, samples, w]
    of explicit Euler; unsolved: depths at which Newton parts no implicit step. evaluations,
    steps: what the reference cost; gave_up: when it did, None where it did not.
    """

    depths: NDArray[np.int64]
    errors: dict[str, Array]
    slopes: dict[str, float | None]
    times: Array
    ode: Array
    step_times: Array
    networks: dict[int, Array]
    unsolved: list[int]
    horizon: float
    solver: str
    evaluations: int
    steps: int
    gave_up: float | None

    def most_telling(self) -> tuple[int, int]:
        """The sample and component whose network of fewest layers ends farthest from the ODE."""
        first = next(iter(self.networks.values()))
        distance = np.nan_to_num(np.abs(first[-1] - self.ode[-1]))
        sample, component = np.unravel_index(int(distance.argmax()), distance.shape)
        return int(sample), int(component)

    def values(self) -> dict[str, Any]:
        return {
            **{f"slope_{k.replace('-', '_')}": v for k, v in self.slopes.items()},
            "depths": self.depths,
            "unsolved_depths": self.unsolved,
            "errors": self.errors,
            "reference": {
                "solver": self.solver,
                "evaluations": self.evaluations,
                "steps": self.steps,
                "gave_up": self.gave_up,
            },
        }

    def sentences(self) -> tuple[str, ...]:
        unsolved = ""
        if self.unsolved:
            depths = ", ".join(map(str, self.unsolved))
            unsolved = f" Newton's method finds no implicit Euler step at N = {depths}."
        cost = f"{len(self.step_times) - 1} steps, {self.evaluations} evaluations"
        if self.gave_up is not None:
            return (
                "There is nothing that the networks could be compared with.",
                f"The reference, {self.solver}, gave up at t = {self.gave_up:.4g} ({cost})."
                f"{unsolved}",
            )
        lengths = np.diff(self.step_times)
        return (
            f"{self._of_euler()} {self._of_orders()}",
            f"The reference is {self.solver}: {cost}; its steps are {lengths.min():.2g} to "
            f"{lengths.max():.2g} long.{unsolved}",
        )

    def _of_euler(self) -> str:
        known = np.flatnonzero(np.isfinite(self.errors["euler"]))
        if not len(known):
            return "Euler layers leave the range of numbers."
        ends = (
            f"{self.errors['euler'][k]:.2g} with N = {self.depths[k]}"
            for k in dict.fromkeys([int(known[0]), int(known[-1])])
        )
        return f"Euler layers end so far from the ODE: {', '.join(ends)}."

    def _of_orders(self) -> str:
        slopes = {name: value for name, value in self.slopes.items() if value is not None}
        if not slopes:
            return "No slope can be told: too few errors are known and above rounding."
        told = listed({TITLES[name]: value for name, value in slopes.items()}, ".2f")
        kept = [TITLES[k] for k, v in slopes.items() if abs(v + ORDERS[k]) <= NEAR * ORDERS[k]]
        agree = "all" if len(kept) == len(slopes) else ", ".join(kept) or "none"
        untold = [TITLES[name] for name, value in self.slopes.items() if value is None]
        none = f"; too few errors above rounding: {', '.join(untold)}" if untold else ""
        return f"Slopes of the finest errors: {told}; near minus the order: {agree}{none}."


class Convergence(Page):
    """ResNet to neural ODE

    One W(t), random or trained, read as networks of N = 1, 2, 4, .. layers, against a solver that
    chooses its steps. A ResNet's layer is a step of Euler; other layers are other integrators'.

    An integrator of order p has the error C N^-p, slope -p on log-log axes, until rounding, where
    s is smooth.
    """

    kind: Literal["convergence"] = "convergence"
    first: ClassVar[tuple[str, ...]] = ("run",)
    sliders: ClassVar[dict[str, tuple[float, float]]] = {
        "doublings": (3, 12),
        "scale": (0.1, 10),
        "degree": (0, 10),
    }
    formulas: ClassVar[tuple[str, ...]] = (
        r"$x'(t) = s(W(t)\,x + b(t)), \quad 0 \leq t \leq T$",
        r"$x_n = x_{n-1} + \dfrac{T}{N}\, s(W_n\, x_{n-1} + b_n)$",
        r"$|x_N - x(T)| = C\,N^{-p} + O(N^{-p-1})$",
    )
    exercises: ClassVar[tuple[Exercise, ...]] = (
        Exercise(
            "A function s with a kink",
            {"activation": "relu", "solver": "dopri5"},
            "RK4 falls no faster than RK2, with a slope near -2: its order needs a smooth s. "
            "Euler's slope stays near -1.",
        ),
        Exercise(
            "Large weights",
            {"scale": 10, "doublings": 9},
            "Few layers are far from the ODE with every integrator; the straight lines begin at "
            "more layers, and the reference's steps are shorter.",
        ),
        Exercise(
            "An implicit reference",
            {"solver": "radau"},
            "The same errors, by a solver of order 5 in place of 8: below, it takes more steps for "
            "less accuracy. This ODE is not stiff.",
        ),
    )
    sources: ClassVar[tuple[str, ...]] = (
        "Chen, Rubanova, Bettencourt & Duvenaud 2018, NeurIPS 31, equations (1) and (2)",
        "Haber & Ruthotto 2018, Inverse Problems 34, 014004: a ResNet as a step of Euler",
        "Hairer, Nørsett & Wanner 1993, Solving Ordinary Differential Equations I, section II.3: "
        "error estimation and convergence",
    )
    run: str = setting(
        "",
        title="Run file",
        help="Take W(t) from the last networks of this run; empty: random ones as set below.",
    )
    doublings: int = setting(
        8, title="Doublings", help="The deepest network has 2 to this many layers.", ge=3, le=14
    )
    scale: float = setting(
        1.5, title="Scale of W", help="Random weights are multiplied by this.", gt=0, le=100
    )
    weights: str = setting(
        "legendre", title="Weights W(t)", help="Kind of random weights.", choices=WEIGHT_KINDS
    )
    degree: int = setting(
        3, title="Degree", help="Of Legendre weights; one less than knots.", ge=0, le=20
    )
    width: int = setting(4, title="Width", help="Components of a state.", ge=1, le=64)
    activation: str = setting(
        "tanh",
        title="Activation",
        help="The function s; the orders need a smooth one.",
        choices={name: a.help for name, a in ACTIVATIONS.items()},
    )
    horizon: float = setting(1.0, title="Horizon T", help="End time.", gt=0, le=1000)
    samples: int = setting(8, title="Samples", help="Initial states.", ge=1, le=1000)
    seed: int = setting(0, title="Seed", help="Of weights and initial states.", ge=0, le=2**31 - 1)
    solver: str = setting(
        "dopri8",
        title="Reference",
        help="The adaptive solver that the networks are compared with.",
        choices={
            "dopri8": "explicit, eighth order",
            "dopri5": "explicit, fifth order",
            "radau": "implicit, for stiff equations",
            "bdf": "implicit, for stiff equations",
        },
    )

    def results(self) -> Iterator[ConvergenceResult]:
        from stiffgui.labs.ode import reference

        network, start = self._network()
        horizon = network.architecture.horizon
        # Radau and BDF reach their rounding before 1e-12, and a kink of s is costly for all.
        smooth = network.architecture.activation not in ("relu", "elu")
        tolerance = 1e-12 if self.solver.startswith("dopri") and smooth else 1e-10
        field, limit = network.field(), MOST_EVALUATIONS
        truth = reference(field, start, [0.0, horizon], self.solver, tolerance, limit)
        times = np.linspace(0, horizon, TIMES)
        ode = reference(field, start, times, self.solver, CURVE, limit).states[:, 0, :SHOWN]
        floor = ROUNDING * max(1.0, float(np.nan_to_num(np.abs(truth.states)).max()))
        depths = 2 ** np.arange(self.doublings + 1)
        errors = {name: np.full(len(depths), np.nan) for name in INTEGRATORS}
        networks: dict[int, Array] = {}
        unsolved: list[int] = []
        problems = [truth.problem] if truth.problem else []
        for k, depth in enumerate(depths.tolist()):
            for name in INTEGRATORS:
                if name == IMPLICIT_EULER and depth > DEEPEST_IMPLICIT:
                    continue
                try:
                    states = _states(network, start, depth, name)
                except InputError:
                    unsolved.append(depth)
                    continue
                errors[name][k] = _distance(states[-1], truth.states[-1, 0])
                if name == "euler":
                    networks[depth] = states[:, :SHOWN]
                if not np.isfinite(states).all() and BLOWN_UP not in problems:
                    problems.append(BLOWN_UP)
            sentences = list(problems)
            if depth in unsolved:  # few layers may fail, many should not
                sentences.append("The implicit Euler step has no solution with this many layers.")
            done, reached = depths[: k + 1], {n: e[: k + 1].copy() for n, e in errors.items()}
            yield ConvergenceResult(
                problem=" ".join(sentences),
                progress=len(done) / len(depths),
                depths=done,
                errors=reached,
                slopes={name: slope(done, e, floor) for name, e in reached.items()},
                times=times,
                ode=ode,
                step_times=truth.step_times,
                networks=dict(networks),
                unsolved=list(unsolved),
                horizon=horizon,
                solver=self.solver,
                evaluations=truth.evaluations,
                steps=truth.steps,
                gave_up=truth.gave_up,
            )

    def _network(self) -> tuple[ResidualNetwork, Any]:
        """The network, and the initial states x_0 [1, samples, w]."""
        if self.run:
            return _trained(self.run, self.samples)
        import torch

        from stiffgui.resnet.architecture import Architecture
        from stiffgui.resnet.network import ResidualNetwork, initial_parameters

        weights: dict[str, Any] = {"kind": self.weights}
        if self.weights == "legendre":
            weights["degree"] = self.degree
        if self.weights == "piecewise-linear":
            weights["knots"] = self.degree + 1
        architecture = Architecture(
            width=self.width,
            depth=self.degree + 1,
            weights=weights,
            activation=self.activation,
            horizon=self.horizon,
            lift="identity",
            readout="identity",
        )
        drawn = initial_parameters(architecture, self.width, self.width, self.seed, 0)
        parameters = {k: torch.as_tensor(self.scale * v[None]) for k, v in drawn.items()}
        random = np.random.default_rng([self.seed, 1])
        start = torch.as_tensor(random.uniform(-1, 1, (1, self.samples, self.width)))
        return ResidualNetwork(architecture, parameters), start


def _trained(path: str, samples: int) -> tuple[ResidualNetwork, Any]:
    """Trial 0 of the last networks of a run, and the first training samples, lifted."""
    import torch

    from stiffgui.resnet.network import ResidualNetwork
    from stiffgui.runs import open_run

    with open_run(Path(path)) as run:
        experiment = run.experiment
        stored, inputs = run.parameters(run.last_snapshot_epoch), run.data.x_train
    first = {k: torch.as_tensor(np.asarray(v[:1], np.float64)) for k, v in stored.items()}
    network = ResidualNetwork(experiment.architecture, first)
    x = torch.as_tensor(inputs[None, :samples])
    with torch.no_grad():
        return network, network.lift(x)


def _states(network: ResidualNetwork, start: Any, depth: int, integrator: str) -> Array:
    """States x_0..x_N [N + 1, samples, w] of the same W(t) at this depth.

    Raises InputError when an implicit step is not solved.
    """
    import torch

    with torch.no_grad():
        states = network.at_depth(depth, integrator).states_from(start)
    return np.stack([x[0].numpy() for x in states])


def _distance(computed: Array, wanted: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.square(computed - wanted).sum(-1).mean()))


def slope(depths: NDArray[np.int64], errors: Array, floor: float) -> float | None:
    """The slope of log error against log N over the finest depths with errors above `floor`.

    None with fewer than three such depths of at least 4 layers.
    """
    with np.errstate(invalid="ignore"):
        usable = np.flatnonzero((errors > floor) & (depths >= 4) & np.isfinite(errors))
    if len(usable) < 3:
        return None
    last = usable[-FITTED:]
    return float(np.polyfit(np.log(depths[last]), np.log(errors[last]), 1)[0])
