"""Which eigenvalue of the next network is which of this one: trails through moments in time.

Letters for shapes: F frames, w width.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]


class Trails:
    """Trails of eigenvalues [..., w], frame after frame; in the first one they lie as given.

    Each frame is assigned as a whole to where the trails are expected, so that the sum of the
    distances is smallest (linear assignment: Kuhn 1955, Nav. Res. Logist. Q. 2, 83). Expected is
    that a trail goes on as straight and as fast as between the two frames before: where two
    cross, each stays on its branch. Ties do not depend on the order within a frame. An eigenvalue
    that is no finite number counts as 0.
    """

    def __init__(self) -> None:
        self._here: NDArray[np.complex128] | None = None  # [K, w], trail by trail
        self._before: NDArray[np.complex128] | None = None
        self._first: Places | None = None
        self._time, self._pace = 0.0, 0.0

    def places(self, values: object, time: float) -> Places:
        """The place of every trail in the next frame, [..., w]; `time` is later than the last.

        `np.take_along_axis(values, places, -1)` are the trails.
        """
        given = np.asarray(values, dtype=np.complex128)
        finite = np.where(np.isfinite(given), given, 0).reshape(-1, given.shape[-1])
        order = np.argsort(finite, axis=-1, kind="stable")
        sorted_ = np.take_along_axis(finite, order, -1)
        if self._here is None or self._first is None:
            self._here, self._first, self._time = sorted_, np.argsort(order, axis=-1), time
            return np.broadcast_to(np.arange(given.shape[-1]), given.shape)
        expected, pace = self._here, time - self._time
        if self._before is not None:
            expected = self._here + pace / self._pace * (self._here - self._before)
        chosen = _assigned(np.abs(expected[:, :, None] - sorted_[:, None, :]))
        self._before, self._here = self._here, np.take_along_axis(sorted_, chosen, -1)
        self._time, self._pace = time, pace
        places = np.take_along_axis(np.take_along_axis(order, chosen, -1), self._first, -1)
        return places.reshape(given.shape)


def _assigned(distances: NDArray[np.float64]) -> Places:
    """The columns [K, w] of the rows of each [K, w, w] whose sum is smallest."""
    nearest: Places = distances.argmin(-1)  # where no two rows want one column nothing is smaller
    several = (np.diff(np.sort(nearest, axis=-1), axis=-1) == 0).any(-1)
    if several.any():
        from scipy.optimize import linear_sum_assignment

        for at in np.flatnonzero(several):
            nearest[at] = linear_sum_assignment(distances[at])[1]
    return nearest


def trails(frames: object, times: Sequence[float] | None = None) -> Places:
    """The place of every trail in each frame, as `Trails`: eigenvalues [F, ..., w] -> [F, ..., w].

    `np.take_along_axis(frames, trails(frames), -1)` are the trails. `times` [F], rising, are the
    moments of the frames, by default evenly spaced.

    Raises ValueError for fewer than two frames, or times that do not fit them or do not rise.
    """
    values = np.asarray(frames, dtype=np.complex128)
    count = len(values) if values.ndim > 1 else 0
    moments = np.arange(count) if times is None else np.asarray(times, dtype=np.float64)
    if count < 2 or moments.shape != (count,) or not (np.diff(moments) > 0).all():
        raise ValueError("trails need two frames [F, ..., w] or more, and as many rising times")
    followed = Trails()
    return np.stack([followed.places(v, float(t)) for v, t in zip(values, moments, strict=True)])
