"""A child process and our end of its pipe; on Linux, children are forked from a warm server."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

# What children compute with. The server imports it once, and its children share that memory.
WARM = ["stiffgui.runs.recording", "stiffgui.training.paths.warm", "scipy.optimize"]


class Child:
    """A process that runs `main(its end of the pipe)`; it is to end when the pipe closes.

    The first one waits for the server's imports (ADR 14), so a window makes it in a thread. One
    that is no `daemon` may have children of its own.
    """

    def __init__(self, main: Callable[[Connection], None], daemon: bool = True) -> None:
        method = "forkserver" if sys.platform == "linux" else "spawn"
        context: Any = multiprocessing.get_context(method)
        context.set_forkserver_preload(WARM)
        self.connection, theirs = multiprocessing.Pipe()
        mine = (main, theirs)
        self.process: SpawnProcess = context.Process(target=_live, args=mine, daemon=daemon)
        self.process.start()
        theirs.close()

    def exit_code(self, seconds: float) -> int | None:
        """With which code it ended, or None when it has not `seconds` later."""
        self.process.join(seconds)
        return self.process.exitcode

    def close(self, seconds: float) -> None:
        """Close the pipe, let the child save and end; end it by force after `seconds`."""
        self.connection.close()
        self.process.join(seconds)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def send(connection: Connection, message: object) -> bool:
    """Send a message; False when nobody is at the other end any more."""
    try:
        connection.send(message)
    except OSError:
        return False
    return True


def _live(main: Callable[[Connection], None], connection: Connection) -> None:
    # Ctrl+C in a terminal reaches the whole group, as its end does; whoever asked for the work
    # decides, and when he is gone the pipe is closed.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    main(connection)
