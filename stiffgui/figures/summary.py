"""One page on a run: errors, stiffness, layers and spectrum side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.figures.style import COLOURS, Options
from stiffgui.stiffness import WATCHABLE
from stiffgui.stiffness.indices import network_index

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs import Run


def summary_table(runs: Sequence[Run], options: Options) -> pd.DataFrame:
    """Last values per quantity: median and quartiles over trials, a row each."""
    import pandas as pd

    rows = []
    for run in runs:
        history = run.series()
        last = {name: values[-1] for name, values in history.series.items()}
        last |= {f"stiffness {n}": network_index(v[-1]) for n, v in history.indices.items()}
        for name, values in last.items():
            known = values[np.isfinite(values)]
            quartiles = np.percentile(known, (50, 25, 75)) if known.size else [np.nan] * 3
            rows.append((run.name, name, *map(float, quartiles), int(known.size)))
    columns = ["run", "quantity", "median", "lower_quartile", "upper_quartile", "trials"]
    return pd.DataFrame(rows, columns=columns)


def draw_summary(runs: Sequence[Run], options: Options) -> Any:
    """Box plots over trials of the last errors and the last indices."""
    import matplotlib.pyplot as plt

    history = runs[0].series()
    errors = [history.series["train_error"][-1], history.series["test_error"][-1]]
    indices = {WATCHABLE[n].title: network_index(v[-1]) for n, v in history.indices.items()}
    figure, (left, right) = plt.subplots(1, 2, width_ratios=(2, 3))
    boxes(left, errors, ["train", "test"], "RMSE")
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
