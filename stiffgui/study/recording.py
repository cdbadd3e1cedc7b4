"""A study being trained into one file; iterate it to run it, as a `Recording` is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from stiffgui.errors import InputError, need_folder
from stiffgui.runs.file_writer import Gone, NotWritten
from stiffgui.runs.recording import RETRY_SECONDS, STOPPING_SECONDS
from stiffgui.states import Ending
from stiffgui.study.declaration import Study
from stiffgui.study.events import ChunkEvent, ChunkTask, Failed, Trained
from stiffgui.study.executors import Executor, InProcess
from stiffgui.study.partial_chunks import PartialChunks
from stiffgui.study.plan import Chunk
from stiffgui.study.results import open_study
from stiffgui.study.writer import StudyWriter
from stiffgui.tasks import Data
from stiffgui.training import Controls

KEPT_DRAWS = 8  # of the data, in memory: variants of a draw follow each other


class StudyRecording:
    """Trains the chunks of a study that are not done yet, and keeps each when it ends.

    `path` is made for `study`; one that exists is continued when `resume`, or when it holds an
    equal study or one that can grow into it (`Study.in_the_way`), and replaced when `replace`.
    Raises InputError (from the constructor) before anything is written when the file may not be
    replaced, cannot be written, is being written by another process, or when a device does not
    exist. `tell` hears how far the task's data are where making them takes long.

    Iterating yields what happens (`stiffgui.study.events`). When it is stopped by `controls`, the
    chunks in progress are kept with their checkpoints; when it is killed, what the last ten
    seconds brought is lost. `ending`: finished, stopped, or running.
    """

    def __init__(
        self,
        study: Study | None,
        path: str | Path,
        controls: Controls | None = None,
        *,
        executor: Executor | None = None,
        replace: bool = False,
        resume: bool = False,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.path = Path(path)
        self.controls = controls or Controls()
        self.executor = executor or InProcess()
        self.ending: Ending = "running"
        self._tell = tell
        self.continued = resume or (self.path.exists() and not replace)
        held: Study | None = None
        if self.continued:
            held = _held(self.path, study)
            self.study = study or held
        else:
            if study is None:
                raise InputError(f"{self.path} does not exist: there is no study to continue.")
            self.study = study
        _refuse_missing_devices(self.study)
        self._parts = PartialChunks(self.path)
        need_folder(self.path)
        with ExitStack() as undone:
            if self.continued:
                self._writer = StudyWriter.reopen(self.path)
                undone.callback(self._writer.close)
                if held is not None and held != self.study:
                    self._writer.grow(held, self.study)
            else:
                self._writer = StudyWriter(self.path, self.study, replace=replace)
                undone.callback(self._writer.close)
                self._parts.clear()
            self._pending = self._writer.pending()
            self._decided = self._writer.decided(self.study)
            undone.pop_all()  # until `close`
        self._data: dict[str, Data] = {}
        self._rescue()

    @property
    def chunks(self) -> list[Chunk]:
        """What is left to train."""
        return [chunk for chunk, _, _ in self._pending]

    def task(self, number: int) -> ChunkTask:
        """The task of a chunk, going on from the furthest that was kept of it."""
        chunk, epoch, run = next(p for p in self._pending if p[0].number == number)
        left = self._parts.rescued(number)
        if left is not None and left[0] >= epoch:
            run = left[1]
        self._parts.clear(number)
        experiment = self.study.experiment_of(
            chunk.variant, chunk.first, chunk.count, chunk.candidate
        )
        key = experiment.task.model_dump_json()
        if key not in self._data:
            experiment.task.prepare(self._tell)
            while len(self._data) >= KEPT_DRAWS:
                self._data.pop(next(iter(self._data)))
            self._data[key] = experiment.task.data()
        decided = self._decided[chunk.variant]
        return ChunkTask(number, experiment.to_toml(), self._data[key], decided, run)

    def __iter__(self) -> Iterator[ChunkEvent]:
        try:
            for event in self.executor.run(self, self._parts, self.controls):
                if isinstance(event, Trained):
                    self._keep(event)
                elif isinstance(event, Failed):
                    raise _failure(self._named(event.number), event)
                yield event
            self.ending = "finished" if not self._writer.pending() else "stopped"
        except InputError:
            if not self.path.parent.exists():  # what is in it was not named by anybody
                raise NotWritten(self.path, FileNotFoundError()) from None
            raise
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the file; iterating to the end does so too."""
        if self.ending == "finished" or not self._left_over():
            self._parts.clear()
        self._writer.close()

    def _keep(self, event: Trained) -> None:
        """Where it cannot be written, and nobody stops it, try again: it may be hours of work."""
        began, told = time.monotonic(), False
        while True:
            try:
                self._writer.store(
                    event.number, event.ending, event.epoch, event.seconds, event.worker, event.run
                )
                break
            except Gone as gone:
                old, self.path = self.path, self._writer.move()
                self._tell(f"{old} {gone.reason} while it was written: it goes on as {self.path}.")
            except NotWritten as problem:
                if not told:
                    self._tell(
                        f"{problem.path} cannot be written: {problem.reason}. It is tried again."
                    )
                    told = True
                if self.controls.stopping and time.monotonic() - began > STOPPING_SECONDS:
                    raise
                time.sleep(RETRY_SECONDS)
        self._parts.clear(event.number)

    def _rescue(self) -> None:
        """Take what a killed study left beside its file into it, before anything else."""
        for chunk, epoch, _ in self._pending:
            left = self._parts.rescued(chunk.number)
            if left is not None and left[0] > epoch:
                self._writer.store(chunk.number, "stopped", left[0], 0.0, "", left[1])
            self._parts.clear(chunk.number)
        self._pending = self._writer.pending()

    def _left_over(self) -> bool:
        return any(self._parts.folder.glob("*.stiff")) if self._parts.folder.is_dir() else False

    def _named(self, number: int) -> str:
        chunk = next(c for c in self.chunks if c.number == number)
        name = self.study.all_variants[chunk.variant].name
        return f"variant {name!r}, trials {chunk.first} to {chunk.first + chunk.count - 1}"


def _held(path: Path, study: Study | None) -> Study:
    """The study of a file that is to be continued; it must be able to grow into what is asked."""
    with open_study(path) as results:
        held = results.study
    problem = "" if study is None or study == held else held.in_the_way(study)
    if problem:
        raise InputError(
            f"{path} holds another study, which cannot grow into this one ({problem}): choose "
            f"another name with --out, add --force to replace it, or continue it with --resume "
            f"{path}."
        )
    return held


def _refuse_missing_devices(study: Study) -> None:
    device = study.experiment.training.device
    if device == "cuda":
        from stiffgui.training.device import choose_device

        choose_device(device)


def _failure(where: str, event: Failed) -> Exception:
    if event.ours:
        return RuntimeError(f"{where}: {event.sentence}\n{event.details}")
    return InputError(f"{where}: {event.sentence}")
