"""One page on a run: box plots of the last errors and indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from stiffgui.figures.base import RunFigure
from stiffgui.figures.picture import Axis, Box, Item, Panel, Picture, Scale
from stiffgui.figures.sources import Drawn, error_label, over_samples
from stiffgui.stiffness.indices import OVER
from stiffgui.training.quantities import drawn_in

if TYPE_CHECKING:
    import pandas as pd


class Summary(RunFigure):
    """Summary of the last epoch

    Box plots over trials of the last errors and the last indices; the singular value is the largest
    of each layer's Jacobian."""

    kind: Literal["summary"] = "summary"

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        run = runs[-1]
        history = run.history
        recorded = [q for q in drawn_in("errors") if history.known(q.name)]
        errors = {q.short: history.series[q.name][-1] for q in recorded}
        indices = {history.quantity(n).title: history.network(n)[-1] for n in history.indices}
        ways = {OVER[history.quantity(name).over] for name in history.indices}
        units = {history.quantity(name).unit for name in history.indices}
        unit = f" ({units.pop()})" if len(units) == 1 and units != {""} else ""
        way = f"index{unit}, {ways.pop() if len(ways) == 1 else 'of the network'}"
        trials = "1 trial" if history.trials == 1 else f"{history.trials} trials"
        return Picture(
            rows=(
                (
                    boxes(errors, error_label(runs), colour=run.colour),
                    boxes(indices, way, colour=run.colour),
                ),
            ),
            widths=(2, 3),
            title=f"{run.name} · epoch {run.begins + history.epochs[-1]} · {trials}",
            note=f"indices: {over_samples([run])}" if indices else "",
        )

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """Last values per quantity: median and quartiles over trials, a row each."""
        import pandas as pd

        rows = []
        for run in runs:
            history = run.history
            last = {n: each[-1] for n, each in history.series.items() if history.known(n)}
            last |= {f"stiffness {name}": history.network(name)[-1] for name in history.indices}
            for name, values in last.items():
                known = values[np.isfinite(values)]
                quartiles = np.percentile(known, (50, 25, 75)) if known.size else [np.nan] * 3
                rows.append((run.name, name, *map(float, quartiles), int(known.size)))
        columns = ["run", "quantity", "median", "lower_quartile", "upper_quartile", "trials"]
        return pd.DataFrame(rows, columns=columns)


def called(place: int, name: str) -> str:
    """A name with the number that stands for it below its box."""
    return f"{place + 1} {name}"


def boxes(
    values: Mapping[str, Any],
    label: str = "",
    title: str = "",
    scale: Scale = "linear",
    numbered: bool = False,
    coloured: bool = False,
    colour: int = 0,
) -> Panel:
    """A box for each name, over the known values [R]; `numbered`: numbers below, not names, which
    the legend says; `coloured`: each in a colour of its own, else all in `colour`."""
    items: list[Item] = []
    texts = []
    for place, (name, each) in enumerate(values.items()):
        known = each[np.isfinite(each)]
        if known.size:
            look: dict[str, Any] = {"colour": colour}
            look |= {"colour": place, "dash": place} if coloured else {}
            look |= {"label": called(place, name)} if numbered else {}
            items.append(Box(at=place, values=known, group=name, **look))
        texts.append(name if known.size else f"{name}, undefined")
    names = tuple((k, str(k + 1) if numbered else text) for k, text in enumerate(texts))
    ends = (-0.6, len(values) - 0.4)
    x = Axis(ticks=tuple((float(k), text) for k, text in names), limits=ends)
    return Panel(x=x, y=Axis(label=label, scale=scale), items=tuple(items), title=title)
