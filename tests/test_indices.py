"""Indices against oracles that share no code with them: closed forms of normal, nilpotent, Grcar's
and orthogonal matrices, derivatives of the exponential, exact products, and sixty digits."""

from __future__ import annotations

from functools import reduce

import mpmath
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stiffgui.stiffness import INDICES, WATCHABLE, layer_indices, network_index, spectrum
from stiffgui.stiffness.eigen import EPS
from stiffgui.stiffness.indices import ILL_CONDITIONED, OVER
from stiffgui.stiffness.matrices import LayerMatrices, Matrices
from stiffgui.stiffness.measuring import measured
from stiffgui.stiffness.propagator import growth
from stiffgui.stiffness.pseudospectrum import PERTURBATION, pseudospectral_abscissa

Array = NDArray[np.float64]
STEP = 0.1


def index(name: str, matrix: Array, step: float = STEP) -> float:
    return float(INDICES[name].value(Matrices(matrix, step=step)))


def flagged(name: str, matrix: Array) -> bool:
    return bool(INDICES[name].flags(Matrices(matrix, step=STEP)))


def orthogonal(seed: int, width: int) -> Array:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((width, width)))[0]


def normal(seed: int, width: int) -> tuple[Array, NDArray[np.complex128]]:
    """A normal matrix and its eigenvalues: turns of planes, and one real number for odd widths."""
    random = np.random.default_rng(seed)
    real, turn = random.standard_normal((2, width // 2))
    blocks = [np.array([[x, -y], [y, x]]) for x, y in zip(real, turn, strict=True)]
    values = np.concatenate([real + 1j * turn, real - 1j * turn])
    if width % 2:
        last = random.standard_normal()
        blocks, values = [*blocks, np.array([[last]])], np.append(values, last)
    basis = orthogonal(seed, width)
    return basis @ scipy.linalg.block_diag(*blocks) @ basis.T, values


def shift(width: int) -> Array:
    """Nilpotent, of one Jordan block."""
    return np.diag(np.ones(width - 1), 1)


def grcar(width: int) -> Array:
    """Grcar 1989: Toeplitz, -1 below the diagonal, 1 on it and on three above it."""
    return sum(np.diag(np.ones(width - k), k) for k in range(4)) - np.diag(np.ones(width - 1), -1)


FAMILIES = {
    "normal": normal(3, 7)[0],
    "nilpotent": shift(7),
    "grcar": grcar(9),
    "orthogonal": orthogonal(4, 6),
    "random": np.random.default_rng(5).standard_normal((8, 8)),
    "one": np.array([[-2.5]]),
}


# --- logarithmic norms ---------------------------------------------------------------------------


def growth_of_the_exponential(matrix: Array) -> float:
    """d/dt log ||exp(t J)||_2 at 0, by differences extrapolated twice."""
    h = 1e-3 / np.abs(matrix).sum()
    d = [np.log(scipy.linalg.norm(scipy.linalg.expm(t * matrix), 2)) / t for t in (h, h / 2, h / 4)]
    first, second = 2 * d[1] - d[0], 2 * d[2] - d[1]
    return float((4 * second - first) / 3)


@pytest.mark.parametrize("name", FAMILIES)
def test_logarithmic_norms_are_derivatives_of_the_exponential(name: str) -> None:
    matrix = FAMILIES[name]
    upper, lower = index("log-norm", matrix), index("log-norm-lower", matrix)
    assert upper == pytest.approx(growth_of_the_exponential(matrix), abs=1e-7)
    assert lower == pytest.approx(-growth_of_the_exponential(-matrix), abs=1e-7)
    assert index("stiffness-indicator", matrix) == pytest.approx((upper + lower) / 2, abs=1e-13)
    for t in (0.1, 1.0, 3.0):  # what the norms promise
        size = scipy.linalg.norm(scipy.linalg.expm(t * matrix), 2)
        assert np.exp(t * lower) * (1 - 1e-9) <= size <= np.exp(t * upper) * (1 + 1e-9)


@given(seed=st.integers(0, 10**6), width=st.integers(1, 20))
@settings(max_examples=25, deadline=None)
def test_normal_matrices_have_closed_forms(seed: int, width: int) -> None:
    matrix, values = normal(seed, width)
    size = np.abs(values).max()
    expected = {
        "log-norm": values.real.max(),
        "log-norm-lower": values.real.min(),
        "stiffness-indicator": (values.real.max() + values.real.min()) / 2,
        "abscissa": values.real.max(),
        "pseudo-abscissa": values.real.max() + PERTURBATION * size,
        "step-norm": np.abs(1 + STEP * values).max(),
        "unstable": (np.abs(1 + STEP * values) > 1).mean(),
    }
    for name, value in expected.items():
        assert index(name, matrix) == pytest.approx(value, abs=1e-8 * max(1, size)), name
    for name in ("spectral-radius", "mean-modulus", "abscissa", "unstable"):
        assert not flagged(name, matrix)
    layers = np.broadcast_to(matrix, (12, 1, width, width))
    logs = growth(layers, STEP)[-1, 0]
    expected_logs = np.sort(12 * np.log(np.abs(1 + STEP * values)))[::-1][:3]
    np.testing.assert_allclose(logs[: len(expected_logs)], expected_logs, atol=1e-11)
    assert np.isnan(logs[width:]).all()


def test_what_the_radius_of_a_nilpotent_matrix_hides() -> None:
    width = 8
    matrix = shift(width)
    assert index("log-norm", matrix) == pytest.approx(np.cos(np.pi / (width + 1)), rel=1e-12)
    assert index("log-norm-lower", matrix) == pytest.approx(-np.cos(np.pi / (width + 1)), rel=1e-12)
    assert index("stiffness-indicator", matrix) == pytest.approx(0, abs=1e-12)
    # Its powers are shifts: (I + a J)^n holds binomial coefficients, and no eigenvalue grows.
    count = 25
    exact = sum(
        float(scipy.special.comb(count, k, exact=True))
        * STEP**k
        * np.linalg.matrix_power(matrix, k)
        for k in range(width)
    )
    layers = np.broadcast_to(matrix, (count, 1, width, width))
    expected = np.log(scipy.linalg.svdvals(exact)[:3])
    np.testing.assert_allclose(growth(layers, STEP)[-1, 0], expected, atol=1e-12)
    assert expected[0] > 1.5 and index("unstable", matrix) == 0


def test_orthogonal_layers_neither_grow_nor_decay() -> None:
    steps = np.stack([orthogonal(seed, 6) for seed in range(30)])
    layers = (steps - np.eye(6)) / STEP
    np.testing.assert_allclose(growth(layers[:, None], STEP), 0, atol=1e-12)
    for matrix in layers[:3]:
        assert index("step-norm", matrix) == pytest.approx(1, abs=1e-13)
        # |1 + a l| = 1 for each: rounding decides none of them, and its share is not material.
        assert not flagged("unstable", matrix)


# --- products ------------------------------------------------------------------------------------


def test_small_singular_values_of_a_product_stay_exact() -> None:
    """Grcar's matrix is of whole numbers: its products are exact, of any size."""
    width, count = 8, 40
    factor = [[int(v) for v in row] for row in (grcar(width) - 2 * np.eye(width))]
    product = reduce(
        lambda p, _: np.array(factor, dtype=object) @ p, range(count), np.eye(width, dtype=object)
    )
    with mpmath.workdps(80):
        values = mpmath.svd_r(mpmath.matrix(product.tolist()), compute_uv=False)
        expected = [float(mpmath.log(v)) for v in list(values)[:3]]
    layers = np.broadcast_to(grcar(width) - 3 * np.eye(width), (count, 2, width, width))
    found = growth(layers, 1.0)[-1]
    np.testing.assert_allclose(found, [expected] * 2, rtol=1e-11)


def test_growth_and_decay_beyond_the_range_of_numbers() -> None:
    width, count = 6, 400
    sizes = np.array([30.0, 1.5, 1.4, 0.1, 1e-3, 0.0])
    turns = np.stack([orthogonal(seed, width) for seed in range(count + 1)])
    steps = (turns[1:] * sizes) @ turns[:-1].swapaxes(-1, -2)
    logs = growth(((steps - np.eye(width)) / STEP)[:, None], STEP)[:, 0]
    expected = np.arange(1, count + 1)[:, None] * np.log(sizes[:3])
    np.testing.assert_allclose(logs, expected, atol=1e-9)
    assert logs[-1, 0] > 1300  # beyond 1e308
    decaying = np.broadcast_to(-np.eye(2) * 0.999 / STEP, (200, 1, 2, 2))
    np.testing.assert_allclose(growth(decaying, STEP)[-1, 0, :2], 200 * np.log(1e-3), rtol=1e-9)
    assert np.isnan(growth(-np.eye(3)[None, None] / STEP, STEP)).all()  # P = 0


@given(seed=st.integers(0, 10**6), width=st.integers(1, 9), count=st.integers(1, 12))
@settings(max_examples=25, deadline=None)
def test_products_up_to_each_layer(seed: int, width: int, count: int) -> None:
    layers = np.random.default_rng(seed).standard_normal((count, 2, width, width))
    values, _ = layer_indices(
        layers[None], ["propagator", "lyapunov", "lyapunov-2", "lyapunov-3"], step=STEP
    )
    product = np.broadcast_to(np.eye(width), (2, width, width))
    for n, layer in enumerate(layers):
        product = product + STEP * layer @ product
        logs = np.log([scipy.linalg.svdvals(each) for each in product]).mean(0)
        assert values["propagator"][0, n] == pytest.approx(logs[0] / np.log(10), abs=1e-10)
        for order, name in enumerate(("lyapunov", "lyapunov-2", "lyapunov-3")):
            if order < width:
                rate = logs[order] / (STEP * (n + 1))
                assert values[name][0, n] == pytest.approx(rate, abs=1e-7)
            else:
                assert np.isnan(values[name][0, n])
    assert network_index(values["propagator"], "last") == values["propagator"][0, -1]


def test_a_product_ends_where_a_layer_is_not_finite() -> None:
    layers = np.random.default_rng(1).standard_normal((1, 4, 3, 5, 5))
    layers[0, 2, 1, 0, 0] = np.nan
    values, _ = layer_indices(layers, ["propagator", "log-norm"], step=STEP)
    rest, _ = layer_indices(layers[:, :, [0, 2]], ["propagator"], step=STEP)
    np.testing.assert_allclose(values["propagator"][0, 2:], rest["propagator"][0, 2:])
    layers[0, 2] = np.inf
    values, _ = layer_indices(layers, ["propagator", "log-norm"], step=STEP)
    assert np.isnan(values["propagator"][0]).tolist() == [False, False, True, True]
    assert np.isnan(values["log-norm"][0]).tolist() == [False, False, True, False]
    assert np.isnan(network_index(values["propagator"], "last")).all()


# --- pseudospectral abscissa ---------------------------------------------------------------------


def resolvent(matrix: Array, z: complex) -> float:
    """1 / ||(z I - J)^-1||_2, by inversion."""
    return 1 / float(scipy.linalg.norm(scipy.linalg.inv(z * np.eye(len(matrix)) - matrix), 2))


@pytest.mark.parametrize("width", [2, 5, 12])
def test_pseudospectral_abscissa_of_a_nilpotent_matrix(width: int) -> None:
    """Its pseudospectra are discs, and its resolvent is a polynomial in 1/z."""

    def off(radius: float) -> float:
        inverse = scipy.linalg.toeplitz(np.zeros(width), radius ** -np.arange(1.0, width + 1))
        np.fill_diagonal(inverse, 1 / radius)
        return 1 / float(np.sqrt(scipy.linalg.eigvalsh(inverse.T @ inverse)[-1])) - PERTURBATION

    expected = scipy.optimize.brentq(off, 0.01, 2, xtol=1e-14)
    assert pseudospectral_abscissa(shift(width)) == pytest.approx(expected, rel=1e-7)
    if width == 2:
        closed = np.sqrt(PERTURBATION * (1 + PERTURBATION))
        assert expected == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize("name", ["grcar", "random", "one"])
@pytest.mark.parametrize("turned", [1, -1])
def test_pseudospectral_abscissa_against_a_walk_along_its_edge(name: str, turned: int) -> None:
    matrix = turned * FAMILIES[name]
    size = float(scipy.linalg.norm(matrix, 2))
    level, found = PERTURBATION * size, pseudospectral_abscissa(matrix)
    heights = np.linspace(0, size, 801)
    rights = [
        scipy.optimize.brentq(
            lambda x, y=y: resolvent(matrix, x + 1j * y) - level, found - 1e-3 * size, 2 * size
        )
        for y in heights
        if resolvent(matrix, found - 1e-3 * size + 1j * y) < level
    ]
    assert found == pytest.approx(max(rights), abs=1e-4 * size)
    assert found >= max(rights) - 1e-8 * size
    # It is attained: the perturbation that makes z an eigenvalue has rank one and norm eps.
    random = np.random.default_rng(2)
    for _ in range(50):
        other = random.standard_normal(matrix.shape)
        other *= level / scipy.linalg.norm(other, 2)
        assert np.linalg.eigvals(matrix + other).real.max() <= found + 1e-8 * size


def test_the_pseudospectral_abscissa_of_nothing() -> None:
    assert pseudospectral_abscissa(np.zeros((4, 4))) == 0
    scaled = [pseudospectral_abscissa(factor * grcar(7)) / factor for factor in (1e-9, 1, 1e9)]
    np.testing.assert_allclose(scaled, scaled[1], rtol=1e-9)


# --- what is not exact ---------------------------------------------------------------------------


def hidden(seed: int, width: int, far: float) -> tuple[Array, Array]:
    """A matrix with known eigenvalues, the less normal the larger `far`."""
    random = np.random.default_rng(seed)
    values = np.linspace(1, 2, width)
    triangle = np.diag(values) + far * np.triu(random.standard_normal((width, width)), 1)
    basis = orthogonal(seed, width)
    return basis @ triangle @ basis.T, values


@pytest.mark.parametrize("far", [0.0, 0.1, 1.0, 3.0])
def test_error_bars_hold_and_are_not_idle(far: float) -> None:
    ratios = []
    for seed in range(8):
        matrix, values = hidden(seed, 12, far)
        found = spectrum(matrix)
        order = np.argsort(found.eigenvalues.real)
        off = np.abs(found.eigenvalues[order] - values)
        errors = found.errors[order]
        known = errors < 1e-3
        assert (off[known] <= 20 * errors[known]).all()
        ratios.append((off.max() + EPS) / errors.max())
    assert max(ratios) > 1e-3


def test_the_error_bar_of_grcars_matrix_against_fifty_digits() -> None:
    matrix = grcar(14)
    found = spectrum(matrix, STEP)
    with mpmath.workdps(50):
        exact = np.array([complex(v) for v in mpmath.eig(mpmath.matrix(matrix.tolist()))[0]])
    off = np.abs(found.eigenvalues[:, None] - exact).min(1)
    assert (off <= 20 * found.errors).all() and found.errors.max() > 10 * EPS
    assert found.abscissa == pytest.approx(exact.real.max(), abs=20 * found.errors.max())
    assert found.indices["abscissa"] == found.abscissa


def test_ill_conditioned_indices_are_flagged() -> None:
    wild = orthogonal(1, 40) @ np.triu(np.random.default_rng(1).standard_normal((40, 40)), 1)
    wild = wild @ orthogonal(1, 40).T  # nilpotent: every eigenvalue is 0
    for name in ("spectral-radius", "mean-modulus", "ratio-modulus", "abscissa"):
        assert flagged(name, wild), name
        assert not flagged(name, np.diag([-1.0, -2.0, 3.0])), name
    assert flagged("ratio-real", wild) and not flagged("ratio-real", np.diag([-1.0, -2.0, 3.0]))
    # At the edge of the disc rounding decides: eigenvalues near 0 that move by far.
    assert flagged("unstable", 100 * wild)
    assert not flagged("spectral-radius", np.zeros((3, 3)))
    _, fractions = layer_indices(np.stack([wild, np.eye(40)])[None, None], ["spectral-radius"])
    assert fractions["spectral-radius"] == 0.5


@pytest.mark.parametrize("width", [1, 2, 6, 20])
def test_the_condition_of_the_radius_is_known_without_all_eigenvalues(width: int) -> None:
    random = np.random.default_rng(width)
    slopes, weight = random.uniform(0, 1, (3, 4, width)), random.standard_normal((3, width, width))
    weight[1] = np.triu(weight[1]) + 3 * np.triu(np.ones((width, width)), 1)
    quick, whole = LayerMatrices(slopes, weight), Matrices(slopes[..., None] * weight[:, None])
    np.testing.assert_allclose(quick.radius, whole.radius, rtol=1e-7)
    np.testing.assert_allclose(quick.radius_error, whole.radius_error, rtol=1e-3)
    for flags in (INDICES["spectral-radius"].flags(m) for m in (quick, whole)):
        assert flags.shape == (3, 4)


# --- layers, means, networks ---------------------------------------------------------------------


def test_the_quick_way_gives_the_same_numbers_whatever_the_threads() -> None:
    random = np.random.default_rng(8)
    slopes, weight = random.uniform(0, 1, (2, 5, 3, 6)), random.standard_normal((2, 5, 6, 6))
    slopes[0, 1, 2, 0], weight[1, 3, 0, 0] = np.nan, np.inf
    names = [name for name in WATCHABLE if name != "analytic"]
    values, fractions = measured(slopes, weight, names, WATCHABLE, step=STEP)
    jacobians = slopes[..., None] * weight[:, :, None]
    expected, expected_fractions = layer_indices(jacobians, names, WATCHABLE, STEP)
    assert list(values) == names and fractions.keys() == expected_fractions.keys()
    for name in names:
        np.testing.assert_allclose(values[name], expected[name], rtol=1e-7, err_msg=name)
        again = measured(slopes, weight, [name], WATCHABLE, 3, STEP)[0][name]
        np.testing.assert_allclose(again, values[name], rtol=1e-7, err_msg=name)
        if name not in ("spectral-radius", "singular"):  # which may come from all of them
            np.testing.assert_array_equal(again, values[name], err_msg=name)
    for name, fraction in fractions.items():
        np.testing.assert_array_equal(fraction, expected_fractions[name], err_msg=name)


def test_an_index_of_a_step_needs_its_size() -> None:
    for name, found in INDICES.items():
        matrices = Matrices(np.eye(3)[None, None])
        if found.of_step:
            with pytest.raises(ValueError, match="needs the step size"):
                found.value(matrices)
        else:
            assert found.value(matrices).shape == (1, 1), name


def test_the_networks_index_follows_as_it_is_declared() -> None:
    layers = np.array([[1.0, np.nan, 4.0], [2.0, 3.0, np.nan], [np.nan] * 3])
    expected = {
        "sum": [5, 5],
        "mean": [2.5, 2.5],
        "max": [4, 3],
        "min": [1, 2],
        "last": [4, np.nan],
    }
    declared = {index.over for index in INDICES.values()}  # steps of a neural ODE are `min`
    assert expected.keys() == OVER.keys() == declared | {"min"}
    for over, values in expected.items():
        np.testing.assert_array_equal(network_index(layers, over), [*values, np.nan])  # type: ignore[arg-type]
    assert ILL_CONDITIONED > EPS


def test_proportional_indices_say_so() -> None:
    """What is of unit 1/time doubles with J, and nothing else does."""
    matrix = FAMILIES["random"]
    for name, found in INDICES.items():
        if not found.of_step:
            doubled = index(name, 2 * matrix) == pytest.approx(2 * index(name, matrix), rel=1e-9)
            assert doubled == (found.unit == "1/time"), name
