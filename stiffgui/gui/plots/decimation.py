"""Few enough points of a long curve for a screen. No Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BUCKETS = 400  # about one for each pixel of a plot; two points of every bucket are drawn


def thinned(values: Array, buckets: int = BUCKETS) -> NDArray[np.int64]:
    """Rows to draw of [E]: the smallest and the largest of each bucket, a gap (NaN) in it, the
    first and the last.

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
    gaps = (starts + known.argmin(1))[~known.all(1)]
    rest = np.arange(whole, count)
    rows = np.concatenate([[0], low, high, gaps, rest, [count - 1]])
    return np.unique(rows).astype(np.int64)


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """Rows of at most so many points, evenly spaced."""
    kept = min(count, most)
    return np.arange(kept) * count // max(kept, 1)


def resampled(values: Array, edges: NDArray[Any], cells: int) -> Array:
    """Columns of values [rows, n] between uneven edges [n + 1] as `cells` even ones."""
    widths = np.diff(edges)
    if len(widths) and np.allclose(widths, widths[0]):
        return values
    middles = np.linspace(edges[0], edges[-1], 2 * cells + 1)[1::2]
    return values[:, np.clip(np.searchsorted(edges, middles, side="right") - 1, 0, None)]
