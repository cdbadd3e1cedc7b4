"""Layers x epochs: one index of every layer against the epoch, as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.errors import InputError
from stiffgui.figures.history import check_watched
from stiffgui.figures.style import SEQUENTIAL, Options
from stiffgui.training.quantities import Quantity

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs import Run


def _chosen(run: Run, options: Options) -> tuple[Quantity, Any, Any]:
    """The index, epochs [M], its median over trials [M, N]."""
    history = run.series()
    check_watched(run, options)
    names = [n for n in (*options.indices, "spectral-radius", *history.indices)]
    name = next((n for n in names if n in history.indices), None)
    if name is None:
        raise InputError(f"{run.path} holds no index per layer: watch at least one index.")
    return history.quantity(name), history.index_epochs, history.layer_medians(name)


def draw_layers(runs: Sequence[Run], options: Options) -> Any:
    """The first run's index per layer and epoch."""
    import matplotlib.pyplot as plt

    index, epochs, values = _chosen(runs[0], options)
    figure, axes = plt.subplots()
    axes.grid(False)
    layers = np.arange(values.shape[1] + 1) + 0.5
    edges = np.append(epochs, epochs[-1] + 1) if len(epochs) else np.array([0.0])
    norm = "log" if options.logarithmic and (values > 0).any() else None
    shown = np.where(values > 0, values, np.nan) if norm else values
    mesh = axes.pcolormesh(edges, layers, shown.T, cmap=SEQUENTIAL, norm=norm, rasterized=True)
    figure.colorbar(mesh, label=index.title)
    axes.set_xlabel("epoch")
    axes.set_ylabel("layer")
    return figure


def layers_table(runs: Sequence[Run], options: Options) -> pd.DataFrame:
    """What `draw_layers` draws: epoch, layer, index, value (median over trials)."""
    import pandas as pd

    index, epochs, values = _chosen(runs[0], options)
    count = values.shape[1]
    return pd.DataFrame(
        {
            "epoch": np.repeat(epochs, count),
            "layer": np.tile(np.arange(1, count + 1), len(epochs)),
            "index": index.name,
            "value": values.ravel(),
        }
    )
