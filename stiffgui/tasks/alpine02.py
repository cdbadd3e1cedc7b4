"""Alpine02: the talk's test function."""

from __future__ import annotations

from typing import Literal

import numpy as np

from stiffgui.settings import setting
from stiffgui.tasks.base import (
    Array,
    Data,
    DrawnTask,
    data_seed,
    noise_level,
    test_samples,
    training_samples,
)


class Alpine02(DrawnTask):
    """Alpine02 function

    f(x) = prod_i sqrt|x_i| sin(x_i) on [-5, 5]^d, inputs uniform in the cube. In two
    dimensions f is even, its range is +-4.7645 and its standard deviation 1.432; it is once
    continuously differentiable at 0, not twice. Source: the talk; a benchmark of global
    optimisation (Clerc 1999), used here for regression.
    """

    kind: Literal["alpine02"] = "alpine02"
    dimension: int = setting(
        2,
        title="Dimension",
        help="Number of inputs d. The talk draws d = 2; its text does not state it.",
        ge=1,
        le=10,
    )
    train_samples: int = training_samples(900)
    test_samples: int = test_samples(100)
    noise: float = noise_level()
    seed: int = data_seed()

    def domain(self) -> Array:
        return np.tile([-5.0, 5.0], (self.dimension, 1))

    def function(self, x: Array) -> Array:
        return np.asarray(np.prod(np.sqrt(np.abs(x)) * np.sin(x), axis=1, keepdims=True))

    def data(self) -> Data:
        train, test, noise = self.streams(3)
        x_train = train.uniform(-5, 5, (self.train_samples, self.dimension))
        x_test = test.uniform(-5, 5, (self.test_samples, self.dimension))
        y_train = self.function(x_train)
        x = self.validation_stream().uniform(-5, 5, (self.validation_samples, self.dimension))
        return Data(
            x_train,
            y_train + self.noise * noise.standard_normal(y_train.shape),
            x_test,
            self.function(x_test),
            tuple(f"x{i + 1}" for i in range(self.dimension)),
            ("f(x)",),
            x_validation=x,
            y_validation=self.function(x),
        )
