"""Figures of the laboratory pages: a picture and a table of each.

To add one: a file with a function that draws and one that tabulates, and their names in `DRAWN`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiffgui.errors import InputError, one_of
from stiffgui.figures import PICTURE_FORMATS, may_write, write
from stiffgui.figures.lab_convergence import convergence_table, draw_convergence
from stiffgui.figures.lab_crossing import crossing_table, draw_crossing
from stiffgui.figures.lab_gradients import draw_gradients, gradients_table
from stiffgui.figures.lab_linear import draw_linear, linear_table
from stiffgui.figures.style import Options, styled
from stiffgui.labs import Page, Result

if TYPE_CHECKING:
    import pandas as pd

DRAWN: dict[str, tuple[Callable[..., Any], Callable[..., pd.DataFrame]]] = {
    "linear": (draw_linear, linear_table),
    "convergence": (draw_convergence, convergence_table),
    "crossing": (draw_crossing, crossing_table),
    "gradients": (draw_gradients, gradients_table),
}


def check_target(path: Path, kind: str, *, replace: bool = False) -> None:
    """Raise InputError, before anything is computed, when the figure could not be written."""
    if kind not in (*PICTURE_FORMATS, "csv"):
        raise InputError(
            f"{path} has no ending of a figure; choose {one_of((*PICTURE_FORMATS, 'csv'))}."
        )
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path} cannot be written: its folder does not exist; create it first.")
    may_write(path, replace)


def export_lab(
    page: Page,
    result: Result,
    path: Path,
    kind: str,
    options: Options | None = None,
    *,
    replace: bool = False,
) -> None:
    """Write a page's picture as png, svg or pdf, or its numbers as csv. Raises InputError."""
    check_target(path, kind, replace=replace)
    draw, tabulate = DRAWN[page.kind]  # type: ignore[attr-defined]
    if kind == "csv":
        write(path, lambda: tabulate(result).to_csv(path, index=False))
        return
    import matplotlib.pyplot as plt

    options = options or Options()
    with styled(options):
        figure = draw(result, options)
        try:
            write(path, lambda: figure.savefig(path, format=kind))
        finally:
            plt.close(figure)
