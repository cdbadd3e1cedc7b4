"""The thread that drives the laboratory's child process."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from PySide6.QtCore import QThread, Signal

from stiffgui.child import Child
from stiffgui.session.lab import Compute, Computed, lab_main
from stiffgui.session.messages import Failed, Ready

POLL_SECONDS = 0.02
PATIENCE_SECONDS = 3.0  # a page that answers nothing for so long is ended with its child


class LabThread(QThread):
    """Sends requests to the child; emits its answers, but keeps only the newest result.

    Results come faster than they can be drawn, so they are polled (`newest`), not signalled.

    A `Compute` that finds the child busy for `PATIENCE_SECONDS` without a word gets a new child:
    the old one is ended.
    """

    answered = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._outbox: deque[Any] = deque()
        self._results: deque[Computed] = deque(maxlen=1)
        self._closing = False
        self.restarts = 0

    def ask(self, request: Any) -> None:
        """Send a request."""
        self._outbox.append(request)

    def newest(self) -> Computed | None:
        """The newest result, once; None when there was none since."""
        try:
            return self._results.popleft()
        except IndexError:
            return None

    def close(self) -> None:
        """End the child and wait for this thread."""
        self._closing = True
        self.wait()

    def run(self) -> None:
        """The thread's life, until `close`; a child that died is started again."""
        while not self._closing:
            child = Child(lab_main)
            try:
                self._drive(child)
            except (EOFError, OSError):
                if not self._closing:
                    self.answered.emit(Failed("The laboratory's process ended unexpectedly."))
                    time.sleep(0.5)
            finally:
                child.close(0.2)
                self.restarts += 1

    def _drive(self, child: Child) -> None:
        """Until the window closes, or the child does not listen while something newer waits."""
        ready, asked, since = False, None, 0.0
        while not self._closing:
            while self._outbox and ready:
                if asked is not None and time.monotonic() - since > PATIENCE_SECONDS:
                    return  # what waits in the outbox is for the next child
                request = self._outbox.popleft()
                child.connection.send(request)
                if isinstance(request, Compute):
                    asked, since = request.number, time.monotonic()
            if child.connection.poll(POLL_SECONDS):
                message = child.connection.recv()
                if isinstance(message, Ready):
                    ready = True
                    continue
                if message.number == asked:
                    asked = None
                if isinstance(message, Computed):
                    self._results.append(message)
                else:
                    self.answered.emit(message)
