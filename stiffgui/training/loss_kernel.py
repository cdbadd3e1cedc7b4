"""Error and penalty joined to one loss: what a step does with a penalty's gradient."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from stiffgui.stiffness.kernels.compiler import compiled

Array = NDArray[Any]


@compiled
def join(
    penalty: Array,
    lengths: Array,
    weight: float,
    smallest: float,
    step: float,
    difference: Array,
    grad_slopes: Array,
    on_weight: Array,
    curvature: Array,
    into: Array,
) -> None:
    """Of p [R, P] and |differences| [R]: loss, mean p and the penalty's share to `into` [3, R].

    With loss^2 = lengths^2 / B + weight mean p^2: difference [R, B, o] becomes the loss's gradient
    by the output. grad_slopes [R, N, B, w] and on_weight [R, N, w, w], those of sum p^2 / 2, become
    the loss's, by the slopes times curvature s''(z) over the step size.
    """
    number = grad_slopes.dtype.type
    for r in range(penalty.shape[0]):
        mean = square = 0.0
        for i in range(penalty.shape[1]):
            mean += penalty[r, i]
            square += penalty[r, i] * penalty[r, i]
        mean, square = mean / penalty.shape[1], square / penalty.shape[1]
        samples = difference.shape[1]
        total = lengths[r] * lengths[r] / samples + weight * square
        if total < smallest:
            total = smallest
        loss = math.sqrt(total)
        into[0, r], into[1, r], into[2, r] = loss, mean, weight * square / total
        share = weight / (penalty.shape[1] * loss)
        factor = number(1 / (loss * samples))
        error = difference[r].reshape(difference[r].size)
        for i in range(error.size):
            error[i] *= factor
        factor = number(share)
        to = on_weight[r].reshape(on_weight[r].size)
        for i in range(to.size):
            to[i] *= factor
        factor = number(share / step)
        to, by = (
            grad_slopes[r].reshape(grad_slopes[r].size),
            curvature[r].reshape(curvature[r].size),
        )
        for i in range(to.size):
            to[i] *= by[i] * factor
