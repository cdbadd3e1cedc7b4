"""Eigenvalues of one layer's Jacobian at one epoch, on the probe samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stiffgui.errors import InputError
from stiffgui.figures.style import COLOURS, SEQUENTIAL, Options

if TYPE_CHECKING:
    from stiffgui.runs import Run


def check_place(run: Run, layer: int, trial: int) -> None:
    """Raise InputError when the run has no such layer or trial."""
    depth = run.experiment.architecture.depth
    if not 1 <= layer <= depth:
        raise InputError(f"{run.path} has no layer {layer}: choose one from 1 to {depth}.")
    if not 0 <= trial < run.trials:
        raise InputError(f"{run.path} has no trial {trial}: choose one from 0 to {run.trials - 1}.")


def spectrum_table(
    run: Run, epoch: int | None, layer: int, trial: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A row per sample and eigenvalue, and the epoch, layer, trial and step size they belong to."""
    from stiffgui.stiffness import spectrum

    check_place(run, layer, trial)
    snapshot = run.snapshot(10**12 if epoch is None else epoch)
    probe = run.experiment.task.data().x_train[: run.experiment.watch.probe]
    found = spectrum(snapshot.jacobians(probe)[trial, layer - 1])
    step = run.experiment.architecture.step_size
    samples, width = found.eigenvalues.shape
    table = pd.DataFrame(
        {
            "sample": np.repeat(np.arange(samples), width),
            "real": found.eigenvalues.real.ravel(),
            "imag": found.eigenvalues.imag.ravel(),
            "modulus": np.abs(found.eigenvalues).ravel(),
            "time_scale": found.time_scales.ravel(),
            "condition": found.conditions.ravel(),
            "euler_unstable": found.unstable(step).ravel(),
        }
    )
    return table, {"epoch": snapshot.epoch, "layer": layer, "trial": trial, "step_size": step}


def draw_spectrum(runs: Sequence[Run], options: Options) -> Any:
    """Complex plane with the disc |1 + a l| <= 1 of explicit Euler."""
    import matplotlib.pyplot as plt

    table, facts = spectrum_table(runs[0], options.epoch, options.layer, options.trial)
    step = facts["step_size"]
    figure, axes = plt.subplots()
    angle = np.linspace(0, 2 * np.pi, 721)
    disc = (np.exp(1j * angle) - 1) / step
    axes.fill(disc.real, disc.imag, color=COLOURS[2], alpha=0.1, lw=0)
    axes.plot(
        disc.real, disc.imag, color="#555555", ls="--", lw=0.8, label="explicit Euler, |1 + aλ| = 1"
    )
    axes.scatter(table.real, table.imag, c=table["sample"], cmap=SEQUENTIAL, s=9, lw=0, alpha=0.8)
    span = 1.15 * max(0.1, float(table.modulus.max()))
    axes.set_xlim(-span, span)
    axes.set_ylim(-span, span)
    axes.set_aspect("equal")
    axes.set_xlabel("Re λ (1/time)")
    axes.set_ylabel("Im λ (1/time)")
    axes.set_title(f"layer {facts['layer']} · epoch {facts['epoch']} · trial {facts['trial']}")
    axes.legend(loc="upper left")
    return figure


def spectrum_points(runs: Sequence[Run], options: Options) -> pd.DataFrame:
    """What `draw_spectrum` draws."""
    return spectrum_table(runs[0], options.epoch, options.layer, options.trial)[0]
