"""Training into a run file: what the command line, Python and the window's child all do."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.runs.file_writer import Gone, NotWritten, lock_to_write, refuse_existing
from stiffgui.runs.opening import broken
from stiffgui.runs.run import Run, open_run
from stiffgui.runs.samples import Samples
from stiffgui.runs.warm_start import WarmStart
from stiffgui.runs.writer import RunWriter
from stiffgui.states import Ending, EventKind
from stiffgui.tasks import Data
from stiffgui.training import Controls, Event, Item, Record, Trainer, duration
from stiffgui.training.decisions import Decisions
from stiffgui.writer_lock import WriterLock

CHECKPOINT_SECONDS = 10.0
RETRY_SECONDS = 0.5  # until it is tried again to write
STOPPING_SECONDS = 1.5  # for which that is tried when training is to stop


class Recording:
    """One training being written to one file; iterate it to run it.

    `warm_start` starts from the networks of another run instead of freshly drawn weights. `tell`
    hears how far the task's data are where making them takes long. Raises InputError (from the
    constructor) before anything is written when the device does not exist, the file may not be
    replaced, is being written by another process or cannot be written, there is nothing to
    resume, or the warm start does not fit.
    `data` and `decided` as in `Trainer`; a resumed run keeps its own decisions. `sparse` keeps
    no networks of checkpoints while it trains: for studies, whose files hold many runs. `path` is
    another when the file went while it was written.
    """

    def __init__(
        self,
        experiment: Experiment,
        path: str | Path,
        controls: Controls | None = None,
        *,
        replace: bool = False,
        resume: bool = False,
        warm_start: WarmStart | None = None,
        tell: Callable[[str], None] = lambda text: None,
        data: Data | None = None,
        decided: Decisions | None = None,
        sparse: bool = False,
    ) -> None:
        self._begins: Event | None = None
        self.path = Path(path)
        self.controls = controls or Controls()
        self._sparse = sparse
        self.ending: Ending = "running"
        if not resume:
            refuse_existing(self.path, replace)
        else:
            open_run(self.path).close()  # says what is wrong with it
        lock = lock_to_write(self.path)
        with contextlib.ExitStack() as undone:
            undone.callback(lock.release)
            self._begin(experiment, lock, replace, resume, warm_start, tell, data, decided)
            undone.callback(self._writer.give_up)
            self._writer.commit()
            undone.pop_all()  # until the end of the training

    def _begin(
        self,
        experiment: Experiment,
        lock: WriterLock,
        replace: bool,
        resume: bool,
        warm_start: WarmStart | None,
        tell: Callable[[str], None],
        data: Data | None,
        decided: Decisions | None,
    ) -> None:
        checkpoint = initial = None
        kept: Samples | None = None
        if resume:
            with open_run(self.path) as run:
                checkpoint, decided, kept = run.saved_checkpoint(), run.decided, run.samples
                provenance = run.provenance
            if data is None and kept is not None:
                data = kept.data if kept.complete else _whole(experiment, kept, self.path)
        elif warm_start is not None:
            epoch, told, initial = warm_start.read(experiment)
            data = warm_start.samples(experiment) if data is None else data
            text = f"starts from epoch {told} of {Path(warm_start.path).stem}"
            self._begins = Event(0, 0, "branched", text, value=float(told))
        if data is None:
            experiment.task.prepare(tell)
        try:
            self.trainer = Trainer(
                experiment, self.controls, checkpoint, initial, data=data, decided=decided
            )
        except (LookupError, TypeError, RuntimeError) as error:  # no checkpoint of this training
            if checkpoint is None:
                raise
            raise broken(self.path) from error
        if resume:
            regular = self.trainer.is_regular()
            at = self.trainer.epoch
            self._writer = RunWriter.reopen(
                self.path, experiment, at, recorded=regular, lock=lock, begun=provenance
            )
            self._begins = Event(
                at, self.trainer.step, "resumed", f"training goes on from epoch {at}"
            )
            assert decided is not None  # of the file: one of an earlier version has it from now on
            self._writer.decisions(decided)
        else:
            self._writer = RunWriter(self.path, experiment, replace=replace, lock=lock)
            self._writer.decisions(self.trainer.decided)
            if warm_start is not None:
                begun = {"run": Path(warm_start.path).stem, "epoch": epoch}
                self._writer.note(branched_from=begun)
        # The epoch whose networks are kept until the next checkpoint.
        self._newest = None if self.trainer.is_kept() else self.trainer.epoch
        rows = experiment.task.kept_rows
        if rows != 0 and kept is None and not self._sparse:
            self._writer.samples(Samples.of(self.trainer.data, rows).to_bytes())
        if checkpoint is None:
            self._writer.checkpoint(self.trainer.checkpoint())

    def close(self) -> None:
        """Let the file go, if training was not begun; else its generator does so at its end."""
        self._writer.give_up()

    def __iter__(self) -> Generator[Item]:
        """What training yields, once it is given to be written.

        While the file cannot be written, training waits. Raises NotWritten where it is told to stop
        meanwhile.
        """
        trainer = self.trainer
        begun = trainer.epoch, trainer.seconds
        try:
            yield from self._written()
            self.ending = self._how_it_ended()
            self._save()
            self._writer.end(self.ending)
            yield from self._committed()
        except BaseException:
            self.ending = "stopped"
            with contextlib.suppress(NotWritten):  # what was committed is there
                self._save()
                self._writer.end("stopped")
                self._writer.commit()
            raise
        finally:
            self._writer.give_up()
            epochs, seconds = trainer.epoch - begun[0], trainer.seconds - begun[1]
            duration.learn(trainer.experiment, trainer.decided, epochs, seconds)
        self._read_back()

    def _written(self) -> Iterator[Item]:
        saved = time.monotonic()
        if self._begins is not None:
            self._writer.event(self._begins)
            yield self._begins
        for item in self.trainer:
            due = False
            if isinstance(item, Event):
                self._writer.event(item)
                due = item.kind == "paused"
            elif isinstance(item, Record):
                self._writer.record(item)
                if item.keep:
                    self._writer.snapshot(item.epoch, self.trainer.parameters())
                due = time.monotonic() - saved > CHECKPOINT_SECONDS
            if due:
                self._save()
                saved = time.monotonic()
            if due or (isinstance(item, Record) and (item.keep or self._writer.is_due)):
                yield from self._committed()
            yield item

    def _save(self) -> None:
        """The state to go on from, and the newest networks; no longer those of the last time."""
        if not self._sparse or self.ending != "running":
            epoch = self.trainer.epoch
            if self._newest is not None and self._newest != epoch:
                self._writer.drop_snapshot(self._newest)
            self._newest = None if self.trainer.is_kept() else epoch
            self._writer.snapshot(epoch, self.trainer.parameters())
        self._writer.checkpoint(self.trainer.checkpoint())

    def _committed(self) -> Iterator[Event]:
        """Commit; where that fails twice say so, and try again until it succeeds."""
        began, failed, told = time.monotonic(), False, False
        while True:
            try:
                try:
                    self._writer.commit()
                except Gone as gone:
                    old, self.path = self.path, self._writer.move()
                    yield self._happened(
                        "moved",
                        f"{old} {gone.reason} while it was written: it goes on as {self.path}.",
                    )
                    continue
                break
            except NotWritten as problem:
                if not failed:  # failing made room
                    failed = True
                    continue
                if not told:
                    told = True
                    yield self._happened(
                        "held",
                        f"{self.path} cannot be written: {problem.reason}. Training waits, and "
                        f"goes on by itself when it can be.",
                    )
                if self.controls.stopping and time.monotonic() - began > STOPPING_SECONDS:
                    raise
                time.sleep(RETRY_SECONDS)
        if told:
            seconds = time.monotonic() - began
            yield self._happened("held", f"{self.path} is written again, after {seconds:.0f} s.")

    def _happened(self, kind: EventKind, text: str) -> Event:
        event = Event(self.trainer.epoch, self.trainer.step, kind, text)
        self._writer.event(event)
        return event

    def _read_back(self) -> None:
        """Raise InputError where the file does not hold what was written."""
        with open_run(self.path) as run:
            if run.ending != self.ending or run.checkpoint_epoch != self.trainer.epoch:
                raise InputError(
                    f"{self.path} does not hold what was written to it: check the disk on which it "
                    f"lies, and train again."
                )

    def _how_it_ended(self) -> Ending:
        if self.controls.stopping:
            return "stopped"
        return "finished" if self.trainer.alive.any() else "diverged"


def _whole(experiment: Experiment, kept: Samples, path: Path) -> Data:
    """All samples of a run that keeps some. Raises InputError where the table cannot be used."""
    try:
        return experiment.task.data()
    except InputError as error:
        raise InputError(
            f"{path} keeps {sum(kept.rows)} of {sum(kept.sizes)} rows of its table, and to resume "
            f"it takes all: {str(error).rstrip('.')}. Point to the table with `stiffgui train "
            f"--resume {path} --table FILE`.",
            "task.path",
        ) from None


def train(
    experiment: Experiment,
    out: str | Path,
    *,
    force: bool = False,
    progress: Callable[[Item], None] | None = None,
    warm_start: WarmStart | None = None,
) -> Run:
    """Train and return the run. Raises InputError when `out` exists (unless `force`).

    `warm_start=WarmStart("a.stiff", 120)` starts from the networks of epoch 120 of another run.
    """
    recording = Recording(experiment, out, replace=force, warm_start=warm_start)
    for item in recording:
        if progress is not None:
            progress(item)
    return open_run(recording.path)
