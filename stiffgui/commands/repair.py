"""`stiffgui repair`: what is readable of a damaged file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stiffgui.commands.terminal import say


def repair(
    file: Annotated[Path, typer.Argument(metavar="FILE.stiff")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The new file.")],
) -> None:
    """Save what is readable of a damaged run or study in a new file, and say what is lost."""
    from stiffgui.study.repair import repair as repaired

    found = repaired(file, out)
    rows = ", ".join(f"{count} of {table}" for table, count in found.rows.items() if count)
    say(f"{out}: rows that were saved: {rows}")
    for lost in dict.fromkeys(found.lost):
        say(f"  lost: {lost}")
    if not found.lost:
        say("  nothing is lost")
