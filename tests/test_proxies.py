"""Every proxy against LAPACK in float64: families of matrices, bounds, gradients, exactness."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stiffgui import presets
from stiffgui.errors import InputError
from stiffgui.stiffness import PROXIES, WATCHABLE, closed_form_eigenvalues, layer_indices, proxy
from stiffgui.stiffness.base import Proxy
from stiffgui.stiffness.matrices import Matrices
from stiffgui.stiffness.power import Power
from stiffgui.stiffness.sketch_products import random_signs
from stiffgui.training import Trainer

Array = NDArray[np.float64]
Random = np.random.Generator


def _orthogonal(random: Random, w: int) -> Array:
    return np.asarray(np.linalg.qr(random.standard_normal((w, w)))[0])


FAMILIES: dict[str, Callable[[Random, int], Array]] = {
    "random": lambda r, w: r.standard_normal((w, w)) / w**0.5,
    "defective": lambda r, w: 0.7 * np.eye(w) + np.diag(np.ones(w - 1), 1),
    "hidden defective": lambda r, w: (
        (q := _orthogonal(r, w)) @ (0.7 * np.eye(w) + np.diag(np.ones(w - 1), 1)) @ q.T
    ),
    "nilpotent": lambda r, w: np.triu(r.standard_normal((w, w)), 1),
    "nearly nilpotent": lambda r, w: (
        np.triu(r.standard_normal((w, w)), 1) + 1e-6 * r.standard_normal((w, w))
    ),
    "symmetric": lambda r, w: (a := r.standard_normal((w, w))) + a.T,
    "skew": lambda r, w: (a := r.standard_normal((w, w))) - a.T,
    "zero": lambda r, w: np.zeros((w, w)),
    "rank one": lambda r, w: np.outer(r.standard_normal(w), r.standard_normal(w)),
    "orthogonal": _orthogonal,
    "saturated": lambda r, w: (r.uniform(size=w) > 0.7)[:, None] * r.standard_normal((w, w)),
}
# Here eigenvalues are well-conditioned, so that LAPACK itself is right to rounding.
SOUND = ("random", "symmetric", "skew", "zero", "orthogonal")


def of_family(name: str, seed: int, width: int) -> Array:
    return np.asarray(FAMILIES[name](np.random.default_rng(seed), width))


def value_and_gradient(chosen: Proxy, matrix: Array, dtype: torch.dtype) -> tuple[float, Array]:
    tensor = torch.tensor(matrix, dtype=dtype)[None].requires_grad_()
    value = chosen.value(tensor, [torch.Generator().manual_seed(1)])
    value.sum().backward()
    assert tensor.grad is not None and value.dtype == tensor.grad.dtype == dtype
    return float(value.detach()), tensor.grad[0].double().numpy()


def layers_gradients(
    chosen: Proxy, slopes: torch.Tensor, weight: torch.Tensor, formed: bool
) -> list[torch.Tensor]:
    """Values, and gradients of a weighted sum of them, by `of_layers` or from formed Jacobians."""
    d, w = slopes.clone().requires_grad_(), weight.clone().requires_grad_()
    generators = [torch.Generator().manual_seed(r) for r in range(len(d))]
    if formed:
        values = chosen.value(d.unsqueeze(-1) * w.unsqueeze(2), generators)
    else:
        values = chosen.of_layers(d, w, generators)
    factors = torch.linspace(0.5, 2, values.numel(), dtype=values.dtype).view(values.shape)
    return [values.detach(), *torch.autograd.grad((values * factors).sum(), [d, w])]


@given(
    family=st.sampled_from(list(FAMILIES)),
    seed=st.integers(0, 10**6),
    width=st.integers(1, 64),
    exponent=st.integers(-8, 8),
    single=st.booleans(),
)
@example(family="defective", seed=0, width=8, exponent=6, single=True)  # Gelfand's was NaN once
@settings(max_examples=120, deadline=None)
def test_values_and_gradients_are_finite_and_within_their_bounds(
    family: str, seed: int, width: int, exponent: int, single: bool
) -> None:
    dtype = torch.float32 if single else torch.float64
    matrix = torch.tensor(10.0**exponent * of_family(family, seed, width), dtype=dtype)
    exact = matrix.double().numpy()  # what the proxy sees
    sigma = np.linalg.svd(exact, compute_uv=False)
    moduli = np.sort(np.abs(np.linalg.eigvals(exact)))[::-1]
    frobenius = np.linalg.norm(exact)
    slack, small = (1e-5, 1e-9 * frobenius) if single else (1e-10, 1e-12 * frobenius)
    found: dict[str, float] = {}
    for name in PROXIES:
        if name == "analytic" and width > 4:
            continue
        found[name], gradient = value_and_gradient(proxy(name), exact, dtype)
        assert np.isfinite(found[name]) and found[name] >= -small - 1e-6, name
        assert np.isfinite(gradient).all(), name
    up, down = 1 + slack, 1 - slack
    floor = 1e-18 if single else 1e-150  # a vanishing power is floored
    assert found["frobenius"] == pytest.approx(frobenius, rel=slack, abs=floor)
    assert found["singular"] == pytest.approx(sigma[0], rel=slack, abs=floor)
    assert found["frobenius"] * up + floor >= found["singular"]
    assert found["singular"] * up + floor >= found["spectral-radius"] * down - small
    assert found["spectral-radius"] * up + small >= found["mean-modulus"] * down
    assert moduli[-1] * up + small >= sigma[-1] * down - small
    assert found["power"] <= sigma[0] * 1.02 + small
    assert found["gelfand"] <= frobenius * up + floor ** (1 / 1024) * frobenius + floor
    # Defective eigenvalues move by eps^(1/w): there LAPACK's own radius is no bound.
    if family in SOUND:
        assert found["gelfand"] >= moduli[0] * (1 - 1e-4) - small
        assert found["spectral-radius"] == pytest.approx(moduli[0], rel=1e-6, abs=small)
        assert found["mean-modulus"] == pytest.approx(moduli.mean(), rel=1e-6, abs=small)
        if "analytic" in found:
            assert found["analytic"] == pytest.approx(moduli[0], rel=1e-5, abs=1e-6 * sigma[0])


@pytest.mark.parametrize("power", [1, 2, 8])
@pytest.mark.parametrize("vectors", [1, 3])
def test_a_sketch_is_at_most_its_vectors_times_sigma(power: int, vectors: int) -> None:
    chosen = proxy("gelfand-sketch", power=power, vectors=vectors)
    for family in FAMILIES:
        for width in (1, 4, 33):
            matrix = of_family(family, 3, width)
            drawn = torch.empty(1, vectors, width, dtype=torch.float64)
            random_signs(drawn, [torch.Generator().manual_seed(1)])
            drawn = drawn[0] * width**0.5
            value, _ = value_and_gradient(chosen, matrix, torch.float64)
            exact = np.linalg.matrix_power(matrix, power) @ drawn.numpy().T
            expected = (np.square(exact).sum(0).mean()) ** (1 / (2 * power))
            sigma = np.linalg.norm(matrix, 2)
            assert value == pytest.approx(expected, rel=1e-9, abs=1e-9 * sigma + 1e-19), family
            bound = width ** (1 / (2 * power)) * sigma
            assert value <= bound * (1 + 1e-12) + 1e-19


@pytest.mark.parametrize("vectors", [2, 5])
@pytest.mark.parametrize("power", [1, 4])
def test_several_vectors_are_unbiased_and_scatter_less(vectors: int, power: int) -> None:
    draws, width = 40_000, 6
    matrix = torch.tensor(of_family("random", 5, width))
    expected = np.linalg.norm(np.linalg.matrix_power(matrix.numpy(), power)) ** 2
    spread = {}
    for q in (1, vectors):
        chosen = proxy("gelfand-sketch", power=power, vectors=q)
        values = chosen.value(
            matrix.expand(1, draws, width, width), [torch.Generator().manual_seed(6)]
        )[0]
        squares = (values ** (2 * power)).numpy()  # w mean_q ||J^k r_q||^2
        error = squares.std() / draws**0.5
        assert abs(squares.mean() - expected) < 4 * error
        assert error < 0.03 * expected
        spread[q] = squares.std()
    assert spread[vectors] == pytest.approx(spread[1] / vectors**0.5, rel=0.1)


# --- hand-written gradients ------------------------------------------------------------------

VARIANTS = {
    **{name: proxy(name) for name in PROXIES if name != "analytic"},
    "sketch, three vectors": proxy("gelfand-sketch", power=3, vectors=3),
    "sketch, long": proxy("gelfand-sketch", power=20),
    "gelfand, short": proxy("gelfand", squarings=2),
    "power, one vector": proxy("power", variant="vector"),
}


def random_layers(width: int = 5, seed: int = 9) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(seed)
    slopes = torch.tensor(random.uniform(0, 1, (2, 3, 4, width)))
    return slopes, torch.tensor(random.standard_normal((2, 3, width, width)))


@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_of_layers_are_those_of_formed_jacobians(name: str) -> None:
    slopes, weight = random_layers()
    ours, plain = (
        layers_gradients(VARIANTS[name], slopes, weight, formed) for formed in (False, True)
    )
    for a, b in zip(ours, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)


def test_analytic_in_layers_and_batches() -> None:
    slopes, weight = random_layers(width=4)
    exact = layers_gradients(proxy("spectral-radius"), slopes, weight, False)
    for a, b in zip(layers_gradients(proxy("analytic"), slopes, weight, False), exact, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", [n for n in VARIANTS if "gelfand" in n or "sketch" in n])
def test_gradcheck_of_what_is_written_by_hand(name: str) -> None:
    slopes, weight = random_layers(width=4)

    def values(d: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        seeded = [torch.Generator().manual_seed(r) for r in range(2)]
        return VARIANTS[name].of_layers(d, w, seeded)

    inputs = slopes.requires_grad_(), weight.requires_grad_()
    assert torch.autograd.gradcheck(values, inputs, rtol=1e-4, atol=1e-6)


# --- the power method ------------------------------------------------------------------------


def test_a_converged_power_method_is_exact_and_says_so() -> None:
    matrices = np.stack([of_family("random", seed, 20) for seed in range(300)])
    radius = np.abs(np.linalg.eigvals(matrices)).max(-1)
    many: dict[str, float] = {}
    for variant in ("vector", "subspace"):
        chosen = Power(iterations=200, variant=variant)
        tensor, seeded = torch.tensor(matrices), torch.Generator()
        value = chosen.value(tensor[None], [seeded.manual_seed(2)])[0].numpy()
        residual = chosen.residual(tensor[None], [seeded.manual_seed(2)])[0].numpy()
        converged = residual < 1e-3
        np.testing.assert_allclose(value[converged], radius[converged], rtol=1e-4)
        assert (residual[np.abs(value / radius - 1) > 1e-2] > 1e-3).all()
        assert (residual >= 0).all() and (residual <= 1 + 1e-12).all()
        many[variant] = converged.mean()
    # One real vector does not converge to a complex pair, two do.
    real = np.array(
        [
            (np.linalg.eigvals(m)[np.argmax(np.abs(np.linalg.eigvals(m)))]).imag == 0
            for m in matrices
        ]
    )
    assert many["vector"] <= real.mean() + 0.01 < 0.7 < many["subspace"]


@pytest.mark.parametrize("blocks", [[3, 1], [-3, 1]], ids=["positive", "negative"])
@pytest.mark.parametrize("pair", [False, True])
def test_the_power_methods_gradient_is_exact_when_converged(blocks: list[int], pair: bool) -> None:
    diagonal = np.diag([float(blocks[0]), blocks[1], 0.5, 0.2, 0.1])
    if pair:
        diagonal[:2, :2] = [[blocks[0], 2], [-2, blocks[0]]]
    basis = np.random.default_rng(3).standard_normal((5, 5))
    matrix = basis @ diagonal @ np.linalg.inv(basis)
    value, gradient = value_and_gradient(proxy("power", iterations=60), matrix, torch.float64)
    exact, wanted = value_and_gradient(proxy("spectral-radius"), matrix, torch.float64)
    assert value == pytest.approx(exact, rel=1e-10)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-7, atol=1e-8)


# --- closed forms ----------------------------------------------------------------------------


@given(
    family=st.sampled_from(list(FAMILIES)),
    seed=st.integers(0, 10**6),
    width=st.integers(1, 4),
    exponent=st.integers(-100, 100),
)
@settings(max_examples=300, deadline=None)
def test_closed_form_eigenvalues_are_lapacks(
    family: str, seed: int, width: int, exponent: int
) -> None:
    matrix = of_family(family, seed, width)
    found = closed_form_eigenvalues(10.0**exponent * matrix) / 10.0**exponent
    expected = np.linalg.eigvals(matrix)
    distance = np.abs(found[:, None] - expected)
    # An m-fold eigenvalue is sharp to eps^(1/m) only, by LAPACK as by formula.
    tolerance = 1e-7 if family in ("random", "skew", "symmetric", "zero") else 1e-3
    assert max(distance.min(0).max(), distance.min(1).max()) <= tolerance * (
        1 + np.linalg.norm(matrix)
    )
    assert found.sum() == pytest.approx(np.trace(matrix), abs=1e-5 * (1 + np.linalg.norm(matrix)))


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_gradients_of_closed_forms(width: int) -> None:
    matrix = torch.tensor(of_family("random", 8, width), requires_grad=True)

    def sums(m: torch.Tensor) -> torch.Tensor:  # in no order, so of symmetric functions
        values = closed_form_eigenvalues(m)
        return torch.stack((values.abs().sum(), values.real.square().sum()))

    assert torch.autograd.gradcheck(sums, (matrix,), rtol=1e-5, atol=1e-7)


def test_widths_beyond_the_formulas_are_refused() -> None:
    with pytest.raises(InputError, match=r"architecture\.width"):
        proxy("analytic")(np.eye(5))
    changes = {"regularizer": "stiffness", "regularizer.proxy": "analytic"}
    for bad in (changes, {"watch.indices": "analytic"}):
        with pytest.raises(InputError, match=r"set architecture\.width to at most 4") as caught:
            presets["alpine02"].with_settings(bad)
        assert caught.value.key == "architecture.width"
        presets["alpine02"].with_settings(bad | {"architecture.width": 4})


# --- the exact radius as a penalty -----------------------------------------------------------


def trained(preset: str, epochs: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Slopes and weights of two networks after some epochs, float32."""
    trainer = Trainer(
        presets[preset].with_settings(
            {"training.epochs": epochs, "training.trials": 2, "watch.every": 1000}
        )
    )
    for _ in trainer:
        pass
    with torch.no_grad():
        run = trainer.network.forward(trainer.steps.x[:45].expand(2, -1, -1), 1)
    return run.slopes, trainer.network.weight.detach()


@pytest.mark.parametrize(("preset", "epochs"), [("alpine02", 40), ("alpine02-stiff", 30)])
def test_radius_of_trained_networks(preset: str, epochs: int) -> None:
    """Float32 squarings against LAPACK in float64 on the same matrices, value and gradient."""
    slopes, weight = trained(preset, epochs)
    tensor = (slopes.unsqueeze(-1) * weight.unsqueeze(2)).double()
    eigenvalues = torch.linalg.eigvals(tensor)
    moduli, order = eigenvalues.abs().sort(-1, descending=True)
    largest = eigenvalues.gather(-1, order[..., :1]).squeeze(-1)
    leaves = slopes.requires_grad_(), weight.requires_grad_()
    value = proxy("spectral-radius").of_layers(*leaves)
    error = (value.detach().double() / moduli[..., 0] - 1).abs()
    assert error.flatten().quantile(0.99) <= 1e-5
    # dp/dd of each matrix apart: a sample's row depends on that sample's Jacobian only.
    (ours,) = torch.autograd.grad(value.sum(), leaves[:1])
    # LAPACK sees the same rounded products: rounding alone moves a close pair's vectors by 1e-3.
    formed = tensor.detach().requires_grad_()
    (on_formed,) = torch.autograd.grad(proxy("spectral-radius").value(formed).sum(), formed)
    wanted = (on_formed * weight.detach().double().unsqueeze(2)).sum(-1)
    difference = (ours.double() - wanted).norm(dim=-1) / wanted.norm(dim=-1)
    # Separated: another modulus 1e-3 away, and so is the partner of a pair.
    nearly_real = largest.imag.abs() < 1e-3 * moduli[..., 0]
    pair = moduli[..., 0] - moduli[..., 1] < 1e-9 * moduli[..., 0]
    following = torch.where(pair, moduli[..., 2], moduli[..., 1])
    separated = (following < (1 - 1e-3) * moduli[..., 0]) & ~(pair & nearly_real)
    assert separated.double().mean() > 0.9 and (~pair).any()
    assert difference[separated].max() <= 1e-3


@pytest.mark.parametrize("kind", ["tiny", "real tie", "pairs tie", "nilpotent"])
def test_radius_where_it_is_delicate(kind: str) -> None:
    random = np.random.default_rng(4)
    basis = np.linalg.qr(random.standard_normal((8, 8)))[0]
    inner = np.diag([2.0, -2, 1, 0.5, 0.4, 0.3, 0.2, 0.1])
    if kind == "pairs tie":
        inner[:4, :4] = 0
        inner[:2, :2] = [[1.2, 1.6], [-1.6, 1.2]]
        inner[2:4, 2:4] = [[-1.6, 1.2], [-1.2, -1.6]]
    if kind == "nilpotent":
        inner = np.diag(np.ones(7), 1)
    if kind == "tiny":
        inner = 1e-12 * (inner + np.triu(random.standard_normal((8, 8)), 1))
    matrix = inner if kind == "nilpotent" else basis @ inner @ basis.T
    slopes = torch.ones(1, 1, 1, 8, requires_grad=True)
    weight = torch.tensor(matrix, dtype=torch.float32)[None, None].requires_grad_()
    value = proxy("spectral-radius").of_layers(slopes, weight)
    value.sum().backward()
    assert weight.grad is not None
    gradient = weight.grad[0, 0].double().numpy()
    seen = weight.detach()[0, 0].double().numpy()
    radius = np.abs(np.linalg.eigvals(seen)).max()
    assert float(value.detach()) == pytest.approx(radius, rel=1e-5, abs=1e-30)
    # |l| is homogeneous of degree 1: <gradient, J> = |l_1|, for a subgradient too.
    assert (gradient * seen).sum() == pytest.approx(radius, rel=1e-4, abs=1e-30)
    if kind == "real tie":  # the gradient of one of both
        choices = [s * np.outer(basis[:, k], basis[:, k]) for k, s in ((0, 1), (1, -1))]
        assert min(np.abs(gradient - c).max() for c in choices) < 1e-3
    if kind == "pairs tie":
        turns = [inner[k : k + 2, k : k + 2] / 2 for k in (0, 2)]
        planes = [basis[:, k : k + 2] for k in (0, 2)]
        choices = [p @ t @ p.T / 2 for p, t in zip(planes, turns, strict=True)]
        assert min(np.abs(gradient - c).max() for c in choices) < 1e-3


# --- proxies as watched indices --------------------------------------------------------------


def test_watched_proxies_are_those_of_float64_and_the_same_alone() -> None:
    jacobians = np.random.default_rng(1).standard_normal((3, 2, 4, 4, 4))
    values, flagged = layer_indices(jacobians, WATCHABLE, WATCHABLE, step=0.1)
    assert set(PROXIES) <= set(WATCHABLE)
    for name in ("gelfand", "analytic"):
        expected = proxy(name)(jacobians).mean(-1)
        np.testing.assert_allclose(values[name], expected, rtol=1e-12)
    alone, _ = layer_indices(jacobians[2:], WATCHABLE, WATCHABLE, step=0.1)
    for name in ("gelfand-sketch", "power"):
        np.testing.assert_allclose(values[name][2:], alone[name], rtol=1e-12)
    assert flagged["power"].shape == (3, 2)
    radius = np.abs(np.linalg.eigvals(jacobians)).max(-1).mean(-1)
    sure = flagged["power"] == 0
    np.testing.assert_allclose(values["power"][sure], radius[sure], rtol=1e-4)
    symmetric = np.diag([3.0, 1.0, 0.5])
    power = WATCHABLE["power"]
    assert power.flagged is not None and not power.flagged(Matrices(symmetric)).any()


def test_radius_without_waiting_is_bounded_and_mostly_the_same() -> None:
    """What a GPU does, on the CPU: right where it says so, finite and near the radius elsewhere."""
    from stiffgui.stiffness.dominant import by_lapack, without_waiting

    slopes, weight = trained("alpine02-stiff", 60)
    matrices = (slopes.unsqueeze(-1) * weight.unsqueeze(2)).flatten(0, 2)
    exact, found = by_lapack(matrices.double()), without_waiting(matrices)
    error = (found.radius / exact.radius - 1).abs()
    assert found.trusted.double().mean() > 0.9
    assert error[found.trusted].max() < 1e-5 and error.max() < 0.03
    wanted, got = (f.left.double().transpose(1, 2) @ f.right.double() for f in (exact, found))
    difference = (got - wanted).norm(dim=(1, 2)) / wanted.norm(dim=(1, 2))
    assert difference[found.trusted].quantile(0.99) < 1e-3
    for family in FAMILIES:
        for width in (1, 2, 5, 33):
            matrix = torch.tensor(of_family(family, 1, width), dtype=torch.float32)[None]
            found = without_waiting(matrix)
            assert all(torch.isfinite(part).all() for part in found), (family, width)
            bound = torch.linalg.matrix_norm(matrix, 2)
            assert (found.radius <= 1.02 * bound + 1e-12).all(), (family, width)


@pytest.mark.parametrize("given", [[[1, 2, 3]], "J", [[1.0, "a"], [2.0, 3.0]], 3.0])
def test_what_is_no_square_matrix_is_refused(given: object) -> None:
    with pytest.raises(InputError, match="matrices must"):
        proxy("spectral-radius")(given)


def test_lists_of_numbers_are_matrices() -> None:
    assert float(proxy("spectral-radius")([[0, 2], [-2, 0]])) == pytest.approx(2)
