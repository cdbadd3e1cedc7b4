"""`stiffgui spectrum`: the eigenvalues of one layer at one epoch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from stiffgui.commands.matrix_files import MATRICES, Layers, Step, run_file
from stiffgui.commands.terminal import say, tell, write
from stiffgui.errors import InputError, one_of
from stiffgui.plain_text import csv_text


def spectrum(
    run: Annotated[Path, typer.Argument(metavar=f"RUN.stiff|{MATRICES}")],
    epoch: Annotated[
        int | None, typer.Option(help="The nearest kept epoch is taken, and said; else the last.")
    ] = None,
    layer: Annotated[int | None, typer.Option(help="1 to N; else all of them.")] = None,
    trial: Annotated[int, typer.Option(help="Position in the batch, from 0.")] = 0,
    kind: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
    as_json: Annotated[bool, typer.Option("--json", help="As --format json.")] = False,
    layers: Layers = None,
    step: Step = None,
) -> None:
    """Print the eigenvalues of a layer's Jacobian on the probe samples, or of given matrices."""
    from stiffgui.figures import figure
    from stiffgui.runs import open_run

    kind = "json" if as_json else kind
    if kind not in ("csv", "json"):
        raise InputError(f"--format {kind} is not known; choose {one_of(('csv', 'json'))}.")
    shown = figure("spectrum", epoch=epoch, layer=1 if layer is None else layer, trial=trial)
    with open_run(run_file(run, layers, step)) as opened:
        if layer is None and opened.depth > 1:
            shown = shown.model_copy(update={"all_layers": True})
        table = shown.table([opened])
    facts = dict(table.attrs)
    if kind == "csv":
        if epoch is not None and facts["epoch"] != epoch:
            tell(f"nearest kept epoch: {facts['epoch']}")
        write(csv_text(table))
    else:
        rows = table.replace([float("inf"), float("-inf")], float("nan")).astype(object)
        rows = rows.where(table.notna() & table.abs().ne(float("inf")), None)
        say(json.dumps(facts | {"eigenvalues": rows.to_dict(orient="records")}))
