"""Publication figures and tables from a run file.

To add a figure: one file with a function that draws and one that returns what is drawn as a
table, and their names in `FIGURES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiffgui.errors import InputError, nearest, one_of
from stiffgui.figures.fit import draw_fit, fit_table
from stiffgui.figures.history import draw_errors, draw_stiffness, errors_table, stiffness_table
from stiffgui.figures.layers import draw_layers, layers_table
from stiffgui.figures.script import export_command, figure_script
from stiffgui.figures.slices import draw_slices, slices_table
from stiffgui.figures.spectrum import draw_spectrum, spectrum_points
from stiffgui.figures.style import Options, styled
from stiffgui.figures.summary import draw_summary, summary_table
from stiffgui.figures.trajectories import draw_trajectories, trajectories_table

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs import Run

__all__ = [
    "FIGURES",
    "PICTURE_FORMATS",
    "TABLES",
    "Options",
    "export_command",
    "export_figure",
    "export_table",
    "figure_script",
    "styled",
]

Draw = Callable[[Sequence["Run"], Options], Any]
Tabulate = Callable[[Sequence["Run"], Options], "pd.DataFrame"]

FIGURES: dict[str, tuple[Draw, Tabulate]] = {
    "errors": (draw_errors, errors_table),
    "stiffness": (draw_stiffness, stiffness_table),
    "layers": (draw_layers, layers_table),
    "spectrum": (draw_spectrum, spectrum_points),
    "fit": (draw_fit, fit_table),
    "slices": (draw_slices, slices_table),
    "summary": (draw_summary, summary_table),
    "trajectories": (draw_trajectories, trajectories_table),
}
TABLES: dict[str, Tabulate] = {
    "history": lambda runs, options: runs[0].history,
    "spectrum": spectrum_points,
    "summary": summary_table,
    "predictions": fit_table,
}
PICTURE_FORMATS = ("png", "svg", "pdf")
TABLE_FORMATS = ("csv", "parquet", "npz", "latex")


def export_figure(
    runs: Sequence[Run],
    name: str,
    path: Path,
    kind: str,
    options: Options | None = None,
    *,
    replace: bool = False,
) -> None:
    """Write a figure as png, svg or pdf, or what it draws as csv.

    Raises InputError for an unknown figure or format, and when `path` exists (unless `replace`)
    or cannot be written.
    """
    known_name("figure", name, FIGURES)
    draw_to_file(FIGURES[name], runs, path, kind, options or Options(), replace)


def draw_to_file(
    figure_of: tuple[Callable[..., Any], Callable[..., Any]],
    what: Any,
    path: Path,
    kind: str,
    options: Options,
    replace: bool,
) -> None:
    """Draw `what` by a pair of functions as in `FIGURES`, into a picture or a CSV file."""
    known_name("format", kind, (*PICTURE_FORMATS, "csv"))
    may_write(path, replace)
    draw, tabulate = figure_of
    if kind == "csv":
        write(path, lambda: tabulate(what, options).to_csv(path, index=False))
        return
    import matplotlib.pyplot as plt

    with styled(options):
        figure = draw(what, options)
        try:
            write(path, lambda: figure.savefig(path, format=kind))
        finally:
            plt.close(figure)


def export_table(
    run: Run,
    name: str,
    path: Path,
    kind: str,
    options: Options | None = None,
    *,
    replace: bool = False,
) -> None:
    """Write a table as csv, parquet, npz (a column an array) or latex. Raises as export_figure."""
    known_name("table", name, TABLES)
    table_to_file(lambda: TABLES[name]([run], options or Options()), path, kind, replace)


def table_to_file(
    tabulate: Callable[[], pd.DataFrame], path: Path, kind: str, replace: bool
) -> None:
    """Write a table in one of `TABLE_FORMATS`."""
    known_name("format", kind, TABLE_FORMATS)
    may_write(path, replace)
    table = tabulate()
    write(path, lambda: _WRITERS[kind](table, path))


def _write_npz(table: pd.DataFrame, path: Path) -> None:
    import numpy as np

    columns = {}
    for name in table:
        values = table[name].to_numpy()
        columns[str(name)] = values.astype(str) if values.dtype.kind not in "biuf" else values
    with path.open("wb") as file:  # a path would get `.npz` appended
        np.savez(file, **columns)


def _write_latex(table: pd.DataFrame, path: Path) -> None:
    text: str = table.to_latex(index=False, escape=True, float_format="%.4g")
    # pdfLaTeX knows no thin spaces, and sets a dash between numbers from two hyphens.
    for sign, written in (("\u2009", r"\,"), ("\u202f", r"\,"), ("–", "--")):
        text = text.replace(sign, written)
    path.write_text(text, "utf-8")


_WRITERS: dict[str, Callable[[Any, Path], None]] = {
    "csv": lambda table, path: table.to_csv(path, index=False),
    "parquet": lambda table, path: table.to_parquet(path, index=False),
    "npz": _write_npz,
    "latex": _write_latex,
}


def known_name(what: str, name: str, names: Any) -> None:
    """Raise InputError, with the nearest, when `name` is none of `names`."""
    if name not in names:
        raise InputError(
            f"{what} {name!r} is not known; choose {one_of(names)}.{nearest(name, names)}"
        )


def may_write(path: Path, replace: bool) -> None:
    """Raise InputError when a file is there that may not be replaced."""
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file in it.")
    if path.exists() and not replace:
        raise InputError(f"{path} exists: choose another name, or add --force to replace it.")


def write(path: Path, save: Callable[[], Any]) -> None:
    """Call `save`; what goes wrong while writing `path` becomes an InputError."""
    try:
        save()
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}. Choose a place where you may "
            f"write."
        ) from None
