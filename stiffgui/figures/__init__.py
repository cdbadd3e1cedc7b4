"""Figures and tables of runs, studies and laboratory pages.

To add a figure: one file with a class deriving from `Figure`, and its name in `_CLASSES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiffgui.figures.base import Figure, figure_from
from stiffgui.figures.comparison import Comparison
from stiffgui.figures.files import (
    FIGURE_FORMATS,
    PICTURE_FORMATS,
    READABLE,
    TABLE_FORMATS,
    beside,
    check_target,
    format_of,
    known_name,
    save_picture,
    save_table,
    with_columns,
    write,
)
from stiffgui.figures.fit import Fit
from stiffgui.figures.history import Errors, Stiffness
from stiffgui.figures.lab_convergence import ConvergenceFigure
from stiffgui.figures.lab_crossing import CrossingFigure
from stiffgui.figures.lab_gradients import GradientsFigure
from stiffgui.figures.lab_linear import LinearFigure
from stiffgui.figures.layers import Layers
from stiffgui.figures.layout import pages_of
from stiffgui.figures.picture import Picture
from stiffgui.figures.sensitivity import Sensitivity
from stiffgui.figures.slices import Slices
from stiffgui.figures.sources import Drawn, drawn
from stiffgui.figures.spectrum import Spectrum, TimeScales
from stiffgui.figures.steps import StableSteps
from stiffgui.figures.study import Boxes, Front, StudySummary, variants_of
from stiffgui.figures.style import Style, styled
from stiffgui.figures.summary import Summary
from stiffgui.figures.trajectories import Trajectories

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.labs import Page

__all__ = [
    "FIGURES",
    "FIGURE_FORMATS",
    "PICTURE_FORMATS",
    "TABLES",
    "TABLE_FORMATS",
    "Drawn",
    "Figure",
    "Picture",
    "Style",
    "drawn",
    "export_figure",
    "export_table",
    "figure",
    "figure_from",
    "format_of",
    "known_name",
    "paint",
    "source_kind",
    "styled",
    "what_is_drawn",
]

_CLASSES: tuple[type[Figure], ...] = (
    Errors,
    Stiffness,
    Layers,
    Spectrum,
    TimeScales,
    StableSteps,
    Comparison,
    Fit,
    Slices,
    Summary,
    Trajectories,
    Sensitivity,
    StudySummary,
    Boxes,
    Front,
    LinearFigure,
    ConvergenceFigure,
    CrossingFigure,
    GradientsFigure,
)
# What each can be drawn of -> kind -> class.
FIGURES: dict[str, dict[str, type[Figure]]] = {
    source: {kind.name(): kind for kind in _CLASSES if source in kind.sources}
    for source in ("runs", "study", "page")
}


def source_kind(source: Any) -> str:
    """`study` for an open study, `page` for a page's result, `runs` for a sequence of runs."""
    if hasattr(source, "variants"):
        return "study"
    return "runs" if isinstance(source, Sequence) else "page"


def figure(name: str, source: str = "runs", **settings: Any) -> Figure:
    """A kind of figure with settings. Raises InputError for an unknown kind or a bad setting."""
    known_name("figure", name, FIGURES[source])
    return figure_from(FIGURES[source][name], settings)


def what_is_drawn(shown: Figure, source: Any) -> Any:
    """The source as the figure takes it: of a study, a run's figure draws the variants."""
    as_runs = source_kind(source) == "study" and "runs" in shown.sources
    return variants_of(source) if as_runs else source


def export_figure(
    shown: Figure,
    source: Any,
    path: Path,
    kind: str,
    style: Style | None = None,
    *,
    replace: bool = False,
    grows: bool = False,
    caption: bool = False,
    page: Page | None = None,
) -> int:
    """Write a figure of runs, a study or a page's result as png, svg or pdf, or its table as csv.

    It `grows` where it has more panels than its size has room for, as it does without a style.
    Returns how many pages its panels take; the file has the one that the style names. `caption`:
    a text file beside has caption and methods, of the laboratory of which `page`.

    Raises InputError for an unknown format, for what the source does not have, and when `path`
    exists (unless `replace`) or cannot be written.
    """
    known_name("format", kind, FIGURE_FORMATS)
    check_target(path, kind, replace=replace, caption=caption)
    seen = what_is_drawn(shown, source)
    if kind == "csv":
        save_table(shown.table(seen), path, kind, replace=replace)
        return 1
    how = {"replace": replace, "grows": grows or style is None}
    picture, style = shown.picture(seen), style or shown.usual_style()
    save_picture(picture, path, kind, style, **how)
    if caption:
        from stiffgui.figures.caption import text_beside

        text = text_beside(shown, picture, source, page)
        write(beside(path), lambda file: file.write(text.encode()))
    return len(pages_of(picture, style))


def _study_table(name: str) -> Callable[[Any, str], pd.DataFrame]:
    def tabulate(results: Any, kind: str) -> pd.DataFrame:
        from stiffgui.study.summary import study_table

        return study_table(results, name, readable_cells=kind in READABLE)

    return tabulate


# Source -> name -> a figure, whose table it is, or a function of the source and the format.
TABLES: dict[str, dict[str, type[Figure] | Callable[[Any, str], pd.DataFrame]]] = {
    "runs": {
        "history": lambda runs, kind: drawn(runs)[-1].run.history,
        "spectrum": Spectrum,
        "summary": Summary,
        "predictions": Fit,
    },
    "study": {name: _study_table(name) for name in ("summary", "history", "comparison")},
}


def export_table(
    name: str,
    source: Any,
    path: Path,
    kind: str,
    settings: Mapping[str, Any] | None = None,
    columns: Sequence[str] = (),
    *,
    replace: bool = False,
) -> None:
    """Write a table in one of `TABLE_FORMATS`; npz holds a column an array.

    `settings` and `columns` as in `table_of`. Raises InputError as `export_figure`.
    """
    known_name("table", name, TABLES[source_kind(source)])
    known_name("format", kind, TABLE_FORMATS)
    save_table(table_of(name, source, kind, settings, columns), path, kind, replace=replace)


def table_of(
    name: str,
    source: Any,
    kind: str,
    settings: Mapping[str, Any] | None = None,
    columns: Sequence[str] = (),
) -> pd.DataFrame:
    """A table for a format; `settings` are those of the figure whose table it is. `columns`: those
    that it has, in their order, all by default. Raises InputError for one that is not there."""
    table = TABLES[source_kind(source)][name]
    if isinstance(table, type):
        return with_columns(figure_from(table, settings or {}).table(source), columns)
    return with_columns(table(source, kind), columns)


def __getattr__(name: str) -> Any:
    if name == "paint":  # needs matplotlib; everything else here does not
        from stiffgui.figures.matplotlib_painter import paint

        return paint
    raise AttributeError(f"module 'stiffgui.figures' has no attribute {name!r}")
