"""Loss and gradient of a batch by plain autograd: for layers that are no explicit Euler step."""

from __future__ import annotations

import torch
from torch import Tensor

from stiffgui.resnet.network import ResidualNetwork
from stiffgui.training.graph import Batch
from stiffgui.training.loss import batch_loss
from stiffgui.training.parameter_buffer import ParameterBuffer
from stiffgui.training.step import Gradient


class AutogradGradient:
    """Fills `gradient` with that of `batch_loss`; the network's leaves share `parameters`."""

    def __init__(
        self, network: ResidualNetwork, parameters: ParameterBuffer, gradient: ParameterBuffer
    ) -> None:
        self._network, self._gradient = network, gradient

    def __call__(self, *batch: *Batch) -> None:
        """As `Gradient`."""
        x, y, regularizer, generators, into = batch
        values = batch_loss(self._network, regularizer, x, y, generators)
        leaves = list(self._network.parameters.values())
        gradients = torch.autograd.grad(values[0].sum(), leaves, allow_unused=True)
        for block, gradient in zip(self._gradient.blocks.values(), gradients, strict=True):
            block.zero_() if gradient is None else block.copy_(gradient)
        for row, value in zip(into, values, strict=True):
            row.copy_(value.detach())

    def use_step(self, step: float) -> None:
        """Nothing to do: the network's own architecture is what counts."""

    def forward(self, x: Tensor, outputs: int) -> Tensor:
        """y [R, B, o] of x [R, B, d]."""
        return self._network.predict(x, outputs)


def gradient_of(
    network: ResidualNetwork,
    parameters: ParameterBuffer,
    gradient: ParameterBuffer,
    threads: int = 1,
) -> Gradient | AutogradGradient:
    """The step written out where there is one, autograd otherwise."""
    if network.architecture.integrator == "euler":
        return Gradient(network, parameters, gradient, threads)
    return AutogradGradient(network, parameters, gradient)
