"""How a whole network amplifies what is put in: singular values of its product of layers.

A perturbation passes explicit Euler's layers as P_n = (I + a J_n) ... (I + a J_1). The product is
kept as Q D T with Q orthogonal and the diagonal D as logarithms: neither growth nor decay leaves
the range of numbers, and small singular values are not lost beside large ones.

Sources: Loh & Gubernatis 1992, in Electronic Phase Transitions (Q D T); Tomas, Chang, Scalettar &
Bai 2012, Proc. IPDPS, 308 (columns sorted beforehand instead of pivoting).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEADING = 3  # singular values
APART = np.log(1e6)  # of a group that far below those before it, a decomposition of its own


def growth(jacobians: Iterable[Array], step: float) -> Array:
    """log sigma_i(P_n) of the leading singular values for n = 1..N, [N, ..., LEADING].

    `jacobians`: J_n [..., w, w] of one layer after another. NaN where there is no such singular
    value, or it is 0.
    """
    each: list[Array] = []
    q = np.empty(0)
    for jacobian in jacobians:
        if not each:
            t = np.broadcast_to(np.eye(jacobian.shape[-1]), jacobian.shape)
            q, logs = t, np.zeros(jacobian.shape[:-1])
        image = q + step * (jacobian @ q)
        order = np.argsort(-_log(np.linalg.norm(image, axis=-2)) - logs, axis=-1)
        image, logs = np.take_along_axis(image, order[..., None, :], -1), _taken(logs, order)
        q, r = np.linalg.qr(image)
        # r D t = D' (D'^-1 r D) t, with rows of 1 at most in either factor.
        sizes = _log(r) + logs[..., None, :]
        logs = sizes.max(-1)
        scaled = np.sign(r) * np.exp(sizes - logs[..., None])
        t = scaled @ np.take_along_axis(t, order[..., None], -2)
        rows = np.abs(t).max(-1)
        t, logs = t / np.where(rows > 0, rows, 1)[..., None], logs + _log(rows)
        each.append(_leading(logs, t))
    return np.stack(each)


def _leading(logs: Array, t: Array) -> Array:
    """log sigma_i of D t, [..., LEADING], by a triangle whose columns fall as D does."""
    count = min(LEADING, logs.shape[-1])
    out = np.full((*logs.shape[:-1], LEADING), -np.inf)
    order = np.argsort(-logs, axis=-1)
    logs = _taken(logs, order)
    r = np.linalg.qr(np.take_along_axis(t, order[..., None], -2).swapaxes(-1, -2), mode="r")
    diagonal = logs + _log(np.diagonal(r, axis1=-2, axis2=-1))
    for first in range(count):
        # Beside what is so much larger, the rest of the triangle stands alone (to 1e-12).
        apart = diagonal[..., :first].min(-1, initial=np.inf) - logs[..., first] > APART
        block, sizes = r[apart][:, first:, first:], logs[apart][:, first:]
        scaled = block * np.exp(sizes - sizes[:, :1])[:, None]
        values = np.linalg.svd(scaled, compute_uv=False)[:, : count - first]
        with np.errstate(divide="ignore"):
            out[apart, first:count] = np.log(values) + sizes[:, :1]
    return np.where(np.isfinite(out), out, np.nan)


def _taken(values: Array, order: NDArray[np.intp]) -> Array:
    return np.take_along_axis(values, order, -1)


def _log(values: Array) -> Array:
    """log |x|, of 0 that of the smallest normal number."""
    return np.asarray(np.log(np.maximum(np.abs(values), np.finfo(np.float64).tiny)))
