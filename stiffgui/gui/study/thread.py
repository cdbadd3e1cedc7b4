"""The thread that drives the study child; what arrives waits in `inbox` to be polled."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from PySide6.QtCore import QThread

from stiffgui.child import Child
from stiffgui.session.messages import Ended, Failed, Ready, Steer
from stiffgui.session.study_messages import StudyStart
from stiffgui.session.study_work import study_main

POLL_SECONDS = 0.02


class StudyThread(QThread):
    """Runs one study after another in a child process, which also answers requests.

    `running` holds from `begin` until the last message of a study has arrived.
    """

    def __init__(self) -> None:
        super().__init__()
        self.inbox: deque[Any] = deque()
        self.running = False
        self._outbox: deque[Any] = deque()
        self._closing = False
        self._deaths = 0

    def begin(self, start: StudyStart) -> None:
        """Run a study as soon as the child is there."""
        self.running = True
        self._outbox.append(start)

    def stop(self) -> None:
        """Stop the study; what the chunks in progress have got to is kept."""
        self._outbox.append(Steer("stop"))

    def ask(self, request: Any) -> None:
        """Send a request; its answer, or Failed with its number, comes into the inbox."""
        self._outbox.append(request)

    def close(self) -> None:
        """Stop, save, end the child, and wait for this thread."""
        self._closing = True
        self.wait()

    def run(self) -> None:
        """The thread's life, until `close`; a child that died is started again."""
        while not self._closing:
            self._drive()

    def _drive(self) -> None:
        child = Child(study_main, daemon=False)
        try:
            while not self._closing:
                while self._outbox:
                    child.connection.send(self._outbox.popleft())
                if child.connection.poll(POLL_SECONDS):
                    self._take(child.connection.recv())
            if self.running:  # let it save
                child.connection.send(Steer("stop"))
                while self.running:
                    self._take(child.connection.recv())
        except (EOFError, OSError):
            self._child_died(child)
        finally:
            child.close(30.0)

    def _take(self, message: Any) -> None:
        if isinstance(message, Ready):
            self._deaths = 0
            return
        if isinstance(message, Ended) or (isinstance(message, Failed) and message.number is None):
            self.running = False
        self.inbox.append(message)

    def _child_died(self, child: Child) -> None:
        self._deaths += 1
        if self.running:
            self.running = False
            self.inbox.append(
                Failed(
                    f"The study's process ended unexpectedly (exit code "
                    f"{child.exit_code(2)}). What was computed is kept; press Run to go on."
                )
            )
        if self._deaths > 5:  # it cannot even start: do not spin
            time.sleep(1.0)
