"""What every path has: the samples, the state it trains, and an epoch's order of samples.

Letters for shapes: R trials, S samples, P parameters of a trial.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from stiffgui.experiment import Experiment
from stiffgui.regularizers import Regularizer
from stiffgui.resnet.network import ResidualNetwork
from stiffgui.training.controls import Controls
from stiffgui.training.parameter_buffer import State

Array = NDArray[Any]


class StepPath(ABC):
    """Takes the optimiser steps of an epoch, of all trials.

    x [S, d] and y [S, o] are the training samples on the device of the state. Nothing is drawn
    from a running random stream: the batches and random vectors of an epoch follow from (seed,
    trial, epoch), so that a trial sees the same ones alone, in a batch, and after resuming.
    """

    def __init__(
        self, experiment: Experiment, network: ResidualNetwork, state: State, x: Tensor, y: Tensor
    ) -> None:
        training = experiment.training
        self.experiment, self.network, self.state = experiment, network, state
        self.x, self.y = x, y
        self.trials = [training.first_trial + r for r in range(training.trials)]
        self.generators = [Generator() for _ in self.trials]
        self.batch, self.steps = training.batch_size, -(-len(x) // training.batch_size)

    def draw(self, epoch: int) -> NDArray[np.int64]:
        """Each trial's order of samples in this epoch, [R, S]; its generator is seeded."""
        orders = np.empty((len(self.trials), len(self.x)), np.int64)
        for r, (trial, generator) in enumerate(zip(self.trials, self.generators, strict=True)):
            draws = np.random.default_rng([self.experiment.training.seed, trial, 1, epoch])
            orders[r] = draws.permutation(len(self.x))
            generator.manual_seed(int(draws.integers(2**62)))
        return orders

    def ordered(self, epoch: int) -> tuple[Tensor, Tensor]:
        """The training set in each trial's order of an epoch: [R, S, d] and [R, S, o]."""
        order = torch.as_tensor(self.draw(epoch), device=self.x.device)
        return self.x[order], self.y[order]

    @abstractmethod
    def begin(self, epoch: int, before: int) -> None:
        """Begin an epoch; `before` steps were taken before it."""

    @abstractmethod
    def run(self, regularizer: Regularizer, rates: Array, alive: Array, controls: Controls) -> int:
        """Go on with the epoch until it ends or something is asked: how many steps are done.

        rates and alive [R]: learning rates, and which trials move.
        """

    @abstractmethod
    def losses(self) -> NDArray[np.float64]:
        """Loss, mean penalty and share of the epoch's steps, [steps, 3, R]."""

    @abstractmethod
    def error(self, x: Tensor, y: Tensor) -> NDArray[np.float64]:
        """RMSE over samples and outputs of each network now, [R], at x [samples, d]."""
