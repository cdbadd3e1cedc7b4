"""Figure of the page `crossing`: trajectories of three networks, and their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.figures.style import COLOURS, DASHES, DIVERGING, Options
from stiffgui.labs.crossing import CrossingResult, Trained

if TYPE_CHECKING:
    import pandas as pd


def draw_crossing(result: CrossingResult, options: Options) -> Any:
    """Three panels of trajectories, coloured by the target, and the errors beneath."""
    import matplotlib.pyplot as plt

    figure = plt.figure()
    grid = figure.add_gridspec(2, len(result.networks), height_ratios=(1.5, 1))
    for k, (name, network) in enumerate(result.networks.items()):
        axes = figure.add_subplot(grid[0, k])
        _trajectories(axes, network, result)
        axes.set_title(f"{name}: {network.depth} layers", fontsize="medium")
    errors = figure.add_subplot(grid[1, :])
    for k, (name, network) in enumerate(result.networks.items()):
        errors.plot(network.epochs, network.errors, color=COLOURS[k], ls=DASHES[k], label=name)
    if result.bound is not None:
        errors.axhline(result.bound, color="#555555", lw=0.8, label="best increasing function")
    errors.set_yscale("log")
    errors.set_xlabel("epoch")
    errors.set_ylabel("RMSE")
    errors.legend(loc="best", fontsize="small", ncols=2)
    return figure


def _trajectories(axes: Any, network: Trained, result: CrossingResult) -> None:
    import matplotlib.pyplot as plt

    states = network.trajectories
    colours = plt.get_cmap(DIVERGING)((result.targets + 1) / 2)
    if network.width == 1:
        t = np.linspace(0, result.horizon, len(states))
        for k in range(states.shape[1]):
            axes.plot(t, states[:, k, 0], color=colours[k], lw=0.8)
        axes.set_xlabel("t")
        axes.set_ylabel("x")
        return
    for k in range(states.shape[1]):
        axes.plot(states[:, k, 0], states[:, k, 1], color=colours[k], lw=0.6)
    axes.scatter(states[-1, :, 0], states[-1, :, 1], c=result.targets, cmap=DIVERGING, s=8)
    axes.set_xlabel("x1")
    axes.set_ylabel("x2")


def crossing_table(result: CrossingResult) -> pd.DataFrame:
    """Trajectories: network, sample, layer, t, x1, x2, .. and the sample's target."""
    import pandas as pd

    frames = []
    for name, network in result.networks.items():
        layers, samples, width = network.trajectories.shape
        columns = {f"x{k + 1}": network.trajectories[:, :, k].T.ravel() for k in range(width)}
        frame = {
            "network": name,
            "sample": np.repeat(np.arange(samples), layers),
            "target": np.repeat(result.targets, layers),
            "layer": np.tile(np.arange(layers), samples),
            "t": np.tile(np.linspace(0, result.horizon, layers), samples),
        }
        frames.append(pd.DataFrame(frame | columns))
    return pd.concat(frames, ignore_index=True)
