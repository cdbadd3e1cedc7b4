"""The two sizes of network that are timed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stiffgui._presets import presets
from stiffgui.experiment import Experiment
from stiffgui.regularizers import Regularizer
from stiffgui.tasks.base import Data, Task


class RandomTask(Task):
    """Standardised normal inputs and targets

    Speed does not depend on what is learnt; this stands in for data of the climate's size."""

    kind: Literal["random"] = "random"

    @property
    def inputs(self) -> int:
        return 15

    @property
    def outputs(self) -> int:
        return 10

    @property
    def training_samples(self) -> int:
        return 400

    def data(self) -> Data:
        draws = np.random.default_rng(0)
        x, y = (
            draws.standard_normal((self.training_samples, n)) for n in (self.inputs, self.outputs)
        )
        inputs, outputs = (tuple(f"x{i}" for i in range(n)) for n in (self.inputs, self.outputs))
        return Data(x, y, x[:20], y[:20], inputs, outputs)


@dataclass(frozen=True)
class Problem:
    """The network and the batches of a preset, on data of its size."""

    name: str
    preset: str
    task: Task

    def experiment(
        self, regularizer: Regularizer, trials: int = 1, precision: str = "float32"
    ) -> Experiment:
        """The experiment of this size, on the CPU."""
        base = presets[self.preset].with_settings(
            {
                "training.trials": trials,
                "training.device": "cpu",
                "training.precision": precision,
            }
        )
        return base.model_copy(update={"task": self.task, "regularizer": regularizer})


ALPINE = Problem("Alpine", "alpine02", presets["alpine02"].task)
CLIMATE = Problem("climate", "climate", RandomTask())
PROBLEMS = (ALPINE, CLIMATE)


def problem_of(preset: str) -> Problem:
    """The size of network of a preset."""
    return next(p for p in PROBLEMS if preset.startswith(p.preset))
