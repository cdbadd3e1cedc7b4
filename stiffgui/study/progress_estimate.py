"""How long a study will take: beforehand by counting, while it goes on from its events."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stiffgui.kernels.threads import processors
from stiffgui.states import State
from stiffgui.study.declaration import Study
from stiffgui.study.events import ChunkEvent, Lost, Progress, Started, Trained
from stiffgui.study.plan import Chunk, usual_workers
from stiffgui.study.schema import DONE
from stiffgui.training import duration
from stiffgui.training.decisions import decide

CHECKPOINT_ARRAYS = 3  # parameters and their two moments

Progresses = Sequence[tuple[Chunk, State, int]]  # state and epoch of every chunk


def sentences(
    study: Study, states: Progresses, workers: int | None = None, here: bool = True
) -> dict[str, str]:
    """What is said before a study goes on: what its variants decide, and the time of what is left,
    or why it is not known; nothing of the time of another machine, where it is not `here`.

    workers: processes of one thread, by default `usual_workers`; without any, one chunk follows
    the other, with all threads. Imports torch. Raises InputError when a device does not exist.
    """
    from stiffgui.training.device import choose_device

    workers = usual_workers(study) if workers is None else workers
    names = [v.name for v in study.all_variants]
    said: dict[str, dict[str, list[str]]] = {}  # what -> sentence -> variants
    each: list[float | None] = []
    unknown = ""
    for k, name in enumerate(names):
        whole = study.experiment_of(k)
        decided = decide(whole, choose_device(whole.training.device).type)
        for what, sentence in decided.sentences(whole).items():
            said.setdefault(what, {}).setdefault(sentence, []).append(name)
        threads = None if workers is None else whole.training.threads or 1
        left = [
            (chunk.count, epoch)
            for chunk, state, epoch in states
            if chunk.variant == k and state not in DONE
        ]
        unknown = unknown or (duration.unknown(decided) if left else "")
        for alike in set(left):
            experiment = study.experiment_of(k, count=alike[0])
            each += left.count(alike) * [duration.seconds(experiment, decided, alike[1], threads)]
    found = {
        what if len(which) == len(names) else f"{what} of {', '.join(which)}": sentence
        for what, sentences in said.items()
        for sentence, which in sentences.items()
    }
    waiting = [chunk for chunk, state, _ in states if state not in DONE]
    found["networks"] = _networks(study, [chunk for chunk, _, _ in states], waiting)
    known = [seconds for seconds in each if seconds is not None]
    if here and unknown:
        return found | {"time": unknown}
    if not here or len(known) < len(each):
        return found
    slots = min(workers or 1, processors())
    return found | {"time": duration.about(max(sum(known) / slots, max(known, default=0.0)))}


def _networks(study: Study, chunks: Sequence[Chunk], waiting: Sequence[Chunk]) -> str:
    """How many are to be trained, and what their file takes, checkpoints with it."""
    size = 0.0
    for chunk in chunks:
        experiment = study.experiment_of(chunk.variant, chunk.first, 1, chunk.candidate)
        task = experiment.task
        numbers = experiment.architecture.parameters(task.inputs, task.outputs)
        each = 4 if experiment.training.precision == "float32" else 8
        size += chunk.count * numbers * each * (study.snapshots + CHECKPOINT_ARRAYS)
    counts = sum(chunk.count for chunk in waiting), sum(chunk.count for chunk in chunks)
    return f"{counts[0]} of {counts[1]} to train; the file takes {size / 1e6:.3g} MB and more"


@dataclass
class _ChunkPace:
    chunk: Chunk
    epochs: int
    epoch: int = 0
    first: int = 0  # the epoch from which on its rate is measured
    began: float = 0.0
    measured: bool = False
    state: State = "waiting"
    rate: float = 0.0  # epochs per second, in wall time
    worker: str = ""


@dataclass(frozen=True)
class VariantEstimate:
    """Progress of one variant: epochs of all its trials together; `left` in seconds, None when
    unknown. state: waiting, running, stopped or finished."""

    name: str
    state: State
    done: int
    total: int
    rate: float
    left: float | None

    @property
    def fraction(self) -> float:
        return self.done / max(1, self.total)


class ProgressEstimate:
    """Hears the events of a study and tells progress and time left per variant."""

    def __init__(
        self,
        study: Study,
        states: Progresses,
        slots: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._names = [v.name for v in study.all_variants]
        self._clock, self.slots = clock, slots
        epochs = [study.experiment_of(k).training.epochs for k in range(len(self._names))]
        self._chunks = {
            chunk.number: _ChunkPace(chunk, epochs[chunk.variant], epoch, state=state)
            for chunk, state, epoch in states
        }

    def hear(self, event: ChunkEvent) -> None:
        """Take in one event."""
        pace = self._chunks[event.number]
        now = self._clock()
        if isinstance(event, Started):
            pace.state, pace.epochs, pace.worker = "running", event.epochs, event.worker
            pace.epoch = pace.first = event.epoch
            pace.began, pace.measured = now, False
        elif isinstance(event, Progress):
            pace.epoch = event.epoch
            passed = now - pace.began
            if pace.epoch > pace.first and passed > 0:
                pace.rate = (pace.epoch - pace.first) / passed
            if not pace.measured:  # so far a worker began: count anew
                pace.first, pace.began, pace.measured = event.epoch, now, True
        elif isinstance(event, Trained):
            pace.epoch, pace.state = event.epoch, event.ending
        elif isinstance(event, Lost):
            pace.state, pace.epoch = "waiting", 0

    def interrupt(self) -> None:
        """Whatever was running or waited does so no more."""
        for pace in self._chunks.values():
            if pace.state in ("running", "waiting"):
                pace.state = "stopped"

    def chunk(self, number: int) -> Chunk:
        """The chunk of that number."""
        return self._chunks[number].chunk

    def variants(self) -> list[VariantEstimate]:
        """One row per variant."""
        return [self._variant(k, name) for k, name in enumerate(self._names)]

    def whole(self) -> VariantEstimate:
        """All variants together."""
        each = self.variants()
        states = {row.state for row in each}
        state: State = "running" if "running" in states else each[-1].state
        done, total = sum(row.done for row in each), sum(row.total for row in each)
        return VariantEstimate("all", state, done, total, sum(r.rate for r in each), self.left)

    @property
    def left(self) -> float | None:
        """Seconds until all is done, when every variant's rate is known."""
        each = [self._seconds(pace) for pace in self._chunks.values()]
        if any(seconds is None for seconds in each):
            return None
        known = [seconds for seconds in each if seconds is not None]
        return max(sum(known) / max(1, self.slots), max(known, default=0.0))

    def _variant(self, variant: int, name: str) -> VariantEstimate:
        mine = [p for p in self._chunks.values() if p.chunk.variant == variant]
        running = [p for p in mine if p.state == "running"]
        each = [self._seconds(p) for p in mine]
        known = [s for s in each if s is not None]
        left = sum(known) / max(1, len(running)) if len(known) == len(each) else None
        state: State
        if all(p.state in DONE for p in mine):
            state = "finished"
        elif running:
            state = "running"
        else:
            state = "stopped" if any(p.state == "stopped" for p in mine) else "waiting"
        return VariantEstimate(
            name,
            state,
            sum(p.epochs if p.state in DONE else p.epoch for p in mine),
            sum(p.epochs for p in mine),
            sum(p.rate for p in running),
            left,
        )

    def _seconds(self, pace: _ChunkPace) -> float | None:
        """Seconds a chunk still needs: at its own rate, or that of another of its variant."""
        if pace.state in DONE:
            return 0.0
        rate = pace.rate
        if rate <= 0:
            others = [p for p in self._chunks.values() if p.chunk.variant == pace.chunk.variant]
            per_trial = [p.rate * p.chunk.count for p in others if p.rate > 0]
            rate = per_trial[0] / pace.chunk.count if per_trial else 0.0
        return (pace.epochs - pace.epoch) / rate if rate > 0 else None
