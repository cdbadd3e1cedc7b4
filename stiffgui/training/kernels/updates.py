"""From a batch's passes to the next parameters: loss, gradients and Adam, array by array.

Letters for shapes: B samples of a batch, P penalised ones, q vectors a sample, k the power, N
layers, K coefficients, w width, d inputs, o outputs, m samples of a part.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.kernels.blas import times_transposed, transposed_times
from stiffgui.kernels.compiler import compiled, inner
from stiffgui.resnet.kernels.passes import PADDED, Form, Parameters, columns
from stiffgui.training.kernels.adam import Moment, Rule, adam
from stiffgui.training.kernels.batch import (
    L2,
    SKETCH,
    Batch,
    Expansion,
    Penalty,
    Spare,
    Trial,
    cut,
    penalised,
)

Array = NDArray[Any]


@inner
def _norm(array: Array, smallest: float) -> float:
    flat, total = array.reshape(array.size), array.dtype.type(0)
    for i in range(flat.size):
        total += flat[i] * flat[i]
    return max(math.sqrt(total), smallest)


@inner
def _norms(p: Parameters, smallest: float, into: Array) -> int:
    """Norms of the parameter arrays, one a layer, in the order of their names; how many."""
    count, layers = 0, len(p.weight)
    if p.lift.size:
        into[0], into[1] = _norm(p.lift, smallest), _norm(p.lift_bias, smallest)
        count = 2
    for n in range(layers):
        into[count + n] = _norm(p.weight[n], smallest)
        into[count + layers + n] = _norm(p.bias[n], smallest)
    count += 2 * layers
    if p.readout.size:
        into[count] = _norm(p.readout, smallest)
        into[count + 1] = _norm(p.readout_bias, smallest)
        count += 2
    return count


@compiled
def join(trial: Trial, penalty: Penalty, samples: int, batch: Batch, into: Array) -> float:
    """Loss, mean penalty and its share to `into` [3]; 1/(B L), by which gradients are scaled.

    L2: p is the mean norm of the arrays, so dp/dW = W / (|W| arrays), which goes to `decay`.
    """
    smallest = np.finfo(trial.stored.weight.dtype).tiny
    error, mean, square = 0.0, 0.0, 0.0
    for k in range(batch.sums.shape[0]):
        error += batch.sums[k, 0]
        mean += batch.sums[k, 1]
        square += batch.sums[k, 2]
    some, arrays = penalised(penalty, samples), 0
    batch.decay[:] = 0
    if some:
        mean, square = mean / some, square / some
    elif penalty.kind == L2:
        arrays = _norms(trial.stored, math.sqrt(smallest), batch.decay)
        mean = batch.decay[:arrays].mean()
        square = mean * mean
    added = penalty.weight * square if penalty.kind else 0.0
    total = max(error / samples + added, smallest)
    loss = math.sqrt(total)
    into[0], into[1], into[2] = loss, mean, added / total
    for k in range(arrays):
        batch.decay[k] = penalty.weight * mean / (arrays * loss * batch.decay[k])
    return 1 / (samples * loss)


@inner
def _sum_columns(matrix: Array, scale: float, into: Array, adding: bool) -> None:
    """scale times the sum of the columns of [w, m], to or onto [w]."""
    factor = into.dtype.type(scale)
    for r in range(matrix.shape[0]):
        total = into.dtype.type(0)
        for i in range(matrix.shape[1]):
            total += matrix[r, i]
        into[r] = total * factor + (into[r] if adding else 0)


@inner
def _affine_gradient(
    left: Array, right: Array, m: int, scale: float, adding: bool, on_weight: Array, on_bias: Array
) -> None:
    """scale sum_i l_i r_i^T and scale sum_i l_i over m samples, to or onto [k, w] and [k]."""
    lefts, rights = columns(left, on_bias.size, m), columns(right, on_weight.shape[1], m)
    times_transposed(lefts, rights, on_weight, scale, 1.0 if adding else 0.0)
    _sum_columns(lefts, scale, on_bias, adding)


@inner
def _add(matrix: Array, factor: float, onto: Array) -> None:
    share = onto.dtype.type(factor)
    for a in range(onto.shape[0]):
        for b in range(onto.shape[1]):
            onto[a, b] += share * matrix[a, b]


@inner
def _layer_gradient(
    penalty: Penalty,
    samples: int,
    n: int,
    scale: float,
    batch: Batch,
    on_weight: Array,
    on_bias: Array,
) -> None:
    """Those of W_n [w, w] and b_n [w], over all samples of a batch."""
    room, some, parts = batch.room, penalised(penalty, samples), len(batch.p)
    factor = scale * penalty.weight * samples / max(1, some)
    for k in range(parts):
        m = cut(samples, parts, k + 1) - cut(samples, parts, k)
        _affine_gradient(room.chain[k, n], room.states[k, n], m, scale, k > 0, on_weight, on_bias)
        here = cut(some, parts, k + 1) - cut(some, parts, k)
        if here and penalty.kind == SKETCH:
            products = here * penalty.vectors * penalty.power
            h = columns(batch.h[k, n], products, on_bias.size)
            v = columns(batch.v[k, n], products, on_bias.size)
            transposed_times(h, v, on_weight, factor, 1.0)
        elif here:
            _add(batch.on_weight[k, n], factor, on_weight)


@inner
def _move(
    rule: Rule, at: Moment, decay: float, p: Array, gradient: Array, mean: Array, square: Array
) -> None:
    flat = p.size
    adam(
        rule,
        at,
        decay,
        p.reshape(flat),
        gradient.reshape(flat),
        mean.reshape(flat),
        square.reshape(flat),
    )


@compiled
def update_layers(
    rule: Rule,
    at: Moment,
    penalty: Penalty,
    samples: int,
    scale: float,
    first: int,
    last: int,
    trial: Trial,
    batch: Batch,
    spare: Spare,
) -> None:
    """The layers `first` to `last`: their own arrays move; of coefficients only the gradients of
    the layers are made."""
    p, mean, square, layers = trial.stored, trial.mean, trial.square, batch.layers
    count, width = p.bias.shape
    begins, decay = 2 if p.lift.size else 0, batch.decay
    on_weight, on_bias = columns(spare.gradient, width, width), spare.bias[:width]
    for n in range(first, last):
        if layers.phi.size:
            _layer_gradient(
                penalty, samples, n, scale, batch, layers.on_weight[n], layers.on_bias[n]
            )
            continue
        _layer_gradient(penalty, samples, n, scale, batch, on_weight, on_bias)
        k = begins + n
        _move(rule, at, decay[k], p.weight[n], on_weight, mean.weight[n], square.weight[n])
        adam(rule, at, decay[k + count], p.bias[n], on_bias, mean.bias[n], square.bias[n])


@inner
def _update_coefficients(
    rule: Rule, at: Moment, decay: Array, trial: Trial, layers: Expansion, spare: Spare
) -> None:
    """Those of W(t) and b(t), from the gradients of the layers."""
    p, mean, square = trial.stored, trial.mean, trial.square
    count, width = p.bias.shape
    size = width * width
    on_weight = columns(spare.gradient, count, size)
    on_bias = columns(spare.bias, count, width)
    transposed_times(layers.phi, layers.on_weight.reshape(-1, size), on_weight, 1.0, 0.0)
    transposed_times(layers.phi, layers.on_bias, on_bias, 1.0, 0.0)
    for k in range(count):
        _move(rule, at, decay[k], p.weight[k], on_weight[k], mean.weight[k], square.weight[k])
        adam(rule, at, decay[k + count], p.bias[k], on_bias[k], mean.bias[k], square.bias[k])


@compiled
def update_rest(
    form: Form,
    rule: Rule,
    at: Moment,
    samples: int,
    scale: float,
    trial: Trial,
    batch: Batch,
    spare: Spare,
) -> None:
    """Coefficients, lift and read-out."""
    p, mean, square, layers, room = trial.stored, trial.mean, trial.square, batch.layers, batch.room
    decay, k, parts = batch.decay, 0, len(batch.p)
    if form.lift != PADDED:
        on_weight = columns(spare.gradient, p.lift.shape[0], p.lift.shape[1])
        on_bias = spare.bias[: p.lift.shape[0]]
        for part in range(parts):
            m = cut(samples, parts, part + 1) - cut(samples, parts, part)
            z, x = room.gradient[part], room.x[part]
            _affine_gradient(z, x, m, scale, part > 0, on_weight, on_bias)
        _move(rule, at, decay[0], p.lift, on_weight, mean.lift, square.lift)
        adam(rule, at, decay[1], p.lift_bias, on_bias, mean.lift_bias, square.lift_bias)
        k = 2
    if layers.phi.size:
        _update_coefficients(rule, at, decay[k:], trial, layers, spare)
    k += 2 * len(p.weight)
    if form.affine:
        on_weight = columns(spare.gradient, p.readout.shape[0], p.readout.shape[1])
        on_bias = spare.bias[: p.readout.shape[0]]
        for part in range(parts):
            m = cut(samples, parts, part + 1) - cut(samples, parts, part)
            error, last = room.output[part], room.states[part, -1]
            _affine_gradient(error, last, m, scale, part > 0, on_weight, on_bias)
        _move(rule, at, decay[k], p.readout, on_weight, mean.readout, square.readout)
        adam(
            rule, at, decay[k + 1], p.readout_bias, on_bias, mean.readout_bias, square.readout_bias
        )
