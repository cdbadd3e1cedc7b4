"""Test functions of regression and sensitivity analysis, with few important inputs."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from stiffgui.settings import setting
from stiffgui.tasks.base import Array
from stiffgui.tasks.functions.base import AnyDimension, Cube


class Friedman1(AnyDimension, Cube):
    """Friedman-1 function

    10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5 on [0, 1]^d; further inputs do nothing.
    Source: Friedman (1991), Ann. Stat. 19, 1.
    """

    kind: Literal["friedman1"] = "friedman1"
    dimension: int = setting(
        10,
        title="Dimension",
        help="Number of inputs d; all beyond the fifth do nothing.",
        ge=5,
        le=50,
    )

    def value(self, x: Array) -> Array:
        return np.asarray(
            10 * np.sin(np.pi * x[:, 0] * x[:, 1])
            + 20 * np.square(x[:, 2] - 0.5)
            + 10 * x[:, 3]
            + 5 * x[:, 4]
        )


class Ishigami(Cube):
    """Ishigami function

    sin(x1) + 7 sin^2(x2) + 0.1 x3^4 sin(x1) on [-pi, pi]^3. Source: Ishigami & Homma (1990),
    Proc. ISUMA '90, 398.
    """

    kind: Literal["ishigami"] = "ishigami"

    @property
    def inputs(self) -> int:
        return 3

    RANGE: ClassVar[tuple[float, float]] = (-np.pi, np.pi)

    def value(self, x: Array) -> Array:
        return np.asarray(
            np.sin(x[:, 0]) * (1 + 0.1 * x[:, 2] ** 4) + 7 * np.square(np.sin(x[:, 1]))
        )


class SobolG(AnyDimension, Cube):
    """Sobol-G function

    prod_i (|4 x_i - 2| + a_i)/(1 + a_i) on [0, 1]^d with a_i = (i - 1)/2: importance falls with
    i. Source: Saltelli & Sobol (1995), Reliab. Eng. Syst. Saf. 50, 225, example 3.
    """

    kind: Literal["sobol-g"] = "sobol-g"
    dimension: int = setting(6, title="Dimension", help="Number of inputs d.", ge=1, le=50)

    def value(self, x: Array) -> Array:
        a = np.arange(self.dimension, dtype=np.float64) / 2
        return np.asarray(((np.abs(4 * x - 2) + a) / (1 + a)).prod(1))
