"""A batch of one trial, cut into parts: what is trained, what is added, and the room for it.

Letters for shapes: B samples of a batch, P penalised ones, q vectors a sample, k the power, N
layers, K coefficients, w width, d inputs, o outputs, m samples of a part.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from numpy.typing import NDArray

from stiffgui.kernels.compiler import compiled, inner
from stiffgui.resnet.kernels.passes import Parameters, Room

Array = NDArray[Any]

NONE, L2, SKETCH, GELFAND, RADIUS = range(5)


class Trial(NamedTuple):
    """What is trained, and Adam's moments. `weight` and `bias` are coefficients where weights are
    functions of time."""

    stored: Parameters
    mean: Parameters
    square: Parameters


class Penalty(NamedTuple):
    """What is added to the loss; `power`: of the sketch, or Gelfand's squarings."""

    kind: int
    weight: float
    fraction: float
    every: int
    power: int
    vectors: int
    smallest: float  # the floor of norms


class Expansion(NamedTuple):
    """Weights as functions of time. All empty where every layer has its own."""

    phi: Array  # [N, K]
    weight: Array  # [N, w, w]
    bias: Array  # [N, w]
    on_weight: Array  # [N, w, w]
    on_bias: Array  # [N, w]


class Batch(NamedTuple):
    """Room for a batch of one trial, part by part. A row of `sums`: |F - y|^2, p and p^2."""

    room: Room  # every array with the axis of parts first
    layers: Expansion
    values: Array  # [parts, N, m]: the proxy of every layer and sample
    p: Array  # [parts, m]
    v: Array  # [parts, N, k M w], M = q P / parts: what the sketch's products leave
    h: Array  # [parts, N, k M w]
    on_weight: Array  # [parts, N, w, w]: the gradient of sum p^2 / 2 where that is no product
    sums: Array  # [parts, 3]
    decay: Array  # of each parameter array


class Spare(NamedTuple):
    """Room of one thread: flat, as large as the largest of what it holds in turn."""

    gradient: Array  # of the largest parameter array
    bias: Array  # of the largest vector
    u: Array  # [k M w]
    scaled: Array  # [M w]
    g: Array  # [M w]
    on_rows: Array  # [M w]
    turned: Array  # [w, w]
    norms: Array  # [(k + 1) M], float64
    values: Array  # [M], float64
    powers: Array  # [s + 1, w, w] of Gelfand's formula, s squarings
    slopes: Array  # [N, w, w]: its gradients
    matrices: Array  # [3, w, w]
    start: Array  # [2, w]: where squarings of the radius begin
    left: Array  # [N, 2, w]: the radius's gradient is sum_p left_p right_p^T
    right: Array  # [N, 2, w]


@compiled
def cut(count: int, parts: int, k: int) -> int:
    """Where the k-th of `parts` parts of `count` begins; the first ones are the larger."""
    return k * (count // parts) + min(k, count % parts)


@compiled
def penalised(penalty: Penalty, samples: int) -> int:
    """How many samples of a batch carry the penalty."""
    return 0 if penalty.kind < SKETCH else math.ceil(penalty.fraction * samples)


@compiled
def due(penalty: Penalty, step: int) -> Penalty:
    """What is added at this optimiser step (counted from 0)."""
    if penalty.kind < SKETCH or penalty.every == 1:
        return penalty
    kind = NONE if step % penalty.every else penalty.kind
    return Penalty(
        kind,
        penalty.weight * penalty.every,
        penalty.fraction,
        penalty.every,
        penalty.power,
        penalty.vectors,
        penalty.smallest,
    )


@inner
def room_of(batch: Batch, k: int) -> Room:
    """The k-th part's."""
    room = batch.room
    return Room(
        room.x[k],
        room.y[k],
        room.states[k],
        room.slopes[k],
        room.curvature[k],
        room.on_slopes[k],
        room.chain[k],
        room.output[k],
        room.gradient[k],
        room.z[k],
        room.values[k],
    )
