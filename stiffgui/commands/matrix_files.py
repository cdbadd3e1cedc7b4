"""Files of matrices in the place of a run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from stiffgui.commands.terminal import Row, TerminalProgress
from stiffgui.errors import InputError
from stiffgui.matrices import ENDINGS

MATRICES = "|".join(f"FILE{ending}" for ending in ENDINGS)

Layers = Annotated[
    list[str] | None,
    typer.Option(
        "--layers",
        metavar="PATTERN",
        help="Of a file with several arrays: which of them are the layers, such as "
        "blocks.*.weight; may be repeated. Else all square ones.",
    ),
]
Step = Annotated[
    float | None,
    typer.Option("--step", help="Of matrices J: the step size a of x + a F(x), J = dF/dx."),
]


def is_matrices(path: Path) -> bool:
    """Whether a file's name says that it holds matrices."""
    return path.suffix.lower() in ENDINGS


def run_file(path: Path, layers: list[str] | None, step: float | None) -> Path:
    """The run file of a file of matrices, with progress; any other is one, or says that it is not.

    Raises InputError for options that only matrices have.
    """
    if not is_matrices(path):
        if layers or step is not None:
            raise InputError(f"--layers and --step are of files of matrices, not of {path}.")
        return path
    from stiffgui.matrices.file import measured

    begun, out = time.monotonic(), path
    with TerminalProgress() as progress:
        for news in measured(path, layers or (), 1.0 if step is None else step):
            out, spent = news.path, time.monotonic() - begun
            if news.what:
                progress.show([Row(path.name, spent, spent + news.seconds, news.what)])
    return out
