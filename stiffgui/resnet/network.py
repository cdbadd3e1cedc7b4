"""The batched residual network: R trials in one computation.

Letters for shapes: R trials, B samples, N layers, w width, d inputs, o outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stiffgui.resnet.activations import ACTIVATIONS
from stiffgui.resnet.architecture import Architecture
from stiffgui.resnet.expansion import basis, expand, is_identity
from stiffgui.resnet.field import VectorField
from stiffgui.resnet.integration import Steps, explicit, implicit_euler
from stiffgui.resnet.tableaus import EXPLICIT


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
    """x_n = x_{n-1} + a s(W_n x_{n-1} + b_n), explicit Euler on x' = s(W(t) x + b(t)), or a step
    of another method on the same equation.

    `parameters` maps the names of `Architecture.shapes` to tensors with the trial axis R first;
    they are used as they are, so gradients flow to whoever owns them.
    """

    def __init__(self, architecture: Architecture, parameters: Mapping[str, Tensor]) -> None:
        self.architecture = architecture
        self.parameters = dict(parameters)
        self._activation = ACTIVATIONS[architecture.activation]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.architecture, self.parameters)

    @classmethod
    def exact(cls, architecture: Architecture, parameters: Mapping[str, Any]) -> ResidualNetwork:
        """Networks of stored or trained parameters in float64, without gradients, on the CPU."""

        def exact(values: Any) -> Tensor:
            if isinstance(values, Tensor):
                return values.detach().to("cpu", torch.float64)
            return torch.as_tensor(np.array(values, dtype=np.float64))

        return cls(architecture, {name: exact(values) for name, values in parameters.items()})

    @property
    def weight(self) -> Tensor:
        """Layer weights W_n at the left ends t_n, [R, N, w, w]."""
        return self.at_layers("layers.weight")

    @property
    def bias(self) -> Tensor:
        """Layer biases b_n at the left ends t_n, [R, N, w]."""
        return self.at_layers("layers.bias")

    def at_layers(self, name: str, node: float = 0.0) -> Tensor:
        """`layers.weight` or `layers.bias` of every layer at t_n + node a, [R, N, ...]."""
        coefficients = self.parameters[name]
        if is_identity(self.architecture) and coefficients.shape[1] == self.architecture.depth:
            return coefficients
        return expand(basis(self.architecture, coefficients, node), coefficients)

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
        if self.architecture.integrator != "euler":
            return self._integrate(x, outputs, slopes)
        weights = self.weight.transpose(-1, -2).unbind(1)
        biases = self.bias.unsqueeze(2).unbind(1)
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

    def states_from(self, start: Tensor) -> list[Tensor]:
        """x_0..x_N, [R, B, w] each, from x_0: the layers without lift and read-out."""
        advance, states = self._steps(), [start]
        for n in range(self.architecture.depth):
            states.append(advance(states[-1], n))
        return states

    def _integrate(self, x: Tensor, outputs: int, slopes: bool) -> Pass:
        states = self.states_from(self.lift(x))
        if not slopes:
            return Pass(self.readout(states[-1], outputs), states, x.new_empty(0))
        z = torch.stack(states[:-1], 1) @ self.weight.mT + self.bias.unsqueeze(2)
        derivative = self._activation.slope(z, self._activation.value(z))
        return Pass(self.readout(states[-1], outputs), states, derivative)

    def _steps(self) -> Steps:
        """One step of the architecture's integrator."""
        step, integrator = self.architecture.step_size, self.architecture.integrator

        def layers(node: float) -> list[tuple[Tensor, Tensor]]:
            weights = self.at_layers("layers.weight", node).unbind(1)
            biases = self.at_layers("layers.bias", node).unsqueeze(2).unbind(1)
            return list(zip(weights, biases, strict=True))

        if integrator in EXPLICIT:
            tableau = EXPLICIT[integrator]
            stages = [layers(node) for node in tableau.nodes]
            return explicit(tableau, self._activation, stages, step)
        return implicit_euler(self._activation, layers(1.0), step)

    def predict(self, x: Tensor, outputs: int) -> Tensor:
        """y [R, B, o] of x [R, B, d] without a graph: nothing but the present state is stored."""
        with torch.no_grad():
            state, step = self.lift(x), self.architecture.step_size
            if self.architecture.integrator != "euler":
                advance = self._steps()
                for n in range(self.architecture.depth):
                    state = advance(state, n)
                return self.readout(state, outputs)
            # a tanh z = 2 a sigmoid(2 z) - a, see ManualPass: faster than torch's tanh.
            tanh = self.architecture.activation == "tanh"
            twice = 2 if tanh else 1
            weight, bias = self.weight.mT, self.bias.unsqueeze(2)
            state = state.clone()
            for n in range(self.architecture.depth):
                z = torch.baddbmm(bias[:, n], state, weight[:, n], beta=twice, alpha=twice)
                if tanh:
                    state.add_(z.sigmoid_(), alpha=2 * step).sub_(step)
                else:
                    state.add_(self._activation.value(z), alpha=step)
            return self.readout(state, outputs)

    def jacobians(self, x: Tensor) -> Tensor:
        """J_n(x) = diag(s'(z_n)) W_n of every layer and sample: [R, N, B, w, w]."""
        slopes = self.forward(x, 1).slopes
        return slopes.unsqueeze(-1) * self.weight.unsqueeze(2)

    def at_depth(self, depth: int, integrator: str | None = None) -> ResidualNetwork:
        """The same W(t) and b(t) in a network of another depth, and of another integrator.

        Separate layers are constant in time on their cells, so a multiple of the depth repeats
        each layer. There is no upper bound on the depth here.
        """
        old = self.architecture
        changes = {
            "depth": depth,
            "weights": old.weights.resized(depth, self.parameters["layers.weight"].shape[1]),
            "integrator": integrator or old.integrator,
        }
        return ResidualNetwork(old.model_copy(update=changes), self.parameters)

    def field(self) -> VectorField:
        """The right-hand side of the ODE that this network discretises."""
        return VectorField(self.architecture, self.parameters)


def _affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(-1, -2))


def initial_parameters(
    architecture: Architecture, inputs: int, outputs: int, seed: int, trial: int
) -> dict[str, np.ndarray]:
    """Parameters of one trial before training, float64.

    Uniform(-1/sqrt(fan_in), 1/sqrt(fan_in)) for weights and biases, from a generator of the
    trial's own, so that trial r is the same network alone or in a batch. Coefficients of W(t) are
    scaled so that W(t) has, in the mean over time, the variance that separate layers have.
    """
    generator = np.random.default_rng([seed, trial, 0])
    fan_in = {"lift": inputs, "layers": architecture.width, "readout": architecture.width}
    values = {}
    for name, shape in architecture.shapes(inputs, outputs).items():
        bound = fan_in[name.split(".")[0]] ** -0.5
        if name.startswith("layers."):
            bound *= architecture.weights.scale(architecture.coefficients)
        values[name] = generator.uniform(-bound, bound, shape)
    return values
