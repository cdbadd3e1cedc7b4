"""Writing figures and tables of runs, studies and pages, to a file or back to whoever asked."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stiffgui.figures import Figure, Picture, Style
from stiffgui.session.service import handles, use_one_thread
from stiffgui.session.sources import RunSource, Source, StudySource


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write a figure, with `caption` its caption beside, or the table of that name (`columns` of
    it) to `path`; the answer is the path, or without one the content.

    `picture`: what is seen, which is drawn as it is; without one the figure is computed.
    """

    source: Source
    kind: str
    path: Path | None = None
    shown: Figure | None = None
    table: str = ""
    columns: Sequence[str] = ()
    caption: bool = False
    picture: Picture | None = field(default=None, compare=False)
    style: Style = field(default_factory=Style)


@dataclass(frozen=True, kw_only=True)
class Preview(Export):
    """Draw what an export would write, small: the answer is a PNG."""

    kind: str = "png"


@dataclass(frozen=True)
class Report:
    """Write the report of runs or a study, as HTML or PDF; the answer is its path."""

    source: RunSource | StudySource
    path: Path
    settings: Mapping[str, Any] = field(default_factory=dict)


@handles(Preview, "the preview")
@handles(Export, "this export")
def export(work: Export) -> Path | bytes:
    """Raises InputError as `export_figure` and `export_table` do."""
    if work.path is None:
        content = io.BytesIO()
        _write(work, content)
        return content.getvalue()
    from stiffgui.figures.files import write

    write(work.path, lambda file: _write(work, file))
    if work.caption:
        from stiffgui.figures.files import beside

        write(beside(work.path), lambda file: file.write(_caption(work).encode()))
    return work.path


def _caption(work: Export) -> str:
    from stiffgui.figures import what_is_drawn
    from stiffgui.figures.caption import text_beside

    assert work.shown is not None
    with work.source.opened() as source:
        picture = work.picture or work.shown.picture(what_is_drawn(work.shown, source))
        return text_beside(work.shown, picture, source, getattr(work.source, "page", None))


def _write(work: Export, file: Any) -> None:
    from stiffgui.figures import table_of, what_is_drawn
    from stiffgui.figures.files import paint_into, write_table

    if work.picture is not None and work.kind != "csv":
        paint_into(file, work.picture, work.kind, work.style)
        return
    use_one_thread()
    with work.source.opened() as source:
        if work.shown is None:
            table = table_of(work.table, source, work.kind, columns=work.columns)
            write_table(table, file, work.kind)
            return
        drawn = what_is_drawn(work.shown, source)
        if work.kind == "csv":
            write_table(work.shown.table(drawn), file, work.kind)
        else:
            paint_into(file, work.shown.picture(drawn), work.kind, work.style)


@handles(Report, "the report")
def report(work: Report) -> Path:
    """Raises InputError where a run cannot be read or the file cannot be written."""
    from stiffgui.figures.report import write_report

    use_one_thread()
    with work.source.opened() as source:
        write_report(source, work.path, work.settings)
    return work.path
