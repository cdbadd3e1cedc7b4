"""States of a network over time, and its own ODE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.errors import InputError
from stiffgui.figures.style import COLOURS, Options

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.labs.trajectories import Trajectories
    from stiffgui.runs import Run


def _of(runs: Sequence[Run], options: Options) -> tuple[Trajectories, int]:
    from stiffgui.labs.trajectories import trajectories_of

    run = runs[-1]
    width = run.experiment.architecture.width
    if options.component > width:
        raise InputError(
            f"{run.path} has no component {options.component}: choose one from 1 to {width}, or 0 "
            f"for principal components."
        )
    epoch = options.epoch if options.epoch is not None else run.nearest_epoch(2**62)
    snapshot = run.snapshot(epoch)
    return trajectories_of(snapshot, options.trial, options.samples), snapshot.epoch


def draw_trajectories(runs: Sequence[Run], options: Options) -> Any:
    """Dots and thin lines: the network; broad lines: its ODE. A colour for each sample."""
    import matplotlib.pyplot as plt

    found, epoch = _of(runs, options)
    names, network, ode = found.coordinates(options.component)
    figure, rows = plt.subplots(len(names), 1, sharex=True, squeeze=False)
    for k, (name, axes) in enumerate(zip(names, rows[:, 0], strict=True)):
        for sample in range(network.shape[1]):
            colour = COLOURS[sample % len(COLOURS)]
            axes.plot(found.ode_times, ode[:, sample, k], color=colour, lw=3, alpha=0.35)
            axes.plot(found.times, network[:, sample, k], ".-", color=colour, lw=0.9, ms=4)
        axes.set_ylabel(name)
    rows[-1, 0].set_xlabel("t")
    rows[0, 0].set_title(f"network (dots) and its ODE · epoch {epoch} · trial {options.trial}")
    return figure


def trajectories_table(runs: Sequence[Run], options: Options) -> pd.DataFrame:
    """What `draw_trajectories` draws from, every component: source, sample, t, x1, x2, .."""
    import pandas as pd

    found, _ = _of(runs, options)
    frames = []
    for source, times, states in (
        ("network", found.times, found.network),
        ("ode", found.ode_times, found.ode),
    ):
        moments, samples, width = states.shape
        columns = {f"x{c + 1}": states[:, :, c].T.ravel() for c in range(width)}
        place = {
            "source": source,
            "sample": np.repeat(np.arange(samples), moments),
            "t": np.tile(times, samples),
        }
        frames.append(pd.DataFrame(place | columns))
    return pd.concat(frames, ignore_index=True)
