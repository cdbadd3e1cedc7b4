"""Which inputs matter for which outputs: bars for one output, a map for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from stiffgui.figures.base import SurrogateFigure, networks_shown
from stiffgui.figures.fit import check_output
from stiffgui.figures.picture import (
    Axis,
    Bars,
    ColourScale,
    Curve,
    Image,
    Item,
    Panel,
    Picture,
    ends_of,
    one_panel,
)
from stiffgui.figures.sources import Drawn
from stiffgui.settings import setting

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs.sensitivity import Measure
    from stiffgui.runs.sensitivity import Sensitivity as Found
    from stiffgui.runs.surrogate import Surrogate

Array = NDArray[np.float64]
Numbers = NDArray[np.intp]
MEASURES = {
    "total": "total Sobol index: the share of an output's variance that goes with the input alone "
    "or together with others",
    "first": "first-order Sobol index: the share that goes with the input alone",
    "gradient": "mean size of the slope, in output deviations over the input's range",
}
AXES = {
    "total": "total Sobol index",
    "first": "first-order Sobol index",
    "gradient": "mean |slope| in deviations per range",
}
FEW_SAMPLES = 64  # while epochs go by quickly
THICK, FULL = 0.4, 6  # half a row of bars, of 1; thinner where there are fewer rows
BOX = "inputs uniform over the training rows' ranges"


class Sensitivity(SurrogateFigure):
    """Sensitivity: which inputs matter

    How much each output depends on each input, while all inputs vary independently and uniformly
    over the ranges of the training rows: Sobol indices (SALib) and slopes of the mean over trials.
    Inputs are sorted by the largest value that they have for an output that is shown.

    One output has a bar for each input and index; the thin line is SALib's 95 % interval, for
    slopes the spread over trials on either side. Several outputs have a map."""

    kind: Literal["sensitivity"] = "sensitivity"
    size: ClassVar[tuple[float, float] | None] = (160.0, 160.0)

    output: int | None = setting(
        None,
        title="Output",
        help="The output that is shown, from 0 (a command takes its name, too); by default all.",
        ge=0,
    )
    measure: Literal["total", "first", "gradient"] = setting(
        "total",
        title="Measure",
        help="What a map shows, and what inputs are sorted by.",
        choices=MEASURES,
    )
    sobol_samples: int = setting(
        1024,
        title="Sobol samples",
        help="A power of two; so many times the number of inputs and 2 are predicted.",
        ge=2,
        le=16384,
    )
    seed: int = setting(0, title="Seed", help="Of the Sobol samples.", ge=0, le=2**31 - 2)

    @field_validator("sobol_samples")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if value & (value - 1):
            below = 1 << (value.bit_length() - 1)
            raise ValueError(f"{value} is no power of two; choose {below} or {2 * below}")
        return value

    def _found(self, run: Drawn) -> tuple[Found, Surrogate, list[int]]:
        """The sensitivities, of what, and of which outputs."""
        from stiffgui.runs.sensitivity import sensitivity_of

        check_output(run, self.output)
        surrogate = self.surrogate(run)
        every = range(len(surrogate.data.output_names))
        outputs = list(every) if self.output is None else [self.output]
        samples = min(self.sobol_samples, FEW_SAMPLES) if run.few else self.sobol_samples
        return sensitivity_of(surrogate, outputs, samples, self.seed), surrogate, outputs

    def _measured(self, found: Found) -> Measure:
        measure: Measure = getattr(found, self.measure)
        return measure

    def _order(self, found: Found) -> Numbers:
        """Inputs, what matters most first."""
        return np.argsort(-self._measured(found).value.max(1), kind="stable")

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        found, surrogate, outputs = self._found(runs[-1])
        data, order = surrogate.data, self._order(found)
        rows = np.arange(len(order), dtype=float)[::-1]  # the first on top
        names = tuple((float(y), data.input_names[k]) for y, k in zip(rows, order, strict=True))
        inputs = Axis(ticks=names, limits=(-0.5, len(order) - 0.5))
        shown = [data.output_names[k] for k in outputs]
        if len(outputs) > 1:
            columns = tuple((float(x), name) for x, name in enumerate(shown))
            panel = self._map(found, order, rows, inputs, columns)
        else:
            panel = self._bars(found, order, rows, inputs, shown[0])
        return one_panel(
            panel,
            title=f"{networks_shown(surrogate)} · {BOX}",
            note=f"{BOX} · {found.rows} predictions",
            choices={"output": data.output_names},
            place=self.place_of(surrogate),
        )

    def _map(self, found: Found, order: Numbers, rows: Array, inputs: Axis, columns: Any) -> Panel:
        values = self._measured(found).value[order]
        scale = ColourScale(label=AXES[self.measure], low=0.0, high=max(float(values.max()), 1e-9))
        x = np.arange(len(columns), dtype=float)
        image = Image(x=x, y=rows[::-1], values=values[::-1], colours=scale)
        across = Axis(ticks=columns, limits=ends_of(image.x_edges))
        return Panel(x=across, y=inputs, items=(image,), grid=False)

    def _bars(self, found: Found, order: Numbers, rows: Array, inputs: Axis, output: str) -> Panel:
        drawn = ("gradient",) if self.measure == "gradient" else ("total", "first")
        items: list[Item] = []
        thick = THICK * min(1.0, len(order) / FULL)
        for place, name in enumerate(drawn):
            measure: Measure = getattr(found, name)
            value = measure.value[order, 0]
            beside = measure.spread if name == "gradient" else measure.interval
            top = rows + thick - place * 2 * thick / len(drawn)
            base = top - 2 * thick / len(drawn)
            items.append(_lying(base, top, value, place, AXES[name]))
            items.append(_intervals(value, beside[order, 0], (base + top) / 2))
        label = AXES[self.measure] if len(drawn) == 1 else "Sobol index"
        return Panel(x=Axis(label=label), y=inputs, items=tuple(items), title=output)

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """A row for each output and input, sorted as in the picture, with every measure, its 95 %
        interval (half the width) and its spread over trials."""
        import pandas as pd

        found, surrogate, outputs = self._found(runs[-1])
        data, order = surrogate.data, self._order(found)
        columns: dict[str, Any] = {
            "output": np.repeat([data.output_names[k] for k in outputs], len(order)),
            "input": np.tile([data.input_names[k] for k in order], len(outputs)),
        }
        for name in ("first", "total", "gradient"):
            measure: Measure = getattr(found, name)
            columns[name] = measure.value[order].T.ravel()
            if name != "gradient":
                columns[f"{name}_interval"] = measure.interval[order].T.ravel()
            columns[f"{name}_spread"] = measure.spread[order].T.ravel()
        return pd.DataFrame(columns)


def _lying(base: Array, top: Array, values: Array, colour: int, label: str) -> Bars:
    """Bars from 0 to values between base and top; nothing between them."""
    edges = np.stack([base, top], 1)[::-1].ravel()
    heights = np.zeros(len(edges) - 1)
    heights[::2] = values[::-1]
    nothing = np.zeros_like(heights)
    return Bars(edges=edges, heights=heights, base=nothing, colour=colour, label=label, across="y")


def _intervals(values: Array, half: Array, rows: Array) -> Curve:
    """A thin line for each value, from half the interval below to half above."""
    half = np.nan_to_num(half)
    ends = np.stack([values - half, values + half, np.full_like(values, np.nan)], 1)
    return Curve(x=ends.ravel(), y=np.repeat(rows, 3), colour="faint", width=1.0)
