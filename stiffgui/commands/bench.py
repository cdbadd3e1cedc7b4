"""`stiffgui bench`: this machine's speed, side by side with the talk's method."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from stiffgui.errors import InputError


def bench(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="A Markdown table.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Three times as many rounds.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead.")] = None,
) -> None:
    """Measure this machine: every ratio with its goals, in about two minutes."""
    if as_json and as_markdown:
        raise InputError("--json and --markdown exclude each other: choose one.")
    if out is not None and not out.parent.is_dir():
        raise InputError(f"--out {out}: the folder {out.parent} does not exist; create it first.")
    from stiffgui.benchmarks import report

    document = report.measure(full=full, progress=_tell)
    if as_json:
        said = json.dumps(document) + "\n"
    else:
        said = report.markdown(document) if as_markdown else report.text(document)
    if out is None:
        print(said, end="")
    else:
        out.write_text(said, encoding="utf-8")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
