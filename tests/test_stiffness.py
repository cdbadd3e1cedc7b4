"""Stiffness proxies, indices and spectra against LAPACK, finite differences and closed forms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from stiffgui.errors import InputError
from stiffgui.stiffness import (
    INDICES,
    PROXIES,
    layer_indices,
    network_index,
    proxy,
    spectrum,
)
from stiffgui.stiffness.eigen import EPS
from stiffgui.stiffness.matrices import Matrices

Array = NDArray[np.float64]


def normal(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


STEP = 0.1


def index(name: str, matrix: Array) -> Array:
    return np.asarray(INDICES[name].value(Matrices(matrix, step=STEP)))


# --- exact indices -------------------------------------------------------------------------


@given(seed=st.integers(0, 10**6), width=st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_indices_agree_with_lapack_and_their_bounds(seed: int, width: int) -> None:
    matrix = normal(seed, width, width)
    moduli = np.sort(np.abs(np.linalg.eigvals(matrix)))[::-1]
    sigma = np.linalg.svd(matrix, compute_uv=False)
    expected = {
        "frobenius": np.sqrt((matrix**2).sum()),
        "singular": sigma[0],
        "spectral-radius": moduli[0],
        "mean-modulus": moduli.mean(),
        "condition": np.log10(sigma[0] / sigma[-1]),
        "ratio-modulus": np.log10(moduli[0] / moduli[-1]),
    }
    for name, value in expected.items():
        assert index(name, matrix) == pytest.approx(value, rel=1e-10, abs=1e-10), name
    real = np.linalg.eigvals(matrix).real
    decaying = real[real < 0]
    ratio = index("ratio-real", matrix)
    if len(decaying) < 2:
        assert np.isnan(ratio)
    else:
        assert ratio == pytest.approx(np.log10(decaying.min() / decaying.max()), abs=1e-10)
    slack = 1 + 1e-10
    assert expected["frobenius"] * slack >= sigma[0]
    assert index("frobenius", matrix) * slack >= index("singular", matrix)
    assert index("singular", matrix) * slack >= index("spectral-radius", matrix)
    assert index("spectral-radius", matrix) * slack >= index("mean-modulus", matrix)
    assert moduli[0] * slack >= moduli[-1] >= sigma[-1] / slack
    with torch.no_grad():
        for name in ("frobenius", "singular", "spectral-radius", "mean-modulus", "condition"):
            assert proxy(name)(matrix) == pytest.approx(expected[name], rel=1e-9, abs=1e-9), name


def test_closed_forms() -> None:
    matrix = np.diag([-1.0, -100.0, 2.0])
    assert index("ratio-real", matrix) == pytest.approx(2, abs=1e-14)
    assert index("ratio-modulus", matrix) == pytest.approx(2, abs=1e-14)
    assert index("mean-modulus", matrix) == pytest.approx(103 / 3, rel=1e-14)
    assert index("frobenius", np.ones((4, 4))) == pytest.approx(4, rel=1e-14)
    rotation = 3 * np.array([[0.0, -1.0], [1.0, 0.0]])
    assert index("spectral-radius", rotation) == pytest.approx(3, rel=1e-14)
    assert index("ratio-real", np.diag([-1e140, -1e-130, -1e130])) == pytest.approx(10)


@given(seed=st.integers(0, 10**6), zeros=st.integers(1, 4), exponent=st.integers(-30, 30))
@settings(max_examples=60, deadline=None)
def test_rounding_zeros_do_not_decay(seed: int, zeros: int, exponent: int) -> None:
    """Known eigenvalues behind a basis change, some of them 0: LAPACK makes them +-1e-16 or so."""
    random, size = np.random.default_rng(seed), 10.0**exponent
    values = np.concatenate([[-1.0, -50.0, 3.0], np.zeros(zeros)])
    basis = random.standard_normal((len(values), len(values)))
    matrix = size * basis @ np.diag(values) @ np.linalg.inv(basis)
    if np.linalg.cond(basis) > 1e3:
        return
    assert index("ratio-real", matrix) == pytest.approx(np.log10(50), abs=1e-9)
    found = Matrices(matrix)
    assert found.decays.sum() == 2
    silent = basis @ np.diag(np.where(values < -1, 0, values)) @ np.linalg.inv(basis)
    assert np.isnan(index("ratio-real", silent))  # one decays


def test_floors() -> None:
    singular = np.diag([1.0, 0.0])
    for name in ("condition", "ratio-modulus"):
        assert index(name, singular) == pytest.approx(-np.log10(EPS))
        flagged = INDICES[name].flagged
        assert flagged is not None
        assert flagged(Matrices(singular))
        assert not flagged(Matrices(np.eye(2)))


def test_layer_indices_are_means_over_defined_samples() -> None:
    jacobians = normal(5, 2, 3, 4, 5, 5)  # R, N, B, w, w
    jacobians[0, 1, 2, 0, 0] = np.nan
    jacobians[1, 2] = np.inf
    values, fractions = layer_indices(jacobians, INDICES, step=STEP)
    assert set(values) == set(INDICES)
    of_eigenvalues = {"spectral-radius", "mean-modulus", "abscissa", "unstable"}
    assert set(fractions) == {"condition", "ratio-real", "ratio-modulus"} | of_eigenvalues
    for name in INDICES:
        assert values[name].shape == (2, 3)
        assert np.isnan(values[name][1, 2])
    radius = [np.abs(np.linalg.eigvals(jacobians[0, 1, i])).max() for i in (0, 1, 3)]
    assert values["spectral-radius"][0, 1] == pytest.approx(np.mean(radius), rel=1e-10)
    total = network_index(values["singular"])
    assert total.shape == (2,)
    assert total[0] == pytest.approx(values["singular"][0].sum())
    assert total[1] == pytest.approx(values["singular"][1, :2].sum())
    assert np.isnan(network_index(np.full(3, np.nan)))


def test_undefined_ratio_is_nan_with_its_fraction() -> None:
    jacobians = np.stack(
        [np.diag([-1.0, -10.0]), np.diag([1.0, -10.0]), np.diag([1.0, 2.0]), -np.eye(2)]
    )[None, None]
    values, fractions = layer_indices(jacobians, ["ratio-real"])
    assert fractions["ratio-real"][0, 0] == 0.5
    assert values["ratio-real"][0, 0] == pytest.approx(0.5)  # mean of log10 10 and log10 1
    values, fractions = layer_indices(jacobians[:, :, 1:3], ["ratio-real"])
    assert fractions["ratio-real"][0, 0] == 1
    assert np.isnan(values["ratio-real"][0, 0])


# --- gradients -------------------------------------------------------------------------------


def gradient(name: str, matrix: Array) -> Array:
    tensor = torch.tensor(matrix, requires_grad=True)
    proxy(name)(tensor).backward()
    assert tensor.grad is not None
    return np.asarray(tensor.grad.numpy())


def differences(function: Callable[[Array], Array], matrix: Array, h: float = 1e-6) -> Array:
    result = np.empty_like(matrix)
    for where in np.ndindex(*matrix.shape):
        shift = np.zeros_like(matrix)
        shift[where] = h
        result[where] = (function(matrix + shift) - function(matrix - shift)) / (2 * h)
    return result


def with_spectrum(blocks: list[Array], seed: int) -> Array:
    basis = np.linalg.qr(normal(seed, 6, 6))[0] + 0.1 * normal(seed + 1, 6, 6)
    return np.asarray(basis @ scipy.linalg.block_diag(*blocks) @ np.linalg.inv(basis))


REAL = [np.diag([-3.0, 2.2, 1.5, 0.8]), np.array([[0.3, -0.2], [0.2, 0.3]])]
COMPLEX = [np.array([[-1.0, -3.0], [3.0, -1.0]]), np.diag([2.2, -1.5, 0.8, 0.3])]


@pytest.mark.parametrize("blocks", [REAL, COMPLEX], ids=["real", "complex"])
@pytest.mark.parametrize(
    "name", ["spectral-radius", "mean-modulus", "singular", "condition", "frobenius"]
)
@pytest.mark.parametrize("seed", range(5))
def test_gradients_are_those_of_finite_differences(
    name: str, blocks: list[Array], seed: int
) -> None:
    matrix = with_spectrum(blocks, seed)
    expected = differences(lambda m: index(name, m), matrix)
    error = np.abs(gradient(name, matrix) - expected).max()
    assert error <= 1e-4 * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("name", ["gelfand", "gelfand-sketch"])
def test_gelfand_gradients_are_those_of_their_own_value(name: str) -> None:
    matrix = torch.tensor(with_spectrum(COMPLEX, 3), requires_grad=True)

    def value(m: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(1)
        return proxy(name)(m)

    assert torch.autograd.gradcheck(value, (matrix,), rtol=1e-4)


# --- special matrices: never NaN or infinite ---------------------------------------------------


def special(width: int) -> dict[str, Array]:
    rng = np.random.default_rng(width)
    square = rng.standard_normal((width, width))
    shift = np.diag(np.ones(width - 1), 1)
    return {
        "zero": np.zeros((width, width)),
        "identity": np.eye(width),
        "rank-one": np.outer(rng.standard_normal(width), rng.standard_normal(width)),
        "jordan": 0.5 * np.eye(width) + shift,
        "nilpotent": shift,
        "triangular nilpotent": np.triu(square, 1),
        "symmetric": square + square.T,
        "skew": square - square.T,
        "dead rows": square * (np.arange(width) % 2)[:, None],
        "large": 1e8 * square,
        "small": 1e-12 * square,
    }


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("width", [1, 2, 3, 5, 16, 33, 64])
def test_no_proxy_is_ever_nan(name: str, dtype: torch.dtype, width: int) -> None:
    if name == "analytic" and width > 4:
        return
    torch.manual_seed(0)
    for kind, matrix in special(width).items():
        tensor = torch.tensor(matrix, dtype=dtype, requires_grad=True)
        value = proxy(name)(tensor)
        value.backward()
        assert torch.isfinite(value), kind
        assert tensor.grad is not None
        assert torch.isfinite(tensor.grad).all(), kind
        slopes = torch.rand(1, 1, 2, width, dtype=dtype, requires_grad=True)
        weight = torch.tensor(matrix, dtype=dtype)[None, None].requires_grad_()
        layers = proxy(name).of_layers(slopes, weight, [torch.Generator().manual_seed(1)])
        layers.square().sum().backward()
        assert torch.isfinite(layers).all(), kind
        for leaf in (slopes, weight):
            assert leaf.grad is not None
            assert torch.isfinite(leaf.grad).all(), kind


@pytest.mark.parametrize("width", [1, 2, 8, 64])
def test_exact_values_survive_defective_matrices(width: int) -> None:
    for kind, matrix in special(width).items():
        for name in ("spectral-radius", "mean-modulus", "singular"):
            value, expected = float(proxy(name)(matrix)), float(index(name, matrix))
            assert value == pytest.approx(expected, rel=1e-6, abs=1e-9), (kind, name)


# --- Gelfand -----------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 10**6),
    width=st.integers(2, 30),
    squarings=st.integers(1, 12),
    normal_one=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_gelfand_lies_between_the_radius_and_its_bound(
    seed: int, width: int, squarings: int, normal_one: bool
) -> None:
    """(sqrt(w) cond(V))^(1/k), where cond(V) = 1 of a normal matrix only."""
    random = np.random.default_rng(seed)
    matrix = random.standard_normal((width, width))
    if normal_one:  # symmetric, skew, or a rotation
        matrix = (matrix + matrix.T, matrix - matrix.T, np.linalg.qr(matrix)[0])[seed % 3]
    values, vectors = np.linalg.eig(matrix)
    condition = 1.0 if normal_one else float(np.linalg.cond(vectors))
    radius, k = np.abs(values).max(), 2.0**squarings
    found = float(proxy("gelfand", squarings=squarings)(matrix))
    assert radius * (1 - 1e-9) <= found <= radius * (width**0.5 * condition) ** (1 / k) * (1 + 1e-9)


@pytest.mark.parametrize(("width", "off"), [(8, 0.042), (20, 0.101), (50, 0.229)])
def test_gelfand_of_a_jordan_block_is_far_above(width: int, off: float) -> None:
    """||J^k||_F by its entries, binomial(k, j) l^(k - j) on the j-th diagonal."""
    block = 0.7 * np.eye(width) + np.eye(width, k=1)
    found = float(proxy("gelfand")(block))
    logs = [
        2 * (gammaln(1025) - gammaln(j + 1) - gammaln(1025 - j) + (1024 - j) * np.log(0.7))
        + np.log(width - j)
        for j in range(width)
    ]
    assert found == pytest.approx(np.exp(logsumexp(logs) / 2048), rel=1e-9)
    assert found / 0.7 - 1 == pytest.approx(off, rel=0.02) and off > width ** (1 / 2048) - 1


def test_gelfand_is_near_the_radius() -> None:
    matrices = normal(7, 20, 50, 50) / 50**0.5
    radius = np.abs(np.linalg.eigvals(matrices)).max(-1)
    np.testing.assert_allclose(proxy("gelfand")(matrices), radius, rtol=1e-2)


@pytest.mark.parametrize("squarings", [1, 2, 5])
def test_gelfand_is_the_norm_of_the_power(squarings: int) -> None:
    matrix, k = normal(8, 6, 6), 2**squarings
    expected = np.linalg.norm(np.linalg.matrix_power(matrix, k)) ** (1 / k)
    assert proxy("gelfand", squarings=squarings)(matrix) == pytest.approx(expected, rel=1e-12)


def layers(seed: int = 9) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    slopes = torch.tensor(np.random.default_rng(seed).uniform(0, 1, (2, 3, 4, 5)))
    weight = torch.tensor(normal(seed + 1, 2, 3, 5, 5))
    return slopes, weight, slopes.unsqueeze(-1) * weight.unsqueeze(2)


@pytest.mark.parametrize("name", [n for n in PROXIES if n != "analytic"])
def test_of_layers_is_the_value_of_the_formed_jacobians(name: str) -> None:
    slopes, weight, jacobians = layers()
    chosen = proxy(name)
    generators = [[torch.Generator().manual_seed(s) for s in (4, 5)] for _ in range(2)]
    torch.testing.assert_close(
        chosen.of_layers(slopes, weight, generators[0]),
        chosen.value(jacobians, generators[1]),
        rtol=1e-11,
        atol=1e-13,
    )
    assert chosen.of_layers(slopes, weight, generators[0]).shape == (2, 3, 4)


def test_a_trials_random_vectors_do_not_depend_on_other_trials() -> None:
    slopes, weight, _ = layers()
    sketch = proxy("gelfand-sketch")
    both = sketch.of_layers(slopes, weight, [torch.Generator().manual_seed(s) for s in (4, 5)])
    alone = sketch.of_layers(slopes[1:], weight[1:], [torch.Generator().manual_seed(5)])
    torch.testing.assert_close(both[1:], alone, rtol=1e-12, atol=0)


@pytest.mark.parametrize("power", [1, 3, 8])
def test_the_sketch_is_unbiased(power: int) -> None:
    width, draws = 6, 200_000
    matrix = torch.tensor(normal(11, width, width) / width**0.5)
    sketch = proxy("gelfand-sketch", power=power)
    generator = torch.Generator().manual_seed(12)
    values = sketch.value(matrix.expand(1, draws, width, width), [generator])[0]
    # value^(2k) = w ||J^k r||^2, whose mean is ||J^k||_F^2.
    squares = (values ** (2 * power)).numpy()
    expected = np.linalg.norm(np.linalg.matrix_power(matrix.numpy(), power)) ** 2
    error = squares.std() / draws**0.5
    assert abs(squares.mean() - expected) < 4 * error
    assert error < 0.01 * expected


# --- spectra -----------------------------------------------------------------------------------


@given(seed=st.integers(0, 10**6), width=st.integers(1, 12))
@settings(max_examples=30, deadline=None)
def test_spectrum_against_scipy(seed: int, width: int) -> None:
    matrix = normal(seed, width, width)
    found = spectrum(matrix)
    values, left, right = scipy.linalg.eig(matrix, left=True, right=True)
    overlaps = np.abs((left.conj() * right).sum(0))  # columns are of unit norm
    assert (np.diff(np.abs(found.eigenvalues)) <= 1e-12).all()
    for value, condition in zip(values, 1 / overlaps, strict=True):
        nearest = np.abs(found.eigenvalues - value).argmin()
        assert abs(found.eigenvalues[nearest] - value) < 1e-9 * max(1, condition)
        if condition < 1e4:
            assert found.conditions[nearest] == pytest.approx(condition, rel=1e-5)
    triangle = scipy.linalg.schur(matrix, output="complex")[0]
    departure = np.linalg.norm(np.triu(triangle, 1))
    assert found.departure == pytest.approx(departure, rel=1e-6, abs=1e-6)
    assert found.abscissa == pytest.approx(values.real.max(), rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(found.time_scales, 1 / np.abs(found.eigenvalues.real))
    step = 0.3
    outside = np.abs(1 + step * values) > 1
    assert found.unstable(step).sum() == outside.sum()
    with_step = spectrum(matrix, step)
    assert with_step.indices.keys() - found.indices.keys() == {"step-norm", "unstable"}
    assert {"layers", "pseudospectrum"} == {
        INDICES[name].needs for name in INDICES.keys() - with_step.indices.keys()
    }
    assert with_step.indices["unstable"] == outside.mean()


def test_spectra_of_known_matrices() -> None:
    symmetric = normal(13, 5, 5)
    normal_one = spectrum(symmetric + symmetric.T)
    np.testing.assert_allclose(normal_one.conditions, 1, rtol=1e-10)
    assert normal_one.departure == pytest.approx(0, abs=1e-6)
    jordan = spectrum(np.array([[0.5, 1.0], [0.0, 0.5]]))
    assert np.isinf(jordan.conditions).all()
    assert jordan.departure == pytest.approx(1)
    nilpotent = spectrum(np.diag(np.ones(9), 1))
    assert np.isinf(nilpotent.conditions).all()
    assert np.isinf(nilpotent.time_scales).all()
    batch = spectrum(normal(14, 2, 3, 4, 4))
    assert batch.eigenvalues.shape == (2, 3, 4)
    assert batch.conditions.shape == (2, 3, 4)
    assert batch.departure.shape == (2, 3)
    assert spectrum(np.diag([-1.0, -100.0])).unstable(0.03).tolist() == [True, False]


@pytest.mark.parametrize("bad", [np.ones(3), np.ones((2, 3)), np.full((2, 2), np.nan)])
def test_what_has_no_spectrum(bad: Array) -> None:
    with pytest.raises(ValueError, match="a spectrum needs"):
        spectrum(bad)


def test_unknown_proxy() -> None:
    with pytest.raises(InputError, match="Did you mean gelfand"):
        proxy("gelfnd")
