"""A neural ODE learns the van der Pol oscillator, which is stiff, and is watched while it does.

    python examples/neural_ode.py [--epochs 1500] [--out neural_ode.stiff]

Its last picture shows how large a step explicit methods could take along the trajectories, and
which its solver took: where both meet, stability limits the solver and not accuracy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from scipy.integrate import solve_ivp
from torch import Tensor, nn
from torchdiffeq import odeint

from stiffgui import open_run, watch
from stiffgui.figures import export_figure, figure

STIFFNESS, SEGMENT, POINTS = 10.0, 0.05, 5  # of the oscillator; what is learnt at a time


class Field(nn.Module):
    """f(t, x), which does not depend on t."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 2)
        )

    def forward(self, t: Tensor, x: Tensor) -> Tensor:
        return STIFFNESS * self.layers(x)


def trajectory() -> Tensor:
    """States of the oscillator [M, 2], SEGMENT / POINTS apart."""

    def oscillator(t: float, x: np.ndarray) -> list[float]:
        return [x[1], STIFFNESS * (1 - x[0] ** 2) * x[1] - x[0]]

    times = np.arange(0, 20, SEGMENT / POINTS)
    found = solve_ivp(oscillator, (0, 20), [2.0, 0.0], "Radau", times, rtol=1e-8, atol=1e-8)
    return torch.tensor(found.y.T, dtype=torch.float32)


def main(epochs: int = 1500, out: Path = Path("neural_ode.stiff")) -> Path:
    """Train it; the picture that comes of it."""
    torch.manual_seed(0)
    states = trajectory()
    scale = states.abs().amax(0)
    segments = (states / scale).unfold(0, POINTS + 1, 1).movedim(2, 0)  # [POINTS + 1, M, 2]
    ahead = torch.linspace(0, SEGMENT, POINTS + 1)
    field, start = Field(), (states[:1] / scale)
    optimizer = torch.optim.Adam(field.parameters(), lr=3e-3)
    times = np.linspace(0, 10, 41).tolist()
    with watch(field, start, out, times=times, rtol=1e-4, atol=1e-5, force=True) as recorder:
        for epoch in range(epochs):
            rows = torch.randperm(segments.shape[1])[:512]
            found = odeint(field, segments[0, rows], ahead, method="rk4")
            loss = (found - segments[:, rows]).square().mean().sqrt()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.record(epoch, train_error=loss)
    picture = out.with_suffix(".png")
    with open_run(out) as run:
        export_figure(figure("stable-steps"), [run], picture, "png", replace=True)
    return picture


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--epochs", type=int, default=1500)
    words.add_argument("--out", type=Path, default=Path("neural_ode.stiff"))
    print(main(**vars(words.parse_args())))
