"""Exact stiffness indices in float64, without gradients: what people are shown.

Letters for shapes: R trials, N layers, L some of them, B samples, w width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.kernels.threads import share

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)
ROOM = 2**19  # bytes of Jacobians that a thread works on at a time, of one layer at least

# What an index is made of: entries only; one number of LAPACK's, or all of them; a proxy's own way.
Need = Literal["norm", "largest", "radius", "singular-values", "eigenvalues", "proxy"]


class Matrices:
    """A batch of matrices [..., w, w], by LAPACK; what is needed is computed once, when first
    asked for. `eigenvalues` [..., w]: where they are known already."""

    def __init__(self, jacobians: Array, eigenvalues: NDArray[np.complex128] | None = None) -> None:
        self._given = np.asarray(jacobians, dtype=np.float64)
        if eigenvalues is not None:
            self.__dict__["eigenvalues"] = eigenvalues

    @property
    def jacobians(self) -> Array:
        """[..., w, w]."""
        return self._given

    @cached_property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """[..., w], as LAPACK orders them."""
        return np.asarray(np.linalg.eigvals(self.jacobians), dtype=np.complex128)

    @cached_property
    def singular_values(self) -> Array:
        """[..., w], descending."""
        return np.asarray(np.linalg.svd(self.jacobians, compute_uv=False), dtype=np.float64)

    @cached_property
    def norm(self) -> Array:
        """||J||_F [...]."""
        return np.asarray(np.linalg.norm(self.jacobians, axis=(-2, -1)))

    @cached_property
    def largest(self) -> Array:
        """sigma_1 [...]."""
        return np.asarray(self.singular_values[..., 0])

    @cached_property
    def radius(self) -> Array:
        """|l_1| [...]."""
        return np.asarray(np.abs(self.eigenvalues).max(-1))


class LayerMatrices(Matrices):
    """J = diag(d) W of layers: d [L, B, w], W [L, w, w]. What does not need J does not form it.

    sigma_1 and |l_1| alone come from `largest.py`, as close to LAPACK's as is said there; where
    all singular values or eigenvalues are known, from these.
    """

    def __init__(self, slopes: Array, weight: Array) -> None:
        self._slopes, self._weight = slopes, weight

    @cached_property
    def jacobians(self) -> Array:
        """[L, B, w, w]."""
        return np.asarray(self._slopes[..., None] * self._weight[:, None])

    @cached_property
    def norm(self) -> Array:
        """sqrt(sum_i d_i^2 |W_i|^2), [L, B]."""
        rows = np.square(self._weight).sum(-1)[..., None]
        return np.asarray(np.sqrt(np.square(self._slopes) @ rows)[..., 0])

    @cached_property
    def largest(self) -> Array:
        from stiffgui.stiffness.largest import singular_values

        if "singular_values" in self.__dict__:
            return super().largest
        return singular_values(self._slopes, self._weight)

    @cached_property
    def radius(self) -> Array:
        from stiffgui.stiffness.largest import spectral_radii

        return super().radius if "eigenvalues" in self.__dict__ else spectral_radii(self.jacobians)


@dataclass(frozen=True)
class Index:
    """`value(matrices)` gives [...]; NaN where the index is undefined.

    `flagged(matrices)` marks undefined or floored matrices; `flag` is the word for it.
    `logarithmic`: whether an axis of its values is best logarithmic. `needs`: what it is made of.
    """

    title: str
    help: str
    value: Callable[[Matrices], Array]
    flagged: Callable[[Matrices], NDArray[np.bool_]] | None = None
    flag: str = ""
    logarithmic: bool = True
    needs: Need = "eigenvalues"


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
        lambda m: m.norm,
        needs="norm",
    ),
    "singular": Index(
        "Singular value",
        "sigma_1, the largest singular value",
        lambda m: m.largest,
        needs="largest",
    ),
    "spectral-radius": Index(
        "Spectral radius",
        "|l_1|, the largest modulus of an eigenvalue",
        lambda m: m.radius,
        needs="radius",
    ),
    "mean-modulus": Index(
        "Mean modulus",
        "mean of |l_k| over the eigenvalues",
        lambda m: np.abs(m.eigenvalues).mean(-1),
        needs="eigenvalues",
    ),
    "condition": Index(
        "Condition, log10",
        "log10 of sigma_1/sigma_w, floored at machine precision",
        lambda m: _floored_log_ratio(*_singular_ends(m)),
        lambda m: _is_floored(*_singular_ends(m)),
        "floored",
        logarithmic=False,
        needs="singular-values",
    ),
    "ratio-real": Index(
        "Stiffness ratio, log10",
        "log10 of Re(l_min)/Re(l_max) over decaying eigenvalues; undefined with fewer than two",
        _ratio_real,
        _fewer_than_two_decay,
        "undefined",
        logarithmic=False,
        needs="eigenvalues",
    ),
    "ratio-modulus": Index(
        "Modulus ratio, log10",
        "log10 of |l_1|/|l_w|, floored at machine precision",
        lambda m: _floored_log_ratio(*_modulus_ends(m)),
        lambda m: _is_floored(*_modulus_ends(m)),
        "floored",
        logarithmic=False,
        needs="eigenvalues",
    ),
}


def layer_indices(
    jacobians: Array, names: Iterable[str], known: Mapping[str, Index] = INDICES
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Indices per trial and layer from jacobians [R, N, B, w, w]: mean over samples [R, N].

    `known`: what the names mean. The second dictionary holds, for indices that can be undefined,
    floored or not converged, the fraction of samples for which they were. Undefined samples are
    left out of the mean; where all are, the layer's index is NaN. Jacobians that are not finite
    give NaN throughout. By LAPACK.
    """
    finite = np.asarray(np.isfinite(jacobians).all((-2, -1)))
    matrices = Matrices(np.where(finite[..., None, None], jacobians, 0.0))
    return _means(matrices, finite, names, known)


def measured(
    slopes: Array,
    weight: Array,
    names: Sequence[str],
    known: Mapping[str, Index] = INDICES,
    threads: int = 1,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """As `layer_indices` of J = diag(slopes) weight, [R, N, B, w] and [R, N, w, w], but quickly.

    Computes what is asked for and no more; see `LayerMatrices`. Layers are shared among threads,
    and the numbers do not depend on how many there are.
    """
    trials, depth, samples, width = slopes.shape
    some = min(depth, max(1, ROOM // (8 * samples * width**2)))
    parts = [
        (r, slice(n, n + some)) for r in range(trials) for n in range(0, depth, some)
    ]  # of sizes alone
    values = {name: np.empty((trials, depth)) for name in names}
    fractions = {name: np.empty((trials, depth)) for name in names if known[name].flagged}

    def work(part: tuple[int, slice], thread: int) -> None:
        d, w = slopes[part], weight[part]
        with np.errstate(over="ignore", invalid="ignore"):  # of J, which is not formed for this
            finite = np.isfinite(d * np.abs(w).max(-1)[:, None]).all(-1)
        matrices = LayerMatrices(
            np.where(finite[..., None], d, 0.0), np.where(np.isfinite(w), w, 0.0)
        )
        means, flagged = _means(matrices, finite, names, known)
        for name in names:
            values[name][part] = means[name]
        for name, fraction in flagged.items():
            fractions[name][part] = fraction

    share(parts, work, threads)
    return values, fractions


def _means(
    matrices: Matrices, finite: NDArray[np.bool_], names: Iterable[str], known: Mapping[str, Index]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Means over samples [..., B] and flagged fractions; NaN where matrices are not `finite`."""
    values: dict[str, Array] = {}
    fractions = {}
    asked = list(names)
    # Those that need every eigenvalue or singular value first: the largest is among them.
    whole = ("eigenvalues", "singular-values")
    for name in sorted(asked, key=lambda name: known[name].needs not in whole):
        index = known[name]
        sample = np.where(finite, index.value(matrices), np.nan)
        defined = np.isfinite(sample)
        count = defined.sum(-1)
        total = np.where(defined, sample, 0.0).sum(-1)
        values[name] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        if index.flagged is not None:
            fractions[name] = index.flagged(matrices).mean(-1, dtype=np.float64)
    return {name: values[name] for name in asked}, fractions


def network_index(layers: Array) -> Array:
    """The network's index: the sum over layers [..., N] -> [...] (NaN layers are left out)."""
    known = np.isfinite(layers)
    total: Any = np.where(known, layers, 0.0).sum(-1)
    return np.where(known.any(-1), total, np.nan)
