"""Which eigenvalue of the next network is which of this one: trails through moments in time.

Letters for shapes: F frames, w width.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]


def trails(frames: object, times: Sequence[float] | None = None) -> Places:
    """The place of every trail in each frame: eigenvalues [F, ..., w] -> [F, ..., w].

    `np.take_along_axis(frames, trails(frames), -1)` are the trails; in the first frame they lie as
    they are given. Each frame is assigned as a whole to where the trails are expected, so that the
    sum of the distances is smallest (linear assignment: Kuhn 1955, Nav. Res. Logist. Q. 2, 83).
    Expected is that a trail goes on as straight and as fast as between the two frames before:
    where two cross, each stays on its branch. `times` [F], rising, are the moments of the frames,
    by default evenly spaced. Ties do not depend on the order within a frame. An eigenvalue that is
    no finite number counts as 0.

    Raises ValueError for fewer than two frames, or times that do not fit them or do not rise.
    """
    values = np.asarray(frames, dtype=np.complex128)
    count = len(values) if values.ndim > 1 else 0
    moments = np.arange(count) if times is None else np.asarray(times, dtype=np.float64)
    if count < 2 or moments.shape != (count,) or not (np.diff(moments) > 0).all():
        raise ValueError("trails need two frames [F, ..., w] or more, and as many rising times")
    from scipy.optimize import linear_sum_assignment

    width = values.shape[-1]
    values = np.where(np.isfinite(values), values, 0)
    order = np.argsort(values, axis=-1, kind="stable").reshape(count, -1, width)
    sorted_ = np.sort(values, axis=-1).reshape(order.shape)
    paces = np.diff(moments)
    out = np.empty_like(order)
    out[0] = order[0]
    before = here = sorted_[0]
    for frame in range(1, count):
        ratio = paces[frame - 1] / paces[frame - 2] if frame > 1 else 0.0
        expected = here + ratio * (here - before)
        distances = np.abs(expected[:, :, None] - sorted_[frame][:, None, :])
        chosen = np.stack([linear_sum_assignment(each)[1] for each in distances])
        before, here = here, np.take_along_axis(sorted_[frame], chosen, -1)
        out[frame] = np.take_along_axis(order[frame], chosen, -1)
    return _from_the_first(out).reshape(values.shape)


def _from_the_first(places: Places) -> Places:
    """Trails [F, K, w] in the order of the first frame."""
    back = np.argsort(places[0], axis=-1)
    return np.take_along_axis(places, back[None], -1)
