"""How well predictions meet targets, output by output."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rmse(target: Array, predicted: Array) -> Array:
    """Root of the mean squared error over samples, per output: [..., samples, o] -> [..., o]."""
    return np.asarray(np.sqrt(np.square(predicted - target).mean(-2)))


def r2(target: Array, predicted: Array) -> Array:
    """1 - squared error / squared deviation of the target, per output [..., o].

    NaN where the target is constant.
    """
    spread = np.square(target - target.mean(-2, keepdims=True)).mean(-2)
    squares = np.square(predicted - target).mean(-2)
    spread, squares = np.broadcast_arrays(spread, squares)
    varies = spread > 0
    return np.where(varies, 1 - squares / np.where(varies, spread, 1.0), np.nan)
