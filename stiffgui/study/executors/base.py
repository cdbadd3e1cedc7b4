"""What an executor is: something that trains chunks and tells what happens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Protocol, Self

from stiffgui.study.events import ChunkEvent, ChunkTask
from stiffgui.study.partial_chunks import PartialChunks
from stiffgui.study.plan import Chunk
from stiffgui.training import Controls


class Work(Protocol):
    """The chunks that an executor is given, and the tasks it asks for when it starts one."""

    @property
    def chunks(self) -> Sequence[Chunk]:
        """In the order in which they are to be started."""

    def task(self, number: int) -> ChunkTask:
        """The task of a chunk, going on from whatever there is of it."""


class Executor(ABC):
    """Trains chunks. `slots` is how many at once, as far as it is known."""

    slots = 1

    @abstractmethod
    def run(self, work: Work, parts: PartialChunks, controls: Controls) -> Iterator[ChunkEvent]:
        """Train every chunk of `work`; end early, with all stopped and handed over, when
        `controls` say stop."""

    def describe(self) -> str:
        """Where the work is done, in words."""
        return "in this process"

    def close(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of connections and processes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
