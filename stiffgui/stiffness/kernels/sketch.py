"""The sketch's penalty and its gradient; `sketch_products.Products` says what is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from stiffgui.stiffness.base import PenaltyBatch, tiny
from stiffgui.stiffness.kernels.compiler import compiled
from stiffgui.stiffness.kernels.threads import share

Array = NDArray[Any]
RESCALE = 8  # products between two rescalings


def penalty_gradient(batch: PenaltyBatch, power: int, bits: list[Array]) -> Tensor:
    """As `Proxy.penalty_gradient`; a trial's bits decide its random signs, one each."""
    trials, depth, samples, width = batch.slopes.shape
    penalties = batch.slopes.new_empty(trials, samples)
    (d, w, on_d, on_w), p = batch.arrays(), penalties.numpy()
    smallest = tiny(batch.slopes) ** 0.5
    block = (power, samples, width)

    def room() -> tuple[Array, ...]:
        return tuple(np.empty(shape, d.dtype) for shape in ((depth, *block), block, block))

    def work(r: int, thread: int) -> None:
        u, v, h = batch.buffers.keep(("sketch", thread, depth, *block), room)
        sketch(d[r], w[r], bits[r], smallest, u, v, h, p[r], on_d[r], on_w[r])

    share(range(trials), work, batch.buffers.threads)
    return penalties


@compiled
def _signs(bits: Array, first: int, into: Array) -> None:
    """Random signs / sqrt(w) [B, w] from bit `first` on."""
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


@compiled
def _times(a: Array, b: Array, into: Array) -> None:
    """Elementwise, [B, w]; flat loops are the fast ones."""
    a, b, into = a.reshape(a.size), b.reshape(a.size), into.reshape(a.size)
    for i in range(a.size):
        into[i] = a[i] * b[i]


@compiled
def _lengths(rows: Array, into: Array) -> None:
    """Norms of [B, w]: [B]."""
    for i in range(rows.shape[0]):
        total = rows.dtype.type(0)
        for c in range(rows.shape[1]):
            total += rows[i, c] * rows[i, c]
        into[i] = math.sqrt(total)


@compiled
def _divide(rows: Array, by: Array, into: Array) -> None:
    """[B, w] by a number each, [B]."""
    for i in range(rows.shape[0]):
        factor = rows.dtype.type(1 / by[i])
        for c in range(rows.shape[1]):
            into[i, c] = rows[i, c] * factor


@compiled
def _forward(
    slopes: Array, weight: Array, smallest: float, v: Array, u: Array, norms: Array, last: Array
) -> Array:
    """Products of a layer from v[0] on: s [B]; fills v, u [k, B, w] and `last`, v_k.

    norms [k + 1, B]: first J's own size, by which d is divided, then those divided by after each
    product, 1 where that was none.
    """
    power, samples, width = u.shape
    scaled, transposed = np.empty_like(slopes), np.empty_like(weight)
    for a in range(width):  # BLAS takes half as long on rows
        for b in range(width):
            transposed[a, b] = weight[b, a]
    np.dot(v[0], transposed, u[0])
    _times(u[0], slopes, last)
    _lengths(last, norms[0])
    norms[0] = np.maximum(norms[0], smallest)
    _divide(slopes, norms[0], scaled)
    logarithms = power * np.log(norms[0])
    for j in range(power):
        if j:
            np.dot(v[j], transposed, u[j])
        vector = last if j + 1 == power else v[j + 1]
        _times(u[j], scaled, vector)
        norms[j + 1] = 1
        if j + 1 == power or j % RESCALE == RESCALE - 1:
            _lengths(vector, norms[j + 1])
            for i in range(samples):
                logarithms[i] += math.log(max(norms[j + 1, i], smallest))
            if j + 1 < power:
                norms[j + 1] = np.maximum(norms[j + 1], smallest)
                _divide(vector, norms[j + 1], vector)
    values: Array = np.exp((logarithms + 0.5 * math.log(width)) / power)
    return values


@compiled
def _backward(
    slopes: Array,
    weight: Array,
    v: Array,
    u: Array,
    h: Array,
    norms: Array,
    g: Array,
    grad_slopes: Array,
    on_weight: Array,
) -> None:
    """The gradients of a layer from g, that by v_k [B, w], and v_0; overwrites g, v and h.

    The v are made anew: those of all layers would push the network out of the cache.
    """
    power, samples, width = u.shape
    scaled = np.empty_like(slopes)
    _divide(slopes, norms[0], scaled)
    for j in range(power - 1):
        _times(u[j], scaled, v[j + 1])
        if j % RESCALE == RESCALE - 1:
            _divide(v[j + 1], norms[j + 1], v[j + 1])
    size = samples * width
    flat_g, flat_scaled, flat_on = g.reshape(size), scaled.reshape(size), grad_slopes.reshape(size)
    grad_slopes[:] = 0
    for j in range(power - 1, -1, -1):
        if j + 1 < power and j % RESCALE == RESCALE - 1:
            _divide(g, norms[j + 1], g)
        product, to = u[j].reshape(size), h[j].reshape(size)
        for i in range(size):
            flat_on[i] += flat_g[i] * product[i]
            to[i] = flat_g[i] * flat_scaled[i]
        if j:
            np.dot(h[j], weight, g)
    _divide(grad_slopes, norms[0], grad_slopes)
    rows = (power * samples, width)
    np.dot(h.reshape(rows).T, v.reshape(rows), on_weight)


@compiled
def sketch(
    slopes: Array,
    weight: Array,
    bits: Array,
    smallest: float,
    u: Array,
    v: Array,
    h: Array,
    penalty: Array,
    grad_slopes: Array,
    on_weight: Array,
) -> None:
    """p [B] of one trial, and the gradient of sum p^2 / 2 by slopes [N, B, w], weight [N, w, w].

    bits: bytes, a bit for every component of r; smallest: the floor of a norm. The last three
    arrays are overwritten.
    """
    layers, power, samples, width = u.shape
    norms, values = np.empty((layers, power + 1, samples)), np.empty((layers, samples))
    last = np.empty((layers, samples, width), slopes.dtype)
    penalty[:] = 0
    for n in range(layers):
        _signs(bits, n * samples * width, v[0])
        values[n] = _forward(slopes[n], weight[n], smallest, v, u[n], norms[n], last[n])
        for i in range(samples):
            penalty[i] += values[n, i]
    for n in range(layers):
        for i in range(samples):
            # ds/dv_k = s v_k / (k |v_k|^2); a power that vanished has the floor and the gradient 0.
            end = norms[n, power, i]
            share = 0.0 if end < smallest else penalty[i] * values[n, i] / (power * end * end)
            for c in range(width):
                last[n, i, c] *= share
        _signs(bits, n * samples * width, v[0])
        _backward(slopes[n], weight[n], v, u[n], h, norms[n], last[n], grad_slopes[n], on_weight[n])
