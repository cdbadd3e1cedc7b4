"""`stiffgui bench`: how long a step of every preset takes here, beside plain `torch.nn`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from stiffgui.commands.terminal import tell, until_ready
from stiffgui.errors import InputError, need_folder


def bench(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="A Markdown table.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Three times as many rounds.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead.")] = None,
) -> None:
    """Time a step of every preset with 1 and 25 trials, beside plain torch.nn, in a minute."""
    if as_json and as_markdown:
        raise InputError("--json and --markdown exclude each other: choose one.")
    if out is not None:
        need_folder(out)
    from stiffgui._presets import presets
    from stiffgui.benchmarks import report
    from stiffgui.training import Controls

    until_ready(presets.values(), Controls())
    document = report.measure(full=full, progress=tell)
    if as_json:
        written = json.dumps(document) + "\n"
    else:
        written = report.markdown(document) if as_markdown else report.text(document)
    if out is None:
        print(written, end="")
    else:
        out.write_text(written, encoding="utf-8")
