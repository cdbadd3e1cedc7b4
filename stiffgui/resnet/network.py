"""The batched residual network: R trials in one computation.

Letters for shapes: R trials, B samples, N layers, w width, d inputs, o outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stiffgui.resnet.activations import ACTIVATIONS
from stiffgui.resnet.architecture import Architecture


@dataclass(frozen=True)
class Pass:
    """What one forward pass leaves behind.

    output [R, B, o]; states: the N + 1 states x_0..x_N, [R, B, w] each; slopes [R, N, B, w],
    the derivative s'(z_n) of every layer, so that J_n = diag(slopes_n) W_n.
    """

    output: Tensor
    states: list[Tensor]
    slopes: Tensor


class ResidualNetwork:
    """x_n = x_{n-1} + a s(W_n x_{n-1} + b_n), explicit Euler on x' = s(W(t) x + b(t)).

    `parameters` maps the names of `Architecture.shapes` to tensors with the trial axis R first;
    they are used as they are, so gradients flow to whoever owns them.
    """

    def __init__(self, architecture: Architecture, parameters: Mapping[str, Tensor]) -> None:
        self.architecture = architecture
        self.parameters = dict(parameters)
        self._activation = ACTIVATIONS[architecture.activation]

    @property
    def weight(self) -> Tensor:
        """Layer weights W_n, [R, N, w, w]."""
        return self.parameters["layers.weight"]

    def lift(self, x: Tensor) -> Tensor:
        """x [R, B, d] -> x_0 [R, B, w]."""
        kind, width = self.architecture.lift, self.architecture.width
        if kind in ("affine", "affine-tanh"):
            z = _affine(x, self.parameters["lift.weight"], self.parameters["lift.bias"])
            return z.tanh() if kind == "affine-tanh" else z
        return torch.nn.functional.pad(x, (0, width - x.shape[-1]))

    def readout(self, state: Tensor, outputs: int) -> Tensor:
        """x_N [R, B, w] -> y [R, B, o]."""
        if self.architecture.readout == "affine":
            return _affine(
                state, self.parameters["readout.weight"], self.parameters["readout.bias"]
            )
        return state[..., :outputs]

    def forward(self, x: Tensor, outputs: int, *, slopes: bool = True) -> Pass:
        """Run the network on x [R, B, d]; without `slopes` that field of the pass is empty."""
        weights = self.weight.transpose(-1, -2).unbind(1)
        biases = self.parameters["layers.bias"].unsqueeze(2).unbind(1)
        states, derivatives = [self.lift(x)], []
        step = self.architecture.step_size
        for weight, bias in zip(weights, biases, strict=True):
            z = torch.baddbmm(bias, states[-1], weight)
            y = self._activation.value(z)
            if slopes:
                derivatives.append(self._activation.slope(z, y))
            states.append(states[-1].add(y, alpha=step))
        stacked = torch.stack(derivatives, dim=1) if slopes else x.new_empty(0)
        return Pass(self.readout(states[-1], outputs), states, stacked)

    def predict(self, x: Tensor, outputs: int) -> Tensor:
        """y [R, B, o] of x [R, B, d] without a graph: nothing but the present state is stored."""
        with torch.no_grad():
            state, step = self.lift(x), self.architecture.step_size
            bias = self.parameters["layers.bias"].unsqueeze(2)
            for n in range(self.architecture.depth):
                z = torch.baddbmm(bias[:, n], state, self.weight[:, n].transpose(-1, -2))
                if self.architecture.activation == "tanh":
                    z.tanh_()
                else:
                    z = self._activation.value(z)
                state = state.add(z, alpha=step) if n == 0 else state.add_(z, alpha=step)
            return self.readout(state, outputs)

    def jacobians(self, x: Tensor) -> Tensor:
        """J_n(x) = diag(s'(z_n)) W_n of every layer and sample: [R, N, B, w, w]."""
        slopes = self.forward(x, 1).slopes
        return slopes.unsqueeze(-1) * self.weight.unsqueeze(2)


def _affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(-1, -2))


def initial_parameters(
    architecture: Architecture, inputs: int, outputs: int, seed: int, trial: int
) -> dict[str, np.ndarray]:
    """Parameters of one trial before training, float64.

    Uniform(-1/sqrt(fan_in), 1/sqrt(fan_in)) for weights and biases, from a generator of the
    trial's own, so that trial r is the same network alone or in a batch.
    """
    generator = np.random.default_rng([seed, trial, 0])
    fan_in = {"lift": inputs, "layers": architecture.width, "readout": architecture.width}
    values = {}
    for name, shape in architecture.shapes(inputs, outputs).items():
        bound = fan_in[name.split(".")[0]] ** -0.5
        values[name] = generator.uniform(-bound, bound, shape)
    return values
