"""A trained network's states over time beside the solution of its own ODE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from stiffgui.runs.snapshot import Snapshot

Array = NDArray[np.float64]

TOLERANCE, MOST_EVALUATIONS = 1e-6, 3_000  # enough for a picture
POINTS_A_LAYER = 4  # at most, of the ODE's curve


@dataclass(frozen=True)
class Trajectories:
    """times [N + 1] and network [N + 1, B, w]: x_n at t = n T/N; ode_times [M], ode [M, B, w].

    problem: why the ODE's solution ends early (NaN from there), or nothing.
    """

    times: Array
    network: Array
    ode_times: Array
    ode: Array
    problem: str = ""

    def distance(self) -> float:
        """Root mean square over samples of |x_N - x(T)|; NaN when the ODE was not solved."""
        return float(np.sqrt(np.square(self.network[-1] - self.ode[-1]).sum(-1).mean()))

    def coordinates(self, component: int = 0) -> tuple[list[str], Array, Array]:
        """Names, network [N + 1, B, k] and ODE [M, B, k] of what is drawn.

        component 1..w: that one (k = 1). 0: the first two principal components of the network's
        states (k = 2, or 1 when the width is 1), the ODE projected onto the same.
        """
        width = self.network.shape[-1]
        if component:
            c = min(component, width) - 1
            return [f"x{c + 1}"], self.network[..., c : c + 1], self.ode[..., c : c + 1]
        flat = self.network.reshape(-1, width)
        centre = flat.mean(0)
        _, sizes, axes = np.linalg.svd(flat - centre, full_matrices=False)
        axes = axes[: min(2, width)]
        # The sign of a principal axis is arbitrary: let its largest entry be positive.
        signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])
        axes = (axes.T * np.where(signs == 0, 1, signs)).T
        shares = sizes**2 / max(float(np.square(sizes).sum()), np.finfo(float).tiny)
        names = [f"PC{k + 1} ({100 * shares[k]:.0f} %)" for k in range(len(axes))]
        return names, (self.network - centre) @ axes.T, (self.ode - centre) @ axes.T


def trajectories_of(snapshot: Snapshot, trial: int, x: Array) -> Trajectories:
    """Of inputs [samples, d] as the network sees them, beside the ODE, which does not depend on the
    integrator."""
    from stiffgui.labs.ode import reference

    one = snapshot.of_trial(trial)
    network = one.trajectories(x)[0].transpose(1, 0, 2)
    depth, horizon = len(network) - 1, one.experiment.architecture.horizon
    times = np.linspace(0, horizon, depth + 1)
    fine = np.linspace(0, horizon, max(1, min(POINTS_A_LAYER, 160 // depth)) * depth + 1)
    import torch

    start = torch.as_tensor(one.lift(x))
    ode = reference(one.field(), start, fine, "dopri5", TOLERANCE, MOST_EVALUATIONS)
    return Trajectories(times, network, ode.times, ode.states[:, 0], ode.problem)
