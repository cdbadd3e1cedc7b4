"""Errors and stiffness against the epoch: the median over trials with the quartile band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.errors import InputError
from stiffgui.figures.style import COLOURS, DASHES, Options, plain_ticks
from stiffgui.stiffness import WATCHABLE
from stiffgui.stiffness.indices import network_index

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs import Run
    from stiffgui.study.results import VariantResults

    Drawn = Run | VariantResults

Series = list[tuple[str, Any, Any]]  # name, epochs [E], values [E, R]


def _error_series(run: Drawn, options: Options) -> Series:
    history = run.series()
    names = {"train_error": "train", "test_error": "test"}
    return [(names[key], history.epochs, history.series[key]) for key in names]


def _stiffness_series(run: Drawn, options: Options) -> Series:
    history = run.series()
    check_watched(run, options)
    chosen = [n for n in history.indices if not options.indices or n in options.indices]
    return [(n, history.index_epochs, network_index(history.indices[n])) for n in chosen]


def check_watched(run: Drawn, options: Options) -> None:
    """Raise InputError for an index that the run did not watch."""
    watched = list(run.series().indices)
    for name in options.indices:
        if name not in watched:
            there = f"it has {', '.join(watched)}" if watched else "it has none"
            raise InputError(
                f"{run.name} did not watch {name}: {there}; put it into watch.indices and train "
                f"again."
            )


def quartiles(values: Any) -> Any:
    """First quartile, median, third quartile over trials: [3, E], NaN where all are undefined."""
    out = np.full((3, len(values)), np.nan)
    known = np.isfinite(values).any(1)
    out[:, known] = np.nanpercentile(values[known], (25, 50, 75), axis=1)
    return out


def _draw(series: list[tuple[str, Series]], label: str, logarithmic: bool, titles: Any) -> Any:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    for number, (run_name, lines) in enumerate(series):
        for k, (name, epochs, values) in enumerate(lines):
            low, median, high = quartiles(values)
            # One run: a colour a series. Several: a colour a run. Series differ in dash anyway.
            colour = COLOURS[(k if len(series) == 1 else number) % len(COLOURS)]
            title = titles(name) if len(series) == 1 else f"{run_name} · {titles(name)}"
            axes.plot(epochs, median, color=colour, ls=DASHES[k % len(DASHES)], label=title)
            if values.shape[1] > 1:
                axes.fill_between(epochs, low, high, color=colour, alpha=0.18, lw=0)
    if logarithmic:
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    if series and series[0][1]:
        figure.legend(loc="outside lower center", ncols=1 if len(series) > 1 else 2)
    return figure


def _table(runs: Sequence[Drawn], build: Any, options: Options) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for run in runs:
        for name, epochs, values in build(run, options):
            low, median, high = quartiles(values)
            columns = {"run": run.name, "series": name, "epoch": epochs}
            bands = {"median": median, "lower_quartile": low, "upper_quartile": high}
            frames.append(pd.DataFrame(columns | bands))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _told_apart(runs: Sequence[Drawn]) -> list[str]:
    """Names of the runs; with the folder where two have the same."""
    names = [run.name for run in runs]
    folders = [getattr(run, "path", None) for run in runs]
    return [
        f"{name} ({folder.parent.name})" if folder is not None and names.count(name) > 1 else name
        for name, folder in zip(names, folders, strict=True)
    ]


def draw_errors(runs: Sequence[Drawn], options: Options) -> Any:
    """Training and test RMSE."""
    series = [
        (name, _error_series(run, options))
        for name, run in zip(_told_apart(runs), runs, strict=True)
    ]
    logarithmic = options.logarithmic is not False
    return _draw(series, "RMSE", logarithmic, lambda name: name)


def errors_table(runs: Sequence[Drawn], options: Options) -> pd.DataFrame:
    """What `draw_errors` draws."""
    return _table(runs, _error_series, options)


def draw_stiffness(runs: Sequence[Drawn], options: Options) -> Any:
    """The watched indices, summed over layers."""
    series = [
        (name, _stiffness_series(run, options))
        for name, run in zip(_told_apart(runs), runs, strict=True)
    ]
    label = "index, sum over layers, mean over samples"
    return _draw(series, label, bool(options.logarithmic), lambda name: WATCHABLE[name].title)


def stiffness_table(runs: Sequence[Drawn], options: Options) -> pd.DataFrame:
    """What `draw_stiffness` draws."""
    return _table(runs, _stiffness_series, options)
