"""Options with which a study's comparisons are judged otherwise than its file says."""

from __future__ import annotations

from typing import Annotated

import typer

Against = Annotated[
    list[str] | None,
    typer.Option(help="Of a study: a variant to compare all with; may be repeated."),
]
Margin = Annotated[
    float | None,
    typer.Option(help="Of a study: a difference within so many percent is negligible."),
]
