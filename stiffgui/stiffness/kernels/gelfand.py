"""Gelfand's penalty and its gradient; `squarings.Squarings` says what is computed."""

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
PARTS = 4  # of a trial's samples, whatever the number of threads


def penalty_gradient(batch: PenaltyBatch, squarings: int) -> Tensor:
    """As `Proxy.penalty_gradient`."""
    trials, depth, samples, width = batch.slopes.shape
    penalties, buffers = batch.slopes.new_empty(trials, samples), batch.buffers
    (d, w, on_d, on_w), p = batch.arrays(), penalties.numpy()
    smallest = tiny(batch.slopes) ** 0.5
    parts = min(PARTS, samples)
    added = buffers.keep(
        ("gelfand", trials, parts, depth, width),
        lambda: np.empty((trials, parts, depth, width, width), d.dtype),
    )

    def room() -> tuple[Array, ...]:
        return tuple(
            np.empty((count, width, width), d.dtype) for count in (squarings + 1, depth, 3)
        )

    def work(part: tuple[int, int], thread: int) -> None:
        r, k = part
        first, last = k * samples // parts, (k + 1) * samples // parts
        powers, slope, spare = buffers.keep(("gelfand", thread, squarings, depth, width), room)
        gelfand(d[r], w[r], first, last, smallest, powers, slope, spare, p[r], on_d[r], added[r, k])

    share([(r, k) for r in range(trials) for k in range(parts)], work, buffers.threads)
    added.sum(1, out=on_w)
    return penalties


@compiled
def _normalise(matrix: Array, smallest: float) -> float:
    """Divide by the Frobenius norm, at least `smallest`: the norm itself."""
    flat = matrix.reshape(matrix.size)
    total = matrix.dtype.type(0)
    for i in range(flat.size):
        total += flat[i] * flat[i]
    norm = math.sqrt(total)
    factor = matrix.dtype.type(1 / max(norm, smallest))
    for i in range(flat.size):
        flat[i] *= factor
    return norm


@compiled
def _value(powers: Array, norms: Array, smallest: float) -> float:
    """||J^k||_F^(1/k) from powers[0] = J^T; fills A_j = P_j / ||P_j|| and the norms."""
    logarithm, half = 0.0, 1.0
    for j in range(len(powers)):
        if j:
            np.dot(powers[j - 1], powers[j - 1], powers[j])
        norms[j] = _normalise(powers[j], smallest)
        logarithm += half * math.log(max(norms[j], smallest))
        half /= 2
    return math.exp(logarithm)


@compiled
def _derivative(powers: Array, norms: Array, spare: Array, into: Array) -> None:
    """d log ||J^k||_F / (k d J), to `into` [w, w]; spare [3, w, w].

    G_s = A_s / ||P_s||, G_j = (G_(j+1) A_j^T + A_j^T G_(j+1)) / ||P_j||. It is 0 where a power
    vanishes, and where it leaves the range of the numbers.
    """
    width, last = into.shape[0], len(powers) - 1
    slope, other, product = spare[0], spare[1], spare[2]
    size = width * width
    factor = slope.dtype.type(1 / (norms[last] * 2.0**last))
    slope[:] = powers[last].T
    flat = slope.reshape(size)
    for i in range(size):
        flat[i] *= factor
    for j in range(last - 1, -1, -1):
        np.dot(slope, powers[j], other)
        np.dot(powers[j], slope, product)
        factor = slope.dtype.type(1 / norms[j])
        a, b = other.reshape(size), product.reshape(size)
        for i in range(size):
            a[i] = (a[i] + b[i]) * factor
        slope, other = other, slope
    total = slope.dtype.type(0)
    a, b = slope.reshape(size), into.reshape(size)
    for i in range(size):
        b[i] = a[i]
        total += a[i]
    if not np.isfinite(total):
        into[:] = 0


@compiled
def gelfand(
    slopes: Array,
    weight: Array,
    first: int,
    last: int,
    smallest: float,
    powers: Array,
    slope: Array,
    spare: Array,
    penalty: Array,
    grad_slopes: Array,
    on_weight: Array,
) -> None:
    """p of the samples `first` to `last` of a trial, and the gradient of their sum p^2 / 2.

    slopes [N, B, w], weight [N, w, w]. Written to are these samples of penalty [B] and grad_slopes,
    and on_weight as a whole; powers [s + 1, w, w], slope [N, w, w], spare [3, w, w] are room.
    """
    layers, width = weight.shape[0], weight.shape[1]
    norms, values = np.empty(len(powers)), np.empty(layers)
    on_weight[:] = 0
    for i in range(first, last):
        total = 0.0
        for n in range(layers):
            for a in range(width):
                for b in range(width):
                    powers[0, b, a] = slopes[n, i, a] * weight[n, a, b]
            values[n] = _value(powers, norms, smallest)
            total += values[n]
            if norms.min() <= smallest:
                slope[n] = 0
            else:
                _derivative(powers, norms, spare, slope[n])
        penalty[i] = total
        for n in range(layers):
            factor = slope.dtype.type(total * values[n])
            for a in range(width):
                d, along = slopes[n, i, a] * factor, slope.dtype.type(0)
                for b in range(width):
                    along += slope[n, a, b] * weight[n, a, b]
                    on_weight[n, a, b] += d * slope[n, a, b]
                grad_slopes[n, i, a] = along * factor
