"""A figure as a small Python script, and as a command, that redraw it from the run file."""

from __future__ import annotations

import shlex
from dataclasses import fields
from pathlib import Path

from stiffgui.figures.style import Options

_FLAGS = (
    "epoch",
    "layer",
    "trial",
    "output",
    "along",
    "width",
    "height",
    "font",
    "dpi",
    "region",
    "component",
    "samples",
)


def _changed(options: Options) -> dict[str, object]:
    """The options that differ from their defaults."""
    return {
        field.name: value
        for field in fields(options)
        if (value := getattr(options, field.name)) != field.default
    }


def figure_script(run: Path, figure: str, options: Options, out: Path | None = None) -> str:
    """A script that draws `figure` (a name of FIGURES) of `run` and saves it as `out` (PDF)."""
    words = ", ".join(f"{name}={value!r}" for name, value in _changed(options).items())
    return f'''"""Redraws "{figure}" from a run file of stiffgui."""

from stiffgui import open_run
from stiffgui.figures import FIGURES, Options, styled

options = Options({words})
draw, tabulate = FIGURES[{figure!r}]
with open_run({str(run)!r}) as run, styled(options):
    table = tabulate([run], options)  # what is drawn, as a pandas table
    picture = draw([run], options)  # a matplotlib figure: change what you like
    picture.savefig({str(out or f"{figure}.pdf")!r})
'''


def export_command(
    run: Path, figure: str, options: Options, out: Path, *, replace: bool = False
) -> str:
    """The command that writes the same file; with `replace`, over one that exists."""
    words = ["stiffgui", "export", str(run), "--figure", figure]
    changed = _changed(options)
    for name in _FLAGS:
        if name in changed:
            value = changed[name]
            words += [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
    if options.logarithmic is not None:
        words.append("--log" if options.logarithmic else "--linear")
    for name in options.indices:
        words += ["--index", name]
    if options.all_layers:
        words.append("--all-layers")
    words += ["-o", str(out), *(["--force"] if replace else [])]
    return shlex.join(words)


def study_script(study: Path, figure: str) -> str:
    """A script that draws `figure` (a name of STUDY_FIGURES) of a study file."""
    return f'''"""Redraws "{figure}" from a study file of stiffgui."""

from stiffgui import open_study
from stiffgui.figures import Options, styled
from stiffgui.figures.study import STUDY_FIGURES

options = Options(width=260, height=140)
draw, tabulate = STUDY_FIGURES[{figure!r}]
with open_study({str(study)!r}) as study, styled(options):
    table = tabulate(study, options)  # what is drawn, as a pandas table
    picture = draw(study, options)  # a matplotlib figure: change what you like
    picture.savefig({f"{figure}.pdf"!r})
'''
