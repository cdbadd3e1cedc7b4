"""Which networks of a variant are its results: all of them, or of each trial the one whose penalty
weight had the least validation error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stiffgui.runs.history import Array, History
from stiffgui.study.plan import Chunk
from stiffgui.training.quantities import STIFFNESS

if TYPE_CHECKING:
    from stiffgui.runs.run import Run
    from stiffgui.runs.snapshot import Snapshot


@dataclass(frozen=True)
class Picked:
    """Trials of a chunk that are results; with a `position`, that one of its trials alone.

    `seconds`: the training time of the chunk, and of all candidates where one was chosen.
    """

    run: Run
    chunk: Chunk
    seconds: float
    history: History
    position: int | None = None

    @property
    def first(self) -> int:
        """The number of the first trial."""
        return self.chunk.first + (self.position or 0)

    @property
    def count(self) -> int:
        """How many trials."""
        return self.chunk.count if self.position is None else 1

    @property
    def trials(self) -> range:
        """Their numbers."""
        return range(self.first, self.first + self.count)

    def network(self) -> Snapshot:
        """Its last networks."""
        stored = self.run.snapshot(self.run.last_snapshot_epoch)
        return stored if self.position is None else stored.of_trial(self.position)


@dataclass(frozen=True)
class Candidate:
    """What one penalty weight gave in the trials that are done, chosen or not: last values [R] of
    the errors and of the stiffness. `taken`: how many trials chose it; `weight` None: it was set.
    """

    weight: float | None
    taken: int
    validation_error: Array
    test_error: Array
    stiffness: Array


def candidate(weight: float | None, taken: int, histories: Sequence[History]) -> Candidate:
    """The last values of the histories of all its chunks, side by side."""
    names = ("validation_error", "test_error", STIFFNESS)
    each = [
        np.concatenate([np.zeros(0), *(_last(history, name) for history in histories)])
        for name in names
    ]
    return Candidate(weight, taken, *each)


def _last(history: History, name: str) -> Array:
    values = history.of(name)[1]
    return values[-1] if len(values) else np.full(history.trials, np.nan)


def picked(chunks: Sequence[tuple[Chunk, float, Run]], candidates: int) -> list[Picked]:
    """The results among the chunks that are done, with their seconds and runs, in trials' order.

    Of `candidates` weights, a trial counts once all have been trained; the one with the least
    last validation error is taken, the first where they are equal, and where all diverged.
    """
    if candidates == 1:
        return [Picked(run, c, seconds, run.series()) for c, seconds, run in chunks]
    groups: dict[int, list[tuple[Chunk, float, Run]]] = {}
    for part in chunks:
        groups.setdefault(part[0].first, []).append(part)
    out = []
    for _, group in sorted(groups.items()):
        if len(group) < candidates:
            continue
        group.sort(key=lambda part: part[0].candidate)
        histories = [run.series() for _, _, run in group]
        errors = np.array([history.last()["validation_error"] for history in histories])
        best = np.where(np.isfinite(errors), errors, np.inf).argmin(0)
        seconds = sum(seconds for _, seconds, _ in group) / group[0][0].count
        for position, k in enumerate(best.tolist()):
            chunk, _, run = group[k]
            one = histories[k].of_trial(position)
            out.append(Picked(run, chunk, seconds, one, position))
    return out
