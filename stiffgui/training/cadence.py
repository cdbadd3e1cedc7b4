"""When a training is measured and on how many samples: so that watching keeps to its share.

Decided once, at the start of a run, from counts of operations (`operations.py`); no clock decides
a number. A run keeps its cadence when it is resumed, wherever it goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from stiffgui.experiment import Experiment
from stiffgui.regularizers import NoPenalty
from stiffgui.training import operations

ERRORS = 0.4  # of the share is for errors, the rest for indices; all of it where there are none
LEAST = 4  # probe samples: fewer would stand for no set of samples
FIRST = 10  # epochs whose errors are evaluated whatever it costs
FREE = 1e10  # operations that need no share: a quarter of a second where they were counted
FORMERLY_FIRST = 100
EARLY = (*range(10), *range(10, 100, 10))  # epochs at which indices are measured beside the rest


class Cadence(BaseModel):
    """Errors are evaluated at each of the `first` epochs and at multiples of `errors_every`;
    indices are measured on `samples` probe samples at `early` epochs and at multiples of
    `indices_every`; both at the last epoch. A network that is to be kept is that of the next
    epoch that is recorded, or is recorded on its own account (`own`), as it formerly was.
    """

    model_config = ConfigDict(frozen=True)

    samples: int = Field(ge=1)
    first: int = Field(ge=0)
    errors_every: int = Field(ge=1)
    early: tuple[int, ...]
    indices_every: int = Field(ge=1)
    own: bool = False

    @property
    def sentence(self) -> str:
        """In words."""
        indices = f"every {_epochs(self.indices_every)} on {probe_samples(self.samples)}"
        return f"{self.of_errors}, indices {indices}"

    @property
    def of_errors(self) -> str:
        """The same where no indices are watched."""
        return f"errors every {_epochs(self.errors_every)}"

    def measures(self, epoch: int) -> bool:
        """Whether indices are due."""
        return epoch % self.indices_every == 0 or epoch in self.early

    def records(self, epoch: int) -> bool:
        """Whether errors are due; they are wherever indices are."""
        return epoch <= self.first or epoch % self.errors_every == 0 or self.measures(epoch)

    def evaluations(self, last: int, snapshots: int) -> int:
        """How many evaluations of errors there are in `last` epochs of which so many networks are
        kept, at most."""
        own = self.kept(log_spaced(last, snapshots), last)
        found = min(self.first, last) + last // self.errors_every + 2
        found += sum(epoch > self.first for epoch in own)
        return found + (last // self.indices_every if self.indices_every % self.errors_every else 0)

    def measurements(self, last: int) -> int:
        """How many measurements of indices there are in `last` epochs, one more at most."""
        return sum(epoch <= last for epoch in self.early) + last // self.indices_every + 1

    def kept(self, epochs: Iterable[int], last: int) -> frozenset[int]:
        """The epochs whose networks are kept where those of `epochs` are wanted."""
        return frozenset(epoch if self.own else self._next(epoch, last) for epoch in epochs)

    def _next(self, epoch: int, last: int) -> int:
        if epoch <= self.first:
            return min(epoch, last)
        regular = [-(-epoch // every) * every for every in (self.errors_every, self.indices_every)]
        return min([last, *regular, *(early for early in self.early if early >= epoch)])


def probe_samples(*counts: int) -> str:
    """On how many samples indices are taken: `14 probe samples`, `4 or 14 probe samples`."""
    several = sorted(set(counts))
    return f"{' or '.join(map(str, several))} probe sample{'' if several == [1] else 's'}"


def _epochs(count: int) -> str:
    return "epoch" if count == 1 else f"{count} epochs"


def former(experiment: Experiment) -> Cadence:
    """What `watch` asks for, whatever it costs: of a share of 1, and of runs that were begun
    before there was a share."""
    watch = experiment.watch
    return Cadence(
        samples=_most(experiment),
        first=FORMERLY_FIRST,
        errors_every=watch.errors_every,
        early=EARLY,
        indices_every=watch.every,
        own=True,
    )


def cadence_of(experiment: Experiment) -> Cadence:
    """The cadence of a new run.

    As asked where that takes at most FREE operations, so that short runs are measured in full.
    Otherwise errors and indices have parts of `watch.share`: a measurement of c operations comes
    no more often than every c / (part x operations of an epoch) epochs, rounded up to a multiple
    of what `watch` asks for; an evaluation of errors that indices bring with them is paid by them.
    Probe samples are as many as let indices be measured as often as asked, from LEAST to
    `watch.probe`; they are counted without penalty, so that runs that differ only in their penalty
    are measured on the same samples. So watching takes at most its share of the operations up to
    any epoch, beside what is done in the first hundred epochs (FREE for errors, FREE for indices,
    or else the first FIRST evaluations of errors; epoch 0) and at the last one.
    """
    watch = experiment.watch
    asked = former(experiment)
    if watch.share >= 1 or _cost(asked, experiment) <= FREE:
        return asked
    errors = operations.errors(experiment)
    first = FORMERLY_FIRST if FORMERLY_FIRST * errors <= FREE else FIRST
    errors_every = _errors_every(experiment)
    if not watch.indices:
        return asked.model_copy(
            update={
                "first": first,
                "errors_every": errors_every,
                "early": (),
                "indices_every": errors_every,
                "own": False,
            }
        )
    share = (1 - ERRORS) * watch.share
    samples = _samples(experiment, share)
    cost = operations.indices(experiment, samples)
    beside = errors if watch.every % errors_every else 0.0
    indices_every = _multiple(watch.every, _apart(cost + beside, share, experiment))
    return Cadence(
        samples=samples,
        first=first,
        errors_every=errors_every,
        early=_early(int(FREE / (cost + (errors if first < FORMERLY_FIRST else 0.0)))),
        indices_every=indices_every,
    )


def log_spaced(last: int, count: int) -> frozenset[int]:
    """At most `count` epochs from 0 to `last`, about evenly spaced on a logarithmic axis."""
    epochs = np.unique(np.geomspace(1, last, max(2, count - 1)).round().astype(int))
    return frozenset({0, *epochs.tolist()})


def _cost(cadence: Cadence, experiment: Experiment) -> float:
    """Operations of all measurements, at most."""
    last = experiment.training.epochs
    of_indices = operations.indices(experiment, cadence.samples) if experiment.watch.indices else 0
    evaluations = cadence.evaluations(last, experiment.watch.snapshots)
    return evaluations * operations.errors(experiment) + cadence.measurements(last) * of_indices


def _most(experiment: Experiment) -> int:
    return min(experiment.watch.probe, experiment.task.training_samples)


def _apart(cost: float, share: float, experiment: Experiment) -> int:
    """Epochs between two measurements that cost so much."""
    return max(1, ceil(cost / (share * operations.epoch(experiment))))


def _multiple(of: int, least: int) -> int:
    return of * ceil(least / of)


def _errors_every(experiment: Experiment) -> int:
    watch = experiment.watch
    part = ERRORS if watch.indices else 1.0
    apart = _apart(operations.errors(experiment), part * watch.share, experiment)
    return _multiple(watch.errors_every, apart)


def _samples(experiment: Experiment, share: float) -> int:
    plain = experiment.model_copy(update={"regularizer": NoPenalty()})
    every = experiment.watch.every
    room = share * every * operations.epoch(plain)
    if every % _errors_every(plain):
        room -= operations.errors(plain)
    once = operations.indices(plain, 0)
    each = operations.indices(plain, 1) - once
    most = _most(experiment)
    return max(min(most, LEAST), min(most, int((room - once) / each)))


def _early(count: int) -> tuple[int, ...]:
    """Epoch 0 and so many of EARLY, evenly spread among them."""
    places = np.linspace(1, len(EARLY) - 1, min(count, len(EARLY) - 1)).round().astype(int)
    return (0, *(EARLY[place] for place in places))
