"""Adam with a learning rate of its own for every trial."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stiffgui.training.parameter_buffer import ParameterBuffer, State

_Group = tuple[float, list[Tensor], list[Tensor], list[Tensor], list[Tensor], list[Tensor]]


class Adam:
    """Adam (Kingma & Ba 2015) on stacked parameters of R trials; updates them in place.

    Torch's fused kernel, called without torch.optim: that has one learning rate for all trials,
    and its first step imports the compiler (four seconds). Trials of equal rate share a call, so
    as long as no trial's rate has dropped a step is one operation.
    """

    def __init__(
        self,
        state: State,
        gradient: ParameterBuffer,
        beta1: float,
        beta2: float,
        epsilon: float,
    ) -> None:
        self.state, self.gradient = state, gradient
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.steps = 0
        self._count = torch.zeros((), dtype=torch.float32, device=gradient.flat.device)
        self._groups: list[_Group] = []
        self._fixed: list[tuple[Tensor, Tensor]] = []

    def set_rates(self, rates: NDArray[np.float64], alive: NDArray[np.bool_]) -> None:
        """The learning rates [R] from now on; trials that are not alive stay as they are.

        Where all others have one rate, they are moved all the same and put back: what an element
        becomes depends, in its last bit, on where in an array it lies.
        """
        state = self.state
        arrays = (state.parameters, self.gradient, state.mean, state.square)
        self._groups, self._fixed = [], []
        dead = np.flatnonzero(~alive).tolist()
        for rate in np.unique(rates[alive]):
            which = np.flatnonzero(alive & (rates == rate)).tolist()
            whole = len(which) == alive.sum()
            p, g, m, v = ([a.flat] if whole else a.of_trials(which) for a in arrays)
            if whole:
                views = [
                    v
                    for a in (state.parameters, state.mean, state.square)
                    for v in a.of_trials(dead)
                ]
                self._fixed = [(view, view.clone()) for view in views]
            self._groups.append((float(rate), p, g, m, v, [self._count] * len(p)))

    def set_steps(self, steps: int) -> None:
        """Count from `steps` on."""
        self.steps = steps
        self._count.fill_(steps)

    def step(self) -> None:
        """One step along the present gradient."""
        self.steps += 1
        self._count.add_(1)
        for rate, parameters, gradients, means, squares, counts in self._groups:
            torch._fused_adam_(
                parameters,
                gradients,
                means,
                squares,
                [],
                counts,
                lr=rate,
                beta1=self.beta1,
                beta2=self.beta2,
                weight_decay=0.0,
                eps=self.epsilon,
                amsgrad=False,
                maximize=False,
            )
        for view, kept in self._fixed:
            view.copy_(kept)
