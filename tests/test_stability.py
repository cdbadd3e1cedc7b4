"""Stability regions against their closed forms and against known interval ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import expm

from stiffgui.errors import InputError
from stiffgui.stiffness.stability import REGIONS, region


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("step", [0.1, 1.0])
def test_the_boundary_is_closed_and_lies_on_one(name: str, step: float) -> None:
    curve = REGIONS[name].boundary(step)
    np.testing.assert_allclose(REGIONS[name].amplification(step * curve), 1, atol=1e-10)
    np.testing.assert_allclose(curve[-1], curve[0], atol=1e-10)
    np.testing.assert_allclose(curve[::-1].conj(), curve, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "end"),
    [("explicit-euler", -2), ("rk2", -2), ("rk4", -2.785293563405282), ("implicit-euler", 2)],
)
def test_the_boundary_crosses_the_real_axis_where_it_should(name: str, end: float) -> None:
    curve = REGIONS[name].boundary(1.0, 720)
    real = curve.real
    found = real.min() if end < 0 else real.max()
    if name == "rk4":  # its lobes do not reach further left than the axis
        found = real[np.abs(curve.imag) < 1e-6].min()
    assert found == pytest.approx(end, abs=1e-4)


def test_the_inside_is_stable() -> None:
    for name in ("explicit-euler", "rk2", "rk4"):
        assert REGIONS[name].amplification(-0.5) < 1 < REGIONS[name].amplification(0.5)
    implicit = REGIONS["implicit-euler"]
    assert implicit.amplification(-100.0) < 1 < implicit.amplification(0.5)
    assert np.isinf(implicit.amplification(1.0))


@pytest.mark.parametrize(("name", "order"), [("explicit-euler", 1), ("rk2", 2), ("rk4", 4)])
def test_r_is_the_exponential_up_to_its_order(name: str, order: int) -> None:
    z = -0.01
    error = abs(REGIONS[name].amplification(z) - expm(np.array([[z]]))[0, 0])
    assert error == pytest.approx(abs(z) ** (order + 1) / math.factorial(order + 1), rel=0.02)


def test_an_unknown_region_is_told() -> None:
    with pytest.raises(InputError, match="Did you mean rk4"):
        region("rk44")
