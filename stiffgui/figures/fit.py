"""The fit: a curve for 1 input, target/network/error for 2, predicted against true beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError
from stiffgui.figures.spectrum import check_place
from stiffgui.figures.style import COLOURS, DIVERGING, SEQUENTIAL, Options
from stiffgui.tasks.scores import r2, rmse

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs import Run
    from stiffgui.runs.snapshot import Snapshot
    from stiffgui.tasks import Task
    from stiffgui.tasks.base import Data

GRID = {1: 401, 2: 61}
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """Target and network of one trial, on a grid (d <= 2 with a known target) or on samples.

    Everything is in the task's own units.

    kind is curve, maps or scatter; x [n, d], target and network [n, o]. On a grid n is side^d and
    the first input varies fastest; otherwise the first `train` rows are training samples, the
    rest test samples. `samples` counts those that exist, training and test, where fewer are held.
    """

    kind: str
    x: Array
    target: Array
    network: Array
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    side: int = 0
    train: int = 0
    samples: tuple[int, int] = (0, 0)

    @property
    def parts(self) -> dict[str, slice]:
        """Rows of the grid, or of the training and the test samples."""
        if self.side:
            return {"grid": slice(None)}
        return {"train": slice(0, self.train), "test": slice(self.train, None)}

    def square(self, values: Array, output: int) -> Array:
        """A column of a two-dimensional grid as [side, side], rows along the second input."""
        return values[:, output].reshape(self.side, self.side)

    def scores(self, part: str, output: int) -> tuple[float, float]:
        """R2 and RMSE of an output; R2 is NaN where the target is constant."""
        rows = self.parts[part]
        target, network = (v[rows, output : output + 1] for v in (self.target, self.network))
        return float(r2(target, network)[0]), float(rmse(target, network)[0])


def fit_of(task: Task, snapshot: Snapshot, trial: int, limit: int | None = None) -> Fit:
    """The fit of a trial; `limit` keeps at most so many training and so many test samples."""
    domain, data = task.domain(), task.data()
    names = (data.input_names, names_with_units(data))
    side = GRID.get(task.inputs, 0) if domain is not None else 0
    if side and domain is not None:
        axes = [np.linspace(low, high, side) for low, high in domain]
        x = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="xy")], axis=1)
        target = task.function(x)
        if target is not None:
            kind = {1: "curve", 2: "maps"}[task.inputs]
            network = data.in_own_units(snapshot.predict(x)[trial])
            own = data.inputs_in_own_units(x)
            return Fit(kind, own, data.in_own_units(target), network, *names, side=side)
    train, test = _thinned(len(data.x_train), limit), _thinned(len(data.x_test), limit)
    x = np.concatenate([data.x_train[train], data.x_test[test]])
    target = data.in_own_units(np.concatenate([data.y_train[train], data.y_test[test]]))
    samples = (len(data.x_train), len(data.x_test))
    network = data.in_own_units(snapshot.predict(x)[trial])
    own = data.inputs_in_own_units(x)
    return Fit("scatter", own, target, network, *names, train=len(train), samples=samples)


def names_with_units(data: Data) -> tuple[str, ...]:
    """Names of the outputs as axes carry them."""
    units = [data.unit(k) for k in range(len(data.output_names))]
    named = zip(data.output_names, units, strict=True)
    return tuple(f"{name} [{unit}]" if unit else name for name, unit in named)


def _thinned(count: int, limit: int | None) -> NDArray[np.int64]:
    """Row numbers, evenly spaced when there are more than `limit`."""
    kept = count if limit is None else min(count, limit)
    return np.arange(kept) * count // max(kept, 1)


def check_output(run: Run, output: int) -> None:
    """Raise InputError for an output that the run's task does not have."""
    outputs = run.experiment.task.outputs
    if not 0 <= output < outputs:
        choice = f"choose one from 0 to {outputs - 1}" if outputs > 1 else "it has one output, 0"
        raise InputError(f"{run.path} has no output {output}: {choice}.")


def _run_fit(run: Run, options: Options) -> tuple[Fit, int]:
    check_place(run, 1, options.trial)
    check_output(run, options.output)
    snapshot = run.snapshot(10**12 if options.epoch is None else options.epoch)
    return fit_of(run.experiment.task, snapshot, options.trial), snapshot.epoch


def draw_fit(runs: Sequence[Run], options: Options) -> Any:
    """The first run's fit at the chosen epoch and trial; maps and curves show one output."""
    fit, epoch = _run_fit(runs[0], options)
    if fit.kind == "curve":
        figure = _curve(fit, options.output)
    elif fit.kind == "maps":
        figure = _maps(fit, options.output)
    else:
        figure = _scatter(fit)
    figure.suptitle(f"epoch {epoch} · trial {options.trial}")
    return figure


def _curve(fit: Fit, output: int) -> Any:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot(fit.x[:, 0], fit.target[:, output], color=COLOURS[0], label="target")
    axes.plot(fit.x[:, 0], fit.network[:, output], color=COLOURS[1], ls="--", label="network")
    axes.set_xlabel(fit.input_names[0])
    axes.set_ylabel(fit.output_names[output])
    axes.legend()
    return figure


def _maps(fit: Fit, output: int) -> Any:
    import matplotlib.pyplot as plt

    target, network = fit.square(fit.target, output), fit.square(fit.network, output)
    (x0, y0), (x1, y1) = fit.x.min(0), fit.x.max(0)
    figure, axes = plt.subplots(1, 3, sharey=True, layout="compressed")
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
            values, origin="lower", extent=(x0, x1, y0, y1), cmap=colours, vmin=lowest, vmax=highest
        )
        if title != "target":  # target and network share one
            shared = list(axes[:2]) if title == "network" else [ax]
            figure.colorbar(image, ax=shared, location="bottom", pad=0.02)
        ax.set_title(title, fontsize="medium")
        ax.set_xlabel(fit.input_names[0])
    axes[0].set_ylabel(fit.input_names[1])
    return figure


def _scatter(fit: Fit) -> Any:
    import matplotlib.pyplot as plt

    outputs = fit.output_names
    columns = min(len(outputs), 4)
    rows = -(-len(outputs) // columns)
    figure, grid = plt.subplots(rows, columns, squeeze=False)
    for output, (axes, name) in enumerate(zip(grid.ravel(), outputs, strict=False)):
        for k, (label, part) in enumerate(fit.parts.items()):
            r2 = fit.scores(label, output)[0]
            axes.scatter(
                fit.target[part, output],
                fit.network[part, output],
                s=6,
                lw=0,
                color=COLOURS[k],
                label=f"{label}, R² {r2:.3f}",
            )
        ends = [fit.target[:, output].min(), fit.target[:, output].max()]
        axes.plot(ends, ends, color="#555555", lw=0.8)
        axes.set_xlabel(f"true {name}")
        axes.set_ylabel("predicted")
        axes.legend()
    for axes in grid.ravel()[len(outputs) :]:
        axes.remove()
    return figure


def fit_table(runs: Sequence[Run], options: Options) -> pd.DataFrame:
    """What `draw_fit` draws, for every output; samples say whether they train or test."""
    import pandas as pd

    fit, _ = _run_fit(runs[0], options)
    columns: dict[str, Any] = {}
    if not fit.side:
        columns["set"] = np.where(np.arange(len(fit.x)) < fit.train, "train", "test")
    columns |= {name: fit.x[:, k] for k, name in enumerate(fit.input_names)}
    for k, name in enumerate(fit.output_names):
        columns[f"target {name}"] = fit.target[:, k]
        columns[f"network {name}"] = fit.network[:, k]
    return pd.DataFrame(columns)
