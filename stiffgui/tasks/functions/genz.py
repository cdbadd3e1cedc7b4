"""The six families of Genz: one difficulty each for numerical integration, and for regression.

On [0, 1]^d with equal sharpness a in all inputs and the special point at u = 1/2. Source: Genz
(1984), Testing multidimensional integration routines, in Tools, Methods and Languages for
Scientific and Engineering Computation, 81.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from stiffgui.settings import setting
from stiffgui.tasks.base import Array
from stiffgui.tasks.functions.base import AnyDimension, Cube

POINT = 0.5  # u


class _Genz(AnyDimension, Cube):
    """What the families share."""

    sharpness: float = setting(
        5.0,
        title="Sharpness",
        help="Coefficient a of every input: larger is harder. Genz took 5.",
        gt=0,
        le=100,
    )


class GenzOscillatory(_Genz):
    """Genz, oscillatory: cos(2 pi u + sum_i a x_i)"""

    kind: Literal["genz-oscillatory"] = "genz-oscillatory"

    def value(self, x: Array) -> Array:
        return np.asarray(np.cos(2 * np.pi * POINT + self.sharpness * x.sum(1)))


class GenzProductPeak(_Genz):
    """Genz, product peak: prod_i 1/(a^-2 + (x_i - u)^2)"""

    kind: Literal["genz-product-peak"] = "genz-product-peak"

    def value(self, x: Array) -> Array:
        return np.asarray((1 / (self.sharpness**-2 + np.square(x - POINT))).prod(1))


class GenzCornerPeak(_Genz):
    """Genz, corner peak: (1 + sum_i a x_i)^-(d + 1)"""

    kind: Literal["genz-corner-peak"] = "genz-corner-peak"

    def value(self, x: Array) -> Array:
        return np.asarray((1 + self.sharpness * x.sum(1)) ** -(self.dimension + 1.0))


class GenzGaussian(_Genz):
    """Genz, Gaussian: exp(-sum_i a^2 (x_i - u)^2)"""

    kind: Literal["genz-gaussian"] = "genz-gaussian"

    def value(self, x: Array) -> Array:
        return np.asarray(np.exp(-(self.sharpness**2) * np.square(x - POINT).sum(1)))


class GenzContinuous(_Genz):
    """Genz, continuous with a kink: exp(-sum_i a |x_i - u|)"""

    kind: Literal["genz-continuous"] = "genz-continuous"

    def value(self, x: Array) -> Array:
        return np.asarray(np.exp(-self.sharpness * np.abs(x - POINT).sum(1)))


class GenzDiscontinuous(_Genz):
    """Genz, discontinuous: exp(sum_i a x_i), and 0 where x1 > u or x2 > u"""

    kind: Literal["genz-discontinuous"] = "genz-discontinuous"

    def value(self, x: Array) -> Array:
        beyond = (x[:, :2] > POINT).any(1)
        return np.where(beyond, 0.0, np.exp(self.sharpness * np.where(beyond, 0.0, x.sum(1))))
