"""What a trainer yields: plain values and numpy arrays, float64, trial axis R first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stiffgui.states import EventKind

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Record:
    """One finished epoch (epoch 0: before training).

    seconds: training time so far, pauses left out. values: name of each quantity per trial
    (`QUANTITIES`) -> [R]. indices: name -> [R, N] where measured at this epoch; flagged: name ->
    [R, N] fraction of undefined or floored samples; errors: of indices that are not exact, name ->
    [R, N] residual or standard error, NaN where it is exact. Entries of a trial that has stopped
    are NaN.
    keep: this epoch's network is one of the log-spaced snapshots.
    """

    epoch: int
    seconds: float
    values: Mapping[str, Array]
    indices: Mapping[str, Array] = field(default_factory=dict)
    flagged: Mapping[str, Array] = field(default_factory=dict)
    errors: Mapping[str, Array] = field(default_factory=dict)
    keep: bool = False


@dataclass(frozen=True)
class Event:
    """Something that happened between two records.

    kind: `learning-rate` (a plateau drop), `change` (a live setting), `refused` (a live setting
    that does not fit), `diverged` (a trial stopped), `paused`, `resumed`,
    `branched` (it starts from a network of another run). `step` counts optimiser steps from the
    start; `trial` is the position in the batch, None when it concerns all.
    """

    epoch: int
    step: int
    kind: EventKind
    text: str
    trial: int | None = None
    key: str | None = None
    value: float | None = None


def begins_at(events: Iterable[Event]) -> int:
    """The epoch from which a run's epochs are told: where it left the run from which it branched,
    0 of one that begins anew."""
    return next((int(event.value or 0) for event in events if event.kind == "branched"), 0)


@dataclass(frozen=True)
class Frame:
    """Eigenvalues of layers (from 1 on) of the trial at a position of the batch, after an epoch,
    for whoever watches: [L, B, w] at the first B probe samples; NaN where the Jacobian is not
    finite. It is not recorded.

    follows: each eigenvalue goes on at the place of the one in the frame before
    (`stiffness.matching.Trails`); else they lie as LAPACK orders them."""

    epoch: int
    trial: int
    layers: tuple[int, ...]
    eigenvalues: NDArray[np.complex128]
    follows: bool = False


Item = Record | Event | Frame
