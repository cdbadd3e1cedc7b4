"""What a task is: settings that can produce data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stiffgui.settings import Settings

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Data:
    """Training and test samples, float64: inputs [samples, d], targets [samples, o].

    Targets are in the units the network learns: standardised with the training set's mean
    and standard deviation when there is more than one output, the function's own otherwise.
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]


class Task(Settings, ABC):
    """Something to learn: a map from `inputs` numbers to `outputs` numbers."""

    @property
    @abstractmethod
    def inputs(self) -> int:
        """Input dimension d."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Output dimension o."""

    @property
    @abstractmethod
    def training_samples(self) -> int:
        """Size of the training set."""

    @abstractmethod
    def data(self) -> Data:
        """The samples; the same settings give the same numbers."""

    def domain(self) -> Array | None:
        """Lower and upper end of every input [d, 2], when the task has a domain."""
        return None

    def function(self, x: Array) -> Array | None:
        """The noise-free target [samples, o] at x [samples, d], when it is known anywhere."""
        return None
