"""Penalties on slopes: of the first samples of a part of a batch, with their gradients.

Letters for shapes: B samples of a batch, P penalised ones, q vectors a sample, k the power, N
layers, K coefficients, w width, d inputs, o outputs, m samples of a part.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from stiffgui.kernels.compiler import inner
from stiffgui.resnet.kernels.passes import columns
from stiffgui.stiffness.kernels.dominant import dominant_pair
from stiffgui.stiffness.kernels.gelfand import gelfand
from stiffgui.stiffness.kernels.sketch import Rows, sketch
from stiffgui.training.kernels.batch import GELFAND, SKETCH, Batch, Penalty, Spare, room_of

Array = NDArray[Any]


@inner
def _rows(spare: Spare, power: int, count: int, width: int) -> Rows:
    return Rows(
        spare.u[: power * count * width].reshape(power, count, width),
        columns(spare.scaled, count, width),
        columns(spare.g, count, width),
        columns(spare.on_rows, count, width),
        spare.turned,
        columns(spare.norms, power + 1, count),
        spare.values[:count],
    )


@inner
def _sketches(
    weight: Array,
    penalty: Penalty,
    bits: Array,
    bit: int,
    k: int,
    m: int,
    before: int,
    count: int,
    some: int,
    batch: Batch,
    spare: Spare,
) -> None:
    """The penalty of the first `count` of a part's m samples, `before` the number of those in
    earlier parts and `some` that in all: fills p, on_slopes, v and h."""
    room, q = room_of(batch, k), penalty.vectors
    depth, width = weight.shape[0], weight.shape[1]
    products = penalty.power * count * q
    rows = _rows(spare, penalty.power, count * q, width)
    p = batch.p[k, :count]
    p[:] = 0
    for n in range(depth):
        values = batch.values[k, n, :count]
        sketch(
            columns(room.slopes[n], width, m),
            weight[n],
            q,
            bits,
            bit + (n * some + before) * q * width,
            penalty.smallest,
            rows,
            columns(batch.v[k, n], products, width),
            columns(batch.h[k, n], products, width),
            values,
            columns(room.on_slopes[n], width, count),
        )
        for i in range(count):
            p[i] += values[i]
    for n in range(depth):
        h, on = columns(batch.h[k, n], products, width), columns(room.on_slopes[n], width, count)
        for c in range(width):
            for i in range(count):
                on[c, i] *= p[i]
        for j in range(penalty.power):
            for r in range(count * q):
                factor, row = p[r // q], j * count * q + r
                for c in range(width):
                    h[row, c] *= factor


@inner
def _jacobian(slopes: Array, weight: Array, i: int, into: Array) -> None:
    """diag(d_i) W of the i-th column of slopes [w, m]."""
    for a in range(into.shape[0]):
        d = slopes[a, i]
        for b in range(into.shape[1]):
            into[a, b] = d * weight[a, b]


@inner
def _gelfands(
    weight: Array, penalty: Penalty, k: int, m: int, count: int, batch: Batch, spare: Spare
) -> None:
    """Gelfand's formula of the first `count` of a part's m samples: fills p, on_slopes, on_weight.

    All that belongs to a matrix stays in the cache: a matrix of a sample and layer as it arises.
    """
    room, added = room_of(batch, k), batch.on_weight[k]
    depth, width = weight.shape[0], weight.shape[1]
    added[:] = 0
    for i in range(count):
        total = 0.0
        for n in range(depth):
            slopes = columns(room.slopes[n], width, m)
            jacobian, into = spare.matrices[0], spare.slopes[n]
            _jacobian(slopes, weight[n], i, jacobian)
            value = gelfand(
                jacobian, penalty.power, penalty.smallest, spare.powers, spare.matrices, into
            )
            batch.values[k, n, i] = value
            total += value
        batch.p[k, i] = total
        for n in range(depth):
            slopes = columns(room.slopes[n], width, m)
            on = columns(room.on_slopes[n], width, count)
            derivative, factor = spare.slopes[n], added.dtype.type(total)
            for a in range(width):
                d, along = slopes[a, i] * factor, derivative.dtype.type(0)
                for b in range(width):
                    along += derivative[a, b] * weight[n, a, b]
                    added[n, a, b] += d * derivative[a, b]
                on[a, i] = along * factor


@inner
def _radii(weight: Array, k: int, m: int, count: int, batch: Batch, spare: Spare) -> None:
    """The exact spectral radius of the first `count` of a part's m samples, as `_gelfands`."""
    room, added = room_of(batch, k), batch.on_weight[k]
    depth, width = weight.shape[0], weight.shape[1]
    added[:] = 0
    for i in range(count):
        total = 0.0
        for n in range(depth):
            jacobian = spare.matrices[0]
            _jacobian(columns(room.slopes[n], width, m), weight[n], i, jacobian)
            value = dominant_pair(jacobian, spare.start, spare.left[n], spare.right[n])
            batch.values[k, n, i] = value
            total += value
        batch.p[k, i] = total
        for n in range(depth):
            slopes = columns(room.slopes[n], width, m)
            on = columns(room.on_slopes[n], width, count)
            factor = added.dtype.type(total)
            for a in range(width):
                first, second = spare.left[n, 0, a] * factor, spare.left[n, 1, a] * factor
                d, along = slopes[a, i], added.dtype.type(0)
                for b in range(width):
                    outer = first * spare.right[n, 0, b] + second * spare.right[n, 1, b]
                    along += outer * weight[n, a, b]
                    added[n, a, b] += d * outer
                on[a, i] = along


@inner
def penalise(
    weight: Array,
    penalty: Penalty,
    bits: Array,
    bit: int,
    k: int,
    m: int,
    before: int,
    count: int,
    some: int,
    batch: Batch,
    spare: Spare,
) -> None:
    """p_i = sum_n proxy(J_n(x_i)) of the first `count` of the k-th part's m samples, and the
    gradient of sum_i p_i^2 / 2 by slopes and weights.

    `before`: penalised samples in earlier parts, `some` that in all; `bits` from `bit` on decide
    random signs.
    """
    if penalty.kind == SKETCH:
        _sketches(weight, penalty, bits, bit, k, m, before, count, some, batch, spare)
    elif penalty.kind == GELFAND:
        _gelfands(weight, penalty, k, m, count, batch, spare)
    else:
        _radii(weight, k, m, count, batch, spare)
