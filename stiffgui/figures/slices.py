"""A network along one input after another, the other inputs held at their medians."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError, nearest
from stiffgui.figures.base import NetworkFigure
from stiffgui.figures.fit import check_output, choices_of, in_rows, names_with_units
from stiffgui.figures.picture import Axis, Curve, Item, Marker, Panel, Picture, span_of
from stiffgui.figures.sources import Drawn
from stiffgui.settings import setting

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs.run import Run
    from stiffgui.runs.snapshot import Snapshot

POINTS = 61
COLUMNS = 5
Array = NDArray[np.float64]


@dataclass(frozen=True)
class SliceData:
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


def slices_of(run: Drawn | Run, snapshot: Snapshot, trial: int) -> SliceData:
    """The slices of a trial."""
    task, data = run.experiment.task, run.data
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
    return SliceData(along, network, target, middle, data.input_names, names_with_units(data))


class Slices(NetworkFigure):
    """Slices: one input at a time

    One output of the network along each input, the other inputs held at their medians."""

    kind: Literal["slices"] = "slices"

    output: int = setting(0, title="Output", help="The output that is shown, from 0.", ge=0)
    along: str = setting("", title="Along", help="An input, by its name; by default all of them.")

    def _found(self, run: Drawn) -> tuple[SliceData, list[int], int]:
        """The slices, which inputs to show, and the epoch."""
        run.check(trial=self.trial)
        check_output(run, self.output)
        snapshot = run.snapshot(self.epoch)
        slices = slices_of(run, snapshot, self.trial)
        names = slices.input_names
        if self.along and self.along not in names:
            raise InputError(
                f"{run.path} has no input {self.along!r}: it has {', '.join(names)}."
                f"{nearest(self.along, names)}"
            )
        shown = [names.index(self.along)] if self.along else list(range(len(names)))
        return slices, shown, snapshot.epoch

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        """All slices of an output have one scale: what does not matter is flat."""
        slices, shown, epoch = self._found(runs[-1])
        known = [] if slices.target is None else [slices.target[..., self.output]]
        low, high = span_of(slices.network[..., self.output], *known)
        spare = 0.05 * max(high - low, 1e-12)
        panels = [self._panel(slices, k, (low - spare, high + spare)) for k in shown]
        return Picture(
            rows=in_rows(panels, COLUMNS),
            title=f"epoch {runs[-1].begins + epoch} · trial {self.trial} · "
            "other inputs at their medians",
            note="other inputs at their medians",
            flows=True,
            legend_below=True,
            choices=choices_of(slices),
            place=(epoch, -1, self.trial),
        )

    def _panel(self, slices: SliceData, k: int, limits: tuple[float, float]) -> Panel:
        x, items = slices.x[k], list[Item]()
        if slices.target is not None:
            items.append(Curve(x=x, y=slices.target[k, :, self.output], colour=0, label="target"))
        network = slices.network[k, :, self.output]
        items.append(Curve(x=x, y=network, colour=1, dash=1, label="network"))
        items.append(Marker(at=float(slices.middle[k]), quiet=True))
        return Panel(
            x=Axis(label=slices.input_names[k]),
            y=Axis(label=slices.output_names[self.output], limits=limits),
            items=tuple(items),
        )

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """A row for each point of each input, with every output."""
        import pandas as pd

        slices, shown, _ = self._found(runs[-1])
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
