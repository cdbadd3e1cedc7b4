"""The thread that owns a child process and the conversation with it."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Mapping
from multiprocessing import Pipe
from multiprocessing.connection import wait
from typing import Any

from PySide6.QtCore import QThread, Signal

from stiffgui.child import Child
from stiffgui.session.service import (
    READY,
    Action,
    Answer,
    Control,
    Failure,
    Request,
    serve,
)
from stiffgui.training.controls import Watched

PATIENCE_SECONDS = 3.0
LIVES = 5  # so many children may die before they are there; then there is a pause between them
SAVE_SECONDS = 30.0
END_SECONDS = 0.5


class ChildThread(QThread):
    """Sends requests to a child, and receives their answers, until `close`.

    Answers on the way wait in `inbox` until they are polled, in order; of requests of which the
    newest wins only the newest of them is there. Signals: `ready` whenever a child is warm, and
    `ended` with the last answer, or the failure, of every request that nothing newer replaced.

    A child that dies fails what it was asked for, and there is a new one. So there is when a newest
    request waits behind one that has had no word from the child for PATIENCE_SECONDS: that child
    is ended, unless it also does what counts for itself. A request with `seconds` of its own fails
    when they are over, and its child is ended; there, all requests have some.

    name: of the process, in the sentence about its death. saves: `close` lets what counts for
    itself come to its end. A child that is no `daemon` may have children of its own.
    """

    ready = Signal()
    ended = Signal(object)

    def __init__(self, name: str, *, saves: bool = False, daemon: bool = True) -> None:
        super().__init__()
        self.restarts = 0
        self._name, self._saves, self._daemon = name, saves, daemon
        self._inbox: deque[Answer] = deque()
        self._newest: deque[Answer] = deque(maxlen=1)
        self._numbers = itertools.count(READY + 1)
        self._outbox: deque[Request | Control] = deque()
        self._asked: dict[int, Request] = {}  # sent, and not answered to the end
        self._child: Child | None = None
        self._bell, self._ring = Pipe(duplex=False)
        self._rung = self._closing = False
        self._deaths = 0  # in a row, before `ready`
        self._is_ready = False
        self._heard = 0.0  # when the child last said something, or was asked while it did nothing
        self._silent_since: float | None = None  # what was replaced has had no word since

    # ------------------------------------------------------- used by the window's thread

    @property
    def process_id(self) -> int | None:
        """Of the child, when there is one."""
        return self._child.process.pid if self._child is not None else None

    def ask(self, work: Any, newest: bool = False, seconds: float | None = None) -> int:
        """Send a request as soon as there is a child; its number."""
        number = next(self._numbers)
        self._post(Request(number, work, newest, seconds))
        return number

    def control(
        self,
        number: int,
        action: Action,
        settings: Mapping[str, Any] | None = None,
        watched: Watched | None = None,
    ) -> None:
        """Steer the work of a request."""
        self._post(Control(number, action, settings or {}, watched))

    def inbox(self) -> list[Answer]:
        """The answers on the way that have come since the last call."""
        taken = []
        for box in (self._inbox, self._newest):
            while box:
                taken.append(box.popleft())
        return taken

    def end_work(self) -> None:
        """End the child by force, whatever it does: all that was asked for fails as lost."""
        if self._child is not None:
            self._child.process.kill()

    def close(self) -> None:
        """Stop and save what is going on, end the child, and wait for this thread."""
        if self._closing:
            return
        self._closing = True
        self._wake()
        self.wait()
        self._bell.close()
        self._ring.close()

    def _post(self, message: Request | Control) -> None:
        if not self._closing:
            self._outbox.append(message)
            self._wake()

    def _wake(self) -> None:
        if not self._rung:
            self._rung = True
            self._ring.send_bytes(b"!")

    # -------------------------------------------------------------- in this very thread

    def run(self) -> None:
        """The thread's life, until `close`; a child that died is started again."""
        while not self._closing:
            self._drive()
            self.restarts += 1

    def _drive(self) -> None:
        """One child's life."""
        child = self._child = Child(serve, self._daemon)
        self._is_ready = False
        try:
            while not self._closing:
                self._send(child)
                if self._impatient():
                    self._give_up_first()
                    self._outbox.extendleft(reversed(self._asked.values()))
                    self._asked.clear()
                    break
                self._receive(child, self._seconds_left())
            if self._saves:
                self._let_it_save(child)
        except (EOFError, OSError):
            self._lost(child)
        finally:
            self._child = self._silent_since = None
            child.close(END_SECONDS if self._counting() else 0.0)

    def _send(self, child: Child) -> None:
        while self._outbox:
            message = self._outbox.popleft()
            if isinstance(message, Request):
                self._note(message)
            child.connection.send(message)

    def _note(self, request: Request) -> None:
        older = [number for number, r in self._asked.items() if request.replaces(r)]
        for number in older:
            del self._asked[number]
        if older and self._silent_since is None:
            self._silent_since = time.monotonic()
        if not self._asked:
            self._heard = time.monotonic()
        self._asked[request.number] = request

    def _seconds_left(self) -> float | None:
        """For how long the child may go on being silent; None: for ever."""
        if not self._is_ready:
            return None
        first = next(iter(self._asked.values()), None)
        if first is not None and first.seconds is not None:
            return max(0.0, self._heard + first.seconds - time.monotonic())
        if self._silent_since is None or self._counting():
            return None
        return max(0.0, self._silent_since + PATIENCE_SECONDS - time.monotonic())

    def _impatient(self) -> bool:
        return self._seconds_left() == 0.0

    def _give_up_first(self) -> None:
        """Let a request fail whose own time is over."""
        first = next(iter(self._asked.values()))
        if first.seconds is not None:
            del self._asked[first.number]
            told = f"this was given up, as it took more than {first.seconds:.0f} seconds."
            self.ended.emit(Failure(first.number, told))

    def _receive(self, child: Child, seconds: float | None) -> None:
        """Wait for a message from either side, and take it."""
        heard = wait([child.connection, self._bell], seconds)
        if self._bell in heard:
            self._bell.recv_bytes()
            self._rung = False  # before the outbox is emptied: what comes now rings anew
        if child.connection in heard:
            self._take(child.connection.recv())

    def _take(self, message: Answer | Failure) -> None:
        self._silent_since, self._heard = None, time.monotonic()
        if message.number is None:
            self._fail_all(message)
        elif message.number == READY:
            self._is_ready, self._deaths = True, 0
            self.ready.emit()
        elif isinstance(message, Failure) or message.last:
            if self._asked.pop(message.number, None) is not None:
                self.ended.emit(message)
        elif (request := self._asked.get(message.number)) is not None:
            (self._newest if request.newest else self._inbox).append(message)

    def _let_it_save(self, child: Child) -> None:
        """What is asked for its newest answer alone has nothing to save: nobody waits for it."""
        for number in self._counting():
            child.connection.send(Control(number, "stop"))
        until = time.monotonic() + SAVE_SECONDS
        while self._counting():
            if not child.connection.poll(max(0.0, until - time.monotonic())):
                return
            self._take(child.connection.recv())

    def _counting(self) -> list[int]:
        """The numbers of what is asked for and counts for itself."""
        return [number for number, request in self._asked.items() if not request.newest]

    def _lost(self, child: Child) -> None:
        code = child.exit_code(2.0)
        sentence = f"{self._name} ended unexpectedly (exit code {code})."
        self._fail_all(Failure(None, sentence, lost=True))
        self._deaths += 1
        if self._deaths > LIVES and not self._closing:  # it cannot even start: do not spin
            wait([self._bell], 1.0)

    def _fail_all(self, failure: Failure) -> None:
        """Everything that was asked for fails."""
        asked = list(self._asked)
        self._asked.clear()
        for number in asked:
            self.ended.emit(Failure(number, failure.sentence, failure.details, lost=failure.lost))
