"""The commands of the command line, one file each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from stiffgui.commands.bench import bench
from stiffgui.commands.export import export
from stiffgui.commands.lab import lab
from stiffgui.commands.list_presets import list_presets
from stiffgui.commands.show import show
from stiffgui.commands.spectrum import spectrum
from stiffgui.commands.study import study
from stiffgui.commands.train import train

COMMANDS: dict[str, Callable[..., Any]] = {
    "train": train,
    "study": study,
    "show": show,
    "presets": list_presets,
    "export": export,
    "spectrum": spectrum,
    "lab": lab,
    "bench": bench,
}


def application() -> typer.Typer:
    """All commands as one typer application."""
    app = typer.Typer(
        help="Train residual networks and watch the eigenvalues of their layers. "
        "With no command, or with a .stiff or .toml file, the window opens.",
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_say_version)
    for name, command in COMMANDS.items():
        app.command(name)(command)
    return app


def _say_version(
    version: Annotated[bool, typer.Option("--version", help="Say the version.")] = False,
) -> None:
    if version:
        from stiffgui._version import __version__

        print(f"stiffgui {__version__}")
