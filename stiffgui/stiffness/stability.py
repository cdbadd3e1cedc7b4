"""Where a one-step method is stable: |R(a l)| <= 1 in the plane of the eigenvalues l.

Hairer & Wanner 1996, Solving Ordinary Differential Equations II, section IV.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import entry

Complex = NDArray[np.complex128]
Array = NDArray[np.float64]


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

        With z = r exp(i t), |P(z)|^2 - 1 is a polynomial in r whose first positive root is sought.
        """
        values = np.asarray(eigenvalues, np.complex128)
        found = np.full(values.shape, np.inf)
        for place in zip(*np.nonzero(values.real < 0), strict=True):
            size = abs(values[place])
            found[place] = _first_exit(self.polynomial, float(np.angle(values[place]))) / size
        return np.asarray(found.min(-1))


@lru_cache
def _boundary(region: Region, points: int) -> Complex:
    """`Region.boundary` in the plane of z."""
    value = np.poly1d(region.polynomial[::-1])
    slope = value.deriv()
    turns = value.order - region.islands
    curve = np.zeros(turns * points + 1, np.complex128)
    z = 0j
    for k, angle in enumerate(np.linspace(0, 2 * np.pi * turns, len(curve))):
        for _ in range(6):
            step = (value(z) - np.exp(1j * angle)) / slope(z)
            z = z - step
            if abs(step) < 1e-9:  # Newton's next one is far below rounding
                break
        curve[k] = z
    return curve


def _first_exit(polynomial: tuple[float, ...], angle: float) -> float:
    """The smallest r > 0 at which |P(r exp(i angle))| = 1, in the left half plane."""
    ray = np.array(polynomial) * np.exp(1j * angle * np.arange(len(polynomial)))
    squares = np.convolve(ray, ray.conj()).real
    roots = np.roots(squares[:0:-1])  # without the constant and the root at 0
    real = roots.real[(np.abs(roots.imag) < 1e-7 * np.abs(roots)) & (roots.real > 0)]
    return float(real.min(initial=np.inf))


REGIONS: dict[str, Region] = {
    "explicit-euler": Region("explicit Euler", "|1 + aλ|", (1, 1)),
    "rk2": Region("RK2", "|R₂(aλ)|", (1, 1, 1 / 2)),
    "rk4": Region("RK4", "|R₄(aλ)|", (1, 1, 1 / 2, 1 / 6, 1 / 24)),
    "dopri5": Region(
        "DOPRI5", "|R₅(aλ)|", (1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 600), islands=2
    ),
    "implicit-euler": Region("implicit Euler", "1/|1 − aλ|", (1, -1), inverse=True),
}


def region(name: str) -> Region:
    """The region of that name. Raises InputError when it is unknown."""
    return entry("stability region", name, REGIONS)
