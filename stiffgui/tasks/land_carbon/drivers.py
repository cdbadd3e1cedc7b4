"""The weather of the reduced land-carbon model: a repeated year in closed form.

Harmonics fitted to the flux tower US-UMB (Michigan, deciduous forest, 2000-2014).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LATITUDE = np.deg2rad(45.56)
DAYS = 365


class Year(NamedTuple):
    """Daily values [365]: mean and largest temperature and daily range in °C, shortwave
    radiation in MJ/m²/d, day length in h, growing degree days since January 1 in °C d."""

    mean: NDArray[np.float64]
    largest: NDArray[np.float64]
    spread: NDArray[np.float64]
    radiation: NDArray[np.float64]
    day_length: NDArray[np.float64]
    degree_days: NDArray[np.float64]


def year() -> Year:
    """The year that the model repeats."""
    doy = np.arange(1, DAYS + 1, dtype=np.float64)
    w = 2 * np.pi * doy / DAYS
    mean = 7.74 - 12.55 * np.cos(w) - 5.30 * np.sin(w)
    spread = 7.44 - 1.94 * np.cos(w) + 0.93 * np.sin(w)
    radiation = 12.12 - 8.86 * np.cos(w) + 1.97 * np.sin(w)
    declination = -np.deg2rad(23.4) * np.cos(2 * np.pi * (doy + 10) / DAYS)
    x = np.tan(LATITUDE) * np.tan(declination)
    day_length = 24 * np.arccos(np.clip(-x, -1, 1)) / np.pi
    warmth = np.maximum(mean, 0.0)
    warmth[0] = 0.0  # the count starts at nothing on January 1
    return Year(mean, mean + spread / 2, spread, radiation, day_length, np.cumsum(warmth))
