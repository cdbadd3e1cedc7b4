"""The learning rate of each trial, reduced when its training loss stops falling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stiffgui.training_settings import Plateau

Array = NDArray[np.float64]


class PlateauSchedule:
    """torch.optim.lr_scheduler.ReduceLROnPlateau (mode min, relative threshold), per trial."""

    def __init__(self, settings: Plateau, rate: float, trials: int) -> None:
        self.settings = settings
        self.rate = np.full(trials, rate)
        self.best = np.full(trials, np.inf)
        self.bad = np.zeros(trials)
        self.cooling = np.zeros(trials)

    def step(self, loss: Array) -> NDArray[np.bool_]:
        """Take an epoch's losses [R]; returns which trials' rates dropped."""
        s = self.settings
        better = loss < self.best * (1 - s.threshold)
        self.best = np.where(better, loss, self.best)
        self.bad = np.where(better, 0, self.bad + 1)
        cooling = self.cooling > 0
        self.cooling = np.where(cooling, self.cooling - 1, self.cooling)
        self.bad = np.where(cooling, 0, self.bad)
        due = self.bad > s.patience
        lowered = np.maximum(self.rate * s.factor, s.min_lr)
        # torch's rule: a change below 1e-8 is not made.
        dropped = due & (self.rate - lowered > 1e-8)
        self.rate = np.where(dropped, lowered, self.rate)
        self.cooling = np.where(due, s.cooldown, self.cooling)
        self.bad = np.where(due, 0, self.bad)
        return np.asarray(dropped)

    def state(self) -> dict[str, Array]:
        """Arrays that `restore` takes back."""
        return {"rate": self.rate, "best": self.best, "bad": self.bad, "cooling": self.cooling}

    def restore(self, state: dict[str, Array]) -> None:
        """Continue from `state()`."""
        for name, value in state.items():
            setattr(self, name, np.array(value, dtype=np.float64))
