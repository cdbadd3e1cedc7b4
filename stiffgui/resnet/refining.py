"""The layers of a network at another depth, by interpolation in time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def interpolated(layers: NDArray[Any], depth: int) -> NDArray[Any]:
    """Layer arrays [R, N, ...] at the left ends of `depth` cells: [R, depth, ...].

    Linear between the layers' times (n - 1)/N and constant after the last one. From N to 2 N
    the old layers stay, each followed by the mean of itself and the next. The step size halves,
    so that the network as a function changes by O(1/N) (Haber & Ruthotto 2018, Chang et al. 2018,
    who prolong like this between levels).
    """
    old = layers.shape[1]
    position = np.clip(np.arange(depth) * (old / depth), 0, old - 1)
    lower = np.minimum(position.astype(int), old - 1)
    upper = np.minimum(lower + 1, old - 1)
    share = (position - lower).reshape(-1, *[1] * (layers.ndim - 2))
    mixed = layers[:, lower] * (1 - share) + layers[:, upper] * share
    return np.asarray(mixed, dtype=layers.dtype)
