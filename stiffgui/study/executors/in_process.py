"""One chunk after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterator

from stiffgui.study.events import ChunkEvent
from stiffgui.study.executors.base import Executor, Work
from stiffgui.study.partial_chunks import PartialChunks
from stiffgui.training import Controls


class InProcess(Executor):
    """One chunk after the other, in this process."""

    def run(self, work: Work, parts: PartialChunks, controls: Controls) -> Iterator[ChunkEvent]:
        from stiffgui.study.work import train_chunk

        for chunk in work.chunks:
            if controls.stopping:
                return
            task = work.task(chunk.number)
            yield from train_chunk(task, parts.path(chunk.number), controls, "this process")
