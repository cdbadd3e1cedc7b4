"""What all test functions of one output share: uniform samples in a box, noise, scaling."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from stiffgui.settings import setting
from stiffgui.tasks.base import (
    Array,
    Data,
    DrawnTask,
    Task,
    data_seed,
    noise_level,
    test_samples,
    training_samples,
)

# A training target whose standard deviation lies between these is learnt in own units.
NEAR_ONE = (1 / 3, 3.0)


class BenchmarkFunction(DrawnTask):
    """A function on a box, with samples uniform in it.

    Inputs reach the network scaled from the box to [-1, 1]. Targets are standardised with the
    training set when their standard deviation there is below 1/3 or above 3, and in own units
    otherwise. Test targets carry no noise.
    """

    UNIT: ClassVar[str] = ""  # of f
    train_samples: int = training_samples(900)
    test_samples: int = test_samples(300)
    noise: float = noise_level()
    seed: int = data_seed()

    @abstractmethod
    def value(self, x: Array) -> Array:
        """f at x [samples, d] in own units: [samples]."""

    @abstractmethod
    def box(self) -> Array:
        """Lower and upper end of every input in own units [d, 2]."""

    def names(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return tuple(f"x{i + 1}" for i in range(self.inputs))

    @property
    def inputs(self) -> int:
        return len(self.box())

    def domain(self) -> Array:
        return np.tile([-1.0, 1.0], (self.inputs, 1))

    def function(self, x: Array) -> Array:
        shift, scale = self._scaling(self._draws()[1])
        return (self._at(x) - shift) / scale

    def data(self) -> Data:
        x_train, y_train, x_test = self._draws()
        shift, scale = self._scaling(y_train)
        x = self.validation_stream().uniform(-1, 1, (self.validation_samples, self.inputs))
        own = Data(
            x_train,
            y_train,
            x_test,
            self._at(x_test),
            self.names(),
            ("f(x)",),
            (self.UNIT,),
            input_shift=self.box().mean(1),
            input_scale=np.ptp(self.box(), axis=1) / 2,
            x_validation=x,
            y_validation=self._at(x),
        )
        return own.scaled(np.array([shift]), np.array([scale]))

    def _at(self, x: Array) -> Array:
        low, high = self.box().T
        return np.asarray(self.value(low + (high - low) * (x + 1) / 2))[:, None]

    def _draws(self) -> tuple[Array, Array, Array]:
        train, test, noise = self.streams(3)
        x_train = train.uniform(-1, 1, (self.train_samples, self.inputs))
        x_test = test.uniform(-1, 1, (self.test_samples, self.inputs))
        y_train = self._at(x_train)
        return x_train, y_train + self.noise * noise.standard_normal(y_train.shape), x_test

    @staticmethod
    def _scaling(y_train: Array) -> tuple[float, float]:
        deviation = float(y_train.std())
        if deviation == 0 or NEAR_ONE[0] <= deviation <= NEAR_ONE[1]:
            return 0.0, 1.0
        return float(y_train.mean()), deviation


class Cube(BenchmarkFunction):
    """A test function with the same range for any number of inputs."""

    RANGE: ClassVar[tuple[float, float]] = (0.0, 1.0)  # lower and upper end of every input

    def box(self) -> Array:
        return np.tile(self.RANGE, (self.inputs, 1))


class AnyDimension(Task):
    """The setting of functions that exist in any number of dimensions."""

    dimension: int = setting(2, title="Dimension", help="Number of inputs d.", ge=1, le=20)

    @property
    def inputs(self) -> int:
        return self.dimension
