"""`stiffgui export`: figures and tables of run and study files."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from stiffgui.commands.completions import among, names_of
from stiffgui.commands.figure_options import (
    check_settings,
    figure_name_help,
    settings_of,
    style_of,
    table_name_help,
    with_figure_options,
)
from stiffgui.commands.matrix_files import MATRICES, Layers, Step, is_matrices, run_file
from stiffgui.commands.options import Against, Force, Margin
from stiffgui.commands.terminal import STANDARD_OUTPUT, target, tell, tell_nearest
from stiffgui.errors import InputError, nearest, one_of
from stiffgui.runs.portable import FORMATS


@with_figure_options("runs", "study")
def export(
    files: Annotated[list[Path], typer.Argument(metavar=f"RUN.stiff...|STUDY.stiff|{MATRICES}")],
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", help="The file to write, - for standard output; of --model the folder."
        ),
    ],
    figure: Annotated[
        str | None,
        typer.Option(
            help=f"{figure_name_help('runs')}; of a study {figure_name_help('study')}.",
            autocompletion=among(lambda: names_of("FIGURES")),
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            help=f"{table_name_help('runs')}; of a study {table_name_help('study')}.",
            autocompletion=among(lambda: names_of("TABLES")),
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns", help="Columns of a table, in their order, with commas; default: all."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help=f"{one_of(FORMATS)}: the networks, for other programs."),
    ] = None,
    report: Annotated[
        bool,
        typer.Option("--report", help="A report of all that is known: .html or .pdf."),
    ] = False,
    caption: Annotated[
        bool,
        typer.Option("--caption", help="Write caption and methods, too: a .txt beside the figure."),
    ] = False,
    kind: Annotated[
        str | None, typer.Option("--format", help="Default: the file's ending.")
    ] = None,
    colours: Annotated[
        list[int] | None,
        typer.Option("--colour", help="Colour number of each run, by default in their order."),
    ] = None,
    force: Force = False,
    against: Against = None,
    margin: Margin = None,
    layers: Layers = None,
    step: Step = None,
    **settings: Any,
) -> None:
    """Write a figure or a table of runs, matrices or a study, or a run's networks for other
    programs."""
    output = settings["output"] or ""
    if output.lstrip("+-").isdecimal():
        settings["output"] = int(output)
    given = layers or step is not None
    if given and not any(is_matrices(path) for path in files):
        raise InputError("--layers and --step are of files of matrices: leave them out.")
    files = [run_file(path, layers, step) if is_matrices(path) else path for path in files]
    if model is not None:
        others = [figure, table, columns, caption or None, kind, colours, against, margin]
        _export_model(files, out, model, others, settings, force)
        return
    if report:
        if any(value is not None for value in (figure, table, columns, caption or None, kind)):
            raise InputError("--report has figures and tables of its own: leave out the rest.")
        _write_report(files, out, settings, colours, against, margin, force)
        return
    from stiffgui.figures import export_table, format_of

    if (figure is None) == (table is None):
        raise InputError("give one of --figure NAME, --table NAME, --model FORMAT and --report.")
    if columns and table is None:
        raise InputError("--columns are of a table: leave them out, or give --table NAME.")
    if caption and (figure is None or out == STANDARD_OUTPUT):
        raise InputError("--caption stands beside the file of a figure: leave it out.")
    if out.is_dir():
        raise InputError(f"{out} is a folder: name a file in it.")
    kind = kind or format_of(out)
    if not kind:
        raise InputError(f"{out} has no ending: add .png, .csv or another, or give --format.")
    numbered = {k: v for k, v in settings.items() if (k, v) != ("output", output)}
    check_settings(numbered, figure, "runs", "study")
    with target(out) as out, ExitStack() as opened:
        source = _open(files, colours or [], opened)
        _prepare(source, settings, against, margin)
        if table is not None:
            known = _known(table, source, settings)
            export_table(table, source, out, kind, known, columns or (), replace=force)
        else:
            _export_figure(str(figure), source, out, kind, settings, force, caption)


def _prepare(
    source: Any, settings: dict[str, Any], against: list[str] | None, margin: float | None
) -> None:
    """A study is compared as asked; of runs an output that is given by its name becomes its
    number."""
    from stiffgui.figures import source_kind

    if source_kind(source) == "study":
        source.judge(against=against, margin=margin)
        return
    if against or margin is not None:
        raise InputError("--against and --margin are of a study: leave them out for runs.")
    output, run = settings["output"], source[-1]
    if not isinstance(output, str):
        return
    names = run.data.output_names
    if output not in names:
        raise InputError(
            f"{run.path} has no output {output!r}: it has {', '.join(names)}."
            f"{nearest(output, names)}"
        )
    settings["output"] = int(names.index(output))


def _export_figure(
    name: str,
    source: Any,
    out: Path,
    kind: str,
    settings: dict[str, Any],
    force: bool,
    caption: bool,
) -> None:
    from stiffgui.figures import FIGURES, export_figure, figure_from, known_name, source_kind

    figures = FIGURES[source_kind(source)]
    known_name("figure", name, figures)
    chosen = figures[name]
    _say_nearest_epoch(source, chosen, settings)
    if chosen.one_run and len(source) > 1:
        tell(f"{name} shows one run, the last: {source[-1].run.named}")
    shown = figure_from(chosen, settings_of(chosen, settings))
    style = style_of(chosen, settings)
    usual = settings["width"] is None and settings["height"] is None
    how: dict[str, Any] = {"replace": force, "grows": usual, "caption": caption}
    pages = export_figure(shown, source, out, kind, style, **how)
    if pages > 1:
        next_one = f": --page {style.page + 1} writes the next" if style.page < pages else ""
        tell(f"page {style.page} of {pages}{next_one}")


def _write_report(
    files: list[Path],
    out: Path,
    settings: dict[str, Any],
    colours: list[int] | None,
    against: list[str] | None,
    margin: float | None,
    force: bool,
) -> None:
    from stiffgui.figures.files import may_write
    from stiffgui.figures.report import REPORTS, write_report

    if out.suffix.lower() not in REPORTS:
        raise InputError(f"{out} has no ending of a report; choose {one_of(REPORTS)}.")
    may_write(out, force)
    with ExitStack() as opened:
        source = _open(files, colours or [], opened)
        _prepare(source, settings, against, margin)
        write_report(source, out, {k: v for k, v in settings.items() if v is not None})


def _export_model(
    files: list[Path],
    folder: Path,
    kind: str,
    others: list[Any],
    settings: dict[str, Any],
    force: bool,
) -> None:
    from stiffgui.runs import open_run
    from stiffgui.runs.portable import export_model

    epoch = settings.pop("epoch", None)
    if any(value is not None for value in [*others, *settings.values()]):
        raise InputError("--model takes --out, --epoch and --force besides: leave out the rest.")
    if folder == STANDARD_OUTPUT:
        raise InputError("--model writes a folder: name one.")
    if len(files) != 1:
        raise InputError("--model takes the networks of one run: name one.")
    with open_run(files[0]) as run:
        surrogate = run.surrogate("best" if epoch is None else epoch)
        written = export_model(surrogate, folder, kind, about={"run": run.path.name}, replace=force)
        for sentence in surrogate.sentences():
            tell(sentence)
    tell(f"{folder}: {', '.join(file.name for file in written)}")


def _open(files: list[Path], colours: list[int], opened: ExitStack) -> Any:
    """One study, or runs with their colours."""
    from stiffgui.figures.sources import drawn
    from stiffgui.runs import open_run
    from stiffgui.runs.opening import kind_of_file
    from stiffgui.study.results import open_study

    studies = [path for path in files if kind_of_file(path) == "study"]
    if studies and len(files) > 1:
        raise InputError(f"{studies[0]} is a study: export it alone.")
    if studies:
        return opened.enter_context(open_study(studies[0]))
    if colours and len(colours) != len(files):
        raise InputError("--colour: give one for each run, or none.")
    runs = [opened.enter_context(open_run(path)) for path in files]
    return drawn(runs, colours)


def _known(table: str, source: Any, settings: dict[str, Any]) -> dict[str, Any]:
    from stiffgui.figures import TABLES, source_kind

    kind = TABLES[source_kind(source)].get(table)
    _say_nearest_epoch(source, kind, settings)
    return settings_of(kind, settings) if isinstance(kind, type) else {}


def _say_nearest_epoch(source: Any, kind: Any, settings: dict[str, Any]) -> None:
    """A network of another epoch than the one asked for is said."""
    from stiffgui.figures import Figure

    epoch = settings.get("epoch")
    if epoch is None or not (isinstance(kind, type) and issubclass(kind, Figure)):
        return
    if kind.needs_networks:
        tell_nearest(source[-1].run, epoch)
