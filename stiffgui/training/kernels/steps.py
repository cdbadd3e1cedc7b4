"""Steps of one trial: a batch in parts of samples, then the parameters, array by array.

A part of a batch runs forward, through the penalty and backward without regard to the others: with
L^2 = mean_i |F(x_i) - y_i|^2 + weight mean_i p_i^2 over B and P samples, B L times the gradient is
sum_i (F(x_i) - y_i) dF(x_i) + (weight B/P) sum_i p_i dp_i, so that no part waits for L. The
parameters follow: the gradient of an array is one product over all samples, which Adam takes while
it is in the cache. How a batch is cut follows from sizes alone.

Letters for shapes: B samples of a batch, P penalised ones, q vectors a sample, k the power, N
layers, K coefficients, w width, d inputs, o outputs, m samples of a part.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from stiffgui.kernels.blas import times
from stiffgui.kernels.compiler import compiled, inner
from stiffgui.resnet.kernels.passes import Form, Parameters, backward, columns, forward
from stiffgui.training.kernels.adam import Rule, moment
from stiffgui.training.kernels.batch import (
    SKETCH,
    Batch,
    Expansion,
    Penalty,
    Spare,
    Trial,
    cut,
    due,
    penalised,
    room_of,
)
from stiffgui.training.kernels.penalties import penalise
from stiffgui.training.kernels.updates import join, update_layers, update_rest

Array = NDArray[Any]


@inner
def _gather(source: Array, order: Array, some: int, parts: int, into: Array) -> None:
    """Rows of `source` in this order as columns, the first `some` of them spread over the parts'
    beginnings."""
    a, b = 0, some
    for k in range(parts):
        m = cut(order.size, parts, k + 1) - cut(order.size, parts, k)
        here = cut(some, parts, k + 1) - cut(some, parts, k)
        part = columns(into[k], source.shape[1], m)
        for i in range(m):
            if i < here:
                row, a = order[a], a + 1
            else:
                row, b = order[b], b + 1
            for c in range(source.shape[1]):
                part[c, i] = source[row, c]


@inner
def expand(trial: Trial, layers: Expansion) -> None:
    """The layers' weights, where they follow from coefficients."""
    phi, kept = layers.phi, trial.stored.weight
    if phi.size:
        depth, count = phi.shape
        size = kept.shape[1] * kept.shape[2]
        times(phi, kept.reshape(count, size), layers.weight.reshape(depth, size), 1.0, 0.0)
        times(phi, trial.stored.bias, layers.bias, 1.0, 0.0)


@compiled
def begin(
    trial: Trial, penalty: Penalty, parts: int, x: Array, y: Array, order: Array, batch: Batch
) -> None:
    """The samples of a batch, and the layers' weights."""
    some = penalised(penalty, order.size)
    _gather(x, order, some, parts, batch.room.x)
    _gather(y, order, some, parts, batch.room.y)
    expand(trial, batch.layers)


@compiled
def weights_of(trial: Trial, batch: Batch) -> Parameters:
    """The network's arrays, with a matrix for every layer."""
    p = trial.stored
    if batch.layers.phi.size:
        layers = batch.layers
        return Parameters(
            p.lift, p.lift_bias, layers.weight, layers.bias, p.readout, p.readout_bias
        )
    return p


@inner
def _miss(output: Array, target: Array) -> float:
    """Output becomes output minus target, flat; the sum of its squares."""
    squares = output.dtype.type(0)
    for i in range(output.size):
        output[i] -= target[i]
        squares += output[i] * output[i]
    return float(squares)


@compiled
def pass_part(
    form: Form,
    weights: Parameters,
    penalty: Penalty,
    inputs: int,
    outputs: int,
    samples: int,
    parts: int,
    k: int,
    bits: Array,
    bit: int,
    batch: Batch,
    spare: Spare,
) -> None:
    """The k-th part of a batch forward, through the penalty and backward."""
    room, sums = room_of(batch, k), batch.sums[k]
    m = cut(samples, parts, k + 1) - cut(samples, parts, k)
    forward(form, weights, room, inputs, outputs, m)
    squares = _miss(room.output[: outputs * m], room.y)
    sums[0], sums[1], sums[2] = squares, 0, 0
    some = penalised(penalty, samples)
    before, factor = cut(some, parts, k), 0.0
    count = cut(some, parts, k + 1) - before
    if count:
        penalise(weights.weight, penalty, bits, bit, k, m, before, count, some, batch, spare)
        for i in range(count):
            sums[1] += batch.p[k, i]
            sums[2] += batch.p[k, i] * batch.p[k, i]
        factor = penalty.weight * samples / some
    backward(form, weights, room, outputs, m, count, factor)


@inner
def bits_of(penalty: Penalty, depth: int, width: int, samples: int) -> int:
    """Random bits that a step takes, in whole words of 64."""
    signs = penalised(penalty, samples) * penalty.vectors * depth * width
    return 64 * (-(-signs // 64)) if penalty.kind == SKETCH else 0


@compiled
def steps(
    form: Form,
    rule: Rule,
    rate: float,
    penalty: Penalty,
    size: int,
    parts: int,
    x: Array,
    y: Array,
    order: Array,
    bits: Array,
    bit: int,
    first: int,
    last: int,
    before: int,
    trial: Trial,
    batch: Batch,
    spare: Spare,
    losses: Array,
    interrupt: Array,
) -> int:
    """The steps `first` to `last` of an epoch in batches of `size`, or fewer where `interrupt` [1]
    becomes true: how many of the epoch's are done.

    x [S, d], y [S, o] in `order` [S]; random bits of step `first` are those from `bit` on. `before`
    steps were taken before the epoch. Loss, mean penalty and its share go to losses [steps, 3].
    """
    inputs, outputs, depth = x.shape[1], y.shape[1], batch.room.slopes.shape[1]
    width = trial.stored.weight.shape[1]
    for s in range(first, last):
        if interrupt[0]:
            return s
        rows, now = order[s * size : (s + 1) * size], due(penalty, before + s)
        samples = rows.size
        begin(trial, now, parts, x, y, rows, batch)
        weights = weights_of(trial, batch)
        for k in range(parts):
            pass_part(
                form, weights, now, inputs, outputs, samples, parts, k, bits, bit, batch, spare
            )
        bit += bits_of(now, depth, width, samples)
        scale = join(trial, now, samples, batch, losses[s])
        at = moment(rule, rate, before + s + 1)
        update_layers(rule, at, now, samples, scale, 0, depth, trial, batch, spare)
        update_rest(form, rule, at, samples, scale, trial, batch, spare)
    return last


@compiled
def squared_error(form: Form, x: Array, y: Array, trial: Trial, batch: Batch) -> float:
    """sum |F(x_i) - y_i|^2 over all samples x [S, d], y [S, o]."""
    inputs, outputs, total = x.shape[1], y.shape[1], 0.0
    room = room_of(batch, 0)
    size = room.x.size // inputs
    expand(trial, batch.layers)
    weights = weights_of(trial, batch)
    for first in range(0, len(x), size):
        m = min(size, len(x) - first)
        some, target = columns(room.x, inputs, m), columns(room.y, outputs, m)
        for i in range(m):
            for c in range(inputs):
                some[c, i] = x[first + i, c]
            for c in range(outputs):
                target[c, i] = y[first + i, c]
        forward(form, weights, room, inputs, outputs, m)
        total += _miss(room.output[: outputs * m], room.y)
    return total
