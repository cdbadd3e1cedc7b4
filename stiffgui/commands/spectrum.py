"""`stiffgui spectrum`: the eigenvalues of one layer at one epoch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from stiffgui.commands.terminal import say, tell, write
from stiffgui.errors import InputError, one_of
from stiffgui.plain_text import csv_text


def spectrum(
    run: Annotated[Path, typer.Argument(metavar="RUN.stiff")],
    epoch: Annotated[int, typer.Option(help="The nearest kept epoch is taken, and said.")],
    layer: Annotated[int, typer.Option(help="1 to N.")],
    trial: Annotated[int, typer.Option(help="Position in the batch, from 0.")] = 0,
    kind: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
) -> None:
    """Print the eigenvalues of a layer's Jacobian on the probe samples."""
    from stiffgui.figures import figure
    from stiffgui.runs import open_run

    if kind not in ("csv", "json"):
        raise InputError(f"--format {kind} is not known; choose {one_of(('csv', 'json'))}.")
    shown = figure("spectrum", epoch=epoch, layer=layer, trial=trial)
    with open_run(run) as opened:
        table = shown.table([opened])
    facts = dict(table.attrs)
    if kind == "csv":
        if facts["epoch"] != epoch:
            tell(f"nearest kept epoch: {facts['epoch']}")
        write(csv_text(table))
    else:
        rows = table.replace([float("inf"), float("-inf")], float("nan")).astype(object)
        rows = rows.where(table.notna() & table.abs().ne(float("inf")), None)
        say(json.dumps(facts | {"eigenvalues": rows.to_dict(orient="records")}))
