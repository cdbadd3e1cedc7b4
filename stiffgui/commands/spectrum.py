"""`stiffgui spectrum`: the eigenvalues of one layer at one epoch."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from stiffgui.errors import InputError, one_of


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
            print(f"nearest kept epoch: {facts['epoch']}", file=sys.stderr)
        table.to_csv(sys.stdout, index=False)
    else:
        rows = table.replace([float("inf"), float("-inf")], float("nan")).astype(object)
        rows = rows.where(table.notna() & table.abs().ne(float("inf")), None)
        print(json.dumps(facts | {"eigenvalues": rows.to_dict(orient="records")}))
