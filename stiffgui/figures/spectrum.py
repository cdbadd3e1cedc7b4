"""Eigenvalues of one layer's Jacobian at one epoch, on the probe samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.errors import InputError
from stiffgui.figures.style import COLOURS, SEQUENTIAL, Options
from stiffgui.stiffness.stability import region

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs import Run

_FILL = {"color": COLOURS[2], "alpha": 0.1, "lw": 0}


def check_place(run: Run, layer: int, trial: int) -> None:
    """Raise InputError when the run has no such layer or trial."""
    depth = run.experiment.architecture.depth
    if not 1 <= layer <= depth:
        raise InputError(f"{run.path} has no layer {layer}: choose one from 1 to {depth}.")
    if not 0 <= trial < run.trials:
        raise InputError(f"{run.path} has no trial {trial}: choose one from 0 to {run.trials - 1}.")


def spectrum_table(
    run: Run, epoch: int | None, layer: int, trial: int, method: str = "explicit-euler"
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A row per sample and eigenvalue, and the epoch, layer, trial and step size they belong to.

    `euler_unstable` belongs to explicit Euler; another method has a column of its own.
    """
    import pandas as pd

    from stiffgui.stiffness import spectrum

    check_place(run, layer, trial)
    snapshot = run.snapshot(10**12 if epoch is None else epoch)
    found = spectrum(snapshot.jacobians(run.experiment.probe_samples())[trial, layer - 1])
    step = run.experiment.architecture.step_size
    samples, width = found.eigenvalues.shape
    columns = {
        "sample": np.repeat(np.arange(samples), width),
        "real": found.eigenvalues.real.ravel(),
        "imag": found.eigenvalues.imag.ravel(),
        "modulus": np.abs(found.eigenvalues).ravel(),
        "time_scale": found.time_scales.ravel(),
        "condition": found.conditions.ravel(),
        "euler_unstable": found.unstable(step).ravel(),
    }
    if method != "explicit-euler":
        unstable = region(method).amplification(step * found.eigenvalues.ravel()) > 1
        columns[f"{method.replace('-', '_')}_unstable"] = unstable
    facts = {"epoch": snapshot.epoch, "layer": layer, "trial": trial, "step_size": step}
    return pd.DataFrame(columns), facts


def draw_spectrum(runs: Sequence[Run], options: Options) -> Any:
    """Complex plane with the stability region |R(a l)| <= 1 of the chosen method."""
    import matplotlib.pyplot as plt

    table = spectrum_points(runs, options)
    epoch, step = table.attrs["epoch"], table.attrs["step_size"]
    figure, axes = plt.subplots()
    span = 1.15 * max(0.1, float(table.modulus.max()))
    _draw_region(axes, options.region, step, span)
    by = "layer" if options.all_layers else "sample"
    dots = axes.scatter(
        table.real, table.imag, c=table[by], cmap=SEQUENTIAL, s=9, lw=0, alpha=0.8, zorder=3
    )
    figure.colorbar(dots, label=by)
    axes.set_axisbelow(True)
    axes.set_xlim(-span, span)
    axes.set_ylim(-span, span)
    axes.set_aspect("equal")
    axes.set_xlabel("Re λ (1/time)")
    axes.set_ylabel("Im λ (1/time)")
    where = "all layers" if options.all_layers else f"layer {options.layer}"
    axes.set_title(f"{where} · epoch {epoch} · trial {options.trial}")
    figure.legend(loc="outside lower center")
    return figure


def _draw_region(axes: Any, name: str, step: float, span: float) -> None:
    method = region(name)
    curve = method.boundary(step, 721)
    if method.inverse:  # stable outside
        axes.fill([-span, span, span, -span], [-span, -span, span, span], **_FILL)
        axes.fill(curve.real, curve.imag, color="white", lw=0)
    else:
        axes.fill(curve.real, curve.imag, **_FILL)
    label = f"{method.title}, {method.formula} = 1"
    axes.plot(curve.real, curve.imag, color="#555555", ls="--", lw=0.8, label=label)


def spectrum_points(runs: Sequence[Run], options: Options) -> pd.DataFrame:
    """What `draw_spectrum` draws; with all layers a column says which. attrs: epoch, step_size."""
    import pandas as pd

    run = runs[0]
    if not options.all_layers:
        table, facts = spectrum_table(
            run, options.epoch, options.layer, options.trial, options.region
        )
        table.attrs.update(facts)
        return table
    frames = []
    for layer in range(1, run.experiment.architecture.depth + 1):
        table, facts = spectrum_table(run, options.epoch, layer, options.trial, options.region)
        table.insert(0, "layer", layer)
        frames.append(table)
    whole = pd.concat(frames, ignore_index=True)
    whole.attrs.update(facts)
    return whole
