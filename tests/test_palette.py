"""Series are told apart by everybody: as normal sight, protanopia and deuteranopia see them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from stiffgui.figures import palette
from stiffgui.gui.plots.artists import colour_map
from stiffgui.gui.theme import DARK, LIGHT, Theme

# Machado, Oliveira & Fernandes 2009, IEEE Trans. Vis. Comput. Graph. 15(6), severity 1: linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.95047, 1.0, 1.08883])
APART = 15.0  # CIE 1976 colour difference; 2.3 is just noticeable side by side
CONTRAST = 3.0  # of lines on their ground, WCAG 2.1, 1.4.11


def linear(colour: str) -> NDArray[np.float64]:
    share = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    share = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("series", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_every_two_series_differ(series: tuple[str, ...], sight: str) -> None:
    seen = [lab(SIGHT[sight] @ linear(colour)) for colour in series]
    for (k, one), (n, other) in combinations(enumerate(seen), 2):
        assert np.linalg.norm(one - other) > APART, (series[k], series[n])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_thin_line_is_seen_on_its_ground(theme: Theme) -> None:
    def luminance(colour: str) -> float:
        return float(TO_XYZ[1] @ linear(colour))

    ground = luminance(theme.card)
    signs = [colour.name() for colour in colour_map("signed", theme).getColors("qcolor")]
    for colour in (*theme.series, *signs):
        high, low = sorted((ground, luminance(colour)), reverse=True)
        assert (high + 0.05) / (low + 0.05) > CONTRAST, colour
