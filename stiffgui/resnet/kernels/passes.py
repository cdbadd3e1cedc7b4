"""Forward and backward pass of one trial over a part of a batch. A sample is a column.

Letters for shapes: m samples, N layers, w width, d inputs, o outputs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from stiffgui.kernels.blas import times, transposed_times
from stiffgui.kernels.compiler import inner
from stiffgui.resnet.kernels.activations import TANH, curvature, slope, value

Array = NDArray[Any]
AFFINE_TANH, AFFINE, PADDED = range(3)
LIFTS = {"affine-tanh": AFFINE_TANH, "affine": AFFINE, "augment": PADDED, "identity": PADDED}


class Form(NamedTuple):
    """What kind of network: codes of activation and lift, whether the read-out is trained, a."""

    activation: int
    lift: int
    affine: bool
    step: float


class Parameters(NamedTuple):
    """Arrays of one trial; those that the network does not have are empty."""

    lift: Array  # [w, d]
    lift_bias: Array  # [w]
    weight: Array  # [N, w, w], or coefficients [K, w, w]
    bias: Array  # [N, w]
    readout: Array  # [o, w]
    readout_bias: Array  # [o]


class Room(NamedTuple):
    """What the passes over m samples fill: flat, with room for the largest part of a batch.

    `curvature` and `on_slopes` have no layers where no penalty is one of slopes.
    """

    x: Array  # [d m]
    y: Array  # [o m]
    states: Array  # [N + 1, w m]: x_0 .. x_N
    slopes: Array  # [N, w m]: D_n = s'(z_n)
    curvature: Array  # [N, w m]: s''(z_n)
    on_slopes: Array  # [N, w m]: the penalty's gradient by the slopes of the first samples
    chain: Array  # [N, w m]: G_n, the gradient by z_n
    output: Array  # [o m], later output minus target
    gradient: Array  # [w m], in the end that by the lift's z
    z: Array  # [w m]
    values: Array  # [w m]: s(z_n) of the present layer


@inner
def columns(flat: Array, rows: int, count: int) -> Array:
    """The first numbers of a row of `Room` as [rows, count]."""
    return flat[: rows * count].reshape(rows, count)


@inner
def affine(weight: Array, bias: Array, x: Array, into: Array) -> None:
    """W x + b: [k, w], [k], [w, m] to [k, m]."""
    for r in range(into.shape[0]):
        start = bias[r]
        for i in range(into.shape[1]):
            into[r, i] = start
    times(weight, x, into, 1.0, 1.0)


@inner
def _advance(x: Array, step: float, y: Array, after: Array) -> None:
    """x + a y of flat arrays."""
    a = x.dtype.type(step)
    for i in range(x.size):
        after[i] = x[i] + a * y[i]


@inner
def _lift(form: Form, p: Parameters, room: Room, inputs: int, m: int) -> None:
    """x_0 of the inputs."""
    width = p.weight.shape[1]
    x, start = columns(room.x, inputs, m), room.states[0, : width * m]
    if form.lift == PADDED:
        start[:] = 0
        start[: inputs * m] = room.x[: inputs * m]
        return
    z = room.z[: width * m] if form.lift == AFFINE_TANH else start
    affine(p.lift, p.lift_bias, x, z.reshape(width, m))
    if form.lift == AFFINE_TANH:
        value(TANH, z, start)


@inner
def forward(form: Form, p: Parameters, room: Room, inputs: int, outputs: int, m: int) -> None:
    """Outputs of m samples in room.x; fills states, slopes and curvature."""
    width, kind = p.weight.shape[1], form.activation
    size = width * m
    z, y = room.z[:size], room.values[:size]
    _lift(form, p, room, inputs, m)
    for n in range(p.weight.shape[0]):
        state = room.states[n, :size]
        affine(p.weight[n], p.bias[n], state.reshape(width, m), z.reshape(width, m))
        value(kind, z, y)
        _advance(state, form.step, y, room.states[n + 1, :size])
        slope(kind, z, y, room.slopes[n, :size])
        if len(room.curvature):
            curvature(kind, z, y, room.slopes[n, :size], room.curvature[n, :size])
    end = room.states[-1, :size]
    if form.affine:
        output = columns(room.output, outputs, m)
        affine(p.readout, p.readout_bias, end.reshape(width, m), output)
    else:
        room.output[: outputs * m] = end[: outputs * m]


@inner
def _chain_rule(g: Array, step: float, d: Array, into: Array) -> None:
    """a D g of flat arrays."""
    a = g.dtype.type(step)
    for i in range(g.size):
        into[i] = a * g[i] * d[i]


@inner
def _join(on_slopes: Array, curved: Array, factor: float, into: Array) -> None:
    """Add factor (dp/dD) s'' of the first columns: [w, P], [w, m], [w, m]."""
    share = into.dtype.type(factor)
    for r in range(into.shape[0]):
        for i in range(on_slopes.shape[1]):
            into[r, i] += share * on_slopes[r, i] * curved[r, i]


@inner
def backward(
    form: Form, p: Parameters, room: Room, outputs: int, m: int, penalised: int, factor: float
) -> None:
    """From output minus target: G_n of all layers to `chain`, and that of the lift to `gradient`.

    G_n = a D_n g_n + factor (dp/dD_n) s''(z_n) and g_(n-1) = g_n + W_n^T G_n, g_n the gradient by
    x_n; the penalty is one of the first `penalised` samples.
    """
    width = p.weight.shape[1]
    size = width * m
    flat = room.gradient[:size]
    g = flat.reshape(width, m)
    if form.affine:
        transposed_times(p.readout, columns(room.output, outputs, m), g, 1.0, 0.0)
    else:
        flat[:] = 0
        flat[: outputs * m] = room.output[: outputs * m]
    for n in range(p.weight.shape[0] - 1, -1, -1):
        chain = room.chain[n, :size]
        _chain_rule(flat, form.step, room.slopes[n, :size], chain)
        if penalised:
            on = columns(room.on_slopes[n], width, penalised)
            curved = room.curvature[n, :size].reshape(width, m)
            _join(on, curved, factor, chain.reshape(width, m))
        transposed_times(p.weight[n], chain.reshape(width, m), g, 1.0, 1.0)
    if form.lift == AFFINE_TANH:
        z = room.z[:size]
        slope(TANH, z, room.states[0, :size], z)
        _chain_rule(flat, 1.0, z, flat)
