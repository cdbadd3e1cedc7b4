"""Test functions of global optimisation, used here for regression."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from stiffgui.tasks.base import Array
from stiffgui.tasks.functions.base import AnyDimension, Cube


class Alpine01(AnyDimension, Cube):
    """Alpine01 function

    sum_i |x_i sin(x_i) + 0.1 x_i| on [-10, 10]^d: kinks along curves. Source: Clerc (1999);
    Jamil & Yang (2013), Int. J. Math. Model. Numer. Optim. 4, 150, function 6.
    """

    kind: Literal["alpine01"] = "alpine01"
    RANGE: ClassVar[tuple[float, float]] = (-10.0, 10.0)

    def value(self, x: Array) -> Array:
        return np.asarray(np.abs(x * np.sin(x) + 0.1 * x).sum(1))


class Ackley(AnyDimension, Cube):
    """Ackley function

    A funnel with ripples: -20 exp(-0.2 rms(x)) - exp(mean cos(2 pi x_i)) + 20 + e on
    [-32.768, 32.768]^d. Source: Ackley (1987), A Connectionist Machine for Genetic
    Hillclimbing; Bäck & Schwefel (1993), Evol. Comput. 1, 1.
    """

    kind: Literal["ackley"] = "ackley"
    RANGE: ClassVar[tuple[float, float]] = (-32.768, 32.768)

    def value(self, x: Array) -> Array:
        distance = np.sqrt(np.square(x).mean(1))
        ripple = np.cos(2 * np.pi * x).mean(1)
        return np.asarray(20 - 20 * np.exp(-0.2 * distance) + np.e - np.exp(ripple))


class Rastrigin(AnyDimension, Cube):
    """Rastrigin function

    A bowl with regular ripples: 10 d + sum_i (x_i^2 - 10 cos(2 pi x_i)) on [-5.12, 5.12]^d.
    Source: Rastrigin (1974); Mühlenbein, Schomisch & Born (1991), Parallel Comput. 17, 619.
    """

    kind: Literal["rastrigin"] = "rastrigin"
    RANGE: ClassVar[tuple[float, float]] = (-5.12, 5.12)

    def value(self, x: Array) -> Array:
        return np.asarray((10 + x * x - 10 * np.cos(2 * np.pi * x)).sum(1))
