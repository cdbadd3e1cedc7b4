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


@dataclass(frozen=True)
class Region:
    """A method with stability function R(z), z = a l.

    `polynomial`: coefficients c_0.. of P, where R = P, or R = 1/P when `inverse`.
    """

    title: str
    formula: str
    polynomial: tuple[float, ...]
    inverse: bool = False

    def amplification(self, z: Any) -> Any:
        """|R(z)|, of any shape; infinite at a pole."""
        size = np.abs(np.polyval(self.polynomial[::-1], np.asarray(z)))
        if not self.inverse:
            return size
        with np.errstate(divide="ignore"):
            return 1 / size

    def boundary(self, step: float, points: int = 181) -> Complex:
        """The closed curve |R(a l)| = 1: eigenvalues l [p * points + 1], p the degree of P.

        Along the curve R = exp(i t): t runs from 0 to 2 pi p, and Newton's method follows it
        from z = 0. The region's p zeros lie inside, so t turns p times (argument principle).
        """
        return _boundary(self, points) / step


@lru_cache
def _boundary(region: Region, points: int) -> Complex:
    """`Region.boundary` in the plane of z."""
    value = np.poly1d(region.polynomial[::-1])
    slope = value.deriv()
    curve = np.zeros(value.order * points + 1, np.complex128)
    z = 0j
    for k, angle in enumerate(np.linspace(0, 2 * np.pi * value.order, len(curve))):
        for _ in range(6):
            step = (value(z) - np.exp(1j * angle)) / slope(z)
            z = z - step
            if abs(step) < 1e-9:  # Newton's next one is far below rounding
                break
        curve[k] = z
    return curve


REGIONS: dict[str, Region] = {
    "explicit-euler": Region("explicit Euler", "|1 + aλ|", (1, 1)),
    "rk2": Region("RK2", "|R₂(aλ)|", (1, 1, 1 / 2)),
    "rk4": Region("RK4", "|R₄(aλ)|", (1, 1, 1 / 2, 1 / 6, 1 / 24)),
    "implicit-euler": Region("implicit Euler", "1/|1 − aλ|", (1, -1), inverse=True),
}


def region(name: str) -> Region:
    """The region of that name. Raises InputError when it is unknown."""
    return entry("stability region", name, REGIONS)
