"""Indices of the layers of networks: means over probe samples, and what is doubtful among them.

Letters for shapes: R trials, N layers, L some of them, B samples, w width.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from stiffgui.kernels.threads import share
from stiffgui.stiffness.eigen import Array
from stiffgui.stiffness.indices import INDICES, Bools, Index
from stiffgui.stiffness.matrices import LayerMatrices, Matrices

ROOM = 2**19  # bytes of Jacobians that a thread works on at a time, of one layer at least


def layer_indices(
    jacobians: Array,
    names: Iterable[str],
    known: Mapping[str, Index] = INDICES,
    step: float | None = None,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Indices per trial and layer from jacobians [R, N, B, w, w]: mean over samples [R, N].

    `known`: what the names mean; `step`: the step size a, without which indices that need it raise
    ValueError. The second dictionary holds, for indices that can be undefined, floored,
    ill-conditioned or not converged, the fraction of samples for which they were. Undefined samples
    are left out of the mean; where all are, the layer's index is NaN. Jacobians that are not finite
    (or sums of a row's entries) give NaN throughout, in products from that layer on. By LAPACK.
    """
    finite = np.isfinite(np.abs(jacobians).max((-2, -1)) * _margin(jacobians.shape[-1], step))
    matrices = Matrices(np.where(finite[..., None, None], jacobians, 0.0), step=step)
    return _means(matrices, finite, names, known)


def measured(
    slopes: Array,
    weight: Array,
    names: Sequence[str],
    known: Mapping[str, Index] = INDICES,
    threads: int = 1,
    step: float | None = None,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """As `layer_indices` of J = diag(slopes) weight, [R, N, B, w] and [R, N, w, w], but quickly.

    Computes what is asked for and no more; see `LayerMatrices`. Layers are shared among threads,
    and the numbers do not depend on how many there are.
    """
    trials, depth, samples, width = slopes.shape
    some = min(depth, max(1, ROOM // (8 * samples * width**2)))
    # A product takes all layers, one at a time; everything else some of them at once.
    products = [name for name in names if known[name].needs == "layers"]
    others = [name for name in names if name not in products]
    parts = [
        ((r, slice(n, n + size)), asked)
        for asked, size in ((products, depth), (others, some))
        for r in range(trials)
        for n in range(0, depth, size)
        if asked
    ]  # of sizes alone
    values = {name: np.empty((trials, depth)) for name in names}
    fractions = {name: np.empty((trials, depth)) for name in names if known[name].can_be_flagged}

    def work(part: tuple[tuple[int, slice], list[str]], thread: int) -> None:
        place, asked = part
        d, w = slopes[place], weight[place]
        with np.errstate(over="ignore", invalid="ignore"):  # of J, which is not formed for this
            sizes = d * np.abs(w).max(-1)[:, None] * _margin(width, step)
            finite = np.isfinite(sizes).all(-1)
        matrices = LayerMatrices(
            np.where(finite[..., None], d, 0.0), np.where(np.isfinite(w), w, 0.0), step
        )
        means, flagged = _means(matrices, finite, asked, known)
        for name, mean in means.items():
            values[name][place] = mean
        for name, fraction in flagged.items():
            fractions[name][place] = fraction

    share(parts, work, threads)
    return values, fractions


def _margin(width: int, step: float | None) -> float:
    """How many times its largest entry a number may be that is added up of J or I + a J."""
    return 4.0 * width * max(1.0, step or 0.0)


def _means(
    matrices: Matrices, finite: Bools, names: Iterable[str], known: Mapping[str, Index]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Means over samples [..., B] and flagged fractions; NaN where matrices are not `finite`."""
    values: dict[str, Array] = {}
    fractions = {}
    asked = list(names)
    # Those that need every eigenvalue or singular value first: the largest is among them.
    whole = ("eigenvalues", "singular-values")
    for name in sorted(asked, key=lambda name: known[name].needs not in whole):
        index = known[name]
        usable = finite
        if index.needs == "layers":
            usable = np.logical_and.accumulate(finite, axis=-2)
        sample = np.where(usable, index.value(matrices), np.nan)
        defined = np.isfinite(sample)
        count = defined.sum(-1)
        total = np.where(defined, sample, 0.0).sum(-1)
        values[name] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        if index.can_be_flagged:
            fractions[name] = index.flags(matrices).mean(-1, dtype=np.float64)
    return {name: values[name] for name in asked}, fractions
