"""Adam on an array of parameters."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from numpy.typing import NDArray

from stiffgui.kernels.compiler import compiled, inner

Array = NDArray[Any]


class Rule(NamedTuple):
    """Adam's constants."""

    beta1: float
    beta2: float
    epsilon: float


class Moment(NamedTuple):
    """Numbers of one step t: the rate over 1 - beta1^t, and the root of 1 - beta2^t."""

    rate: float
    root: float


@compiled
def moment(rule: Rule, rate: float, t: int) -> Moment:
    """The t-th step's, counted from 1."""
    return Moment(rate / (1 - rule.beta1**t), math.sqrt(1 - rule.beta2**t))


@inner
def adam(
    rule: Rule, at: Moment, decay: float, p: Array, gradient: Array, mean: Array, square: Array
) -> None:
    """One step of flat arrays along gradient + decay p (Kingma & Ba 2015, algorithm 1)."""
    number = p.dtype.type
    beta1, beta2, epsilon = number(1 - rule.beta1), number(rule.beta2), number(rule.epsilon)
    rest, rate, root, shrink = (
        number(1 - rule.beta2),
        number(at.rate),
        number(at.root),
        number(decay),
    )
    for i in range(p.size):
        g = gradient[i] + shrink * p[i]
        m = mean[i] + beta1 * (g - mean[i])
        v = beta2 * square[i] + rest * g * g
        mean[i] = m
        square[i] = v
        p[i] -= rate * m / (math.sqrt(v) / root + epsilon)
