"""Exact stiffness indices, by LAPACK in float64, without gradients: what people are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)


class Matrices:
    """A batch of matrices [..., w, w] whose spectra are computed once, when first asked for."""

    def __init__(self, jacobians: Array) -> None:
        self.jacobians = np.asarray(jacobians, dtype=np.float64)

    @cached_property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """[..., w], as LAPACK orders them."""
        return np.asarray(np.linalg.eigvals(self.jacobians), dtype=np.complex128)

    @cached_property
    def singular_values(self) -> Array:
        """[..., w], descending."""
        return np.asarray(np.linalg.svd(self.jacobians, compute_uv=False), dtype=np.float64)


@dataclass(frozen=True)
class Index:
    """`value(matrices)` gives [...]; NaN where the index is undefined.

    `flagged(matrices)` marks undefined or floored matrices; `flag` is the word for it.
    `logarithmic`: whether an axis of its values is best logarithmic.
    """

    title: str
    help: str
    value: Callable[[Matrices], Array]
    flagged: Callable[[Matrices], NDArray[np.bool_]] | None = None
    flag: str = ""
    logarithmic: bool = True


def _ratio_real(m: Matrices) -> Array:
    decaying = np.where(m.eigenvalues.real < 0, m.eigenvalues.real, np.nan)
    undefined = _fewer_than_two_decay(m)
    safe = np.where(undefined[..., None], -1.0, decaying)
    slowest, fastest = -np.nanmax(safe, axis=-1), -np.nanmin(safe, axis=-1)
    return np.where(undefined, np.nan, np.log10(fastest) - np.log10(slowest))


def _fewer_than_two_decay(m: Matrices) -> NDArray[np.bool_]:
    return np.asarray((m.eigenvalues.real < 0).sum(-1) < 2)


def _floored_log_ratio(large: Array, small: Array) -> Array:
    """log10(large / small) with small floored at eps * large; 0 for a zero matrix."""
    safe = np.where(large > 0, large, 1.0)
    return -np.log10(np.maximum(np.where(large > 0, small / safe, 1.0), EPS))


def _modulus_ends(m: Matrices) -> tuple[Array, Array]:
    moduli = np.abs(m.eigenvalues)
    return moduli.max(-1), moduli.min(-1)


def _singular_ends(m: Matrices) -> tuple[Array, Array]:
    return m.singular_values[..., 0], m.singular_values[..., -1]


def _is_floored(large: Array, small: Array) -> NDArray[np.bool_]:
    return (large > 0) & (small <= EPS * large)


INDICES: dict[str, Index] = {
    "frobenius": Index(
        "Frobenius norm",
        "||J||_F, an upper bound of the singular values",
        lambda m: np.linalg.norm(m.jacobians, axis=(-2, -1)),
    ),
    "singular": Index(
        "Singular value",
        "sigma_1, the largest singular value",
        lambda m: m.singular_values[..., 0],
    ),
    "spectral-radius": Index(
        "Spectral radius",
        "|l_1|, the largest modulus of an eigenvalue",
        lambda m: np.abs(m.eigenvalues).max(-1),
    ),
    "mean-modulus": Index(
        "Mean modulus",
        "mean of |l_k| over the eigenvalues",
        lambda m: np.abs(m.eigenvalues).mean(-1),
    ),
    "condition": Index(
        "Condition, log10",
        "log10 of sigma_1/sigma_w, floored at machine precision",
        lambda m: _floored_log_ratio(*_singular_ends(m)),
        lambda m: _is_floored(*_singular_ends(m)),
        "floored",
        logarithmic=False,
    ),
    "ratio-real": Index(
        "Stiffness ratio, log10",
        "log10 of Re(l_min)/Re(l_max) over decaying eigenvalues; undefined with fewer than two",
        _ratio_real,
        _fewer_than_two_decay,
        "undefined",
        logarithmic=False,
    ),
    "ratio-modulus": Index(
        "Modulus ratio, log10",
        "log10 of |l_1|/|l_w|, floored at machine precision",
        lambda m: _floored_log_ratio(*_modulus_ends(m)),
        lambda m: _is_floored(*_modulus_ends(m)),
        "floored",
        logarithmic=False,
    ),
}


def layer_indices(
    jacobians: Array, names: Iterable[str], known: Mapping[str, Index] = INDICES
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Indices per trial and layer from jacobians [R, N, B, w, w]: mean over samples [R, N].

    `known`: what the names mean. The second dictionary holds, for indices that can be undefined,
    floored or not converged, the fraction of samples for which they were. Undefined samples are
    left out of the mean; where all are, the layer's index is NaN. Jacobians that are not finite
    give NaN throughout.
    """
    finite = np.asarray(np.isfinite(jacobians).all((-2, -1)))
    matrices = Matrices(np.where(finite[..., None, None], jacobians, 0.0))
    values, fractions = {}, {}
    for name in names:
        index = known[name]
        sample = np.where(finite, index.value(matrices), np.nan)
        defined = np.isfinite(sample)
        count = defined.sum(-1)
        total = np.where(defined, sample, 0.0).sum(-1)
        values[name] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        if index.flagged is not None:
            fractions[name] = index.flagged(matrices).mean(-1, dtype=np.float64)
    return values, fractions


def network_index(layers: Array) -> Array:
    """The network's index: the sum over layers [..., N] -> [...] (NaN layers are left out)."""
    known = np.isfinite(layers)
    total: Any = np.where(known, layers, 0.0).sum(-1)
    return np.where(known.any(-1), total, np.nan)
