"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from stiffgui.commands import completions

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting.",
        autocompletion=completions.SETTINGS,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]
AsJson = Annotated[bool, typer.Option("--json", help="As one JSON document.")]
Against = Annotated[
    list[str] | None,
    typer.Option(help="Of a study: a variant to compare all with; may be repeated."),
]
Margin = Annotated[
    float | None,
    typer.Option(help="Of a study: a difference within so many percent is negligible."),
]
