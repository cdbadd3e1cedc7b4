"""The least validation error of every trial so far."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Best:
    """Errors [R] and the epochs [R] at which they were recorded; infinite before the first."""

    def __init__(self, trials: int) -> None:
        self.error = np.full(trials, np.inf)
        self.epoch = np.zeros(trials, np.int64)

    @classmethod
    def of(cls, error: Array, epoch: NDArray[np.int64]) -> Self:
        """As `state` gave it."""
        best = cls(len(error))
        best.error, best.epoch = np.array(error), np.array(epoch)
        return best

    def state(self) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
        """Errors and epochs, for a checkpoint."""
        return {"error": self.error, "epoch": self.epoch}

    def take(self, epoch: int, error: Array) -> None:
        """The errors [R] of an epoch; NaN is no improvement."""
        better = error < self.error
        self.error[better], self.epoch[better] = error[better], epoch

    def age(self, epoch: int, alive: NDArray[np.bool_]) -> int:
        """Epochs since one of the trials that are alive has improved."""
        return epoch - int(self.epoch[alive].max()) if alive.any() else 0
