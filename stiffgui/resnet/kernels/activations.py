"""Activations s, s' and s'' of flat arrays: `resnet/activations.py` once more, number by number."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from stiffgui.kernels.compiler import compiled

Array = NDArray[Any]

TANH, RELU, SOFTPLUS, ELU, GELU, SIN, IDENTITY = range(7)
CODES = {
    "tanh": TANH,
    "relu": RELU,
    "softplus": SOFTPLUS,
    "elu": ELU,
    "gelu": GELU,
    "sin": SIN,
    "identity": IDENTITY,
}
# In float32 tanh z = z P(z^2)/Q(z^2) on [-9, 9], where its distance from 1 is below the last digit.
# Minimax up to 1e-9 relative (least squares by scipy, weights after Lawson 1961); with rounding
# 4e-7. As single operations, so that several numbers are computed at a time.
END = 9.0
P = (0.999999999, 0.136808499, 3.86949975e-3, 2.80311448e-5, 3.0642133e-8, -1.22459607e-11)
Q = (1.0, 0.47014182, 2.72501264e-2, 3.94069884e-4, 1.28902354e-6)


@compiled
def value(kind: int, z: Array, y: Array) -> None:
    """y = s(z)."""
    number = z.dtype.type
    one, half, root = number(1), number(0.5), number(math.sqrt(0.5))
    if kind == TANH and z.itemsize == 4:
        end = number(END)
        p0, p1, p2, p3, p4, p5 = (
            number(P[0]), number(P[1]), number(P[2]), number(P[3]), number(P[4]), number(P[5])
        )  # fmt: skip
        q1, q2, q3, q4 = number(Q[1]), number(Q[2]), number(Q[3]), number(Q[4])
        for i in range(z.size):
            x = min(max(z[i], -end), end) if z[i] == z[i] else z[i]
            s = x * x
            above = x * (p0 + s * (p1 + s * (p2 + s * (p3 + s * (p4 + s * p5)))))
            y[i] = above / (one + s * (q1 + s * (q2 + s * (q3 + s * q4))))
    elif kind == TANH:
        for i in range(z.size):
            y[i] = math.tanh(z[i])
    elif kind == RELU:
        for i in range(z.size):
            y[i] = max(z[i], number(0)) if z[i] == z[i] else z[i]
    elif kind == SOFTPLUS:
        for i in range(z.size):
            y[i] = max(z[i], number(0)) + math.log1p(math.exp(-abs(z[i])))
    elif kind == ELU:
        for i in range(z.size):
            y[i] = z[i] if z[i] > 0 else math.expm1(z[i])
    elif kind == GELU:
        for i in range(z.size):
            y[i] = half * z[i] * (one + math.erf(z[i] * root))
    elif kind == SIN:
        for i in range(z.size):
            y[i] = math.sin(z[i])
    else:
        for i in range(z.size):
            y[i] = z[i]


@compiled
def slope(kind: int, z: Array, y: Array, d: Array) -> None:
    """d = s'(z), y = s(z)."""
    number = z.dtype.type
    one, half, root = number(1), number(0.5), number(math.sqrt(0.5))
    density = number(1 / math.sqrt(2 * math.pi))
    if kind == TANH:
        for i in range(z.size):
            d[i] = one - y[i] * y[i]
    elif kind == RELU:
        for i in range(z.size):
            d[i] = one if z[i] > 0 else number(0)
    elif kind == SOFTPLUS:
        for i in range(z.size):
            d[i] = one / (one + math.exp(-z[i]))
    elif kind == ELU:
        for i in range(z.size):
            d[i] = one if z[i] > 0 else y[i] + one
    elif kind == GELU:
        for i in range(z.size):
            bell = density * math.exp(-half * z[i] * z[i])
            d[i] = half * (one + math.erf(z[i] * root)) + z[i] * bell
    elif kind == SIN:
        for i in range(z.size):
            d[i] = math.cos(z[i])
    else:
        for i in range(z.size):
            d[i] = one


@compiled
def curvature(kind: int, z: Array, y: Array, d: Array, c: Array) -> None:
    """c = s''(z), y = s(z), d = s'(z)."""
    number = z.dtype.type
    one, two, half = number(1), number(2), number(0.5)
    density = number(1 / math.sqrt(2 * math.pi))
    if kind == TANH:
        for i in range(z.size):
            c[i] = -two * y[i] * d[i]
    elif kind == SOFTPLUS:
        for i in range(z.size):
            c[i] = d[i] * (one - d[i])
    elif kind == ELU:
        for i in range(z.size):
            c[i] = number(0) if z[i] > 0 else y[i] + one
    elif kind == GELU:
        for i in range(z.size):
            c[i] = density * math.exp(-half * z[i] * z[i]) * (two - z[i] * z[i])
    elif kind == SIN:
        for i in range(z.size):
            c[i] = -y[i]
    else:
        for i in range(z.size):
            c[i] = number(0)
