"""`stiffgui export`: figures and tables from a run file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stiffgui.errors import InputError


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN.stiff")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.")],
    figure: Annotated[
        str | None, typer.Option(help="errors, stiffness, layers, spectrum, fit or summary.")
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="history, spectrum, summary or predictions.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--format", help="Default: the file's ending.")
    ] = None,
    epoch: Annotated[int | None, typer.Option(help="Default: the last kept epoch.")] = None,
    layer: Annotated[int, typer.Option(help="Layer of a spectrum, from 1.")] = 1,
    trial: Annotated[int, typer.Option(help="Trial of fit and spectrum, from 0.")] = 0,
    width: Annotated[float, typer.Option(help="Width in mm.")] = 160.0,
    height: Annotated[float, typer.Option(help="Height in mm.")] = 100.0,
    font: Annotated[float, typer.Option(help="Font size in points.")] = 9.0,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a figure or a table of a run."""
    from stiffgui.figures import Options, export_figure, export_table
    from stiffgui.runs import open_run

    if (figure is None) == (table is None):
        raise InputError("give either --figure NAME or --table NAME.")
    options = Options(epoch=epoch, layer=layer, trial=trial, width=width, height=height, font=font)
    kind = kind or out.suffix.removeprefix(".")
    with open_run(run) as opened:
        if figure is not None:
            export_figure([opened], figure, out, kind, options, replace=force)
        else:
            export_table(opened, str(table), out, kind, options, replace=force)
