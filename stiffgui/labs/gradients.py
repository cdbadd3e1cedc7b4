"""Two gradients: discretise-then-optimise against optimise-then-discretise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.labs.page import Exercise, Page, Result
from stiffgui.resnet.architecture import Architecture
from stiffgui.resnet.weights import Constant, Legendre
from stiffgui.settings import setting

Array = NDArray[np.float64]

NEAR = 0.1  # a slope from 1, where the difference is in proportion to the step


@dataclass(frozen=True, kw_only=True)
class Case:
    """Both gradients over step counts, linear or nonlinear.

    steps [D] numbers L of steps, sizes [D] = T/L; dto, otd [D, P]: the gradients, all
    parameters in a row; limit [P]: the continuous gradient; differences [D]: |otd - dto| / |dto|;
    to_limit_dto, to_limit_otd [D]: relative distance from the limit; slope: of log difference
    against log step size, None where it cannot be found.
    """

    steps: NDArray[np.int64]
    sizes: Array
    dto: Array
    otd: Array
    limit: Array
    differences: Array
    to_limit_dto: Array
    to_limit_otd: Array
    slope: float | None


@dataclass(frozen=True, kw_only=True)
class GradientsResult(Result):
    """linear and nonlinear: the two cases (nonlinear None on the way). error_dto: the largest
    relative distance of the talk's formula from autograd over all L; error_otd: of the talk's
    other formula from the Euler adjoint. NaN where either leaves the range of numbers.
    """

    linear: Case
    nonlinear: Case | None
    error_dto: float
    error_otd: float

    def values(self) -> dict[str, Any]:
        cases = {"linear": self.linear, "nonlinear": self.nonlinear}
        return {
            "error_dto": self.error_dto,
            "error_otd": self.error_otd,
            "slope_difference": self.linear.slope,
            "slope_difference_nonlinear": self.nonlinear and self.nonlinear.slope,
            **{
                name: {
                    "steps": case.steps,
                    "step_sizes": case.sizes,
                    "relative_difference": case.differences,
                    "distance_of_dto_from_limit": case.to_limit_dto,
                    "distance_of_otd_from_limit": case.to_limit_otd,
                }
                for name, case in cases.items()
                if case is not None
            },
        }

    def sentences(self) -> tuple[str, ...]:
        cases = {"linear": self.linear, "nonlinear": self.nonlinear}
        told = [f"{name} {_of_case(case)}" for name, case in cases.items() if case is not None]
        first = (
            f"With L = {self.linear.steps[-1]} steps of {self.linear.sizes[-1]:.2g} the two "
            f"gradients differ, relatively: {'; '.join(told)}."
        )
        away = {"first": self.linear.to_limit_dto[-1], "second": self.linear.to_limit_otd[-1]}
        second = "Only the first is the gradient of the loss that is computed."
        if np.isfinite(list(away.values())).all():
            second = (
                f"The linear case's are {away['first']:.2g} (discretise, then optimise) and "
                f"{away['second']:.2g} (optimise, then discretise) from the continuous gradient; "
                f"whichever is nearer, only the first is that of the loss which is computed."
            )
        if not np.isfinite([self.error_dto, self.error_otd]).all():
            third = "Where they leave the range of numbers the talk's formulas cannot be compared."
        else:
            third = (
                f"The talk's formulas are at most {self.error_dto:.1g} from what autograd gives, "
                f"and {self.error_otd:.1g} from the Euler adjoint."
            )
        return first, second, third


def _of_case(case: Case) -> str:
    last = case.differences[-1]
    if not np.isfinite(last):
        return "they leave the range of numbers"
    if case.slope is None:
        return f"{last:.2g}, which has no slope"
    falls = "" if abs(case.slope - 1) < NEAR else "not "
    return f"{last:.2g}, {falls}in proportion to dt (slope {case.slope:.2f})"


class TwoGradients(Page):
    """Two gradients

    A loss at the end of an ODE, by explicit Euler: back-propagate through its steps (discretise,
    then optimise), or step the adjoint equation backwards (optimise, then discretise).

    Linear case: x' = W x with one W, the talk's formulas (derived in
    stiffgui/labs/adjoint.py); nonlinear case: x' = tanh(W(t) x + b(t)), Legendre weights. Both
    tend to the continuous gradient as O(dt); only the first is that of the loss which is computed.
    """

    kind: Literal["gradients"] = "gradients"
    sliders: ClassVar[dict[str, tuple[float, float]]] = {
        "scale": (0.1, 10),
        "doublings": (2, 10),
        "width": (1, 8),
    }
    formulas: ClassVar[tuple[str, ...]] = (
        r"$x' = F(t, x; \theta), \quad \ell = |x(T) - y|^2$",
        r"$\lambda' = -\left(\dfrac{\partial F}{\partial x}\right)^{\!T} \lambda, "
        r"\quad \lambda(T) = 2\,(x(T) - y)$",
        r"$\dfrac{d\ell}{d\theta} = \int_0^T \left("
        r"\dfrac{\partial F}{\partial \theta}\right)^{\!T} \lambda\, dt$",
    )
    exercises: ClassVar[tuple[Exercise, ...]] = (
        Exercise(
            "A single number",
            {"width": 1},
            "In the linear case the relative difference is exactly dt |W|: the points lie on the "
            "straight line through 1 at dt = 1.",
        ),
        Exercise(
            "Large weights",
            {"scale": 8},
            "With up to 4 steps the linear case's two gradients differ by more than their size; "
            "the straight line begins where dt |W| is well below 1.",
        ),
        Exercise(
            "Many more steps",
            {"doublings": 10},
            "Each doubling of the steps halves the difference: it is small, but never gone, and "
            "only one of the two belongs to the loss that is computed.",
        ),
    )
    sources: ClassVar[tuple[str, ...]] = (
        "Chen, Rubanova, Bettencourt & Duvenaud 2018, NeurIPS 31, equations (3) to (5)",
        "Gholami, Keutzer & Biros 2019, IJCAI 28: ANODE, gradients of the discretised equation",
        "Onken & Ruthotto 2020, arXiv 2005.13420: discretise-optimise and optimise-discretise",
    )
    width: int = setting(2, title="Width", help="1: the scalar case.", ge=1, le=32)
    scale: float = setting(
        1.0, title="Scale of W", help="Spectral norm of the linear case's W.", gt=0, le=50
    )
    doublings: int = setting(
        7, title="Doublings", help="Steps L are 1, 2, 4 .. 2 to this.", ge=2, le=12
    )
    horizon: float = setting(1.0, title="Horizon T", help="End time; dt = T/L.", gt=0, le=100)
    degree: int = setting(
        2, title="Degree", help="Of the nonlinear case's Legendre weights.", ge=0, le=20
    )
    samples: int = setting(
        4, title="Samples", help="Initial states of the nonlinear case.", ge=1, le=256
    )
    seed: int = setting(0, title="Seed", help="Of weights and states.", ge=0, le=2**31 - 1)

    def results(self) -> Iterator[GradientsResult]:
        import torch

        steps = 2 ** np.arange(self.doublings + 1)
        random = np.random.default_rng(self.seed)
        w = random.normal(size=(self.width, self.width))
        w *= self.scale / np.linalg.norm(w, 2)
        x, y = random.uniform(0.5, 1.5, self.width), random.uniform(-1, 1, self.width)
        field = self._field("identity", Constant(), w[None, None], None)
        start, end = (torch.as_tensor(v)[None, None] for v in (x, y))
        linear, problem = self._case(field, start, end, steps, weight_only=True)
        errors = self._errors_of_formulas(linear, steps, w, x, y)
        first = GradientsResult(
            problem=problem,
            progress=0.5,
            linear=linear,
            nonlinear=None,
            error_dto=errors[0],
            error_otd=errors[1],
        )
        yield first
        count, bound = self.degree + 1, self.width**-0.5
        weight = random.uniform(-bound, bound, (1, count, self.width, self.width))
        bias = random.uniform(-bound, bound, (1, count, self.width))
        field = self._field("tanh", Legendre(degree=self.degree), weight * self.scale, bias)
        start, end = (
            torch.as_tensor(random.uniform(-1, 1, (1, self.samples, self.width))) for _ in range(2)
        )
        nonlinear, other = self._case(field, start, end, steps, weight_only=False)
        yield replace(first, problem=problem or other, progress=1.0, nonlinear=nonlinear)

    def _field(self, activation: str, weights: Any, weight: Array, bias: Array | None) -> Any:
        import torch

        from stiffgui.resnet.field import VectorField

        architecture = Architecture(
            width=self.width, activation=activation, horizon=self.horizon, weights=weights
        )
        zeros = np.zeros((1, weight.shape[1], self.width))
        coefficients = {"layers.weight": weight, "layers.bias": zeros if bias is None else bias}
        return VectorField(architecture, {k: torch.as_tensor(v) for k, v in coefficients.items()})

    def _case(
        self, field: Any, start: Any, end: Any, steps: NDArray[np.int64], *, weight_only: bool
    ) -> tuple[Case, str]:
        from stiffgui.labs.adjoint import (
            continuous,
            discretise_then_optimise,
            optimise_then_discretise,
        )

        def row(gradients: Any) -> Array:
            flat = gradients.weight.flatten() if weight_only else gradients.flat()
            return np.asarray(flat.numpy())

        with np.errstate(all="ignore"):
            dto, otd = (
                np.stack([row(method(field, start, end, n)) for n in steps.tolist()])
                for method in (discretise_then_optimise, optimise_then_discretise)
            )
            try:
                limit = row(continuous(field, start, end))
                problem = ""
            except ArithmeticError:
                limit = np.full(dto.shape[1], np.nan)
                problem = (
                    "The continuous gradient cannot be found, its equations are too stiff or blow "
                    "up: lower the scale or the horizon."
                )
            differences = _relative(otd, dto)
            case = Case(
                steps=steps,
                sizes=self.horizon / steps,
                dto=dto,
                otd=otd,
                limit=limit,
                differences=differences,
                to_limit_dto=_relative(dto, limit),
                to_limit_otd=_relative(otd, limit),
                slope=_slope(self.horizon / steps, differences),
            )
        if not np.isfinite(dto).all():
            problem = "Some gradients leave the range of numbers: lower the scale or the horizon."
        return case, problem

    def _errors_of_formulas(
        self, case: Case, steps: NDArray[np.int64], w: Array, x: Array, y: Array
    ) -> tuple[float, float]:
        from stiffgui.labs.adjoint import talk_dto, talk_otd

        worst = [0.0, 0.0]
        with np.errstate(all="ignore"):
            for n, dto, otd in zip(steps.tolist(), case.dto, case.otd, strict=True):
                for k, (formula, gradient) in enumerate(((talk_dto, dto), (talk_otd, otd))):
                    by_formula = formula(w, x, y, self.horizon, n).ravel()
                    distance = float(_relative(by_formula[None], gradient)[0])
                    worst[k] = float(np.maximum(worst[k], distance))  # NaN is no agreement
        return worst[0], worst[1]


def _relative(computed: Array, wanted: Array) -> Array:
    """|computed - wanted| / |wanted| by rows; 0 where both vanish."""
    size = np.linalg.norm(np.atleast_2d(wanted), axis=1)
    distance = np.linalg.norm(computed - wanted, axis=1)
    return np.asarray(np.where(distance == 0, 0.0, distance / size))


def _slope(sizes: Array, differences: Array) -> float | None:
    """Slope of log difference against log step size over the finer half of the steps."""
    usable = np.flatnonzero(np.isfinite(differences) & (differences > 1e-13))[-4:]
    if len(usable) < 2:
        return None
    return float(np.polyfit(np.log(sizes[usable]), np.log(differences[usable]), 1)[0])
