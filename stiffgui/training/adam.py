"""Adam with a learning rate of its own for every trial."""

from __future__ import annotations

import torch
from torch import Tensor


class Adam:
    """Adam (Kingma & Ba 2015) on the stacked parameters [R, P]; updates them in place.

    Written here because torch.optim has one learning rate for all trials, and its first step
    imports the compiler (four seconds). Same formula as torch.optim.Adam.
    """

    def __init__(self, parameters: Tensor, beta1: float, beta2: float, epsilon: float) -> None:
        self.parameters = parameters
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.mean = torch.zeros_like(parameters)
        self.square = torch.zeros_like(parameters)
        self.steps = 0

    def step(self, gradient: Tensor, rate: Tensor) -> None:
        """One step with the gradient [R, P] at the learning rates [R, 1]."""
        self.steps += 1
        self.mean.lerp_(gradient, 1 - self.beta1)
        self.square.mul_(self.beta2).addcmul_(gradient, gradient, value=1 - self.beta2)
        correction = (1 - self.beta2**self.steps) ** 0.5
        denominator = self.square.sqrt().div_(correction).add_(self.epsilon)
        scaled = self.mean / denominator
        self.parameters.sub_(scaled.mul_(rate / (1 - self.beta1**self.steps)))
