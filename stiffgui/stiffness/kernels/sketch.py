"""The sketch of a layer's Jacobians with its gradient; `sketch_products.Products` says the same
for all layers of many trials at once.

Letters for shapes: P samples, q vectors a sample, M = P q rows, k the power, w width.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stiffgui.kernels.blas import times, times_transposed
from stiffgui.kernels.compiler import compiled, inner

Array = NDArray[Any]
RESCALE = 8  # products between two rescalings


class Rows(NamedTuple):
    """Room for the products of one layer, used again by the next."""

    u: Array  # [k, M, w]
    scaled: Array  # [M, w]
    g: Array  # [M, w]
    on_rows: Array  # [M, w]
    turned: Array  # [w, w]: W^T
    norms: Array  # [k + 1, M], float64
    values: Array  # [M], float64


@compiled
def signs(bits: Array, first: int, into: Array) -> None:
    """Random signs / sqrt(w) [M, w] from bit `first` on."""
    root = into.dtype.type(into.shape[1] ** -0.5)
    flat, shift = into.reshape(into.size), first & 7
    quick = (into.size - 1) // 8  # eight at a time, the last ones singly
    for k in range(quick):
        byte = (first >> 3) + k
        eight = (np.int32(bits[byte]) | np.int32(bits[byte + 1]) << 8) >> shift
        for q in range(8):
            flat[8 * k + q] = root if (eight >> q) & 1 else -root
    for i in range(8 * quick, into.size):
        bit = first + i
        flat[i] = root if (bits[bit >> 3] >> (bit & 7)) & 1 else -root


@inner
def _times(a: Array, b: Array, into: Array) -> None:
    """Elementwise; flat loops are the fast ones."""
    for i in range(a.size):
        into[i] = a[i] * b[i]


@inner
def _lengths(rows: Array, into: Array) -> None:
    """Norms of [M, w]: [M]."""
    for i in range(rows.shape[0]):
        total = rows.dtype.type(0)
        for c in range(rows.shape[1]):
            total += rows[i, c] * rows[i, c]
        into[i] = math.sqrt(total)


@inner
def _divide(rows: Array, by: Array, into: Array) -> None:
    """[M, w] by a number each, [M]."""
    for i in range(rows.shape[0]):
        factor = rows.dtype.type(1 / by[i])
        for c in range(rows.shape[1]):
            into[i, c] = rows[i, c] * factor


@inner
def _turn(matrix: Array, into: Array) -> None:
    """The transposed matrix."""
    for a in range(into.shape[0]):
        for b in range(into.shape[1]):
            into[a, b] = matrix[b, a]


@inner
def _forward(weight: Array, turned: bool, smallest: float, v: Array, rows: Rows) -> None:
    """Products from v_0 on, `scaled` holding the slopes d: fills v, u, g = v_k, norms and values.

    norms: first J's own size, by which d is divided, then those divided by after each product, 1
    where that was none. value = (sqrt(w) ||J^k r||)^(1/k).
    """
    power, count, width = rows.u.shape
    size = count * width
    scaled, norms = rows.scaled, rows.norms
    flat = scaled.reshape(size)
    for j in range(power):
        some = v[j * count : (j + 1) * count]
        if turned:
            times(some, rows.turned, rows.u[j], 1.0, 0.0)
        else:
            times_transposed(some, weight, rows.u[j], 1.0, 0.0)
        after = rows.g if j + 1 == power else v[(j + 1) * count : (j + 2) * count]
        _times(rows.u[j].reshape(size), flat, after.reshape(size))
        if j == 0:
            _lengths(after, norms[0])
            for i in range(count):
                norms[0, i] = max(norms[0, i], smallest)
                rows.values[i] = power * math.log(norms[0, i]) + 0.5 * math.log(width)
            _divide(scaled, norms[0], scaled)
            _divide(after, norms[0], after)
        norms[j + 1] = 1
        if j + 1 == power or j % RESCALE == RESCALE - 1:
            _lengths(after, norms[j + 1])
            for i in range(count):
                rows.values[i] += math.log(max(norms[j + 1, i], smallest))
            if j + 1 < power:
                for i in range(count):
                    norms[j + 1, i] = max(norms[j + 1, i], smallest)
                _divide(after, norms[j + 1], after)
    for i in range(count):
        rows.values[i] = math.exp(rows.values[i] / power)


@inner
def _of_samples(rows: Rows, vectors: int, smallest: float, into: Array) -> None:
    """(mean_q s_q^(2k))^(1/(2k)) of each sample [P]; g becomes its gradient by v_k.

    ds/dv_k = s v_k / (k |v_k|^2); a power that vanished has the floor and the gradient 0.
    """
    power = rows.u.shape[0]
    for i in range(into.size):
        first = i * vectors
        value = rows.values[first]
        if vectors > 1:
            values = rows.values[first : first + vectors]
            largest, mean = values.max(), 0.0
            for s in values:
                mean += (s / largest) ** (2 * power) / vectors
            value = largest * mean ** (0.5 / power)
        into[i] = value
        for r in range(first, first + vectors):
            end = rows.norms[power, r]
            share = 0.0 if end < smallest else value / (power * end * end)
            if vectors > 1:
                share *= (rows.values[r] / value) ** (2 * power) / vectors
            factor = rows.g.dtype.type(share)
            for c in range(rows.g.shape[1]):
                rows.g[r, c] *= factor


@inner
def _add_product(a: Array, b: Array, into: Array) -> None:
    for i in range(a.size):
        into[i] += a[i] * b[i]


@inner
def _backward(weight: Array, h: Array, rows: Rows) -> None:
    """From g, that by v_k: h_j = d g_(j+1) of all products, and d's gradient to `on_rows`."""
    power, count, width = rows.u.shape
    size = count * width
    g, scaled, on = rows.g, rows.scaled.reshape(size), rows.on_rows.reshape(size)
    flat = g.reshape(size)
    on[:] = 0
    for j in range(power - 1, -1, -1):
        if j + 1 < power and j % RESCALE == RESCALE - 1:
            _divide(g, rows.norms[j + 1], g)
        into = h[j * count : (j + 1) * count]
        _times(flat, scaled, into.reshape(size))
        _add_product(flat, rows.u[j].reshape(size), on)
        if j:
            times(into, weight, g, 1.0, 0.0)
    _divide(rows.on_rows, rows.norms[0], rows.on_rows)


@inner
def _spread(slopes: Array, vectors: int, into: Array) -> None:
    """Columns of [w, m] as rows [M, w], each `vectors` times."""
    for r in range(into.shape[0]):
        i = r // vectors
        for c in range(into.shape[1]):
            into[r, c] = slopes[c, i]


@inner
def _collect(rows: Array, vectors: int, into: Array) -> None:
    """What `_spread` spread, summed: rows [M, w] to columns [w, P]."""
    for i in range(into.shape[1]):
        for c in range(into.shape[0]):
            into[c, i] = rows[i * vectors, c]
        for r in range(i * vectors + 1, (i + 1) * vectors):
            for c in range(into.shape[0]):
                into[c, i] += rows[r, c]


@compiled
def sketch(
    slopes: Array,
    weight: Array,
    vectors: int,
    bits: Array,
    first_bit: int,
    smallest: float,
    rows: Rows,
    v: Array,
    h: Array,
    values: Array,
    on_slopes: Array,
) -> None:
    """Proxies [P] of J = diag(slopes) W and, sample by sample, their gradients by the slopes.

    Of the first P columns of slopes [w, m], to on_slopes [w, P]; the gradient by W of
    sum_i f_i s_i is sum_j (f h_j)^T v_j of v and h [k M, w]. bits: bytes, a bit for every
    component of r, sample by sample; smallest: the floor of a norm.
    """
    # BLAS takes half as long without a transposed operand; turning W costs as much as a few rows.
    turned = rows.u.shape[0] * rows.u.shape[1] >= weight.shape[0]
    if turned:
        _turn(weight, rows.turned)
    _spread(slopes, vectors, rows.scaled)
    signs(bits, first_bit, v[: rows.u.shape[1]])
    _forward(weight, turned, smallest, v, rows)
    _of_samples(rows, vectors, smallest, values)
    _backward(weight, h, rows)
    _collect(rows.on_rows, vectors, on_slopes)
