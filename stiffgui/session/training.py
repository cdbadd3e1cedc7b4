"""Training into a run file, for a window that watches."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from stiffgui.experiment import Experiment
from stiffgui.runs.warm_start import WarmStart
from stiffgui.session.ready import until_ready
from stiffgui.session.service import handles
from stiffgui.training import Controls, Event, Frame, Item
from stiffgui.training.decisions import Decisions
from stiffgui.training.ready import Readiness

if TYPE_CHECKING:
    from stiffgui.runs.recording import Recording

Arrays = dict[str, NDArray[Any]]

BUNDLE_SECONDS = 0.05
AT_ONCE = ("paused", "change", "refused", "held", "moved")  # events that are sent alone
NETWORK_SECONDS = 0.4


@dataclass(frozen=True)
class Train:
    """Train `experiment` into `path`; with `resume` continue that file.

    The answers on the way are bundles, before them a Readiness while machine code is made; the
    last one is the ending: finished, stopped, diverged.
    """

    experiment: Experiment
    path: Path
    resume: bool = False
    warm_start: WarmStart | None = None


@dataclass(frozen=True)
class Bundle:
    """Records, events and frames since the last bundle, in order; now and then the newest networks.

    `decided`: what the training decided when it began, with the first one. `path`: its file, which
    is another where that went."""

    items: list[Item]
    epoch: int = 0
    parameters: Arrays | None = None
    decided: Decisions | None = None
    path: Path | None = None


@handles(Train, "training")
def train(work: Train, controls: Controls) -> Generator[Readiness | Bundle, None, str]:
    """Bundles, and the ending. Raises InputError as `Recording` does."""
    from stiffgui.runs.recording import Recording

    if not (yield from until_ready([work.experiment], controls)):
        return "stopped"
    recording = Recording(
        work.experiment, work.path, controls, resume=work.resume, warm_start=work.warm_start
    )
    with closing(recording):
        yield Bundle([], recording.trainer.epoch, decided=recording.trainer.decided)
        yield from _bundles(recording)
    return recording.ending


def _bundles(recording: Recording) -> Generator[Bundle]:
    items: list[Item] = []
    sent = networks_sent = 0.0
    for item in recording:
        items.append(item)
        now = time.monotonic()
        waiting = isinstance(item, Event) and item.kind in AT_ONCE
        if now - sent > BUNDLE_SECONDS or waiting or isinstance(item, Frame):
            newest = now - networks_sent > NETWORK_SECONDS or waiting
            parameters = recording.trainer.parameters() if newest else None
            yield Bundle(items, recording.trainer.epoch, parameters, path=recording.path)
            items, sent = [], now
            networks_sent = now if newest else networks_sent
    yield Bundle(items, recording.trainer.epoch, recording.trainer.parameters())
