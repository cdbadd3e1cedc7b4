"""Recorded numbers against the epoch: the median over trials with the quartile band."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError
from stiffgui.figures.base import RunFigure
from stiffgui.figures.palette import SYMBOLS
from stiffgui.figures.picture import (
    Axis,
    Band,
    Curve,
    Item,
    Marker,
    Panel,
    Picture,
    Scale,
    one_panel,
)
from stiffgui.figures.sources import Drawn, error_label, over_samples
from stiffgui.settings import setting
from stiffgui.stiffness import WATCHABLE
from stiffgui.stiffness.indices import OVER
from stiffgui.training.quantities import STIFFNESS, Quantity, drawn_in, per_trial
from stiffgui.training.records import Event

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
USUAL = STIFFNESS  # index
MOST_MARKS = 40  # on a curve, among the rows that are not exact, and as many once more
FEW = 3  # runs that are drawn with every index
TIME = "time"  # unit of the steps of a neural ODE's solver, which are no indices
ROBUST = (1, 99)  # percentiles between which the values lie that decide the vertical range


@dataclass(frozen=True)
class HorizontalAxis:
    """`of` maps epochs [n] of a run to places on the axis."""

    title: str
    label: str
    of: Callable[[Drawn, Any], Any]


def _steps(run: Drawn, epochs: Any) -> Any:
    return np.asarray(epochs, np.float64) * run.experiment.steps_per_epoch


def _seconds(run: Drawn, epochs: Any) -> Any:
    history = run.history
    rows = np.searchsorted(history.epochs, epochs).clip(max=len(history.epochs) - 1)
    return history.seconds[rows]


def _epochs(run: Drawn, epochs: Any) -> Array:
    return run.begins + np.asarray(epochs, np.float64)


AXES = {
    "epoch": HorizontalAxis("Epochs", "epoch", _epochs),
    "step": HorizontalAxis("Optimiser steps", "optimiser step", _steps),
    "time": HorizontalAxis("Training time", "training time (s)", _seconds),
}


@dataclass(frozen=True)
class Series:
    """One recorded number of one run: quartiles [3, E] (lower, median, upper) at epochs [E].

    `of`: how it follows from the numbers of layers, in words. `doubtful`: rows at which it is not
    exact for some sample, because of `doubt`.
    """

    name: str
    label: str
    epochs: NDArray[np.int64]
    quartiles: Array
    trials: int
    of: str = ""
    doubtful: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    doubt: str = ""


class HistoryFigure(RunFigure):
    """What Errors and Stiffness have in common."""

    sources: ClassVar[tuple[str, ...]] = ("runs", "study")
    label: ClassVar[str] = ""
    usual_scale: ClassVar[Scale] = "linear"

    axis: Literal["epoch", "step", "time"] = setting(
        "epoch",
        title="Horizontal axis",
        help="What the curves are drawn against.",
        choices={name: axis.title for name, axis in AXES.items()},
    )
    logarithmic: bool | None = setting(
        None,
        title="Logarithmic",
        help="Logarithmic axis of the values; by default the figure's own choice.",
        flag="--log/--linear",
    )
    smoothing: float = setting(
        0.0,
        title="Smoothing",
        help="Factor of the exponential mean of the curves; the raw curve stays faint behind.",
        ge=0,
        le=0.999,
    )
    robust: bool = setting(
        False,
        title="Ignore outliers",
        help="Leave the outermost hundredth of the values out of the vertical range.",
    )

    def series(self, run: Drawn) -> list[Series]:
        """What is drawn of a run."""
        raise NotImplementedError

    @property
    def scale(self) -> Scale:
        """Of the vertical axis."""
        if self.logarithmic is None:
            return self.usual_scale
        return "log" if self.logarithmic else "linear"

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        several = len(runs) > 1
        items: list[Item] = []
        each = [self._drawn_series(run, len(runs)) for run in runs]
        ways = list(dict.fromkeys(series.of for found in each for series in found))
        for run, found in zip(runs, each, strict=True):
            for number, series in enumerate(found):
                if len(ways) > 1:
                    series = replace(series, label=f"{series.label}, {series.of}")
                colour = run.colour if several else number
                dash = number if len(found) > 1 else colour
                items += self._items(run, series, dash, colour, several)
        label = self._label(runs)
        label = f"{label}, {ways[0]}" if len(ways) == 1 and ways[0] else label
        limits = self._robust_limits(items) if self.robust else None
        for event in marked(runs[-1].events) if runs else ():
            items.append(self._marker(runs[-1], event))
        horizontal = AXES[self.axis]
        panel = Panel(
            x=Axis(label=horizontal.label, whole=self.axis != "time"),
            y=Axis(label=label, scale=self.scale, limits=limits),
            items=tuple(items),
            values=True,
        )
        return one_panel(panel, note=self.note(runs), legend_below=True)

    def _label(self, runs: Sequence[Drawn]) -> str:
        """What the numbers are."""
        return self.label

    def note(self, runs: Sequence[Drawn]) -> str:
        """Over what the curves are taken."""
        trials = runs[-1].history.trials if runs else 0
        return f"median, quartiles · {trials} trials" if trials > 1 else ""

    def _drawn_series(self, run: Drawn, count: int) -> list[Series]:
        """What is drawn of a run, among so many."""
        return self.series(run)

    def _items(
        self, run: Drawn, series: Series, dash: int, colour: int, several: bool
    ) -> Iterator[Item]:
        x = AXES[self.axis].of(run, series.epochs)
        low, median, high = series.quartiles
        label = f"{run.name} · {series.label}" if several else series.label
        if not np.isfinite(median).any():
            label += ", undefined"
        if series.trials > 1:
            yield Band(x=x, low=low, high=high, colour=colour, group=run.name)
        if self.smoothing:
            yield Curve(x=x, y=median, colour=colour, alpha=0.35, group=run.name)
        smooth = smoothed(median, series.epochs, self.smoothing)
        look: dict[str, Any] = {"colour": colour, "dash": dash, "group": run.name}
        if len(series.doubtful):
            few = series.doubtful[:: 1 + len(series.doubtful) // MOST_MARKS]
            look |= {"symbol": "x", "marked": few, "doubtful": series.doubtful}
        elif np.isfinite(smooth).sum() == 1:
            look["symbol"] = "o"  # one value is no line
        yield Curve(x=x, y=smooth, label=label, **look)

    def _marker(self, run: Drawn, event: Event) -> Marker:
        place = AXES[self.axis].of(run, np.array([event.epoch]))
        quiet = event.kind == "learning-rate"
        return Marker(at=float(place[0]), quiet=quiet, label=_event_text(run, event))

    def _robust_limits(self, items: Sequence[Item]) -> tuple[float, float] | None:
        curves = [item.y for item in items if isinstance(item, Curve) and item.label]
        values = np.concatenate(curves) if curves else np.empty(0)
        log = self.scale == "log"
        values = np.log10(values[values > 0]) if log else values[np.isfinite(values)]
        if not len(values):
            return None
        low, high = np.percentile(values, ROBUST)
        spare = 0.08 * max(high - low, 1e-9)
        ends = (float(low - spare), float(high + spare))
        return (10 ** ends[0], 10 ** ends[1]) if log else ends

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """A row per run, series and epoch: median and quartiles over trials."""
        import pandas as pd

        frames = []
        for run in runs:
            for series in self._drawn_series(run, len(runs)):
                low, median, high = series.quartiles
                columns = {"run": run.name, "series": series.name, "epoch": series.epochs}
                bands = {"median": median, "lower_quartile": low, "upper_quartile": high}
                frames.append(pd.DataFrame(columns | bands))
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


class Errors(HistoryFigure):
    """Errors against the epoch

    Training and test error, or other numbers that a run records, at the epochs at which they were
    recorded: of several trials the median, in a band of the quartiles."""

    kind: Literal["errors"] = "errors"
    label: ClassVar[str] = "RMSE"
    usual_scale: ClassVar[Scale] = "log"

    quantities: tuple[str, ...] = setting(
        lambda: tuple(quantity.name for quantity in drawn_in("errors")),
        title="Quantities",
        help="Which of the recorded numbers are drawn; may be repeated.",
        choices=lambda: {quantity.name: quantity.title for quantity in per_trial()},
        flag="--quantity",
    )

    def series(self, run: Drawn) -> list[Series]:
        history = run.history
        return [
            Series(
                name.removesuffix("_error"),
                history.quantity(name).short,
                *history.quartiles(name),
                history.trials,
            )
            for name in self._names(run)
            if history.known(name)
        ]

    def _label(self, runs: Sequence[Drawn]) -> str:
        """Numbers of other code are what it says, as errors of ours are not."""
        usual = {quantity.name for quantity in drawn_in("errors")}
        ours = all(not run.foreign and usual.issuperset(self._names(run)) for run in runs)
        return error_label(runs) if ours else "recorded value"

    def _names(self, run: Drawn) -> tuple[str, ...]:
        """Of a foreign network that has none of the usual errors, whatever it recorded."""
        usual = self.quantities == tuple(quantity.name for quantity in drawn_in("errors"))
        none = not any(run.history.known(name) for name in self.quantities)
        return tuple(run.history.series) if run.foreign and usual and none else self.quantities


class Stiffness(HistoryFigure):
    """Stiffness against the epoch

    The watched indices of the network, mean over the probe samples: summed over layers, or as the
    legend says; of several trials the median, in a band of the quartiles. A cross marks what is
    not exact for every sample, such as ill-conditioned eigenvalues."""

    kind: Literal["stiffness"] = "stiffness"
    label: ClassVar[str] = "index"

    indices: tuple[str, ...] = setting(
        (),
        title="Indices",
        help="Which of the watched indices are drawn, all by default; may be repeated.",
        choices={name: index.title for name, index in WATCHABLE.items()},
        flag="--index",
    )

    over: Literal["sum", "unit-time", "layer"] = setting(
        "sum",
        title="Over layers",
        help="What is drawn of indices i(J) that are summed over layers: the sum; per unit time, "
        "sum of a i(J) over T, which networks of any depth can be compared by; or per layer, the "
        "mean of i(aJ), which is what one step of size a sees.",
        choices={"sum": "Summed", "unit-time": "Per unit time", "layer": "Per layer"},
    )

    def _label(self, runs: Sequence[Drawn]) -> str:
        """With the unit, where all that is drawn has one."""
        drawn = ((run, each.name) for run in runs for each in self._drawn_series(run, len(runs)))
        units = {run.history.quantity(name).unit for run, name in drawn}
        unit = units.pop() if len(units) == 1 and self.over != "layer" else ""
        return f"{self.label} ({unit})" if unit else self.label

    def note(self, runs: Sequence[Drawn]) -> str:
        series = [each for run in runs for each in self._drawn_series(run, len(runs))]
        doubts = dict.fromkeys(each.doubt for each in series if len(each.doubtful))
        marks = f"{SYMBOLS['x']} {', '.join(doubts)} for some" if doubts else ""
        return " · ".join(filter(None, (super().note(runs), over_samples(runs), marks)))

    def _drawn_series(self, run: Drawn, count: int) -> list[Series]:
        """Of many runs one index, unless more are asked for: nobody tells 24 lines apart."""
        every = self.series(run)
        usual = [series for series in every if series.name == USUAL]
        return usual or every[:1] if count > FEW and not self.indices else every

    def series(self, run: Drawn) -> list[Series]:
        history = run.history
        check_watched(run, self.indices)
        asked = self.indices or run.indices
        return [
            self._series(run, history.quantity(name))
            for name in history.indices
            if name in asked or (not asked and history.quantity(name).unit != TIME)
        ]

    def _series(self, run: Drawn, quantity: Quantity) -> Series:
        way, factor = OVER[quantity.over], 1.0
        if self.over != "sum" and quantity.over == "sum":
            step, depth = run.step_size, run.depth
            way, factor = "per unit time", 1 / depth
            if self.over == "layer":
                way = "per layer"
                factor *= step if quantity.unit else 1.0  # i(aJ) is a i(J)
        history = run.history
        epochs, quartiles = history.quartiles(quantity.name)
        series = Series(
            quantity.name, quantity.short, epochs, quartiles * factor, history.trials, way
        )
        index, nothing = WATCHABLE.get(quantity.name), np.zeros((len(epochs), 1, 1))
        flagged = history.flagged.get(quantity.name, nothing) > 0
        estimated = np.isfinite(history.errors.get(quantity.name, nothing * np.nan))
        network = run.run.network if run.foreign else None
        if network is not None and network.unknown(quantity.name):
            flagged = flagged & np.isfinite(history.indices[quantity.name])
        doubts = {"estimated": estimated, index.flag if index is not None else "": flagged}
        doubt = next((word for word, marks in doubts.items() if marks.any()), "")
        rows = np.flatnonzero((flagged | estimated).any((1, 2)))
        return replace(series, doubtful=rows, doubt=doubt)


def check_watched(run: Drawn, names: Sequence[str]) -> None:
    """Raise InputError for an index that the run did not watch."""
    watched = list(run.history.indices)
    for name in names:
        if name not in watched:
            there = f"it has {', '.join(watched)}" if watched else "it has none"
            raise InputError(
                f"{run.name} did not watch {name}: {there}; put it into watch.indices and train "
                f"again."
            )


def marked(events: Sequence[Event]) -> list[Event]:
    """The events that are drawn: of the trials' learning rates, one at an epoch."""
    drawn: list[Event] = []
    rates: set[int] = set()
    for event in events:
        if event.kind == "learning-rate":
            if event.epoch in rates:
                continue
            rates.add(event.epoch)
        elif event.kind not in ("change", "diverged", "early"):
            continue
        drawn.append(event)
    return drawn


def _event_text(run: Drawn, event: Event) -> str:
    """An event in the words of the panel: `Learning rate 0.001 → 0.002`."""
    if event.kind == "diverged":
        return event.text.split(" stopped")[0] + " diverged"
    titles = {spec.key: spec.title for spec in run.experiment.specs()} if event.key else {}
    key = event.key or ""
    return event.text.replace(key, titles.get(key, key), 1) if key else event.text


def smoothed(values: Array, epochs: NDArray[Any], factor: float) -> Array:
    """Exponential mean of [E] values at rising epochs [E], debiased: [E].

    A value weighs factor^(epochs since); so sparsely measured curves lag no more than dense
    ones. Unknown values (NaN) weigh nothing; a constant series stays constant.
    0 <= factor <= 0.999; 0 returns the values.
    """
    if not factor:
        return values
    out = np.full(len(values), np.nan)
    mean, weight, last = np.nan, 0.0, 0.0
    for row, (value, epoch) in enumerate(zip(values.tolist(), epochs.tolist(), strict=True)):
        weight, last = weight * factor ** (epoch - last), epoch
        if isfinite(value):
            weight += 1.0
            mean = value if weight == 1.0 else mean + (value - mean) / weight
        out[row] = mean
    return out
