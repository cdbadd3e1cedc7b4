"""What networks predict along one input after another, the other inputs held where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from stiffgui.errors import InputError, nearest
from stiffgui.figures.base import SurrogateFigure, networks_shown
from stiffgui.figures.fit import check_output, choices_of, in_rows, names_with_units, titled
from stiffgui.figures.picture import Axis, Band, Curve, Item, Marker, Panel, Picture, span_of
from stiffgui.figures.sources import Drawn
from stiffgui.settings import setting
from stiffgui.tasks.table.numbers import LARGEST

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs.surrogate import Surrogate
    from stiffgui.tasks import Task

POINTS, FEW_POINTS = 61, 11  # along an input; few of them while it moves
COLUMNS = 5
MEDIANS = "other inputs at their medians"
Array = NDArray[np.float64]


@dataclass(frozen=True)
class SliceData:
    """Target and prediction along each of d inputs, in the task's own units.

    x [d, P] over the training rows, and on to the present value where that lies outside; network
    [d, P, o], the mean over trials; spread likewise, None of a single one; target likewise, None
    where it is known at the samples only. `held` [d]: the present values, where the others are
    held; `here` [o]: what is predicted there. `input_titles`: names with units.
    """

    x: Array
    network: Array
    spread: Array | None
    target: Array | None
    held: Array
    here: Array
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    input_titles: tuple[str, ...]


def slices_of(
    surrogate: Surrogate, task: Task, held: Array | None = None, points: int = POINTS
) -> SliceData:
    """The slices through a row [d] in own units, by default the medians of the training rows."""
    data = surrogate.data
    held = surrogate.medians if held is None else held
    low, high = (
        end(each, held) for end, each in zip((np.minimum, np.maximum), surrogate.ends, strict=True)
    )
    d = len(held)
    x = np.tile(held, (d, points, 1))
    for k in range(d):
        x[k, :, k] = np.linspace(low[k], high[k], points)
    rows = np.concatenate([x.reshape(d * points, d), held[None]])
    found = surrogate.predict(rows)
    known = task.function(data.inputs_learnt(rows[:-1]))
    shape = (d, points, -1)
    target = None if known is None else data.in_own_units(known).reshape(shape)
    spread = found.spread[:-1].reshape(shape) if len(surrogate.trials) > 1 else None
    along = np.stack([x[k, :, k] for k in range(d)])
    names = data.input_names, names_with_units(data), titled(data.input_names, data.input_units)
    mean = found.mean
    return SliceData(along, mean[:-1].reshape(shape), spread, target, held, mean[-1], *names)


def _as_words(value: Any) -> Any:
    """Values by name as a file and a command line have them: NAME=VALUE each."""
    if isinstance(value, Mapping):
        return tuple(f"{name}={float(number)!r}" for name, number in value.items())
    return value


class Slices(SurrogateFigure):
    """Slices: one input at a time

    One output along each input, the other inputs held at their medians or where one says; of
    several trials the mean, in a band of their spread. Dotted: where an input is held; the
    horizontal line: what is predicted there."""

    kind: Literal["slices"] = "slices"

    output: int = setting(
        0,
        title="Output",
        help="The output that is shown, from 0; a command takes its name, too.",
        ge=0,
    )
    along: str = setting("", title="Along", help="An input, by its name; by default all of them.")
    at: Annotated[tuple[str, ...], BeforeValidator(_as_words)] = setting(
        (),
        title="Held at",
        help="NAME=VALUE of an input that is held there, in its own unit, instead of at its "
        "median; may be repeated.",
    )

    def held(self, surrogate: Surrogate) -> Array:
        """The present values of the inputs [d]. Raises InputError for an input that there is
        not, and for what is no number."""
        names, held = surrogate.data.input_names, np.array(surrogate.medians)
        for word in self.at:
            name, _, text = word.rpartition("=")
            if name not in names:
                raise InputError(
                    f"at {word!r}: there is no input {name!r}; it has {', '.join(names)}."
                    f"{nearest(name, names)}",
                    "at",
                )
            try:
                value = held[names.index(name)] = float(text)
            except ValueError:
                raise InputError(f"at {word!r}: {text!r} is not a number.", "at") from None
            if not abs(value) <= LARGEST:
                raise InputError(
                    f"at {word!r}: give a number of at most {LARGEST:g}, or leave it out.", "at"
                )
        row: Array = surrogate.rows(held)[0]
        return row

    def _found(self, run: Drawn) -> tuple[SliceData, list[int], Surrogate]:
        """The slices, which inputs to show, and of what."""
        check_output(run, self.output)
        surrogate = self.surrogate(run)
        names = surrogate.data.input_names
        if self.along and self.along not in names:
            raise InputError(
                f"{run.path} has no input {self.along!r}: it has {', '.join(names)}."
                f"{nearest(self.along, names)}"
            )
        points = FEW_POINTS if run.few else POINTS
        slices = slices_of(surrogate, run.experiment.task, self.held(surrogate), points)
        return slices, self._shown(names), surrogate

    def _shown(self, names: tuple[str, ...]) -> list[int]:
        return [names.index(self.along)] if self.along else list(range(len(names)))

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        """All slices of an output have one scale: what does not matter is flat."""
        slices, _, surrogate = self._found(runs[-1])
        return self.picture_of(slices, surrogate)

    def picture_of(self, slices: SliceData, surrogate: Surrogate) -> Picture:
        """The picture of slices that are there already."""
        known = [] if slices.target is None else [slices.target[..., self.output]]
        low, high = span_of(*_ends(slices, self.output), *known)
        spare = 0.05 * max(high - low, 1e-12)
        panels = [
            self._panel(slices, k, (low - spare, high + spare))
            for k in self._shown(slices.input_names)
        ]
        where = "other inputs held where they are marked" if self.at else MEDIANS
        least, most = surrogate.ends
        outside = np.flatnonzero((slices.held < least) | (slices.held > most))
        if len(outside):
            named = ", ".join(slices.input_names[k] for k in outside)
            where += f" · {named} outside of the training rows' range"
        outputs = slices.output_names
        one = f" · output {outputs[self.output]}, one of {len(outputs)}" if len(outputs) > 1 else ""
        return Picture(
            rows=in_rows(panels, COLUMNS),
            title=f"{networks_shown(surrogate)}{one} · {where}",
            note=where,
            flows=True,
            legend_below=True,
            choices=choices_of(slices),
            place=self.place_of(surrogate),
        )

    def _panel(self, slices: SliceData, k: int, limits: tuple[float, float]) -> Panel:
        x, items = slices.x[k], list[Item]()
        if slices.target is not None:
            items.append(Curve(x=x, y=slices.target[k, :, self.output], colour=0, label="target"))
        if slices.spread is not None:
            low, high = (each[k] for each in _ends(slices, self.output))
            items.append(Band(x=x, low=low, high=high, colour=1))
        label = "network" if slices.spread is None else "mean ± spread of the trials"
        network = slices.network[k, :, self.output]
        items.append(Curve(x=x, y=network, colour=1, dash=1, label=label))
        items.append(Marker(at=float(slices.held[k])))
        items.append(Marker(at=float(slices.here[self.output]), across="y", quiet=True))
        return Panel(
            x=Axis(label=slices.input_titles[k]),
            y=Axis(label=slices.output_names[self.output], limits=limits),
            items=tuple(items),
        )

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """A row for each point of each input, with every output, and its spread over trials."""
        import pandas as pd

        slices, shown, _ = self._found(runs[-1])
        points = slices.x.shape[1]
        columns: dict[str, Any] = {
            "input": np.repeat([slices.input_names[k] for k in shown], points),
            "value": slices.x[shown].ravel(),
        }
        for output, name in enumerate(slices.output_names):
            for what in ("target", "network", "spread"):
                values = getattr(slices, what)
                if values is not None:
                    columns[f"{what} {name}"] = values[shown, :, output].ravel()
        return pd.DataFrame(columns)


def _ends(slices: SliceData, output: int) -> tuple[Array, Array]:
    """Mean - spread and mean + spread of an output [d, P]; the mean twice without a spread."""
    mean = slices.network[..., output]
    spread = np.zeros_like(mean) if slices.spread is None else slices.spread[..., output]
    return mean - spread, mean + spread
