"""A stored network, numpy in and out, float64: what people ask of a past epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from stiffgui.errors import InputError, entry
from stiffgui.experiment import Experiment
from stiffgui.resnet.field import VectorField
from stiffgui.resnet.network import ResidualNetwork
from stiffgui.resnet.tableaus import INTEGRATORS
from stiffgui.runs.refining import refine

Array = NDArray[np.float64]


class Snapshot:
    """The R networks of one epoch. x is [B, d] (the same for all trials) or [R, B, d].

    Inputs and outputs are in the units the network learns, which are scaled ones for tables and
    some tasks (`Data.inputs_learnt`, `Data.in_own_units`). `Run.surrogate` takes own units.
    """

    def __init__(
        self, experiment: Experiment, epoch: int, parameters: Mapping[str, NDArray[Any]]
    ) -> None:
        self.epoch = epoch
        self.experiment = experiment
        self._parameters = dict(parameters)
        self._outputs = experiment.task.outputs
        self._inputs = experiment.task.inputs
        self._network = ResidualNetwork.exact(experiment.architecture, parameters)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.experiment, self.epoch, self._parameters)

    def __repr__(self) -> str:
        form, count = self.experiment.architecture, len(next(iter(self._parameters.values())))
        return (
            f"<Snapshot of epoch {self.epoch}: networks: {count}, {self._inputs} inputs, width "
            f"{form.width}, depth {form.depth}, {self._outputs} outputs>"
        )

    def predict(self, x: Any) -> Array:
        """y [R, B, o], in the units the network learns, as x is: see the class."""
        return np.asarray(self._network.predict(self._place(x), self._outputs).numpy())

    def gradients(self, x: Any) -> Array:
        """dy/dx of every output by every input, in the units of `predict`: [R, B, o, d]."""
        place = self._place(x).clone().requires_grad_()
        outputs = self._network.forward(place, self._outputs, slopes=False).output.unbind(-1)
        rows = [torch.autograd.grad(y.sum(), place, retain_graph=True)[0] for y in outputs]
        return torch.stack(rows, 2).numpy()

    def trajectories(self, x: Any) -> Array:
        """States x_0..x_N: [R, B, N + 1, w]."""
        with torch.no_grad():
            passed = self._network.forward(self._place(x), self._outputs, slopes=False)
        return torch.stack(passed.states, dim=2).numpy()

    def jacobians(self, x: Any) -> Array:
        """J_n(x) of every layer and sample: [R, N, B, w, w]."""
        with torch.no_grad():
            return self._network.jacobians(self._place(x)).numpy()

    def at_depth(self, depth: int, integrator: str | None = None) -> Snapshot:
        """The same W(t) and b(t) in networks of another depth, and of another integrator.

        Weights of separate layers are constant in time on their cells. Raises InputError when
        `depth` is not positive or the integrator is unknown.
        """
        if depth < 1:
            raise InputError(f"a network has at least one layer, not {depth}.")
        if integrator is not None:
            entry("integrator", integrator, INTEGRATORS)
        other = Snapshot(self.experiment, self.epoch, self._parameters)
        other._network = self._network.at_depth(depth, integrator)
        return other

    def refined(self, depth: int) -> Snapshot:
        """The networks that training on at this depth begins with (`stiffgui.runs.refine`)."""
        experiment, parameters = refine(self.experiment, self._parameters, depth)
        return Snapshot(experiment, self.epoch, parameters)

    def of_trial(self, trial: int) -> Snapshot:
        """The network of one trial alone."""
        one = {name: values[trial : trial + 1] for name, values in self._parameters.items()}
        return Snapshot(self.experiment, self.epoch, one)

    def layers(self, name: str, node: float = 0.0) -> Array:
        """`weight` [R, N, w, w] or `bias` [R, N, w] of every layer at t_n + node a."""
        return self._network.at_layers(f"layers.{name}", node).numpy()

    def affine(self, trials: Sequence[int]) -> dict[str, Array]:
        """Weights and biases of lift and read-out of some trials, where they are trained."""
        return {
            name.replace(".", "_"): np.asarray(values, np.float64)[list(trials)]
            for name, values in self._parameters.items()
            if not name.startswith("layers.")
        }

    def lift(self, x: Any) -> Array:
        """x_0: [R, B, w]."""
        with torch.no_grad():
            return self._network.lift(self._place(x)).numpy()

    def field(self) -> VectorField:
        """The right-hand side of the ODE that the networks discretise."""
        return self._network.field()

    def readout(self, states: Any) -> Array:
        """y [R, B, o] of last states [R, B, w]."""
        with torch.no_grad():
            last = torch.as_tensor(np.array(states, dtype=np.float64))
            return self._network.readout(last, self._outputs).numpy()

    def _place(self, x: Any) -> torch.Tensor:
        try:
            values = torch.as_tensor(np.array(x, dtype=np.float64))
        except (TypeError, ValueError):
            raise InputError(
                f"inputs must be numbers of the shape [samples, {self._inputs}], not {x!r:.40}."
            ) from None
        if values.ndim not in (2, 3) or values.shape[-1] != self._inputs:
            raise InputError(
                f"inputs must have the shape [samples, {self._inputs}], not {tuple(values.shape)}."
            )
        trials = self._network.weight.shape[0]
        return values.expand(trials, *values.shape[-2:])
