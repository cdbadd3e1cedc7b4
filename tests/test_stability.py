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
    [
        ("explicit-euler", -2),
        ("rk2", -2),
        ("rk4", -2.785293563405282),
        ("dopri5", -3.306567892634946),
        ("implicit-euler", 2),
    ],
)
def test_the_boundary_crosses_the_real_axis_where_it_should(name: str, end: float) -> None:
    curve = REGIONS[name].boundary(1.0, 720)
    real = curve.real
    found = real.min() if end < 0 else real.max()
    if name == "rk4":  # its lobes do not reach further left than the axis
        found = real[np.abs(curve.imag) < 1e-6].min()
    assert found == pytest.approx(end, abs=1e-4)


def test_the_inside_is_stable() -> None:
    for name in ("explicit-euler", "rk2", "rk4", "dopri5"):
        assert REGIONS[name].amplification(-0.5) < 1 < REGIONS[name].amplification(0.5)
    implicit = REGIONS["implicit-euler"]
    assert implicit.amplification(-100.0) < 1 < implicit.amplification(0.5)
    assert np.isinf(implicit.amplification(1.0))


@pytest.mark.parametrize("name", ["explicit-euler", "rk2", "rk4", "dopri5"])
def test_the_largest_step_leads_to_the_edge_of_the_region(name: str) -> None:
    random = np.random.default_rng(3)
    values = -random.uniform(0.1, 9, (40, 1)) + 1j * random.normal(size=(40, 1))
    steps = REGIONS[name].largest_step(values)
    np.testing.assert_allclose(REGIONS[name].amplification(steps * values[:, 0]), 1, rtol=1e-9)
    for part in np.linspace(0.01, 0.99, 50):  # and nowhere before
        assert (REGIONS[name].amplification(part * steps * values[:, 0]) < 1).all()
    both = np.concatenate([values, 3 * values, np.full((40, 1), 2 + 1j)], axis=1)
    np.testing.assert_allclose(REGIONS[name].largest_step(both), steps / 3)
    assert np.isinf(REGIONS[name].largest_step(np.array([1.0, 2j])))


@pytest.mark.parametrize(("name", "order"), [("explicit-euler", 1), ("rk2", 2), ("rk4", 4)])
def test_r_is_the_exponential_up_to_its_order(name: str, order: int) -> None:
    z = -0.01
    error = abs(REGIONS[name].amplification(z) - expm(np.array([[z]]))[0, 0])
    assert error == pytest.approx(abs(z) ** (order + 1) / math.factorial(order + 1), rel=0.02)


def test_dopri5_is_what_torchdiffeq_does() -> None:
    from torchdiffeq._impl.dopri5 import _DORMAND_PRINCE_SHAMPINE_TABLEAU as TABLEAU

    z, slopes = -1.3 + 0.4j, [1.0 + 0j]
    for row in TABLEAU.beta:
        slopes.append(1 + z * sum(b * k for b, k in zip(row.tolist(), slopes, strict=True)))
    last = 1 + z * sum(c * k for c, k in zip(TABLEAU.c_sol.tolist(), slopes, strict=True))
    assert REGIONS["dopri5"].amplification(z) == pytest.approx(abs(last), rel=1e-12)


def test_an_unknown_region_is_told() -> None:
    with pytest.raises(InputError, match="Did you mean rk4"):
        region("rk44")
