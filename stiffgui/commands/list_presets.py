"""`stiffgui presets`: the presets, a line each."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from stiffgui._presets import presets
from stiffgui.commands.options import AsJson
from stiffgui.commands.terminal import say, write
from stiffgui.study.library import studies


def list_presets(
    toml: Annotated[str | None, typer.Option(help="Print this preset as a TOML file.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the presets, a line each."""
    if toml is not None:
        write(presets[toml].to_toml())
    elif as_json:
        listed = {n: {"title": presets.title(n), "summary": presets.summary(n)} for n in presets}
        say(json.dumps(listed))
    else:
        for name in presets:
            say(f"{name:20s} {presets.summary(name)}")
        write("\nstudies, for `stiffgui study`:\n")
        for name in studies:
            say(f"{name:20s} {studies.summary(name)}")
