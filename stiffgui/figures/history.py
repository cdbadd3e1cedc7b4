"""Errors and stiffness against the epoch: the median over trials with the quartile band."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from stiffgui.errors import InputError
from stiffgui.figures.style import COLOURS, DASHES, Options, plain_ticks
from stiffgui.training.quantities import Quantity, drawn_in

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs import Run
    from stiffgui.study.results import VariantResults

    Drawn = Run | VariantResults

Series = list[tuple[Quantity, Any, Any]]  # what, epochs [E], quartiles over trials [3, E]
Build = Callable[["Drawn", Options], Series]


def _error_series(run: Drawn, options: Options) -> Series:
    history = run.series()
    return [(q, *history.quartiles(q.name)) for q in drawn_in("errors")]


def _stiffness_series(run: Drawn, options: Options) -> Series:
    history = run.series()
    check_watched(run, options)
    chosen = [n for n in history.indices if not options.indices or n in options.indices]
    return [(history.quantity(n), *history.quartiles(n)) for n in chosen]


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


def _draw(
    runs: Sequence[Drawn], build: Build, options: Options, label: str, logarithmic: bool
) -> Any:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    series = [build(run, options) for run in runs]
    for number, (run_name, lines) in enumerate(zip(_told_apart(runs), series, strict=True)):
        for k, (quantity, epochs, (low, median, high)) in enumerate(lines):
            # One run: a colour a series. Several: a colour a run. Series differ in dash anyway.
            colour = COLOURS[(k if len(series) == 1 else number) % len(COLOURS)]
            name = quantity.title if quantity.per == "layer" else quantity.short
            title = name if len(series) == 1 else f"{run_name} · {name}"
            axes.plot(epochs, median, color=colour, ls=DASHES[k % len(DASHES)], label=title)
            if runs[number].trials > 1:
                axes.fill_between(epochs, low, high, color=colour, alpha=0.18, lw=0)
    if logarithmic:
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    if series and series[0]:
        figure.legend(loc="outside lower center", ncols=1 if len(series) > 1 else 2)
    return figure


def _table(runs: Sequence[Drawn], build: Build, options: Options) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for run in runs:
        for quantity, epochs, (low, median, high) in build(run, options):
            name = quantity.name if quantity.per == "layer" else quantity.short
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
    return _draw(runs, _error_series, options, "RMSE", options.logarithmic is not False)


def errors_table(runs: Sequence[Drawn], options: Options) -> pd.DataFrame:
    """What `draw_errors` draws."""
    return _table(runs, _error_series, options)


def draw_stiffness(runs: Sequence[Drawn], options: Options) -> Any:
    """The watched indices, summed over layers."""
    label = "index, sum over layers, mean over samples"
    return _draw(runs, _stiffness_series, options, label, bool(options.logarithmic))


def stiffness_table(runs: Sequence[Drawn], options: Options) -> pd.DataFrame:
    """What `draw_stiffness` draws."""
    return _table(runs, _stiffness_series, options)
