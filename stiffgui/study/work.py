"""Trains one chunk, wherever: in this process, in a worker process, on another machine."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from pathlib import Path

from stiffgui.experiment import Experiment
from stiffgui.runs.recording import Recording
from stiffgui.study.events import ChunkTask, Progress, Started, Trained
from stiffgui.training import Controls, Record

PROGRESS_SECONDS = 0.25


def train_chunk(
    task: ChunkTask,
    path: Path,
    controls: Controls,
    worker: str,
    every: float = PROGRESS_SECONDS,
) -> Generator[Started | Progress | Trained]:
    """Train a chunk into the run file `path`, which is removed when its bytes are handed over.

    When the consumer goes away, the file stays, saved. Raises InputError like `Recording`.
    """
    experiment = Experiment.from_toml(task.experiment)
    if task.run is not None:
        path.write_bytes(task.run)
    recording = Recording(
        experiment,
        path,
        controls,
        resume=task.run is not None,
        data=task.data,
        decided=task.decided,
        sparse=True,
    )
    trainer, epochs = recording.trainer, experiment.training.epochs
    records: list[Record] = []
    sent = time.monotonic()
    with contextlib.closing(recording), contextlib.closing(iter(recording)) as items:
        yield Started(task.number, worker, trainer.epoch, epochs)
        for item in items:
            if isinstance(item, Record):
                records.append(item)
            if time.monotonic() - sent >= every:
                yield Progress(task.number, trainer.epoch, epochs, trainer.seconds, records)
                records, sent = [], time.monotonic()
    yield Progress(task.number, trainer.epoch, epochs, trainer.seconds, records)
    content = recording.path.read_bytes()
    yield Trained(task.number, recording.ending, trainer.epoch, trainer.seconds, worker, content)
    with contextlib.suppress(OSError):
        recording.path.unlink()
