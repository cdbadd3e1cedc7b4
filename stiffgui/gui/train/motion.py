"""Eigenvalues of a layer on their way from epoch to epoch: what of them is seen just now. No Qt."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stiffgui.training.records import Frame

MOST = 4096  # frames that are kept; of more, every second one goes
TAIL = 6  # frames through which a trail leads
SMOOTH_SECONDS = 0.06  # between two frames, from which on what lies between them is drawn, too
LONGEST_SECONDS = 0.5  # that a step to the next frame takes

Values = NDArray[np.complex128]


@dataclass(frozen=True)
class Moment:
    """What is seen: eigenvalues [B, w] at `epoch`, between two computed ones unless `computed`,
    and those on their trails before, the oldest first."""

    epoch: float
    values: Values
    past: tuple[Values, ...]
    computed: bool


class Motion:
    """The frames of one layer of one trial, and a clock that goes through them.

    `pace`: epochs a second, so that a short training can be watched for long; 0: as it trains.
    """

    def __init__(self, layer: int, trial: int, pace: float = 0.0) -> None:
        self.layer, self.trial = layer, trial
        self._pace = pace
        self._epochs: list[float] = []
        self._frames: list[Values] = []
        self._starts: list[int] = []  # how often trails have begun anew, of each of them
        self._came = self._gap = 0.0  # when the last one came, how long after the one before
        self._from: tuple[float, float] | None = None  # epoch and moment from which a pace counts
        self._drawn = -1.0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def pace(self) -> float:
        """Epochs a second, or 0."""
        return self._pace

    def set_pace(self, pace: float, now: float) -> None:
        """Go on from what is seen, at another pace."""
        at = self._place(now)
        self._pace = pace
        self._from = (at, now) if pace and self._frames else None

    def take(self, frame: Frame, now: float) -> None:
        """A frame has come; one of another layer or trial, or from before, is not of this."""
        late = bool(self._epochs) and frame.epoch <= self._epochs[-1]
        if frame.trial != self.trial or self.layer not in frame.layers or late:
            return
        if self._epochs:
            self._gap = min(now - self._came, LONGEST_SECONDS)
        elif self._pace:
            self._from = (frame.epoch, now)
        self._came = now
        self._epochs.append(float(frame.epoch))
        self._frames.append(frame.eigenvalues[frame.layers.index(self.layer)])
        self._starts.append(len(self._starts) and self._starts[-1] + (not frame.follows))
        if len(self._frames) > MOST:
            del self._epochs[1::2], self._frames[1::2], self._starts[1::2]

    def now(self, now: float) -> Moment | None:
        """What is to be drawn; None where nothing has changed since the last call."""
        if not self._frames:
            return None
        epoch = self._place(now)
        if epoch == self._drawn:
            return None
        self._drawn = epoch
        k = bisect.bisect_right(self._epochs, epoch) - 1
        values, known = self._frames[k], epoch == self._epochs[k]
        if not known and self._starts[k + 1] == self._starts[k]:
            share = (epoch - self._epochs[k]) / (self._epochs[k + 1] - self._epochs[k])
            values = values + share * (self._frames[k + 1] - values)
        first = max(bisect.bisect_left(self._starts, self._starts[k]), k - TAIL + 1)
        return Moment(epoch, values, tuple(self._frames[first : k + (not known)]), known)

    @property
    def behind(self) -> bool:
        """Whether there are frames that the pace has not come to."""
        return bool(self._epochs) and self._drawn < self._epochs[-1]

    def _place(self, now: float) -> float:
        """The epoch that is seen."""
        if not self._epochs:
            return 0.0
        newest = self._epochs[-1]
        if self._pace:
            begun, since = self._from or (self._epochs[0], now)
            return min(newest, max(self._epochs[0], begun + self._pace * (now - since)))
        if len(self._epochs) < 2 or self._gap < SMOOTH_SECONDS:
            return newest
        before, share = self._epochs[-2], min(1.0, (now - self._came) / self._gap)
        return before + share * (newest - before)
