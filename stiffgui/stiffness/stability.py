"""Where a one-step method is stable: |R(a l)| <= 1 in the plane of the eigenvalues l.

Hairer & Wanner 1996, Solving Ordinary Differential Equations II, section IV.2.
"""

from __future__ import annotations

import cmath
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import entry

Complex = NDArray[np.complex128]
Array = NDArray[np.float64]
FARTHEST, LOOKS, HALVINGS = 8.0, 513, 50  # of the edges of regions, from 0


@dataclass(frozen=True)
class Region:
    """A method with stability function R(z), z = a l.

    `polynomial`: coefficients c_0.. of P, where R = P, or R = 1/P when `inverse`. `islands`: zeros
    of P, as many as its degree, that lie apart from the region at 0 and are left out of its curve.
    """

    title: str
    formula: str
    polynomial: tuple[float, ...]
    inverse: bool = False
    islands: int = 0

    def amplification(self, z: Any) -> Any:
        """|R(z)|, of any shape; infinite at a pole."""
        size = np.abs(np.polyval(self.polynomial[::-1], np.asarray(z)))
        if not self.inverse:
            return size
        with np.errstate(divide="ignore"):
            return 1 / size

    def boundary(self, step: float, points: int = 181) -> Complex:
        """The closed curve |R(a l)| = 1: eigenvalues l [p * points + 1], p the zeros of P inside.

        Along the curve R = exp(i t): t runs from 0 to 2 pi p, and Newton's method follows it
        from z = 0. The region's p zeros lie inside, so t turns p times (argument principle).
        """
        return _boundary(self, points) / step

    def largest_step(self, eigenvalues: Any) -> Array:
        """The largest a up to which every decaying eigenvalue is stable, of [..., w]: [...]; where
        none decays there is no such limit, and it is infinite. Of explicit methods.
        """
        values = np.asarray(eigenvalues, np.complex128)
        found, decays = np.full(values.shape, np.inf), values.real < 0
        there = values[decays]
        found[decays] = _first_exit(self, np.exp(1j * np.angle(there))) / np.abs(there)
        return np.asarray(found.min(-1))


@lru_cache
def _boundary(region: Region, points: int) -> Complex:
    """`Region.boundary` in the plane of z."""
    value = region.polynomial[::-1]
    slope = tuple(np.polyder(value).tolist())
    turns = len(value) - 1 - region.islands
    curve = np.zeros(turns * points + 1, np.complex128)
    z = 0j
    for k, angle in enumerate(np.linspace(0, 2 * np.pi * turns, len(curve))):
        for _ in range(6):
            step = (_horner(value, z) - cmath.exp(1j * angle)) / _horner(slope, z)
            z = z - step
            if abs(step) < 1e-9:  # Newton's next one is far below rounding
                break
        curve[k] = z
    return curve


def _horner(coefficients: Sequence[float], z: complex) -> complex:
    """A polynomial at one place: of plain numbers, which is ten times quicker than by numpy."""
    value = 0j
    for coefficient in coefficients:
        value = value * z + coefficient
    return value


def _first_exit(region: Region, directions: Complex) -> Array:
    """The smallest r > 0 beyond which |R(r d)| > 1, of directions d [n] in the left half plane: by
    looking along them, and then halving."""
    low, high = np.zeros(len(directions)), np.full(len(directions), np.inf)
    for before, r in pairwise(np.linspace(0, FARTHEST, LOOKS)):
        leaves = np.isinf(high) & (region.amplification(r * directions) > 1)
        low[leaves], high[leaves] = before, r
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        outside = region.amplification(middle * directions) > 1
        low, high = np.where(outside, low, middle), np.where(outside, middle, high)
    return low


REGIONS: dict[str, Region] = {
    "explicit-euler": Region("explicit Euler", "|1 + aλ|", (1, 1)),
    "rk2": Region("RK2", "|R₂(aλ)|", (1, 1, 1 / 2)),
    "rk4": Region("RK4", "|R₄(aλ)|", (1, 1, 1 / 2, 1 / 6, 1 / 24)),
    "dopri5": Region(
        "DOPRI5", "|R₅(aλ)|", (1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 600), islands=2
    ),
    "implicit-euler": Region("implicit Euler", "1/|1 − aλ|", (1, -1), inverse=True),
}
EXPLICIT = tuple(name for name, method in REGIONS.items() if not method.inverse)


def largest_steps(layers: Sequence[Any], method: str) -> Array:
    """The smallest `Region.largest_step` of each layer's eigenvalues, of any shapes; NaN where no
    step is too large."""
    values = np.concatenate([np.ravel(each) for each in layers])
    found = region(method).largest_step(values[:, None])
    begins = np.cumsum([0, *(np.size(each) for each in layers[:-1])])
    least = np.minimum.reduceat(found, begins)
    return np.where(np.isfinite(least), least, np.nan)


def region(name: str) -> Region:
    """The region of that name. Raises InputError when it is unknown."""
    return entry("stability region", name, REGIONS)
