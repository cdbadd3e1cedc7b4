"""How a running trainer is steered: from another thread, or from a child's pipe."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Watched:
    """Whose eigenvalues are to be seen moving: layers (from 1 on) of the trial at a position of
    the batch, at the first probe samples, at most so many; `dense`: at as many epochs as can be,
    to be played slowly."""

    layers: tuple[int, ...]
    trial: int = 0
    samples: int = 16
    dense: bool = False


class Controls:
    """Pause, step one epoch, stop, changes of live settings, and what is watched (`Frame`s are
    made of it). Safe to call from any thread.

    The trainer looks at them between batches: one read of `interrupt` [1] when nothing has
    happened, which compiled loops see, too.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._changes: dict[str, Any] = {}
        self.interrupt = np.zeros(1, np.bool_)
        self.stopping = False
        self.paused = False
        self._steps = 0
        self.watched: Watched | None = None

    @property
    def pending(self) -> bool:
        """Whether training has to look: something was asked, or it has to wait or end."""
        return bool(self.interrupt[0])

    def pause(self) -> None:
        """Wait after the present batch."""
        self._set(paused=True)

    def resume(self) -> None:
        """Go on."""
        self._set(paused=False)

    def step(self) -> None:
        """Finish one epoch, then wait (again)."""
        with self._condition:
            self._steps += 1
            self.paused = self.interrupt[0] = True
            self._condition.notify_all()

    def stop(self) -> None:
        """End after the present batch; everything is kept."""
        self._set(stopping=True)

    def change(self, settings: Mapping[str, Any]) -> None:
        """Change live settings by dotted key, from the next batch on."""
        with self._condition:
            self._changes.update(settings)
            self.interrupt[0] = True
            self._condition.notify_all()

    def watch(self, watched: Watched | None) -> None:
        """Let the eigenvalues of this be seen from the next epoch on; None: no longer."""
        self.watched = watched

    def take_changes(self) -> dict[str, Any]:
        """The changes since the last call."""
        with self._condition:
            changes, self._changes = self._changes, {}
            self.interrupt[0] = self.stopping or self.holding
            return changes

    def epoch_finished(self) -> None:
        """Count down single steps."""
        with self._condition:
            self._steps = max(0, self._steps - 1)
            self.interrupt[0] |= self.holding

    @property
    def holding(self) -> bool:
        """Whether training has to wait now."""
        return self.paused and not self._steps and not self.stopping

    def wait(self, seconds: float | None = None) -> None:
        """Block while holding and nothing has been asked."""
        with self._condition:
            self._condition.wait_for(lambda: not self.holding or bool(self._changes), seconds)

    def _set(self, **flags: bool) -> None:
        with self._condition:
            for name, value in flags.items():
                setattr(self, name, value)
            self.interrupt[0] = True
            self._condition.notify_all()
