"""Proxies and indices of c J for any c: c times that of J, or the same, and nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stiffgui.stiffness import PROXIES, WATCHABLE, kernels, proxy
from stiffgui.stiffness.measuring import measured
from stiffgui.stiffness.power import Power

FREE = ("condition", "ratio-real", "ratio-modulus")  # of c
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-12}


def _of_layers(
    name: str, slopes: torch.Tensor, weight: torch.Tensor, formed: bool
) -> list[torch.Tensor]:
    """Values [1, 2, 3], and their sum's gradients by d and W."""
    d, w = slopes.clone().requires_grad_(), weight.clone().requires_grad_()
    drawn = [torch.Generator().manual_seed(1)]
    chosen = proxy(name)
    if formed:
        values = chosen.value(d.unsqueeze(-1) * w.unsqueeze(2), drawn)
    else:
        values = chosen.of_layers(d, w, drawn)
    return [values.detach(), *torch.autograd.grad(values.sum(), [d, w])]


@given(
    seed=st.integers(0, 10**6),
    width=st.integers(2, 12),
    exponent=st.integers(-100, 100),
    name=st.sampled_from(list(PROXIES)),
    single=st.booleans(),
    formed=st.booleans(),
    device=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_a_proxy_follows_the_scale(
    seed: int, width: int, exponent: int, name: str, single: bool, formed: bool, device: bool
) -> None:
    """c = 2^-100 to 2^100, 1e-30 to 1e30: exact, so that J itself loses nothing."""
    if name == "analytic":
        width = min(width, 4)
    dtype = torch.float32 if single else torch.float64
    random, c = np.random.default_rng(seed), 2.0**exponent
    slopes = torch.tensor(random.uniform(0.3, 1, (1, 2, 3, width)), dtype=dtype)
    weight = torch.tensor(random.standard_normal((1, 2, width, width)), dtype=dtype)
    with pytest.MonkeyPatch.context() as patch:
        if device:
            patch.setattr(kernels, "serve", lambda tensor: False)
        plain = _of_layers(name, slopes, weight, formed)
        found = _of_layers(name, slopes, c * weight, formed)
    of_value = 1 if name in FREE else c
    scales = (of_value, of_value, of_value / c)
    for mine, expected, scale in zip(found, plain, scales, strict=True):
        off = mine.double() / scale - expected.double()
        size = expected.double().abs().max()
        accurate = TOLERANCE[dtype] if mine is found[0] or not single else 1e-3
        assert float(off.abs().max()) <= accurate * float(size)


@pytest.mark.parametrize("exponent", [-500, -100, -40, 40, 100, 500])
@pytest.mark.parametrize("name", WATCHABLE)
def test_an_index_follows_the_scale(name: str, exponent: int) -> None:
    random, index, c = np.random.default_rng(3), WATCHABLE[name], 2.0**exponent
    slopes, weight = random.uniform(0.3, 1, (1, 2, 3, 4)), random.standard_normal((1, 2, 4, 4))
    # a J is the same where the step is what c leaves of it.
    plain, flagged = measured(slopes, weight, [name], WATCHABLE, step=0.1)
    found, marks = measured(slopes, c * weight, [name], WATCHABLE, step=0.1 / c)
    scale = c if index.unit and name not in FREE else 1
    np.testing.assert_allclose(found[name] / scale, plain[name], rtol=1e-9)
    np.testing.assert_equal(marks, flagged)


@pytest.mark.parametrize("c", [1e-30, 1e-19, 1e-10, 1e10, 1e19, 1e30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_lapack_says_at_any_scale(c: float, dtype: torch.dtype) -> None:
    matrix = c * np.random.default_rng(0).standard_normal((1, 20, 20))
    matrix[0, 0, 0] += 30 * c  # one eigenvalue stands out
    tensor = torch.tensor(matrix, dtype=dtype)
    exact = tensor[0].double().numpy()
    radius = np.abs(np.linalg.eigvals(exact)).max()
    expected = {
        "frobenius": np.linalg.norm(exact / c) * c,
        "singular": np.linalg.norm(exact / c, 2) * c,
        "spectral-radius": radius,
        "power": radius,
    }
    for name, value in expected.items():
        assert float(proxy(name).value(tensor)) == pytest.approx(value, rel=1e-5), name
    assert float(proxy("gelfand").value(tensor)) == pytest.approx(radius, rel=5e-3)
    assert float(Power().residual(tensor)) < 1e-5
    zero = torch.zeros(1, 3, 3, dtype=dtype)
    assert float(proxy("frobenius").value(zero)) == float(proxy("power").value(zero)) == 0
