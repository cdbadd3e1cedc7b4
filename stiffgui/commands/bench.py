"""`stiffgui bench`: what this machine does, beside plain `torch.nn`, and how long things take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from stiffgui.commands.options import AsJson
from stiffgui.commands.terminal import tell, until_ready, write
from stiffgui.errors import InputError, need_folder


def bench(
    as_json: AsJson = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="A Markdown table.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Three times as many rounds.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead.")] = None,
) -> None:
    """Measure what this machine does, in a minute or two: its rate of matrix products, a step of
    every preset with 1 and 25 trials as a share of it and over plain torch.nn, and how long the
    presets and studies take here. What `train`, `study` and the window say of time rests on it."""
    if as_json and as_markdown:
        raise InputError("--json and --markdown exclude each other: choose one.")
    if out is not None:
        need_folder(out)
    from stiffgui._presets import presets
    from stiffgui.benchmarks import report, tables
    from stiffgui.training import Controls, duration

    until_ready(presets.values(), Controls())
    document = report.measure(full=full, progress=tell)
    duration.keep("float32", document["operations_per_second"])
    if as_json:
        written = json.dumps(document) + "\n"
    else:
        written = tables.markdown(document) if as_markdown else tables.text(document)
    if out is None:
        write(written)
    else:
        out.write_text(written, encoding="utf-8")
