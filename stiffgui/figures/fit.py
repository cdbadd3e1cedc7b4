"""The fit: a curve for 1 input, target/network/error for 2, predicted against true beyond."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stiffgui.figures.spectrum import check_place
from stiffgui.figures.style import COLOURS, DIVERGING, SEQUENTIAL, Options

if TYPE_CHECKING:
    from stiffgui.runs import Run

GRID = {1: 401, 2: 61}


def fit_points(run: Run, options: Options) -> tuple[pd.DataFrame, int, int]:
    """Inputs, target and network on a grid (d <= 2) or on the samples; epoch; grid side or 0."""
    check_place(run, 1, options.trial)
    task = run.experiment.task
    domain = task.domain()
    snapshot = run.snapshot(10**12 if options.epoch is None else options.epoch)
    side = GRID.get(task.inputs, 0) if domain is not None else 0
    data = task.data()
    if side and domain is not None:
        axes = [np.linspace(low, high, side) for low, high in domain]
        x = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="xy")], axis=1)
        target = task.function(x)
        columns: dict[str, Any] = {}
    else:
        x = np.concatenate([data.x_train, data.x_test])
        target = np.concatenate([data.y_train, data.y_test])
        columns = {"set": ["train"] * len(data.x_train) + ["test"] * len(data.x_test)}
    network = snapshot.predict(x)[options.trial]
    for k, name in enumerate(data.input_names):
        columns[name] = x[:, k]
    for k, name in enumerate(data.output_names):
        columns[f"target {name}"] = np.asarray(target)[:, k]
        columns[f"network {name}"] = network[:, k]
    return pd.DataFrame(columns), snapshot.epoch, side


def draw_fit(runs: Sequence[Run], options: Options) -> Any:
    """The first run's fit at the chosen epoch and trial."""
    table, epoch, side = fit_points(runs[0], options)
    inputs = runs[0].experiment.task.inputs
    outputs = [c.removeprefix("target ") for c in table if c.startswith("target ")]
    if side and inputs == 1:
        figure = _curve(table, outputs)
    elif side:
        figure = _maps(table, outputs[0], side)
    else:
        figure = _scatter(table, outputs)
    figure.suptitle(f"epoch {epoch} · trial {options.trial}")
    return figure


def _curve(table: pd.DataFrame, outputs: list[str]) -> Any:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    x = table.columns[0]
    for name in outputs:
        axes.plot(table[x], table[f"target {name}"], color=COLOURS[0], label="target")
        axes.plot(table[x], table[f"network {name}"], color=COLOURS[1], ls="--", label="network")
    axes.set_xlabel(x)
    axes.set_ylabel(outputs[0])
    axes.legend()
    return figure


def _maps(table: pd.DataFrame, output: str, side: int) -> Any:
    import matplotlib.pyplot as plt

    target = table[f"target {output}"].to_numpy().reshape(side, side)
    network = table[f"network {output}"].to_numpy().reshape(side, side)
    first, second = table.columns[:2]
    extent = (table[first].min(), table[first].max(), table[second].min(), table[second].max())
    figure, axes = plt.subplots(1, 3, sharey=True)
    low, high = float(target.min()), float(target.max())
    bound = max(float(np.abs(network - target).max()), 1e-12)
    pictures = (
        ("target", target, SEQUENTIAL, low, high),
        ("network", network, SEQUENTIAL, low, high),
        ("network − target", network - target, DIVERGING, -bound, bound),
    )
    for ax, (title, values, colours, lowest, highest) in zip(axes, pictures, strict=True):
        ax.grid(False)
        image = ax.imshow(
            values, origin="lower", extent=extent, cmap=colours, vmin=lowest, vmax=highest
        )
        figure.colorbar(image, ax=ax, location="bottom", pad=0.02)
        ax.set_title(title, fontsize="medium")
        ax.set_xlabel(first)
    axes[0].set_ylabel(second)
    return figure


def _scatter(table: pd.DataFrame, outputs: list[str]) -> Any:
    import matplotlib.pyplot as plt

    columns = min(len(outputs), 4)
    rows = -(-len(outputs) // columns)
    figure, grid = plt.subplots(rows, columns, squeeze=False)
    for axes, name in zip(grid.ravel(), outputs, strict=False):
        for k, (label, part) in enumerate(table.groupby("set", sort=False)):
            target, network = part[f"target {name}"], part[f"network {name}"]
            r2 = 1 - ((network - target) ** 2).sum() / ((target - target.mean()) ** 2).sum()
            axes.scatter(
                target, network, s=6, lw=0, color=COLOURS[k], label=f"{label}, R² {r2:.3f}"
            )
        ends = [table[f"target {name}"].min(), table[f"target {name}"].max()]
        axes.plot(ends, ends, color="#555555", lw=0.8)
        axes.set_xlabel(f"true {name}")
        axes.set_ylabel("predicted")
        axes.legend()
    for axes in grid.ravel()[len(outputs) :]:
        axes.remove()
    return figure


def fit_table(runs: Sequence[Run], options: Options) -> pd.DataFrame:
    """What `draw_fit` draws."""
    return fit_points(runs[0], options)[0]
