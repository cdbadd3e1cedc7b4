"""The conversation with a real child: order, the newest request, controls, failures, the end."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stiffgui.child import Child
from stiffgui.errors import InputError
from stiffgui.session.service import READY, Answer, Control, Failure, Request, handles, serve
from stiffgui.training import Controls


@dataclass(frozen=True)
class Count:
    """Count until stopped, or to the end; then write how it ended."""

    to: int
    out: Path | None = None


@handles(Count, "counting")
def count(work: Count, controls: Controls) -> Generator[int, None, str]:
    for k in range(work.to):
        if controls.stopping:
            break
        time.sleep(0.01)
        yield k
    ending = "stopped" if controls.stopping else "finished"
    if work.out is not None:
        work.out.write_text(ending)
    return ending


@dataclass(frozen=True)
class Root:
    """The root of a number."""

    of: float


@handles(Root, "the root")
def root(work: Root) -> float:
    if work.of < 0:
        raise InputError(f"{work.of} has no root: give a positive number.", "of")
    return 1 / work.of**-0.5


@dataclass(frozen=True)
class Unsendable:
    """Is answered by what no pipe carries."""


@handles(Unsendable, "this")
def unsendable(_: Unsendable) -> object:
    return lambda: None


class Unreadable:
    def __reduce__(self) -> tuple[Any, ...]:
        return int, ("not a number",)


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child(serve)
    assert child.connection.recv() == Answer(READY, None)
    yield child
    child.close(5.0)


def ask(child: Child, *messages: Any) -> None:
    for message in messages:
        child.connection.send(message)


def until_last(child: Child) -> list[Answer | Failure]:
    heard = []
    while True:
        heard.append(child.connection.recv())
        if isinstance(heard[-1], Failure) or heard[-1].last:
            return heard


def test_everything_is_answered_in_order(child: Child) -> None:
    ask(child, Request(1, Count(2)), Request(2, Root(9.0)), Request(3, Count(0)))
    assert until_last(child) == [Answer(1, 0, False), Answer(1, 1, False), Answer(1, "finished")]
    assert until_last(child) == [Answer(2, pytest.approx(3.0))]
    assert until_last(child) == [Answer(3, "finished")]


def test_the_newest_wins_and_gives_way_to_what_counts_for_itself(child: Child) -> None:
    ask(child, Request(1, Count(10**6), newest=True))
    assert child.connection.recv() == Answer(1, 0, False)
    ask(child, Request(2, Root(4.0)))
    heard = until_last(child)
    assert heard[-1] == Answer(2, pytest.approx(2.0)) and len(heard) < 20
    ask(child, *(Request(n, Count(3), newest=True) for n in (3, 4, 5)))
    heard = until_last(child)
    assert heard[-4:] == [*(Answer(5, k, False) for k in range(3)), Answer(5, "finished")]
    assert not {2, 4} & {message.number for message in heard}


def test_running_work_is_steered(child: Child) -> None:
    ask(child, Request(1, Count(10**6)))
    assert child.connection.recv() == Answer(1, 0, False)
    ask(child, Control(7, "stop"), Control(1, "stop"))
    assert until_last(child)[-1] == Answer(1, "stopped")


def test_what_goes_wrong_is_a_sentence(child: Child) -> None:
    ask(child, Request(1, Root(-1.0)), Request(2, Root(0.0)), Request(3, "unknown"))
    assert until_last(child) == [Failure(1, "-1.0 has no root: give a positive number.", key="of")]
    [fault] = until_last(child)
    assert isinstance(fault, Failure) and fault.sentence.startswith("the root failed: ")
    assert "ZeroDivisionError" in fault.details
    [unknown] = until_last(child)
    assert isinstance(unknown, Failure) and "nothing handles str" in unknown.sentence
    ask(child, Unreadable())
    [unread] = until_last(child)
    assert isinstance(unread, Failure) and unread.number is None
    ask(child, Request(4, Unsendable()))
    [unsent] = until_last(child)
    assert isinstance(unsent, Failure) and unsent.number == 4 and "not be sent" in unsent.sentence
    ask(child, Request(5, Root(4.0)))
    assert until_last(child) == [Answer(5, pytest.approx(2.0))]


def test_when_the_pipe_closes_what_has_begun_saves_and_nothing_else_begins(
    child: Child, tmp_path: Path
) -> None:
    ask(child, Request(1, Count(10**6, tmp_path / "a")), Request(2, Count(1, tmp_path / "b")))
    assert child.connection.recv() == Answer(1, 0, False)
    child.connection.close()
    assert child.exit_code(20.0) == 0
    assert (tmp_path / "a").read_text() == "stopped" and not (tmp_path / "b").exists()
