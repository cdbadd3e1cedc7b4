"""Several things timed side by side: interleaved rounds, so that a busy minute hits all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

Action = Callable[[], int]  # does some steps, and says how many


@dataclass(frozen=True)
class Timing:
    """Seconds of one step in each round, [rounds]."""

    seconds: np.ndarray

    @property
    def median(self) -> float:
        """Seconds."""
        return float(np.median(self.seconds))

    def over(self, other: Timing) -> tuple[float, float]:
        """Median over the rounds of mine/other, and half the interquartile range."""
        ratios = self.seconds / other.seconds
        low, high = np.quantile(ratios, [0.25, 0.75])
        return float(np.median(ratios)), float(high - low) / 2


def interleave(
    actions: Mapping[str, Action],
    rounds: int,
    slice_seconds: float,
    progress: Callable[[str], None] = lambda name: None,
) -> dict[str, Timing]:
    """Time every action in every round, for `slice_seconds` or one call, whichever is longer.

    One call each goes before, unmeasured: imports, buffers and caches are ready afterwards.
    """
    for name, action in actions.items():
        progress(name)
        action()
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        for name, action in actions.items():
            seconds[name].append(_time(action, slice_seconds))
    return {name: Timing(np.array(each)) for name, each in seconds.items()}


def _time(action: Action, slice_seconds: float) -> float:
    steps, started = 0, time.perf_counter()
    while True:
        steps += action()
        passed = time.perf_counter() - started
        if passed >= slice_seconds:
            return passed / steps
