"""Figures and tables of a study: variants beside each other, medians with quartile bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.errors import InputError
from stiffgui.figures import draw_to_file, known_name, table_to_file
from stiffgui.figures.history import (
    draw_errors,
    draw_stiffness,
    errors_table,
    stiffness_table,
)
from stiffgui.figures.style import COLOURS, DASHES, Options, plain_ticks
from stiffgui.training.quantities import STIFFNESS, Quantity, of_study

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.study.results import StudyResults, VariantResults


def trained(results: StudyResults) -> list[VariantResults]:
    """The variants of which something is done. Raises InputError when there is none."""
    variants = [v for v in results.variants if v.trials]
    if not variants:
        raise InputError(f"{results.path} has no finished trials yet: let it train on.")
    return variants


def panel_title(quantity: Quantity) -> str:
    """What stands above a panel: `training error (ER)`."""
    name, symbol = quantity.in_study, quantity.symbol
    return name if symbol == name else f"{name} ({symbol})"


def draw_summary(results: StudyResults, options: Options) -> Any:
    """The evolution of both errors, L2 norm and stiffness above, their last values below."""
    import matplotlib.pyplot as plt

    variants = trained(results)
    panels = of_study("as_panel")
    figure, axes = plt.subplots(2, len(panels), height_ratios=(3, 2))
    for k, (column, quantity) in enumerate(panels.items()):
        _draw_evolution(axes[0, k], variants, quantity, options)
        _draw_boxes(axes[1, k], variants, column, quantity, options)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=min(4, len(labels)))
    return figure


def draw_boxes(results: StudyResults, options: Options) -> Any:
    """Box plots over trials of the last values."""
    import matplotlib.pyplot as plt

    variants = trained(results)
    panels = of_study("as_panel")
    figure, axes = plt.subplots(1, len(panels))
    for k, (column, quantity) in enumerate(panels.items()):
        _draw_boxes(axes[k], variants, column, quantity, options)
    return figure


def _draw_evolution(
    axes: Any, variants: Sequence[VariantResults], quantity: Quantity, options: Options
) -> None:
    for number, variant in enumerate(variants):
        epochs, (low, median, high) = variant.series().quartiles(quantity.name)
        colour = COLOURS[number % len(COLOURS)]
        dash = DASHES[number % len(DASHES)]
        axes.plot(epochs, median, color=colour, ls=dash, label=variant.name)
        if variant.trials > 1:
            axes.fill_between(epochs, low, high, color=colour, alpha=0.18, lw=0)
    if _is_logarithmic(options, quantity):
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
    axes.set_title(panel_title(quantity), fontsize=options.font, loc="left")
    axes.set_xlabel("epoch")


def _draw_boxes(
    axes: Any,
    variants: Sequence[VariantResults],
    column: str,
    quantity: Quantity,
    options: Options,
) -> None:
    known = [v.last[column][np.isfinite(v.last[column])] for v in variants]
    labels = [v.name for v in variants]
    axes.boxplot(known, tick_labels=labels, medianprops={"color": "#222222"}, widths=0.5)
    for k, points in enumerate(known):
        colour = COLOURS[k % len(COLOURS)]
        axes.plot(np.full(points.size, k + 1), points, ".", color=colour, ms=4)
    if _is_logarithmic(options, quantity):
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
    axes.tick_params(axis="x", rotation=30)
    axes.set_title(f"last {panel_title(quantity)}", fontsize=options.font, loc="left")


def _is_logarithmic(options: Options, quantity: Quantity) -> bool:
    return quantity.logarithmic if options.logarithmic is None else options.logarithmic


def evolution_table(results: StudyResults, options: Options) -> pd.DataFrame:
    """What `draw_summary` draws: variant, series, epoch, median and quartiles."""
    import pandas as pd

    frames = []
    for variant in trained(results):
        for column, quantity in of_study("as_panel").items():
            epochs, (low, median, high) = variant.series().quartiles(quantity.name)
            columns = {"variant": variant.name, "series": column, "epoch": epochs}
            bands = {"median": median, "lower_quartile": low, "upper_quartile": high}
            frames.append(pd.DataFrame(columns | bands))
    return pd.concat(frames, ignore_index=True)


def last_table(results: StudyResults, options: Options) -> pd.DataFrame:
    """What `draw_boxes` draws: a row per variant and trial."""
    import pandas as pd

    frames = [
        pd.DataFrame({"variant": v.name, "trial": v.trial_numbers} | v.last)
        for v in trained(results)
    ]
    return pd.concat(frames, ignore_index=True)


def summary_of(results: StudyResults, kind: str) -> pd.DataFrame:
    """The summary as numbers, or for LaTeX as it would be printed."""
    from stiffgui.study.summary import readable, summary_frame

    if kind != "latex":
        return summary_frame(results)
    import pandas as pd

    titles, rows = readable(results)
    return pd.DataFrame(rows, columns=titles)


Draw = Callable[["StudyResults", Options], Any]
Tabulate = Callable[["StudyResults", Options], "pd.DataFrame"]


def _radius(options: Options) -> Options:
    return options if options.indices else changed(options, indices=(STIFFNESS,))


STUDY_FIGURES: dict[str, tuple[Draw, Tabulate]] = {
    "summary": (draw_summary, evolution_table),
    "errors": (
        lambda results, options: draw_errors(trained(results), options),
        lambda results, options: errors_table(trained(results), options),
    ),
    "stiffness": (
        lambda results, options: draw_stiffness(trained(results), _radius(options)),
        lambda results, options: stiffness_table(trained(results), _radius(options)),
    ),
    "boxes": (draw_boxes, last_table),
}
STUDY_TABLES = ("summary", "history", "comparison")
SUMMARY_SIZE = (260.0, 140.0)  # eight panels need more room than one


def export_study_figure(
    results: StudyResults,
    name: str,
    path: Path,
    kind: str,
    options: Options | None = None,
    *,
    replace: bool = False,
) -> None:
    """Write a figure of a study as png, svg or pdf, or what it draws as csv.

    Raises InputError for an unknown figure or format, when nothing is done yet, and when `path`
    exists (unless `replace`) or cannot be written.
    """
    known_name("figure", name, STUDY_FIGURES)
    options = options or Options()
    plain = Options()
    if name in ("summary", "boxes") and (options.width, options.height) == (
        plain.width,
        plain.height,
    ):
        height = SUMMARY_SIZE[1] if name == "summary" else SUMMARY_SIZE[1] / 2
        options = changed(options, width=SUMMARY_SIZE[0], height=height)
    draw_to_file(STUDY_FIGURES[name], results, path, kind, options, replace)


def export_study_table(
    results: StudyResults,
    name: str,
    path: Path,
    kind: str,
    options: Options | None = None,
    *,
    replace: bool = False,
) -> None:
    """Write a table of a study as csv, parquet, npz or latex. Raises as export_study_figure."""
    from stiffgui.study.summary import comparison_frame

    known_name("table", name, STUDY_TABLES)
    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "summary": lambda: summary_of(results, kind),
        "history": lambda: results.history,
        "comparison": lambda: comparison_frame(results),
    }
    table_to_file(tables[name], path, kind, replace)
