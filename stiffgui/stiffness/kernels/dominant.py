"""Dominant eigenvalues of many matrices, one by one, each squared only as often as it needs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stiffgui.kernels.blas import times
from stiffgui.kernels.compiler import compiled, inner
from stiffgui.kernels.threads import share
from stiffgui.stiffness.kernels.limits import ERROR, RESIDUAL

Array = NDArray[Any]
# Squarings before the first check, the second, ...; float64 is for what float32 leaves.
SINGLE, DOUBLE = (7, 2, 4), (9, 4, 4, 4)
PARTS = 8


def dominant(
    matrix: Tensor, start: Tensor, threads: int = 1
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """As `stiffness.dominant.Dominant` of [K, w, w], w >= 2, but without LAPACK.

    start [2, w] are the vectors to begin with.
    """
    matrix = matrix.contiguous()
    count, width = len(matrix), matrix.shape[-1]
    radius, trusted = matrix.new_empty(count), matrix.new_empty(count, dtype=torch.bool)
    left, right = matrix.new_empty(count, 2, width), matrix.new_empty(count, 2, width)
    j, l_1, u, v, sure = (t.numpy() for t in (matrix, radius, left, right, trusted))
    stages = SINGLE if matrix.dtype == torch.float32 else DOUBLE
    first_rows = start.to(matrix.dtype).numpy()

    def work(part: slice, thread: int) -> None:
        results = l_1[part], u[part], v[part], sure[part]
        dominant_of(j[part], *results, first_rows, stages)

    size = -(-count // PARTS)
    share([slice(k, k + size) for k in range(0, count, size)], work, threads)
    return radius, left, right, trusted


@inner
def _apply(matrix: Array, rows: Array, into: Array) -> None:
    """Rows [2, w] that the matrix multiplies from the left, as columns."""
    width = matrix.shape[0]
    for i in range(width):
        first = second = matrix.dtype.type(0)
        for c in range(width):
            first += matrix[i, c] * rows[0, c]
            second += matrix[i, c] * rows[1, c]
        into[0, i], into[1, i] = first, second


@inner
def _apply_transposed(matrix: Array, rows: Array, into: Array) -> None:
    """The same for the transposed matrix."""
    width = matrix.shape[0]
    into[:] = 0
    for i in range(width):
        first, second = rows[0, i], rows[1, i]
        for c in range(width):
            into[0, c] += first * matrix[i, c]
            into[1, c] += second * matrix[i, c]


@inner
def _dot(a: Array, b: Array) -> Any:
    total = a.dtype.type(0)
    for c in range(len(a)):
        total += a[c] * b[c]
    return total


@inner
def _scale(row: Array) -> None:
    """Divide by the length, where there is one."""
    length = math.sqrt(_dot(row, row))
    if length > 0:
        for c in range(len(row)):
            row[c] /= length


@inner
def _orthonormalise(rows: Array) -> None:
    """Gram-Schmidt, twice, of two rows."""
    _scale(rows[0])
    _scale(rows[1])
    for _ in range(2):
        along = _dot(rows[0], rows[1])
        for c in range(rows.shape[1]):
            rows[1, c] -= along * rows[0, c]
        _scale(rows[1])


@inner
def _ritz(
    rows: Array, images: Array, near: complex, free: bool
) -> tuple[complex, complex, complex]:
    """l and the weights of its vector in the space of the rows (`plane.ritz_pair`).

    The value of larger modulus, of a pair the upper one; unless `free` the one nearest to `near`.
    """
    a, b = _dot(images[0], rows[0]), _dot(images[0], rows[1])
    c, d = _dot(images[1], rows[0]), _dot(images[1], rows[1])
    middle, half = (a + d) / 2, (a - d) / 2
    square = half * half + b * c
    root = complex(math.sqrt(square), 0) if square >= 0 else complex(0, math.sqrt(-square))
    low, high = middle - root, middle + root
    if free:
        value = low if root.imag == 0 and middle < 0 else high
    else:
        value = low if abs(low - near) < abs(high - near) else high
    first = (complex(c), value - a)
    second = (value - d, complex(b))
    size_1 = math.sqrt(abs(first[0]) ** 2 + abs(first[1]) ** 2)
    size_2 = math.sqrt(abs(second[0]) ** 2 + abs(second[1]) ** 2)
    if max(size_1, size_2) == 0:  # a multiple of the identity: any vector does
        return value, complex(1), complex(0)
    if size_1 > size_2:
        return value, first[0] / size_1, first[1] / size_1
    return value, second[0] / size_2, second[1] / size_2


@inner
def _residual(rows: Array, images: Array, value: complex, first: complex, second: complex) -> float:
    """|J v - l v| of v = first row_0 + second row_1."""
    total = 0.0
    for c in range(rows.shape[1]):
        v = first * rows[0, c] + second * rows[1, c]
        image = first * images[0, c] + second * images[1, c]
        total += abs(image - value * v) ** 2
    return math.sqrt(total)


@inner
def _check(
    matrix: Array,
    power: Array,
    norm: float,
    start: Array,
    rooms: Array,
    left: Array,
    right: Array,
    limit: float,
    accuracy: float,
) -> tuple[float, bool]:
    """|l_1| from a power of the matrix, and whether to trust it; fills left and right [2, w]."""
    x, y, x_image, y_image = rooms[0], rooms[1], rooms[2], rooms[3]
    _apply(power, start, x_image)
    _apply_transposed(power, start, y_image)
    _orthonormalise(x_image)
    _orthonormalise(y_image)
    _apply(power, x_image, x)
    _apply_transposed(power, y_image, y)
    _apply(matrix, x, x_image)
    _apply_transposed(matrix, y, y_image)
    x[:], y[:] = x_image, y_image
    _orthonormalise(x)
    _orthonormalise(y)
    _apply(matrix, x, x_image)
    _apply_transposed(matrix, y, y_image)
    near, v_1, v_2 = _ritz(x, x_image, 0j, True)
    _, u_1, u_2 = _ritz(y, y_image, near, False)
    # Sums over components of u v and u J v, from those of the rows.
    overlap, quotient = 0j, 0j
    for u, p in ((u_1, 0), (u_2, 1)):
        for v, q in ((v_1, 0), (v_2, 1)):
            overlap += u * v * _dot(y[p], x[q])
            quotient += u * v * _dot(y[p], x_image[q])
    value = quotient / (overlap if overlap != 0 else 1)
    radius = abs(value)
    floor = max(radius, 1e-300)
    residual_v = _residual(x, x_image, value, v_1, v_2) / floor
    residual_u = _residual(y, y_image, value, u_1, u_2) / floor
    condition = 1 / max(abs(overlap), 1e-300)
    noise = np.finfo(matrix.dtype).eps * norm / floor
    error = condition * (residual_v * residual_u + noise)
    # An eigenvector is off by its residual over the distance to the partner of a pair.
    apart = 1.0 if value.imag == 0 else min(2 * abs(value.imag) / floor, 1.0)
    factor = value.conjugate() / floor / (overlap if overlap != 0 else 1)
    for c in range(matrix.shape[0]):
        u = factor * (u_1 * y[0, c] + u_2 * y[1, c])
        v = v_1 * x[0, c] + v_2 * x[1, c]
        left[0, c], left[1, c], right[0, c], right[1, c] = u.real, -u.imag, v.real, v.imag
    return radius, max(residual_v, residual_u) < limit * apart and error < accuracy


@inner
def _find(
    matrix: Array, start: Array, stages: tuple[int, ...], left: Array, right: Array
) -> tuple[float, bool]:
    """|l_1| of [w, w] and whether to trust it; its gradient is sum_p left_p right_p^T, [2, w]."""
    width = matrix.shape[0]
    power, other = matrix.copy(), np.empty_like(matrix)
    rooms = np.empty((4, 2, width), matrix.dtype)
    size, norm, radius, sure = width * width, 0.0, 0.0, False
    for stage in range(len(stages)):
        times_squared = stages[stage] if stage else stages[stage] + 1
        for s in range(times_squared):
            if s or stage:
                times(power, power, other, 1.0, 0.0)
                power, other = other, power
            flat, total = power.reshape(size), matrix.dtype.type(0)
            for i in range(size):
                total += flat[i] * flat[i]
            length = math.sqrt(total)
            if not (s or stage):
                norm = length
            if length > 0:
                factor = matrix.dtype.type(1 / length)
                for i in range(size):
                    flat[i] *= factor
        radius, sure = _check(matrix, power, norm, start, rooms, left, right, RESIDUAL, ERROR)
        if sure:
            break
    return radius, sure


@inner
def _by_lapack(matrix: Array, left: Array, right: Array) -> float:
    """The same by LAPACK geev; `stiffness.dominant.by_lapack` is that of many."""
    left[:] = 0
    right[:] = 0
    total = 0.0
    for value in matrix.flat:
        total += value
    if not np.isfinite(total):
        return np.nan
    values, vectors = np.linalg.eig(matrix.astype(np.complex128))
    k = np.abs(values).argmax()
    radius = abs(values[k])
    # The row of V^-1 that belongs to l_1 is u^H / (u^H v).
    unit = np.zeros(len(values), np.complex128)
    unit[k] = 1
    u: Array = unit
    length = np.inf
    try:
        u = np.linalg.solve(np.ascontiguousarray(vectors.T), unit)
        length = math.sqrt((np.abs(u) ** 2).sum())
    except Exception:  # V is singular: the matrix is defective
        length = np.inf
    # A gradient beyond 1/eps is that of a matrix which is defective to working precision.
    if radius > 0 and length < 1 / np.finfo(np.float64).eps:
        turn = values[k].conjugate() / radius
        for c in range(len(values)):
            a, b = u[c] * turn, vectors[c, k]
            left[0, c], left[1, c], right[0, c], right[1, c] = a.real, -a.imag, b.real, b.imag
    return float(radius)


@compiled
def dominant_pair(matrix: Array, start: Array, left: Array, right: Array) -> float:
    """|l_1| of a float32 matrix [w, w], and its gradient sum_p left_p right_p^T, [2, w] each.

    What float32 does not vouch for is done in float64, and what that does not by LAPACK.
    """
    if matrix.shape[0] > 1:
        radius, sure = _find(matrix, start, SINGLE, left, right)
        if sure:
            return radius
    exact = matrix.astype(np.float64)
    u, v = left.astype(np.float64), right.astype(np.float64)
    radius, sure = 0.0, False
    if matrix.shape[0] > 1:
        radius, sure = _find(exact, start.astype(np.float64), DOUBLE, u, v)
    if not sure:
        radius = _by_lapack(exact, u, v)
    left[:], right[:] = u, v
    return radius


@compiled
def dominant_of(
    matrix: Array,
    radius: Array,
    left: Array,
    right: Array,
    trusted: Array,
    start: Array,
    stages: tuple[int, ...],
) -> None:
    """|l_1| [K] and its gradient sum_p left_p right_p^T, [K, 2, w] each, of matrices [K, w, w]."""
    for k in range(len(matrix)):
        radius[k], trusted[k] = _find(matrix[k], start, stages, left[k], right[k])
