"""The commands as one typer application, with the options that figures have now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from stiffgui.commands import COMMANDS
from stiffgui.commands.figure_options import completed
from stiffgui.commands.terminal import say


def command_of(words: Sequence[str] = ()) -> Any:
    """The click command that understands `words`."""
    from typer.main import get_command

    whole: Any = get_command(application(words))
    for command in (whole, *whole.commands.values()):
        for parameter in command.params:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""  # help would call it <bool>, as if it took a value
        command.get_help_option(typer.Context(command)).metavar = ""
    return whole


def application(words: Sequence[str] = ()) -> typer.Typer:
    """What is needed to understand `words`: one command where they begin with its name."""
    app = typer.Typer(
        help="Train residual networks and watch the eigenvalues of their layers. "
        "With no command, or with a run, a study, settings, a table or matrices, the window opens.",
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_say_version)
    for name in _needed(words):
        app.command(name)(_command(COMMANDS[name], complete=words[:1] == [name]))
    return app


def _needed(words: Sequence[str]) -> Sequence[str]:
    first = words[0] if words else ""
    if first == "--version":
        return ()
    return (first,) if first in COMMANDS else tuple(COMMANDS)


def _command(name: str, complete: bool) -> Callable[..., Any]:
    """A command with all of its options, or its first line only, as the list of commands has it."""
    command: Callable[..., Any] = getattr(import_module(f"stiffgui.commands.{name}"), name)
    if complete:
        return completed(command)

    def named() -> None: ...

    named.__doc__ = command.__doc__
    return named


def _say_version(
    version: Annotated[bool, typer.Option("--version", help="Say the version.")] = False,
) -> None:
    if version:
        from stiffgui._version import __version__

        say(f"stiffgui {__version__}")
