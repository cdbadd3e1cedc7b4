"""Worker processes on this machine, each one chunk at a time."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from stiffgui.child import Child, send
from stiffgui.errors import InputError
from stiffgui.study.events import ChunkEvent, ChunkTask, Failed, Lost, Trained
from stiffgui.study.executors.base import Executor, Work
from stiffgui.study.partial_chunks import PartialChunks
from stiffgui.training import Controls

POLL_SECONDS = 0.2
SAVE_SECONDS = 30.0
LIVES = 3  # a chunk that takes its worker with it this often is given up


class WorkerProcesses(Executor):
    """`count` processes. When one dies, its chunk is done again by another."""

    def __init__(self, count: int) -> None:
        if not 1 <= count <= 256:
            raise InputError(f"--workers {count}: give a whole number from 1 to 256.")
        self.slots = count
        self.workers: list[_Worker] = []

    def describe(self) -> str:
        return f"by {self.slots} worker process{'es' if self.slots > 1 else ''}"

    def run(self, work: Work, parts: PartialChunks, controls: Controls) -> Iterator[ChunkEvent]:
        waiting = deque(chunk.number for chunk in work.chunks)
        deaths: dict[int, int] = {}
        self.workers = []
        if controls.stopping:  # while machine code was made
            return
        stopped = False
        try:
            for _ in range(min(self.slots, len(waiting))):
                self.workers.append(_Worker())
            while True:
                if controls.stopping and not stopped:
                    stopped = True
                    waiting.clear()
                    for worker in self.workers:
                        send(worker.connection, "stop")
                for worker in self.workers:
                    if worker.chunk is None and waiting:
                        number = waiting.popleft()
                        worker.begin(work.task(number), str(parts.path(number)))
                busy = [w for w in self.workers if w.chunk is not None]
                if not busy:
                    return
                for worker in _ready(busy):
                    event = worker.receive()
                    if event is not None:
                        if isinstance(event, Trained | Failed):
                            worker.chunk = None
                        early = isinstance(event, Trained) and event.ending == "stopped"
                        if early and not controls.stopping:  # the worker alone was ended
                            waiting.appendleft(event.number)
                        yield event
                        continue
                    yield self._replace(worker, waiting, deaths, controls)
        finally:
            for worker in self.workers:
                worker.close(SAVE_SECONDS)

    def _replace(
        self,
        dead: _Worker,
        waiting: deque[int],
        deaths: dict[int, int],
        controls: Controls,
    ) -> Lost | Failed:
        """A new worker for one that died, and its chunk back at the head of the queue; neither
        where the study is being stopped."""
        number, code = dead.chunk, dead.exit_code(5.0)
        assert number is not None
        dead.close(SAVE_SECONDS)
        if controls.stopping:
            self.workers.remove(dead)
            return Lost(number, f"a worker process died (exit code {code}) while it was stopped")
        self.workers[self.workers.index(dead)] = _Worker()
        deaths[number] = deaths.get(number, 0) + 1
        if deaths[number] >= LIVES:
            return Failed(
                number,
                f"a chunk ended its worker process {LIVES} times (exit code {code}): the machine "
                f"may be short of memory; let fewer trials train together, or use fewer workers.",
            )
        waiting.appendleft(number)
        return Lost(number, f"a worker process died (exit code {code}); its chunk is done again")


def _ready(workers: list[_Worker]) -> list[_Worker]:
    """The workers that have something to say, or are dead."""
    by_handle: dict[Any, _Worker] = {w.connection: w for w in workers}
    return [by_handle[handle] for handle in wait(list(by_handle), POLL_SECONDS)]


class _Worker(Child):
    """A child that trains one chunk after another."""

    def __init__(self) -> None:
        super().__init__(_main)
        self.chunk: int | None = None

    def begin(self, task: ChunkTask, path: str) -> None:
        self.chunk = task.number
        send(self.connection, (task, path))  # if it is dead, `receive` says so

    def receive(self) -> ChunkEvent | None:
        """The next event, or None when the process is dead."""
        try:
            event: ChunkEvent = self.connection.recv()
        except (EOFError, OSError):
            return None
        return event


def _main(connection: Connection) -> None:
    """A worker's life: train what comes, until the pipe closes."""
    from stiffgui.kernels.threads import limit
    from stiffgui.study.work import train_chunk

    limit(1)
    controls = Controls()
    tasks: queue.SimpleQueue[tuple[ChunkTask, str] | None] = queue.SimpleQueue()

    def end(*_: object) -> None:  # as when the pipe closes: what was trained is kept
        controls.stop()
        tasks.put(None)

    def listen() -> None:
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError):
                message = None
            if isinstance(message, tuple):
                tasks.put(message)
                continue
            if message is None:  # whoever asked for the work is gone
                end()
                return
            controls.stop()

    # `timeout` and a system that shuts down end the whole group.
    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=listen, daemon=True).start()
    while (work := tasks.get()) is not None:
        task, path = work
        for event in _events(task, path, controls, train_chunk):
            if not send(connection, event):
                controls.stop()
                break


def _events(task: ChunkTask, path: str, controls: Controls, train_chunk: Any) -> Iterator[Any]:
    from pathlib import Path

    worker = f"process {multiprocessing.current_process().pid}"
    try:
        yield from train_chunk(task, Path(path), controls, worker)
    except InputError as error:
        yield Failed(task.number, str(error))
    except Exception as error:  # whatever it is, the study must hear of it
        yield Failed(task.number, f"{error}", traceback.format_exc(), ours=True)
