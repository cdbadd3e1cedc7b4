"""The fit: a curve for 1 input, target/network/error for 2, predicted against true beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError
from stiffgui.figures.base import NetworkFigure
from stiffgui.figures.picture import (
    Axis,
    ColourScale,
    Curve,
    Image,
    Item,
    Panel,
    Picture,
    Places,
    Points,
    ends_of,
)
from stiffgui.figures.sources import Drawn
from stiffgui.settings import setting
from stiffgui.tasks.scores import r2, rmse

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs.run import Run
    from stiffgui.runs.snapshot import Snapshot
    from stiffgui.tasks.base import Data

GRID = {1: 401, 2: 61}
COLUMNS = 4  # of panels beside each other, at most
Array = NDArray[np.float64]


@dataclass(frozen=True)
class FitData:
    """Target and network of one trial, on a grid (d <= 2 with a known target) or on samples.

    Everything is in the task's own units.

    kind is curve, maps or scatter; x [n, d], target and network [n, o]. On a grid n is side^d and
    the first input varies fastest; otherwise the first `train` rows are training samples, the
    rest test samples.
    """

    kind: Literal["curve", "maps", "scatter"]
    x: Array
    target: Array
    network: Array
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    side: int = 0
    train: int = 0

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

    def scores_text(self, part: str, output: int) -> str:
        """The scores in words; R2 only where there is one."""
        share, error = self.scores(part, output)
        return f"R² {share:.3f}, RMSE {error:.2g}" if np.isfinite(share) else f"RMSE {error:.3g}"


def fit_of(run: Drawn | Run, snapshot: Snapshot, trial: int) -> FitData:
    """The fit of a trial."""
    task, data = run.experiment.task, run.data
    domain = task.domain()
    names = (data.input_names, names_with_units(data))
    side = GRID.get(task.inputs, 0) if domain is not None else 0
    if side and domain is not None:
        axes = [np.linspace(low, high, side) for low, high in domain]
        x = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="xy")], axis=1)
        target = task.function(x)
        if target is not None:
            network = data.in_own_units(snapshot.predict(x)[trial])
            own = data.inputs_in_own_units(x)
            kind: Literal["curve", "maps"] = "curve" if task.inputs == 1 else "maps"
            return FitData(kind, own, data.in_own_units(target), network, *names, side=side)
    x = np.concatenate([data.x_train, data.x_test])
    target = data.in_own_units(np.concatenate([data.y_train, data.y_test]))
    network = data.in_own_units(snapshot.predict(x)[trial])
    own = data.inputs_in_own_units(x)
    return FitData("scatter", own, target, network, *names, train=len(data.x_train))


def names_with_units(data: Data) -> tuple[str, ...]:
    """Names of the outputs as axes carry them."""
    return titled(data.output_names, data.output_units)


def titled(names: Sequence[str], units: Sequence[str]) -> tuple[str, ...]:
    """Names as axes carry them; `units` may be empty."""
    named = zip(names, units or [""] * len(names), strict=True)
    return tuple(f"{name} [{unit}]" if unit else name for name, unit in named)


def check_output(run: Drawn, output: int | None) -> None:
    """Raise InputError for an output that the run's task does not have."""
    outputs = run.experiment.task.outputs
    if not 0 <= (output or 0) < outputs:
        choice = f"choose one from 0 to {outputs - 1}" if outputs > 1 else "it has one output, 0"
        raise InputError(f"{run.path} has no output {output}: {choice}.")


class Fit(NetworkFigure):
    """Fit

    What the network has learnt beside what it should learn."""

    kind: Literal["fit"] = "fit"

    output: int | None = setting(
        None,
        title="Output",
        help="The output that is shown, from 0 (a command takes its name, too); by default the "
        "first, or all of them where predictions are drawn against true values.",
        ge=0,
    )
    sample: int | None = setting(
        None, title="Sample", help="A training sample that is marked, from 0.", ge=0
    )

    def _found(self, run: Drawn) -> tuple[FitData, int]:
        """The fit, and the epoch of its network."""
        run.check(trial=self.trial)
        check_output(run, self.output)
        snapshot = run.snapshot(self.epoch)
        return fit_of(run, snapshot, self.trial), snapshot.epoch

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        fit, epoch = self._found(runs[-1])
        output = self.output or 0
        data = runs[-1].data
        if fit.kind == "scatter":
            every = range(len(fit.output_names)) if self.output is None else [output]
            several = len(every) > 1
            panels = [_scatter(runs[-1], fit, n, epoch, self.trial, several) for n in every]
        elif fit.kind == "maps":
            panels = _maps(fit, output)
        else:
            panels = [_curve(fit, output)]
        if self.sample is not None:
            shown = range(len(panels)) if self.output is None else [output] * len(panels)
            panels = [
                replace(panel, items=(*panel.items, _marked(fit, data, each, self.sample)))
                for panel, each in zip(panels, shown, strict=True)
            ]
        last = list(fit.parts)[-1]
        score = f"{'test ' if last == 'test' else ''}{fit.scores_text(last, output)}"
        if fit.kind == "scatter" and len(panels) > 1:  # each panel tells its own
            score = f"{len(panels)} outputs"
        over = f" on a grid of {' × '.join([str(fit.side)] * fit.x.shape[1])} points"
        columns = 3 if fit.kind == "maps" else COLUMNS
        return Picture(
            rows=in_rows(panels, columns),
            title=f"epoch {runs[-1].begins + epoch} · trial {self.trial} · {score}"
            f"{over if fit.side else ''}",
            note=score if runs[-1].trials == 1 else f"trial {self.trial} · {score}",
            flows=True,
            square=fit.kind == "maps",
            numbers=_largest_error(fit, output) if fit.kind == "maps" else {},
            choices=choices_of(fit, along=fit.kind == "scatter"),
            place=(epoch, -1, self.trial),
        )

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """Every row of the grid, or every sample and its set, with every output."""
        import pandas as pd

        fit, _ = self._found(runs[-1])
        columns: dict[str, Any] = {}
        if not fit.side:
            columns["set"] = np.where(np.arange(len(fit.x)) < fit.train, "train", "test")
        columns |= {name: fit.x[:, k] for k, name in enumerate(fit.input_names)}
        for k, name in enumerate(fit.output_names):
            columns[f"target {name}"] = fit.target[:, k]
            columns[f"network {name}"] = fit.network[:, k]
        return pd.DataFrame(columns)


class Named(Protocol):
    """What has names of inputs and outputs."""

    @property
    def input_names(self) -> tuple[str, ...]: ...
    @property
    def output_names(self) -> tuple[str, ...]: ...


def choices_of(found: Named, along: bool = True) -> dict[str, tuple[str, ...]]:
    """The outputs that can be shown, and the inputs along which slices can be."""
    outputs = {"output": found.output_names}
    return outputs | ({"along": found.input_names} if along else {})


def in_rows(panels: Sequence[Panel], columns: int) -> tuple[tuple[Panel, ...], ...]:
    """Panels in rows of at most so many."""
    columns = min(columns, len(panels))
    starts = range(0, len(panels), columns)
    return tuple(tuple(panels[start : start + columns]) for start in starts)


def _curve(fit: FitData, output: int) -> Panel:
    x = fit.x[:, 0]
    items: tuple[Item, ...] = (
        Curve(x=x, y=fit.target[:, output], colour=0, label="target"),
        Curve(x=x, y=fit.network[:, output], colour=1, dash=1, label="network"),
    )
    x_axis, y_axis = Axis(label=fit.input_names[0]), Axis(label=fit.output_names[output])
    return Panel(x=x_axis, y=y_axis, items=items)


def _maps(fit: FitData, output: int) -> list[Panel]:
    """Target and network in one colour scale, and the error about 0."""
    target, network = fit.square(fit.target, output), fit.square(fit.network, output)
    error = network - target
    bound = max(float(np.abs(error).max()), 1e-12)
    low, high = float(target.min()), float(target.max())
    shared = ColourScale(label=fit.output_names[output], low=low, high=max(high, low + 1e-12))
    about = ColourScale(label="network − target", low=-bound, high=bound, map="diverging")
    x, y = fit.x[: fit.side, 0], fit.x[:: fit.side, 1]
    panels = []
    pictures = (("target", target, shared), ("network", network, shared), ("error", error, about))
    for title, values, colours in pictures:
        image = Image(x=x, y=y, values=values, colours=colours)
        across = Axis(label=fit.input_names[0], limits=ends_of(image.x_edges))
        up = Axis(label=fit.input_names[1], limits=ends_of(image.y_edges))
        panels.append(Panel(x=across, y=up, items=(image,), title=title, grid=False))
    return panels


def _marked(fit: FitData, data: Data, output: int, sample: int) -> Points:
    """A ring at a training sample. Raises InputError where there is none of that number."""
    if sample >= len(data.x_train):
        last = len(data.x_train) - 1
        raise InputError(f"there is no training sample {sample}: choose one from 0 to {last}.")
    place = data.inputs_in_own_units(data.x_train[[sample]])
    if fit.kind == "scatter":
        x, y = fit.target[[sample], output], fit.network[[sample], output]
    elif fit.kind == "maps":
        x, y = place[:, 0], place[:, 1]
    else:
        x, y = place[:, 0], data.in_own_units(data.y_train[[sample]])[:, output]
    return Points(
        x=x, y=y, colour="accent", size=8.0, filled=False, places=Places(sample=np.array([sample]))
    )


def _largest_error(fit: FitData, output: int) -> dict[str, float]:
    """The error that is farthest from 0, and where it is."""
    error = fit.network[:, output] - fit.target[:, output]
    row = int(np.abs(error).argmax())
    places = {f"at {name} =": float(x) for name, x in zip(fit.input_names, fit.x[row], strict=True)}
    return {"largest error": float(error[row])} | places


def _scatter(run: Drawn, fit: FitData, output: int, epoch: int, trial: int, several: bool) -> Panel:
    """Of `several` the name stands above, and its axes are named alike."""
    items: list[Item] = []
    name = fit.output_names[output]
    for k, (part, rows) in enumerate(fit.parts.items()):
        samples = np.arange(len(fit.x))[rows]
        items.append(
            Points(
                x=fit.target[rows, output],
                y=fit.network[rows, output],
                colour=k,
                symbol=("o", "triangle")[k],
                size=2.5,
                label=part,
                detail=fit.scores_text(part, output),
                places=Places(run=run.name, epoch=epoch, trial=trial, sample=samples),
            )
        )
    ends = np.array([fit.target[:, output].min(), fit.target[:, output].max()])
    items.append(Curve(x=ends, y=ends, colour="faint", width=0.8))
    title, of = ("", f" {name}")
    if several:
        last = list(fit.parts)[-1]
        title, of = f"{name}, {last} {fit.scores_text(last, output).split(', ')[0]}", ""
    x_axis, y_axis = Axis(label=f"true{of}"), Axis(label=f"predicted{of}")
    return Panel(x=x_axis, y=y_axis, items=tuple(items), title=title)
