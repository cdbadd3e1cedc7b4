"""The conversation between the window and its children: requests, their answers, controls.

A request carries its *work*: a frozen dataclass whose type finds the function that does it. To add
a request, write both into one file of this package:

    @dataclass(frozen=True)
    class Count:
        path: Path

    @handles(Count, "counting")
    def count(work: Count) -> int: ...

Unpickling the work imports that file, so it imports what is heavy inside its functions.
"""

from __future__ import annotations

import importlib
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import signature
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, TypeVar

from stiffgui.child import WARM, send
from stiffgui.errors import InputError, in_short
from stiffgui.training import Controls
from stiffgui.training.controls import Watched

READY = 0  # the number of the answer by which a child says that it is there and warm
Action = Literal["pause", "resume", "step", "stop", "change", "watch"]
_ACTIONS = {
    "pause": Controls.pause,
    "resume": Controls.resume,
    "step": Controls.step,
    "stop": Controls.stop,
}


@dataclass(frozen=True)
class Request:
    """Do `work`. Of the `newest` requests of one type only the last one counts; `seconds`: for
    which the child may be silent about it, where it need not be believed in."""

    number: int
    work: Any
    newest: bool = False
    seconds: float | None = None

    def replaces(self, older: Request) -> bool:
        """Whether `older` need not be answered any more."""
        return self.newest and older.newest and type(self.work) is type(older.work)


@dataclass(frozen=True)
class Answer:
    """What came of request `number`; not `last` while it goes on."""

    number: int
    value: Any
    last: bool = True


@dataclass(frozen=True)
class Failure:
    """Why request `number` has no answer: a sentence for the person; `details` fold open.

    key: the dotted name of the setting at fault. lost: the child died of it, or before it.
    number None: a request that could not even be read.
    """

    number: int | None
    sentence: str
    details: str = ""
    key: str = ""
    lost: bool = False

    def about(self, path: Path) -> str:
        """The sentence, which names the file: it does not where reading it was given up, or the
        reader died of it."""
        named = str(path) in self.sentence or in_short(path) in self.sentence
        return self.sentence if named else f"{in_short(path)} cannot be read: {self.sentence}"


@dataclass(frozen=True)
class Control:
    """Steer the work of request `number`, at once; `settings` by dotted key belong to `change`,
    `watched` to `watch`."""

    number: int
    action: Action
    settings: Mapping[str, Any] = field(default_factory=dict)
    watched: Watched | None = None


Handler = Callable[[Any, Controls], Any]
_HANDLERS: dict[type, tuple[Handler, str]] = {}
_Function = TypeVar("_Function", bound=Callable[..., Any])


def handles(kind: type, noun: str) -> Callable[[_Function], _Function]:
    """Let a function do the work of that type; "`noun` failed" is said of a fault of ours.

    It takes the work, and the controls if it has a second parameter. What it returns is the
    answer; what a generator yields on the way are answers that are not the last one.
    """

    def register(function: _Function) -> _Function:
        steered = len(signature(function).parameters) > 1
        _HANDLERS[kind] = (function if steered else lambda work, _: function(work)), noun
        return function

    return register


def answers(request: Request, controls: Controls) -> Generator[Answer | Failure]:
    """Do a request's work; the last one is a Failure, or an Answer that says so."""
    handler, noun = _HANDLERS.get(type(request.work), (_refuse, "this request"))
    try:
        value = handler(request.work, controls)
        if isinstance(value, Generator):
            value = yield from _on_the_way(request.number, value)
        yield Answer(request.number, value)
    except InputError as error:
        yield Failure(request.number, str(error), key=error.key or "")
    except Exception as error:  # whatever it is, whoever asked must hear of it
        yield Failure(request.number, f"{noun} failed: {error}.", traceback.format_exc())


def _refuse(work: Any, _: Controls) -> None:
    raise TypeError(f"nothing handles {type(work).__name__}")


def _on_the_way(number: int, values: Generator[Any, None, Any]) -> Generator[Answer, None, Any]:
    while True:
        try:
            value = next(values)
        except StopIteration as end:
            return end.value
        yield Answer(number, value, last=False)


def serve(connection: Connection) -> None:
    """A child's life: do what is asked, one answer after the other, until the pipe closes.

    A thread sleeps in recv: work pays nothing until a message comes, and is steered at once.
    """
    jobs = _Jobs()
    signal.signal(signal.SIGTERM, lambda *_: jobs.close())  # as when the pipe closes: it saves
    threading.Thread(target=_listen, args=(connection, jobs), daemon=True).start()
    for name in WARM:  # where a child is not forked from a server that has them
        importlib.import_module(name)
    send(connection, Answer(READY, None))
    while (job := jobs.next()) is not None:
        message = next(job.answers)
        try:
            send(connection, message)  # when nobody listens any more, `_listen` ends the work
        except Exception as error:  # what was answered cannot be pickled
            told = f"an answer could not be sent: {error}."
            message = Failure(job.request.number, told, traceback.format_exc())
            send(connection, message)
        if isinstance(message, Failure) or message.last:
            jobs.remove(job)


def _listen(connection: Connection, jobs: _Jobs) -> None:
    while True:
        try:
            jobs.take(connection.recv())
        except (EOFError, OSError):
            jobs.close()
            return
        except Exception as error:  # its type does not exist in this process
            jobs.refuse(Failure(None, f"a request failed: {error}.", traceback.format_exc()))


class _Job:
    """A request that waits, or whose work is going on."""

    def __init__(self, request: Request) -> None:
        self.request, self.controls, self.begun = request, Controls(), False
        self.answers: Iterator[Answer | Failure] = answers(request, self.controls)


class _Jobs:
    """What a child has to do; used by its two threads."""

    def __init__(self) -> None:
        self._jobs: list[_Job] = []
        self._closed = False
        self._changed = threading.Condition()

    def take(self, message: Request | Control) -> None:
        """A new request, or a control for one that waits or goes on."""
        with self._changed:
            if isinstance(message, Request):
                self._jobs = [j for j in self._jobs if not message.replaces(j.request)]
                self._jobs.append(_Job(message))
                self._changed.notify()
            else:
                for job in self._jobs:
                    if job.request.number == message.number:
                        _steer(job.controls, message)

    def refuse(self, failure: Failure) -> None:
        """Say in turn that a request could not be read."""
        job = _Job(Request(READY, None))
        job.answers = iter([failure])
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def next(self) -> _Job | None:
        """What to go on with, when there is something; None in the end.

        Requests that all count come first, in order. Those of which only the newest counts give
        way between two of their answers, to these and to what was asked for later: a short look
        does not wait for a long computation.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            in_order = [job for job in self._jobs if not job.request.newest]
            job = next(iter([*in_order, *reversed(self._jobs)]), None)
            if job is not None:
                job.begun = True
            return job

    def remove(self, job: _Job) -> None:
        """It is done. (It may have been replaced meanwhile.)"""
        with self._changed:
            self._jobs = [j for j in self._jobs if j is not job]

    def close(self) -> None:
        """The window is gone: what has begun stops and saves, nothing else begins."""
        with self._changed:
            self._jobs = [j for j in self._jobs if j.begun and not j.request.newest]
            for job in self._jobs:
                job.controls.stop()
            self._closed = True
            self._changed.notify()


def _steer(controls: Controls, message: Control) -> None:
    if message.action == "change":
        controls.change(message.settings)
    elif message.action == "watch":
        controls.watch(message.watched)
    else:
        _ACTIONS[message.action](controls)


def use_one_thread() -> None:
    """A child that draws leaves the other processor to training."""
    import torch

    torch.set_num_threads(1)
