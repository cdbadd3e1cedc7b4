"""A network along one input after another, the other inputs held at their medians."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError, nearest
from stiffgui.figures.fit import check_output, names_with_units
from stiffgui.figures.spectrum import check_place
from stiffgui.figures.style import COLOURS, Options

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs import Run
    from stiffgui.runs.snapshot import Snapshot
    from stiffgui.tasks import Task

POINTS = 61
COLUMNS = 5
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Slices:
    """Target and network of one trial along each of d inputs, in the task's own units.

    x [d, P] from the smallest to the largest training input; network [d, P, o], target likewise
    or None where it is known at the samples only; middle [d], the medians of the training inputs.
    """

    x: Array
    network: Array
    target: Array | None
    middle: Array
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]


def slices_of(task: Task, snapshot: Snapshot, trial: int) -> Slices:
    """The slices of a trial."""
    data = task.data()
    middle = np.median(data.x_train, axis=0)
    low, high = data.x_train.min(0), data.x_train.max(0)
    d = len(middle)
    x = np.tile(middle, (d, POINTS, 1))
    for k in range(d):
        x[k, :, k] = np.linspace(low[k], high[k], POINTS)
    rows = x.reshape(d * POINTS, d)
    known = task.function(rows)
    target = None if known is None else data.in_own_units(known).reshape(d, POINTS, -1)
    network = data.in_own_units(snapshot.predict(rows)[trial]).reshape(d, POINTS, -1)
    own = data.inputs_in_own_units(x)
    along = np.stack([own[k, :, k] for k in range(d)])
    middle = data.inputs_in_own_units(middle)
    return Slices(along, network, target, middle, data.input_names, names_with_units(data))


def _run_slices(run: Run, options: Options) -> tuple[Slices, list[int], int]:
    """The slices, which inputs to show, and the epoch."""
    check_place(run, 1, options.trial)
    check_output(run, options.output)
    snapshot = run.snapshot(10**12 if options.epoch is None else options.epoch)
    slices = slices_of(run.experiment.task, snapshot, options.trial)
    names = slices.input_names
    if options.along and options.along not in names:
        raise InputError(
            f"{run.path} has no input {options.along!r}: it has {', '.join(names)}."
            f"{nearest(options.along, names)}"
        )
    shown = [names.index(options.along)] if options.along else list(range(len(names)))
    return slices, shown, snapshot.epoch


def draw_slices(runs: Sequence[Run], options: Options) -> Any:
    """One output of the first run's network along each input, or along the one asked for."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    slices, shown, epoch = _run_slices(runs[0], options)
    columns = min(len(shown), COLUMNS)
    rows = -(-len(shown) // columns)
    figure, grid = plt.subplots(rows, columns, sharey=True, squeeze=False)
    name = slices.output_names[options.output]
    for axes, k in zip(grid.ravel(), shown, strict=False):
        if slices.target is not None:
            target = slices.target[k, :, options.output]
            axes.plot(slices.x[k], target, color=COLOURS[0], label="target")
        network = slices.network[k, :, options.output]
        axes.plot(slices.x[k], network, color=COLOURS[1], ls="--", label="network")
        axes.axvline(slices.middle[k], color="#999999", lw=0.6)
        axes.set_xlabel(slices.input_names[k])
        axes.xaxis.set_major_locator(MaxNLocator(4 if columns > 1 else 8))
    for axes in grid.ravel()[len(shown) :]:
        axes.remove()
    figure.supylabel(name, fontsize="medium")
    if slices.target is not None:
        grid[0, 0].legend()
    figure.suptitle(f"epoch {epoch} · trial {options.trial} · other inputs at their medians")
    return figure


def slices_table(runs: Sequence[Run], options: Options) -> pd.DataFrame:
    """What `draw_slices` draws, for every output: a row for each point of each input."""
    import pandas as pd

    slices, shown, _ = _run_slices(runs[0], options)
    points = slices.x.shape[1]
    columns: dict[str, Any] = {
        "input": np.repeat([slices.input_names[k] for k in shown], points),
        "value": slices.x[shown].ravel(),
    }
    for output, name in enumerate(slices.output_names):
        if slices.target is not None:
            columns[f"target {name}"] = slices.target[shown, :, output].ravel()
        columns[f"network {name}"] = slices.network[shown, :, output].ravel()
    return pd.DataFrame(columns)
