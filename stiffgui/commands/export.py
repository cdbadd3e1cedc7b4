"""`stiffgui export`: figures and tables from a run file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stiffgui.commands.terminal import tell
from stiffgui.errors import InputError

if TYPE_CHECKING:
    from stiffgui.figures import Options


OF_AN_EPOCH = ("fit", "slices", "spectrum", "trajectories", "predictions")


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN.stiff|STUDY.stiff")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.")],
    figure: Annotated[
        str | None,
        typer.Option(
            help="errors, stiffness, layers, spectrum, fit, slices, summary or trajectories; of a "
            "study errors, stiffness, summary or boxes."
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            help="history, spectrum, summary or predictions; of a study history, summary or "
            "comparison."
        ),
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
    dpi: Annotated[float, typer.Option(help="Resolution of a PNG, points per inch.")] = 200.0,
    output: Annotated[int, typer.Option(help="Output that a fit shows, from 0.")] = 0,
    along: Annotated[str, typer.Option(help="Input of slices, by its name. Default: all.")] = "",
    component: Annotated[
        int,
        typer.Option(min=0, help="Component of trajectories, from 1; 0: principal components."),
    ] = 0,
    samples: Annotated[int, typer.Option(min=1, max=100, help="Samples of trajectories.")] = 5,
    region: Annotated[
        str, typer.Option(help="Stability region: explicit-euler, rk2, rk4 or implicit-euler.")
    ] = "explicit-euler",
    all_layers: Annotated[
        bool, typer.Option("--all-layers", help="A spectrum of every layer.")
    ] = False,
    logarithmic: Annotated[
        bool | None, typer.Option("--log/--linear", help="Default: the figure's own choice.")
    ] = None,
    index: Annotated[
        list[str] | None, typer.Option(help="Index of stiffness or layers; may be repeated.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a figure or a table of a run or a study."""
    from stiffgui.figures import Options, export_figure, export_table
    from stiffgui.runs import open_run
    from stiffgui.runs.opening import kind_of_file

    if (figure is None) == (table is None):
        raise InputError("give either --figure NAME or --table NAME.")
    options = Options(
        epoch=epoch,
        layer=layer,
        trial=trial,
        width=width,
        height=height,
        font=font,
        dpi=dpi,
        output=output,
        along=along,
        component=component,
        samples=samples,
        region=region,
        all_layers=all_layers,
        logarithmic=logarithmic,
        indices=tuple(index or ()),
    )
    if out.is_dir():
        raise InputError(f"{out} is a folder: name a file in it.")
    kind = kind or out.suffix.removeprefix(".")
    if kind_of_file(run) == "study":
        _export_study(run, figure, table, out, kind, options, force)
        return
    with open_run(run) as opened:
        drawn = figure or str(table)
        if epoch is not None and drawn in OF_AN_EPOCH and opened.nearest_epoch(epoch) != epoch:
            tell(f"nearest kept epoch: {opened.nearest_epoch(epoch)}")
        if figure is not None:
            export_figure([opened], figure, out, kind, options, replace=force)
        else:
            export_table(opened, str(table), out, kind, options, replace=force)


def _export_study(
    path: Path,
    figure: str | None,
    table: str | None,
    out: Path,
    kind: str,
    options: Options,
    force: bool,
) -> None:
    from stiffgui.figures.study import export_study_figure, export_study_table
    from stiffgui.study.results import open_study

    with open_study(path) as results:
        if figure is not None:
            export_study_figure(results, figure, out, kind, options, replace=force)
        else:
            export_study_table(results, str(table), out, kind, options, replace=force)
