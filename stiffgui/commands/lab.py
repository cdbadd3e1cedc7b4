"""`stiffgui lab`: the neural-ODE pages as numbers and figures."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stiffgui.commands.experiment_arguments import changes_of
from stiffgui.commands.figure_options import page_names, settings_of, style_of, with_figure_options
from stiffgui.commands.options import AsJson, Force
from stiffgui.commands.terminal import say, tell, until_ready
from stiffgui.errors import InputError

if TYPE_CHECKING:
    from stiffgui.labs import Page, Result

LINE_SECONDS = 2.0


@with_figure_options("page")
def lab(
    name: Annotated[str, typer.Argument(metavar=page_names())],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting.")
    ] = None,
    as_json: AsJson = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write a figure: .png, .svg, .pdf or .csv.")
    ] = None,
    keys: Annotated[bool, typer.Option("--keys", help="List the page's settings.")] = False,
    about: Annotated[
        bool, typer.Option("--about", help="What the page is about, and what to try.")
    ] = False,
    caption: Annotated[
        bool, typer.Option("--caption", help="Caption and source, too: a .txt beside the figure.")
    ] = False,
    force: Force = False,
    **look: Any,
) -> None:
    """Compute a page of the neural-ODE laboratory."""
    from stiffgui.figures import FIGURES, export_figure, figure_from
    from stiffgui.figures.files import check_target, format_of
    from stiffgui.labs import page
    from stiffgui.training import Controls

    chosen = page(name).with_settings(changes_of(settings or [], example="seed=1"))
    if keys:
        for spec in chosen.specs():
            say(f"{spec.key:16s} {spec.default!s:14s} {spec.help} {spec.bounds}".rstrip())
        return
    if about:
        if as_json:
            raise InputError("--about is text: leave out --json.")
        _tell_about(chosen)
        return
    kind = FIGURES["page"][name]
    shown, style = figure_from(kind, settings_of(kind, look)), style_of(kind, look)
    if out is not None:
        check_target(out, format_of(out), replace=force, caption=caption)
    elif caption:
        raise InputError("--caption stands beside the file of a figure: give -o FILE, too.")
    if trainings := chosen.trainings():
        until_ready(trainings, Controls())
    result = _compute(chosen)
    if out is not None:
        export_figure(
            shown, result, out, format_of(out), style, replace=force, caption=caption, page=chosen
        )
    if as_json:
        say(json.dumps({"page": name, "settings": chosen.model_dump()} | result.numbers()))
        return
    for sentence in result.sentences():
        say(sentence)
    if result.problem:
        say(result.problem)


def _tell_about(page: Page) -> None:
    from stiffgui.figures.script import page_command

    lines = [page.about()]
    for exercise in page.exercises:
        command = page_command(type(page)().with_settings(exercise.changes))
        lines += ["", exercise.title, f"    {command}", f"    {exercise.see}"]
    for line in (*lines, "", *page.sources):
        say(line)


def _compute(page: Page) -> Result:
    """The last result, with a line every few seconds on the way."""
    said = time.monotonic()
    for result in page.results():
        if time.monotonic() - said > LINE_SECONDS:
            said = time.monotonic()
            tell(f"{100 * result.progress:.0f} %")
    return result
