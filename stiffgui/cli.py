"""The command line: the same work without a window. One line on standard error for bad input."""

from __future__ import annotations

import errno
import multiprocessing
import os
import sys
from pathlib import Path

from stiffgui.commands import COMMANDS
from stiffgui.commands.terminal import tell
from stiffgui.errors import InputError, in_short, nearest, one_of
from stiffgui.matrices import ENDINGS as MATRICES

DONE, FAULT, BAD_INPUT, STOPPED = 0, 1, 2, 3
COMPLETION = "_STIFFGUI_COMPLETE"  # set by a shell that asks for completions


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; with no command, or only a file, open the window."""
    multiprocessing.freeze_support()
    words = sys.argv[1:] if arguments is None else arguments
    if COMPLETION in os.environ:
        return _complete()
    try:
        if not words or not (words[0] in COMMANDS or words[0].startswith("-")):
            return _window(words)
        return _command(words)
    except InputError as error:
        return _say(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        return _say("stopped by the user.", STOPPED)
    except BrokenPipeError:  # the reader of our output has gone, e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to flush
        return DONE
    except Exception as error:  # a fault of ours: a sentence for the person, details in the log
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            sentence = f"{in_short(error.filename)}: the name is too long. Choose a shorter one."
            return _say(sentence, BAD_INPUT)
        return _say(f"stiffgui failed: {error}. Details are in {_log_fault()}.", FAULT)


def _complete() -> int:
    """What could follow the words before the cursor, as a shell asks for it through typer."""
    from stiffgui.commands.application import command_of

    typed = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
    command_of(typed.split()[1:]).main(args=[], prog_name="stiffgui")
    return DONE


def _say(sentence: str, code: int) -> int:
    tell(f"stiffgui: {' '.join(sentence.split())}")
    return code


def _log_fault() -> Path:
    import traceback

    from stiffgui.fault_log import record

    return record(traceback.format_exc())


def _window(words: list[str]) -> int:
    from stiffgui.tasks.table import ENDINGS

    kinds = tuple(dict.fromkeys((".stiff", ".toml", *MATRICES, *ENDINGS)))
    if words and not words[0].lower().endswith(kinds):
        raise InputError(
            f"there is no command {words[0]!r}; give {one_of(COMMANDS)}, or a file ({one_of(kinds)}"
            f") to open in the window.{nearest(words[0], COMMANDS)}"
        )
    files, layers = _with_layers(words)
    try:
        from stiffgui.gui.application import open_window
    except ImportError as error:
        raise InputError(
            f"the window cannot start: {error}. Install the missing library; the command line "
            f"works without it."
        ) from None
    return int(open_window(files, layers))


def _with_layers(words: list[str]) -> tuple[list[str], list[str]]:
    """The files of a command line, and what follows `--layers`."""
    files, layers, rest = [], [], iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name != "--layers":
            files.append(word)
        elif not equals and (value := next(rest, "")) == "":
            raise InputError("--layers: name the arrays, as in --layers 'blocks.*.weight'.")
        else:
            layers.append(value)
    return files, layers


def _command(words: list[str]) -> int:
    """Hand over to typer, with its errors as one line and our exit codes.

    Not by its `main`, which has ideas of its own of what Ctrl+C and a closed pipe mean.
    """
    import typer

    from stiffgui.commands.application import command_of

    command = command_of(words)
    try:
        with command.make_context("stiffgui", list(words)) as context:
            result = command.invoke(context)
    except typer.Exit as leave:
        return int(leave.exit_code)
    except typer.Abort:
        return _say("stopped by the user.", STOPPED)
    except Exception as error:
        message = getattr(error, "format_message", None)  # of a usage error
        if message is None:
            raise
        name = f" {words[0]}" if words[0] in COMMANDS else ""
        text = message().rstrip(".")
        return _say(f"{text}. `stiffgui{name} --help` shows how.", BAD_INPUT)
    sys.stdout.flush()
    return int(result or DONE)


if __name__ == "__main__":
    sys.exit(main())
