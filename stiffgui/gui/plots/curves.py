"""What is drawn of a long history: smoothing, and few enough points. No Qt."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BUCKETS = 400  # about one for each pixel of a plot; two points of every bucket are drawn


def smoothed(values: Array, epochs: NDArray[Any], factor: float) -> Array:
    """Exponential mean of [E] values at rising epochs [E], debiased: [E].

    A value weighs factor^(epochs since); so sparsely measured curves lag no more than dense
    ones. Unknown values (NaN) weigh nothing; a constant series stays constant.
    0 <= factor <= 0.999; 0 returns the values.
    """
    if not factor:
        return values
    out = np.full(len(values), np.nan)
    mean, weight, last = np.nan, 0.0, 0.0
    for row, (value, epoch) in enumerate(zip(values.tolist(), epochs.tolist(), strict=True)):
        weight, last = weight * factor ** (epoch - last), epoch
        if isfinite(value):
            weight += 1.0
            mean = value if weight == 1.0 else mean + (value - mean) / weight
        out[row] = mean
    return out


def thinned(values: Array, buckets: int = BUCKETS) -> NDArray[np.int64]:
    """Rows to draw of [E]: the smallest and the largest of each bucket, the first and the last.

    Peaks survive, and no value that is the newest is ever left out.
    """
    count = len(values)
    if count <= 2 * buckets:
        return np.arange(count)
    width = -(-count // buckets)
    whole = count // width * width
    table = values[:whole].reshape(-1, width)
    known = np.isfinite(table)
    starts = np.arange(0, whole, width)
    low = starts + np.where(known, table, np.inf).argmin(1)
    high = starts + np.where(known, table, -np.inf).argmax(1)
    rest = np.arange(whole, count)
    rows = np.concatenate([[0], low, high, rest, [count - 1]])
    return np.unique(rows).astype(np.int64)
