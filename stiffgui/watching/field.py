"""Watches the right-hand side of a neural ODE along its trajectories.

Letters for shapes: N times, B samples, w width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from stiffgui.errors import InputError, entry
from stiffgui.labs.ode import EVALUATIONS, Counted, GaveUp, giving_up
from stiffgui.runs.foreign import COUNTS, STABLE_STEP, STEP, Array, ForeignNetwork, MeasuredLayer
from stiffgui.stiffness.stability import EXPLICIT, REGIONS, largest_steps
from stiffgui.training.quantities import Quantity
from stiffgui.training.records import Event
from stiffgui.watching.blocks import in_a_line
from stiffgui.watching.inputs import device_of, placed
from stiffgui.watching.maps import LayerMap
from stiffgui.watching.paced import PacedRecorder
from stiffgui.watching.untouched import untouched

USUAL = ("spectral-radius", "abscissa", "ratio-real")
SOLVERS = {name: "adaptive" for name in ("dopri5", "dopri8", "bosh3", "adaptive_heun", "fehlberg2")}
QUANTITIES = (
    Quantity(
        STEP, "Step of the solver", "The step that it took there", "layer", over="min", unit="time"
    ),
    *(
        Quantity(
            f"{STABLE_STEP}{name}",
            f"Largest stable step, {REGIONS[name].title}",
            "Up to which every eigenvalue that decays is stable",
            "layer",
            over="min",
            unit="time",
        )
        for name in EXPLICIT
    ),
)


class Along(Counted):
    """The right-hand side on its way through a solver: counted, and each accepted step with its
    beginning, length and state."""

    def __init__(self, field: Callable[..., Tensor], start: Tensor) -> None:
        def at(t: float, x: Tensor) -> Tensor:
            return field(torch.tensor(t, dtype=start.dtype, device=start.device), x)

        super().__init__(at, EVALUATIONS)
        self.accepted: list[tuple[float, float, Tensor]] = []

    def callback_accept_step(self, t0: Tensor, y0: Tensor, dt: Tensor) -> None:
        self.accepted.append((float(t0), float(dt), y0.clone()))

    def at(self, time: float) -> tuple[Tensor | None, float]:
        """The state at the beginning of the step that covers a time, None where none does, and
        the step's length."""
        for begins, length, state in self.accepted:
            if begins <= time <= begins + length:
                return state, length
        return None, float("nan")


class FieldRecorder(PacedRecorder):
    """Of a neural ODE, see `watch`: its layers are the times."""

    def __init__(
        self,
        model: Callable[..., Tensor],
        probe: Any,
        out: str | Path,
        *,
        times: Sequence[float],
        indices: Sequence[str] | None,
        method: str = "dopri5",
        rtol: float = 1e-7,
        atol: float = 1e-9,
        **options: Any,
    ) -> None:
        entry("solver", method, SOLVERS)
        self._field, self._method, self._tolerances = model, method, (rtol, atol)
        self._times = np.asarray(times, np.float64)
        if self._times.ndim != 1 or len(self._times) < 2 or not (np.diff(self._times) > 0).all():
            raise InputError("times: give two or more, each later than the one before.")
        self._start = placed(probe, device_of(model))
        if not isinstance(self._start, Tensor) or self._start.ndim < 2:
            raise InputError("probe: give the initial states as one tensor [samples, ...].")
        with untouched(model):
            slope = self._slope(self._start)
        if not isinstance(slope, Tensor) or slope.shape != self._start.shape:
            raise InputError(
                f"model: f(t, x) must give back a tensor of the shape of x, "
                f"{list(self._start.shape)}."
            )
        title = type(model).__name__ if isinstance(model, nn.Module) else "f(t, x)"
        names = [f"t = {t:g}" for t in self._times]
        super().__init__(
            out, title=title, names=names, indices=USUAL if indices is None else indices, **options
        )
        self._writer.describe(QUANTITIES)

    def _slope(self, x: Tensor) -> Any:
        try:
            return self._field(torch.tensor(self._times[0], dtype=x.dtype, device=x.device), x)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            raise InputError(
                f"probe: f(t, x) cannot be evaluated on it ({in_a_line(error)}); give a batch of "
                f"states as the model takes them."
            ) from None

    def measure(self, epoch: int) -> tuple[dict[str, Array], dict[str, Array], list[MeasuredLayer]]:
        with untouched(self._field):
            along, states, problem = self._solved()
            if problem:
                self._writer.event(Event(epoch, 0, "gave-up", problem))
            maps, steps = [], []
            for time, state in zip(self._times.tolist(), states, strict=True):
                _, length = along.at(time)
                steps.append(length)
                maps.append(LayerMap(f"t = {time:g}", self._at(time), state, residual=False))
            layers = [
                MeasuredLayer(layer.width, step, layer.jacobians, layer.leading, layer.how)
                for layer, step in zip(self.measured(maps), steps, strict=True)
            ]
        numbers = dict(zip(COUNTS, (along.evaluations, len(along.accepted)), strict=True))
        limits = {STEP: steps}
        values = [_eigenvalues(layer) for layer in layers]
        for name in EXPLICIT:
            limits[f"{STABLE_STEP}{name}"] = largest_steps(values, name).tolist()
        return (
            {name: np.array([float(value)]) for name, value in numbers.items()},
            {name: np.array([values], np.float64) for name, values in limits.items()},
            layers,
        )

    def _at(self, time: float) -> Callable[[Tensor], Tensor]:
        return lambda x: self._field(torch.tensor(time, dtype=x.dtype, device=x.device), x)

    def _solved(self) -> tuple[Along, list[Tensor], str]:
        """States at the times; where the solver did not arrive, NaN, and why."""
        from torchdiffeq import odeint

        along = Along(self._field, self._start)
        rtol, atol = self._tolerances
        times = torch.as_tensor(self._times, device=self._start.device)
        try:
            with giving_up():
                states = odeint(
                    along, self._start, times, rtol=rtol, atol=atol, method=self._method
                )
            return along, list(states), ""
        except GaveUp as reason:
            nowhere = torch.full_like(self._start, float("nan"))
            states = [along.at(time)[0] for time in self._times.tolist()]
            problem = f"{self._method} gave up at t = {along.time:.4g}: {reason}."
            return along, [nowhere if state is None else state for state in states], problem

    def _facts(self, layers: Sequence[MeasuredLayer]) -> ForeignNetwork:
        times = tuple(self._times.tolist())
        facts = super()._facts(layers)
        return facts.model_copy(update={"times": times, "solver": self._method, "steps": ()})

    def state(self) -> Any:
        if not isinstance(self._field, nn.Module):
            return None
        return [parameter._version for parameter in self._field.parameters()]


def _eigenvalues(layer: MeasuredLayer) -> NDArray[np.complex128]:
    """[B, w], or the leading ones; NaN where the solver did not arrive."""
    if layer.leading is not None:
        return layer.leading.eigenvalues
    assert layer.jacobians is not None
    known = np.isfinite(layer.jacobians).all()
    jacobians = layer.jacobians if known else np.zeros_like(layer.jacobians)
    values = np.linalg.eigvals(jacobians).astype(np.complex128)
    return values if known else np.full_like(values, np.nan)
