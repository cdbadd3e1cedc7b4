"""Gelfand's formula and its gradient, of one matrix; `squarings.Squarings` is that of many."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.kernels.blas import times
from stiffgui.kernels.compiler import compiled, inner

Array = NDArray[Any]


@inner
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


@inner
def _value(powers: Array, norms: Array, smallest: float) -> float:
    """||J^k||_F^(1/k) from powers[0] = J^T; fills A_j = P_j / ||P_j|| and the norms."""
    logarithm, half = 0.0, 1.0
    for j in range(len(powers)):
        if j:
            times(powers[j - 1], powers[j - 1], powers[j], 1.0, 0.0)
        norms[j] = _normalise(powers[j], smallest)
        logarithm += half * math.log(max(norms[j], smallest))
        half /= 2
    return math.exp(logarithm)


@inner
def _derivative(powers: Array, norms: Array, spare: Array, into: Array) -> None:
    """d log ||J^k||_F / (k d J), to `into` [w, w]; spare [2, w, w].

    G_s = A_s / ||P_s||, G_j = (G_(j+1) A_j^T + A_j^T G_(j+1)) / ||P_j||. It is 0 where a power
    vanishes, and where it leaves the range of the numbers.
    """
    width, last = into.shape[0], len(powers) - 1
    slope, other = spare[0], spare[1]
    size = width * width
    factor = slope.dtype.type(1 / (norms[last] * 2.0**last))
    slope[:] = powers[last].T
    flat = slope.reshape(size)
    for i in range(size):
        flat[i] *= factor
    for j in range(last - 1, -1, -1):
        times(slope, powers[j], other, 1 / norms[j], 0.0)
        times(powers[j], slope, other, 1 / norms[j], 1.0)
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
    jacobian: Array, squarings: int, smallest: float, powers: Array, spare: Array, into: Array
) -> float:
    """||J^k||_F^(1/k), k = 2^s, of J [w, w]; its gradient goes to `into` [w, w].

    powers [s + 1, w, w] and spare [2, w, w] are room; J may be the first of `spare`. smallest: the
    floor of a norm.
    """
    norms = np.empty(squarings + 1)
    width = jacobian.shape[0]
    for a in range(width):
        for b in range(width):
            powers[0, b, a] = jacobian[a, b]
    value = _value(powers, norms, smallest)
    if norms.min() <= smallest:
        into[:] = 0
    else:
        _derivative(powers, norms, spare, into)
        factor = into.dtype.type(value)
        for a in range(width):
            for b in range(width):
                into[a, b] *= factor
    return value
