"""One page on a run: errors, stiffness, layers and spectrum side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.figures.style import COLOURS, Options
from stiffgui.runs.history import quartiles
from stiffgui.training.quantities import drawn_in

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs import Run


def summary_table(runs: Sequence[Run], options: Options) -> pd.DataFrame:
    """Last values per quantity: median and quartiles over trials, a row each."""
    import pandas as pd

    rows = []
    for run in runs:
        history = run.series()
        last = history.last()
        last |= {f"stiffness {n}": history.network(n)[-1] for n in history.indices}
        for name, values in last.items():
            low, median, high = map(float, quartiles(values[None])[:, 0])
            known = int(np.isfinite(values).sum())
            rows.append((run.name, name, median, low, high, known))
    columns = ["run", "quantity", "median", "lower_quartile", "upper_quartile", "trials"]
    return pd.DataFrame(rows, columns=columns)


def draw_summary(runs: Sequence[Run], options: Options) -> Any:
    """Box plots over trials of the last errors and the last indices."""
    import matplotlib.pyplot as plt

    history = runs[0].series()
    last = history.last()
    errors = {q.short: last[q.name] for q in drawn_in("errors") if q.name in last}
    indices = {history.quantity(n).title: history.network(n)[-1] for n in history.indices}
    figure, (left, right) = plt.subplots(1, 2, width_ratios=(2, 3))
    boxes(left, list(errors.values()), list(errors), "RMSE")
    boxes(right, list(indices.values()), list(indices), "sum over layers")
    told = "1 trial" if runs[0].trials == 1 else f"{runs[0].trials} trials"
    figure.suptitle(f"{runs[0].name} · epoch {history.epochs[-1]} · {told}")
    return figure


def boxes(axes: Any, values: list[Any], labels: list[str], label: str) -> None:
    known = [v[np.isfinite(v)] for v in values]
    if any(points.size > 1 for points in known):
        axes.boxplot(known, tick_labels=labels, medianprops={"color": COLOURS[1]}, widths=0.5)
    else:  # the box of one number is a line: the dots say it
        axes.set_xticks(range(1, len(labels) + 1), labels)
        axes.set_xlim(0.5, len(labels) + 0.5)
    for k, points in enumerate(known):
        axes.plot(np.full(points.size, k + 1), points, ".", color=COLOURS[0], ms=4)
    axes.tick_params(axis="x", rotation=20)
    axes.set_ylabel(label)
