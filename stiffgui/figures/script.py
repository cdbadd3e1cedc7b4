"""A figure as a small Python script, and as a command, that redraw it from the files."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stiffgui.figures.base import Figure
from stiffgui.figures.style import Style
from stiffgui.labs import Page
from stiffgui.settings import Settings, flag_of


def changed(settings: Settings, usual: Settings | None = None) -> dict[str, Any]:
    """The settings that differ from the usual ones, by default their defaults."""
    usual = usual or type(settings)()
    values = ((name, getattr(settings, name)) for name in type(settings).model_fields)
    return {name: value for name, value in values if value != getattr(usual, name)}


def _keywords(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def runs_script(
    runs: Sequence[tuple[Path, int]], shown: Figure, style: Style, out: Path | None = None
) -> str:
    """A script that draws a figure of run files, each with its colour number, and saves it."""
    opened = "\n".join(f"    open_run({str(path)!r})," for path, _ in runs)
    colours = ", ".join(str(colour) for _, colour in runs)
    return _SCRIPT.format(
        kind=shown.name(),
        what="run files",
        imports="from stiffgui import open_run",
        settings=_arguments(shown),
        opened=f"runs = [\n{opened}\n]\nsource = drawn(runs, colours=[{colours}])",
        style=_keywords(changed(style)),
        out=str(out or f"{shown.name()}.pdf"),
        more=", drawn",
    )


def study_script(study: Path, shown: Figure, style: Style, out: Path | None = None) -> str:
    """A script that draws a figure of a study file."""
    return _SCRIPT.format(
        kind=shown.name(),
        what="a study file",
        imports="from stiffgui import open_study",
        settings=_arguments(shown, "study"),
        opened=f"source = what_is_drawn(shown, open_study({str(study)!r}))",
        style=_keywords(changed(style)),
        out=str(out or f"{shown.name()}.pdf"),
        more=", what_is_drawn",
    )


def page_script(page: Page, shown: Figure, style: Style, out: Path | None = None) -> str:
    """A script that computes a page of the laboratory and draws its figure."""
    computed = f"page({page.name()!r}).with_settings({page.changes()!r}).last()"
    return _SCRIPT.format(
        kind=shown.name(),
        what="the laboratory",
        imports="from stiffgui.labs import page",
        settings=_arguments(shown, "page"),
        opened=f"source = {computed}\nprint(source.numbers())",
        style=_keywords(changed(style)),
        out=str(out or f"{shown.name()}.pdf"),
        more="",
    )


def _arguments(shown: Figure, source: str = "runs") -> str:
    words = [repr(shown.name()), *([] if source == "runs" else [f"source={source!r}"])]
    return ", ".join(filter(None, (*words, _keywords(changed(shown)))))


_SCRIPT = '''"""Redraws the figure "{kind}" from {what} of stiffgui."""

{imports}
from stiffgui.figures import Style, figure, paint, styled{more}

shown = figure({settings})
{opened}
table = shown.table(source)  # what is drawn, as a pandas table
style = Style({style})
with styled(style):
    drawing = paint(shown.picture(source), style)  # a matplotlib figure: change what you like
    drawing.savefig({out!r})
'''


def export_command(
    files: Sequence[Path | str],
    shown: Figure,
    style: Style,
    out: Path,
    *,
    colours: Sequence[int] = (),
    replace: bool = False,
) -> str:
    """The command that writes the same file; with `replace`, over one that exists."""
    words = ["stiffgui", "export", *map(str, files), "--figure", shown.name()]
    words += look_flags(shown, style)
    if list(colours) != list(range(len(colours))):
        for colour in colours:
            words += ["--colour", str(colour)]
    return shlex.join([*words, *_target(out, replace)])


def table_command(
    files: Sequence[str],
    table: str,
    kind: str,
    out: Path,
    judged: Mapping[str, Any],
    columns: Sequence[str] = (),
    *,
    replace: bool = False,
) -> str:
    """The command that writes a table of a file; of a study `judged` says how its comparisons are,
    as `StudyResults.judge` takes it."""
    words = ["stiffgui", "export", *files, "--table", table, "--format", kind]
    words += [word for name in columns for word in ("--columns", name)]
    words += judged_flags(judged) if table == "comparison" else []
    return shlex.join([*words, *_target(out, replace)])


def page_command(
    page: Page,
    shown: Figure | None = None,
    style: Style | None = None,
    out: Path | None = None,
    *,
    replace: bool = False,
) -> str:
    """The command that computes a page of the laboratory, and with `out` writes its figure."""
    words = ["stiffgui", "lab", page.name()]
    for key, value in page.changes().items():
        words += ["--set", f"{key}={value}"]
    if shown is not None and style is not None and out is not None:
        words += [*look_flags(shown, style), *_target(out, replace)]
    return shlex.join(words)


def _target(out: Path, replace: bool) -> list[str]:
    return ["-o", str(out), *(["--force"] if replace else [])]


def judged_flags(judged: Mapping[str, Any]) -> list[str]:
    """The words of a command that say how a study is compared, see `StudyResults.judge`."""
    each = ((n, v if isinstance(v, tuple) else (v,)) for n, v in judged.items())
    return [
        word for name, values in each for value in values for word in (f"--{name}", _word(value))
    ]


def look_flags(shown: Figure, style: Style) -> list[str]:
    """The words of a command that set what differs from the usual figure of this kind."""
    return [*_flags_of(shown, type(shown)()), *_flags_of(style, shown.usual_style())]


def _flags_of(settings: Settings, usual: Settings) -> list[str]:
    kind, differing = type(settings), changed(settings, usual)
    return [word for name, value in differing.items() for word in flags(kind, name, value)]


def flags(kind: type[Settings], name: str, value: Any) -> list[str]:
    """The words that set one setting."""
    flag = flag_of(name, kind.model_fields[name])
    if isinstance(value, bool):
        yes, _, no = flag.partition("/")
        return [yes if value else no]
    every = value if isinstance(value, tuple) else (value,)
    return [word for each in every for word in (flag, _word(each))]


def _word(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(f"{number:.9g}" for number in value)
    return f"{value:.9g}" if isinstance(value, float) else str(value)
