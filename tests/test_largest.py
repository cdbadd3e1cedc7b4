"""|l_1| and sigma_1 alone are LAPACK's, of whatever matrix; and what is measured with them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stiffgui.stiffness import WATCHABLE, layer_indices
from stiffgui.stiffness.largest import SMALL, singular_values, spectral_radii
from stiffgui.stiffness.measuring import measured

Array = NDArray[np.float64]
WIDTHS = (1, 2, 20, SMALL, SMALL + 1, 130)


def random(width: int) -> Array:
    return np.asarray(np.random.default_rng(width).standard_normal((width, width)) / np.sqrt(width))


def orthogonal(width: int) -> Array:
    return np.asarray(np.linalg.qr(random(width))[0])


def shift(width: int, by: int = 1) -> Array:
    return np.diag(np.ones(max(width - by, 0)), by)[:width, :width]


def turns(width: int, moduli: Array) -> Array:
    """Pairs of these moduli and different angles, one after another; a real one at the end."""
    matrix = np.diag(np.repeat(moduli, 2)[:width])
    for k in range(0, width - 1, 2):
        c, s = np.cos(0.3 + k), np.sin(0.3 + k)
        matrix[k : k + 2, k : k + 2] = moduli[k // 2] * np.array([[c, -s], [s, c]])
    return matrix


def similar(matrix: Array) -> Array:
    """The same eigenvalues, in another basis of condition 10."""
    u, _, v = np.linalg.svd(random(len(matrix)))
    basis = (u * np.linspace(1, 10, len(matrix))) @ v
    return np.asarray(basis @ matrix @ np.linalg.inv(basis))


MATRICES: dict[str, Callable[[int], Array]] = {
    "random": random,
    "symmetric": lambda w: random(w) + random(w).T,
    "normal": lambda w: orthogonal(w) @ turns(w, np.linspace(0.2, 3, w)) @ orthogonal(w).T,
    "nilpotent": shift,
    "strictly triangular": lambda w: np.triu(random(w), 1),
    "orthogonal": orthogonal,
    "permutation": lambda w: np.roll(np.eye(w), 1, 0),
    "Grcar": lambda w: sum((shift(w, k) for k in (1, 2, 3)), np.eye(w)) - shift(w).T,
    "defective": lambda w: 0.5 * np.eye(w) + shift(w),
    "zero": lambda w: np.zeros((w, w)),
    "identity": lambda w: -2.5 * np.eye(w),
    "near identity": lambda w: np.eye(w) + 1e-6 * random(w),
    "pairs tie": lambda w: similar(turns(w, np.ones(w))),
    "opposite signs tie": lambda w: np.diag(np.linspace(-1, 1, w)) + shift(w),
    "rank one": lambda w: np.outer(random(w)[0], random(w)[:, -1]),
    "rank one, nilpotent": lambda w: np.outer(np.eye(w)[0], np.eye(w)[-1]),
    "one entry": lambda w: np.eye(w) * (np.arange(w) == 0),
    "tiny": lambda w: 1e-300 * random(w),
    "denormal": lambda w: 1e-309 * random(w),
    "huge": lambda w: 1e150 * random(w),
    "hugest": lambda w: 1e305 * random(w),
    "graded": lambda w: random(w) * np.logspace(-150, 150, w),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", MATRICES)
def test_they_are_those_of_lapack(name: str, width: int) -> None:
    matrix = MATRICES[name](width)
    radius = np.abs(np.linalg.eigvals(matrix)).max()
    largest = np.linalg.svd(matrix, compute_uv=False)[0]
    rounding = 1e-13 * largest  # of the largest entries: eigenvalues are known to it at best
    found = spectral_radii(matrix[None, None])[0]
    assert found.shape == (1, 1)
    np.testing.assert_allclose(found[0, 0], radius, rtol=1e-8, atol=rounding)
    found = singular_values(np.ones((1, 1, width)), matrix[None])
    np.testing.assert_allclose(found, largest, rtol=1e-6)
    assert (found[0, 0] == 0) == (largest == 0)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_radius_of_nilpotent_layers_is_nothing(width: int) -> None:
    for name in ("nilpotent", "rank one, nilpotent"):
        matrix = MATRICES[name](width) * (width > 1)
        assert spectral_radii(matrix[None])[0][0] < 1e-12


@pytest.mark.parametrize("width", WIDTHS)
def test_factors_of_any_size(width: int) -> None:
    """Slopes and rows of W so uneven that one without the other says nothing of J."""
    rng = np.random.default_rng(3)
    exponents = rng.uniform(-140, 140, width)
    slopes = rng.uniform(0, 1, (2, 3, width)) * 10**-exponents * (rng.random((2, 3, width)) > 0.2)
    slopes[0, 0] = 0  # no unit answers this sample
    weight = rng.standard_normal((2, width, width)) * 10 ** exponents[:, None]
    for scale in (1e-150, 1.0, 1e150):
        jacobians = scale * slopes[..., None] * weight[:, None]
        expected = np.linalg.svd(jacobians, compute_uv=False)[..., 0]
        found = singular_values(scale * slopes, weight)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        radii = np.abs(np.linalg.eigvals(jacobians)).max(-1)
        np.testing.assert_allclose(spectral_radii(jacobians)[0], radii, rtol=1e-8)


def layers(width: int, trials: int = 2, depth: int = 3, samples: int = 4) -> tuple[Array, Array]:
    rng = np.random.default_rng(width)
    slopes = rng.uniform(0, 1, (trials, depth, samples, width))
    weight = rng.standard_normal((trials, depth, width, width)) / np.sqrt(width)
    return slopes, weight


@pytest.mark.parametrize("name", WATCHABLE)
@pytest.mark.parametrize("width", [3, 20, SMALL + 1])
def test_what_is_measured_is_what_lapack_says(name: str, width: int) -> None:
    if name == "analytic":
        width = 3  # there is a formula up to 4
    slopes, weight = layers(width)
    found, marked = measured(slopes, weight, (name,), WATCHABLE, step=0.1)
    jacobians = slopes[..., None] * weight[:, :, None]
    by_lapack, there = layer_indices(jacobians, (name,), WATCHABLE, step=0.1)
    assert found[name].shape == (2, 3) and marked.keys() == there.keys()
    np.testing.assert_allclose(found[name], by_lapack[name], rtol=1e-6)
    for fraction in marked:
        np.testing.assert_array_equal(marked[fraction], there[fraction])


def test_an_index_is_the_same_alone_and_beside_others() -> None:
    """To rounding: beside one that needs every eigenvalue, the largest is among these."""
    slopes, weight = layers(20)
    names = [name for name in WATCHABLE if name != "analytic"]
    together, _ = measured(slopes, weight, names, WATCHABLE, step=0.1)
    assert list(together) == names
    for name in names:
        alone, _ = measured(slopes, weight, (name,), WATCHABLE, step=0.1)
        np.testing.assert_allclose(alone[name], together[name], rtol=1e-6)


@pytest.mark.parametrize("width", [20, SMALL + 1, 130])
def test_threads_change_no_bit(width: int) -> None:
    slopes, weight = layers(width, depth=5)
    names = ("frobenius", "singular", "spectral-radius", "gelfand-sketch", "ratio-real")
    first, marked = measured(slopes, weight, names, WATCHABLE, 1)
    for threads in (2, 3):
        again, fractions = measured(slopes, weight, names, WATCHABLE, threads)
        for name in names:
            np.testing.assert_array_equal(first[name], again[name], err_msg=name)
        np.testing.assert_array_equal(marked["ratio-real"], fractions["ratio-real"])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("width", [3, SMALL + 1])
def test_samples_that_are_no_numbers_are_left_out(bad: float, width: int) -> None:
    names = ("frobenius", "singular", "spectral-radius", "ratio-real")
    slopes, weight = layers(width)
    whole, _ = measured(slopes[:, :, 1:], weight, names, WATCHABLE)
    slopes[:, 1, 0, 2] = bad
    found, _ = measured(slopes, weight, names, WATCHABLE, step=0.1)
    for name in names:
        np.testing.assert_allclose(found[name][:, 1], whole[name][:, 1], rtol=1e-12)
    weight[0, 2, 0, 0] = bad  # of a whole layer
    found, _ = measured(slopes, weight, names, WATCHABLE, step=0.1)
    for name in names[:3]:
        assert np.isnan(found[name][0, 2]) and np.isfinite(found[name]).sum() == 5


@pytest.mark.parametrize("width", [3, SMALL + 1])
def test_factors_whose_product_is_no_number_are_left_out(width: int) -> None:
    slopes, weight = layers(width)
    slopes[0, 0] *= 1e200
    weight[0, 0] *= 1e200
    found, _ = measured(slopes, weight, ("singular", "spectral-radius"), WATCHABLE)
    for values in found.values():
        assert np.isnan(values[0, 0]) and np.isfinite(values).sum() == 5
