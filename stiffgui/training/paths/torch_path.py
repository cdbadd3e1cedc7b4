"""All trials in one batch, as operations of torch: any device, any penalty, any layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stiffgui.experiment import Experiment
from stiffgui.regularizers import Regularizer
from stiffgui.resnet.network import ResidualNetwork
from stiffgui.training.adam import Adam
from stiffgui.training.controls import Controls
from stiffgui.training.end_time import RandomEndTime
from stiffgui.training.errors import root_mean_square_error
from stiffgui.training.graph import CapturedGradient
from stiffgui.training.parameter_buffer import State
from stiffgui.training.paths.base import StepPath
from stiffgui.training.step_by_autograd import gradient_of

Array = NDArray[Any]


class TorchPath(StepPath):
    """A step is a gradient (`Gradient`, or autograd) and Adam, R networks at once."""

    def __init__(
        self,
        experiment: Experiment,
        network: ResidualNetwork,
        state: State,
        x: Tensor,
        y: Tensor,
        threads: int,
    ) -> None:
        super().__init__(experiment, network, state, x, y)
        training, gradient = experiment.training, state.parameters.like()
        compute = gradient_of(network, state.parameters, gradient, threads)
        self._end_time = None
        if training.end_time_jitter:
            self._end_time = RandomEndTime(
                compute, network, training.end_time_jitter, training.seed
            )
        stepped = self._end_time or compute
        self.gradient = CapturedGradient(compute) if training.cuda_graph else stepped
        self.adam = Adam(state, gradient, training.beta1, training.beta2, training.epsilon)

    def begin(self, epoch: int, before: int) -> None:
        if self._end_time is not None:
            self._end_time.begin(epoch)
        x, y = self.ordered(epoch)
        self._batches = list(
            zip(torch.split(x, self.batch, 1), torch.split(y, self.batch, 1), strict=True)
        )
        self._before, self._done = before, 0
        # Loss, penalty and share of every step stay on the device until the epoch's end.
        self._losses = torch.zeros(self.steps, 3, len(self.trials), dtype=x.dtype, device=x.device)
        self.adam.set_steps(before)

    def run(self, regularizer: Regularizer, rates: Array, alive: Array, controls: Controls) -> int:
        self.adam.set_rates(rates, alive)
        while self._done < self.steps and not controls.pending:
            penalty = regularizer.at_step(self._before + self._done)
            x, y = self._batches[self._done]
            self.gradient(x, y, penalty, self.generators, self._losses[self._done])
            self.adam.step()
            self._done += 1
        return self._done

    def losses(self) -> NDArray[np.float64]:
        return np.asarray(self._losses.double().cpu().numpy())

    def error(self, x: Tensor, y: Tensor) -> NDArray[np.float64]:
        return root_mean_square_error(self.network, x, y)
