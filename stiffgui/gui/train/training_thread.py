"""The thread that owns a training session: it drives a warm child process, or trains itself."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from PySide6.QtCore import QThread, Signal

from stiffgui.child import Child
from stiffgui.session.children import training_main, views_main
from stiffgui.session.messages import Bundle, Change, Ended, Failed, Ready, Start, Steer

POLL_SECONDS = 0.02


class TrainingThread(QThread):
    """Runs one training after another in a child process; records wait in `inbox`.

    Signals carry state changes only; `died` comes when the child did, and another is started.
    `in_process` trains in this very thread, for debugging:
    it costs two to three times the time (ADR 3).
    """

    ready = Signal()
    ended = Signal(str)
    failed = Signal(str, str)
    died = Signal(str)

    def __init__(self, in_process: bool = False) -> None:
        super().__init__()
        self.inbox: deque[Bundle] = deque()
        self.in_process = in_process
        self._outbox: deque[Any] = deque()
        self._closing = False
        self._child: Child | None = None
        self._controls: Any = None
        self.training = False
        self.restarts = 0

    @property
    def process_id(self) -> int | None:
        """Of the child, when there is one."""
        return self._child.process.pid if self._child is not None else None

    def begin(self, start: Start) -> None:
        """Start a training as soon as the child is warm."""
        self.training = True
        self._outbox.append(start)

    def steer(self, what: str) -> None:
        """pause, resume, step or stop."""
        self._tell(Steer(what))

    def change(self, settings: dict[str, Any]) -> None:
        """Change live settings at the next batch."""
        self._tell(Change(settings))

    def close(self) -> None:
        """Stop training, save, end the child, and wait for this thread."""
        self._closing = True
        if self._controls is not None:
            self._controls.stop()
        self.wait()

    def _tell(self, message: Steer | Change) -> None:
        controls = self._controls
        if controls is None:
            self._outbox.append(message)
        elif isinstance(message, Steer):
            getattr(controls, message.what)()
        else:
            controls.change(message.settings)

    def run(self) -> None:
        """The thread's life, until `close`."""
        if self.in_process:
            self._train_here()
        else:
            while not self._closing:
                self._drive_child()

    # ------------------------------------------------------------- in a child

    def _drive_child(self) -> None:
        child = self._child = Child(training_main)
        try:
            while not self._closing:
                while self._outbox:
                    child.connection.send(self._outbox.popleft())
                if child.connection.poll(POLL_SECONDS):
                    self._take(child.connection.recv())
            if self.training:  # let it save and close the file
                child.connection.send(Steer("stop"))
                while self.training:
                    self._take(child.connection.recv())
        except (EOFError, OSError):
            self._child_died(child)
        finally:
            self._child = None
            child.close(5.0)

    def _child_died(self, child: Child) -> None:
        self.restarts += 1
        code = child.exit_code(2)
        if self.training:
            self.training = False
            self.died.emit(
                f"The training process ended unexpectedly (exit code {code}). What was computed "
                f"is kept in the run file."
            )
        if self.restarts > 5:  # it cannot even start: do not spin
            time.sleep(1.0)

    def _take(self, message: Any) -> None:
        if isinstance(message, Bundle):
            self.inbox.append(message)
        elif isinstance(message, Ended):
            self.training = False
            self.ended.emit(message.ending)
        elif isinstance(message, Failed):
            self.training = False
            self.failed.emit(message.sentence, message.details)
        elif isinstance(message, Ready):
            self.restarts = 0
            self.ready.emit()

    # ------------------------------------------------------- in this very thread

    def _train_here(self) -> None:
        from stiffgui.session.work import train_messages
        from stiffgui.training import Controls

        self.ready.emit()
        while not self._closing:
            if not self._outbox:
                time.sleep(POLL_SECONDS)
                continue
            start = self._outbox.popleft()
            if not isinstance(start, Start):
                continue
            self._controls = Controls()
            for message in train_messages(start, self._controls):
                self._take(message)
            self._controls = None


class ViewThread(QThread):
    """Sends requests to the view child; the newest request wins; answers come as signals.

    `lost`: the child died, and what was asked of it will not be answered.
    """

    answered = Signal(object)
    lost = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._outbox: deque[Any] = deque()
        self._closing = False

    def ask(self, request: Any) -> None:
        """Send a request; a Look replaces one that was not yet taken."""
        self._outbox.append(request)

    def close(self) -> None:
        """End the child and wait for this thread."""
        self._closing = True
        self.wait()

    def run(self) -> None:
        """The thread's life, until `close`; a child that died is started again."""
        while not self._closing:
            child = Child(views_main)
            try:
                while not self._closing:
                    while self._outbox:
                        child.connection.send(self._outbox.popleft())
                    if child.connection.poll(POLL_SECONDS):
                        message = child.connection.recv()
                        if not isinstance(message, Ready):
                            self.answered.emit(message)
            except (EOFError, OSError):
                if not self._closing:
                    self.lost.emit()
                    time.sleep(0.5)
            finally:
                child.close(1.0)
