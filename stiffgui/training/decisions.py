"""What a run decides when it begins, and keeps wherever it goes on.

How steps are taken, on how many samples a penalty acts, when the run is measured. All of it
follows from the settings and from declared counts of operations (`operations.py`): no clock
decides a number. The run file keeps it from epoch 0 on. Imports no torch.
"""

from __future__ import annotations

from math import ceil

from pydantic import BaseModel, ConfigDict, Field

from stiffgui.experiment import Experiment
from stiffgui.regularizers import RAREST, NoPenalty, Stiffness
from stiffgui.states import PathKind
from stiffgui.stiffness.gelfand import Gelfand
from stiffgui.stiffness.spectral_radius import SpectralRadius
from stiffgui.training import cadence, operations
from stiffgui.training.cadence import Cadence
from stiffgui.training.paths import choice
from stiffgui.training.paths.choice import Choice

AUTO_COST = 0.5  # of a step without penalty: what `auto` lets a penalty cost, at most
SHARED = 5 * 10**7  # multiplications of a step from which on its parts are shared
MATRIX_PARTS = 4  # of a batch where the penalty takes matrices one by one
BEGUN_SO = "it was begun so"


class Decisions(BaseModel):
    """`path` and the `reason` for it; in how many `parts` a batch is cut; at which steps
    (`every`) and on which `fraction` of the batch a stiffness penalty acts; the `cadence`."""

    model_config = ConfigDict(frozen=True)

    path: PathKind
    reason: str = ""
    parts: int = Field(1, ge=1)
    every: int = Field(1, ge=1)
    fraction: float = Field(1.0, gt=0, le=1)
    cadence: Cadence

    @property
    def choice(self) -> Choice:
        """How steps are taken, and why."""
        return Choice(self.path, self.reason)

    def sentences(self, experiment: Experiment) -> dict[str, str]:
        """In words: how steps are taken, on what a penalty acts, when it is measured."""
        found = {"steps": self.choice.sentence}
        if isinstance(experiment.regularizer, Stiffness):
            batch = experiment.training.batch_size
            seen = ceil(self.fraction * batch)
            samples = "every sample" if seen == batch else f"{seen} of {batch} samples"
            steps = "every step" if self.every == 1 else f"one step of {self.every}"
            found["penalty"] = f"on {samples} at {steps}"
        cadence, indices = self.cadence, bool(experiment.watch.indices)
        return found | {"measured": cadence.sentence if indices else cadence.of_errors}

    def along(self, path: PathKind) -> Decisions:
        """The same with steps taken so, whatever would be best."""
        return self.model_copy(update={"path": path, "reason": "it was asked for"})

    def settled(self, experiment: Experiment) -> Experiment:
        """The experiment with numbers in the place of `auto`."""
        return _thinned(experiment, self.every, self.fraction)

    def on(self, experiment: Experiment, where: str) -> Decisions:
        """The same where it goes on on this type of device: some paths exist on one only. The
        reason is that of now."""
        best = choice.choose(experiment, where)
        if self.path != best.path and (where == "cpu" or self.path == "autograd"):
            best = Choice(self.path, BEGUN_SO)
        return self.model_copy(update={"path": best.path, "reason": best.reason})


def decide(experiment: Experiment, where: str) -> Decisions:
    """What a new run decides on this type of device (`cpu`, `cuda`)."""
    every, fraction = _thinning(experiment)
    settled = _thinned(experiment, every, fraction)
    chosen = choice.choose(settled, where)
    return Decisions(
        path=chosen.path,
        reason=chosen.reason,
        parts=parts_of(settled),
        every=every,
        fraction=fraction,
        cadence=cadence.cadence_of(settled),
    )


def former(experiment: Experiment, path: PathKind | None = None) -> Decisions:
    """Those of a run whose file has none; `path`: how its steps were taken, where it says so."""
    every, fraction = _thinning(experiment)
    return Decisions(
        path=path or choice.former(experiment),
        reason=BEGUN_SO,
        parts=parts_of(experiment),
        every=every,
        fraction=fraction,
        cadence=cadence.former(experiment),
    )


def parts_of(experiment: Experiment) -> int:
    """In how many parts a batch is cut, from sizes alone.

    One where a step takes a millisecond or less, since handing parts to threads costs a twentieth
    of that; else two, and more of large batches. Matrices of single samples share as they are.
    """
    architecture, training, penalty = experiment.architecture, experiment.training, None
    if isinstance(experiment.regularizer, Stiffness):
        penalty = experiment.regularizer.proxy
    if isinstance(penalty, Gelfand | SpectralRadius):
        return min(MATRIX_PARTS, training.batch_size)
    products = 3 * training.batch_size * architecture.depth * architecture.width**2
    if products < SHARED:
        return 1
    return min(max(2, training.batch_size // 128), 8, training.batch_size)


def _thinning(experiment: Experiment) -> tuple[int, float]:
    """At every which step a penalty acts, and on which fraction of the batch; where that is left
    to the program, so that it costs AUTO_COST of a step, or on one sample of each batch.

    Samples give way before steps: of the same cost, one sample at every step reached a smaller
    radius than the whole batch at every 16th (ADR 19).
    """
    penalty, batch = experiment.regularizer, experiment.training.batch_size
    if not isinstance(penalty, Stiffness):
        return 1, 1.0
    plain = experiment.model_copy(update={"regularizer": NoPenalty()})
    room = AUTO_COST * operations.step(plain)
    every, fraction = penalty.every, penalty.fraction
    if not fraction:
        each = operations.of_sample(experiment, penalty)
        fraction = fraction_of(min(batch, max(1, int(room * (every or 1) / each))), batch)
    if not every:
        cost = ceil(fraction * batch) * operations.of_sample(experiment, penalty)
        every = min(RAREST, max(1, ceil(cost / room)))
    return every, fraction


def fraction_of(samples: int, batch: int) -> float:
    """The fraction of a batch that is so many samples, when it is rounded up to whole ones."""
    # Half a sample less: what rounding errors make of the product does not matter then.
    return 1.0 if samples == batch else (samples - 0.5) / batch


def _thinned(experiment: Experiment, every: int, fraction: float) -> Experiment:
    penalty = experiment.regularizer
    if not isinstance(penalty, Stiffness) or (every, fraction) == (penalty.every, penalty.fraction):
        return experiment
    changed = penalty.model_copy(update={"every": every, "fraction": fraction})
    return experiment.model_copy(update={"regularizer": changed})
