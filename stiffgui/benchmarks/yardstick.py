"""The talk's method as anyone would write it: torch.nn.Linear, autograd, torch.optim.Adam."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from stiffgui.experiment import Experiment
from stiffgui.training import Trainer

Penalty = Callable[[Tensor], Tensor]


class PlainResNet(nn.Module):
    """x_0 = tanh(lift x); x_n = x_{n-1} + a tanh(layer_n x_{n-1}); y = readout x_N."""

    def __init__(self, width: int, depth: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.lift = nn.Linear(inputs, width)
        self.linear = [nn.Linear(width, width) for _ in range(depth)]
        self.layers = nn.ModuleList(self.linear)  # registers them
        self.readout = nn.Linear(width, outputs)
        self.step = 1.0 / depth

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """y [B, o] of x [B, d], and tanh(z_n) of every layer, N times [B, w]."""
        state, values = self.lift(x).tanh(), []
        for layer in self.linear:
            values.append(layer(state).tanh())
            state = state + self.step * values[-1]
        return self.readout(state), values

    def jacobians(self, values: list[Tensor]) -> Tensor:
        """diag(1 - tanh(z_n)^2) W_n, [N, B, w, w]."""
        weights = torch.stack([layer.weight for layer in self.linear])
        return (1 - torch.stack(values) ** 2).unsqueeze(-1) * weights.unsqueeze(1)


def gelfand(jacobians: Tensor, squarings: int = 10) -> Tensor:
    """||J^k||_F^(1/k), k = 2^squarings, through autograd: all matrices in one batch."""
    power, logarithm = jacobians, torch.zeros((), dtype=jacobians.dtype)
    for _ in range(squarings):
        size = torch.linalg.matrix_norm(power)
        power = power / size[..., None, None]
        power, logarithm = power @ power, 2 * (logarithm + size.log())
    value: Tensor = ((logarithm + torch.linalg.matrix_norm(power).log()) / 2**squarings).exp()
    return value


def radius(jacobians: Tensor) -> Tensor:
    """max |l|, differentiated through torch.linalg.eigvals."""
    largest: Tensor = torch.linalg.eigvals(jacobians).abs().amax(-1)
    return largest


def steps(
    experiment: Experiment, penalty: Penalty | None = None, weight: float = 0.0
) -> Iterator[float]:
    """Train, endlessly; yields the loss of every step.

    The start, the batches and their order are those of `Trainer(experiment)`, one trial.
    """
    reference = Trainer(experiment)
    architecture, task = experiment.architecture, experiment.task
    network = PlainResNet(architecture.width, architecture.depth, task.inputs, task.outputs)
    network.to(reference.dtype)
    _copy_start(network, reference)
    optimiser = torch.optim.Adam(network.parameters(), lr=experiment.training.learning_rate)
    for x, y in reference.batches():
        optimiser.zero_grad()
        output, values = network(x[0])
        total = (output - y[0]).square().sum(-1).mean()
        if penalty is not None:
            per_sample = penalty(network.jacobians(values)).sum(0)
            total = total + weight * per_sample.square().mean()
        loss = total.sqrt()
        loss.backward()
        optimiser.step()
        yield float(loss.detach())


def _copy_start(network: PlainResNet, trainer: Trainer) -> None:
    start = trainer.network.parameters
    with torch.no_grad():
        for part, module in (("lift", network.lift), ("readout", network.readout)):
            module.weight.copy_(start[f"{part}.weight"][0])
            module.bias.copy_(start[f"{part}.bias"][0])
        for n, layer in enumerate(network.linear):
            layer.weight.copy_(start["layers.weight"][0, n])
            layer.bias.copy_(start["layers.bias"][0, n])
