"""Asking a child: whoever asks is called back, in the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject

from stiffgui.gui.child_thread import ChildThread
from stiffgui.session.service import Answer, Failure

OnAnswer = Callable[[Any], object]
OnFailure = Callable[[Failure], object]


@dataclass(frozen=True)
class _Caller:
    work: Any
    newest: bool
    on_answer: OnAnswer
    on_failure: OnFailure
    on_the_way: OnAnswer | None


class Requests(QObject):
    """The requests to one child that are under way, and who waits for them."""

    def __init__(self, thread: ChildThread) -> None:
        super().__init__()
        self.thread_ = thread
        self._callers: dict[int, _Caller] = {}
        thread.ended.connect(self._ended)

    def ask(
        self,
        work: Any,
        on_answer: OnAnswer,
        on_failure: OnFailure,
        on_the_way: OnAnswer | None = None,
        *,
        newest: bool = False,
        seconds: float | None = None,
    ) -> int:
        """Ask for `work`: `on_answer` or `on_failure` is called once, `on_the_way` by `poll`.

        Of the `newest` requests of one type only the last one is answered. `seconds`: see
        `Request`.
        """
        if newest:
            for number, caller in list(self._callers.items()):
                if caller.newest and type(caller.work) is type(work):
                    del self._callers[number]
        number = self.thread_.ask(work, newest, seconds)
        self._callers[number] = _Caller(work, newest, on_answer, on_failure, on_the_way)
        return number

    def drop(self, number: int) -> None:
        """Stop the work of a request; nobody is called back."""
        if self._callers.pop(number, None) is not None:
            self.thread_.control(number, "stop")

    def waits_for(self, kind: type) -> bool:
        """Whether a request of that type is under way."""
        return any(type(caller.work) is kind for caller in self._callers.values())

    @property
    def busy(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._callers)

    def poll(self) -> bool:
        """Hand out what has come on the way; whether there was something."""
        answers = self.thread_.inbox()
        for answer in answers:
            caller = self._callers.get(answer.number)
            if caller is not None and caller.on_the_way is not None:
                caller.on_the_way(answer.value)
        return bool(answers)

    def close(self) -> None:
        """Let the child save and end; nobody is called back any more."""
        self.thread_.close()
        self._callers.clear()

    def _ended(self, message: Answer | Failure) -> None:
        self.poll()  # what came before it
        caller = self._callers.pop(message.number or 0, None)
        if caller is None:
            return
        if isinstance(message, Failure):
            caller.on_failure(message)
        else:
            caller.on_answer(message.value)
