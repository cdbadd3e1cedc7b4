"""What happens while a study runs: plain values, numpy arrays and bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from stiffgui.states import Ending
from stiffgui.tasks import Data
from stiffgui.training.decisions import Decisions
from stiffgui.training.records import Record


@dataclass(frozen=True)
class ChunkTask:
    """One chunk to train: everything a machine needs that shares our code and no files.

    `decided`: what every chunk of its variant keeps (`training.decisions`). `run` are the bytes
    of a run file to continue from.
    """

    number: int
    experiment: str
    data: Data
    decided: Decisions
    run: bytes | None = None


@dataclass(frozen=True)
class Started:
    """A chunk is being trained, by the worker so named, from `epoch` on."""

    number: int
    worker: str
    epoch: int
    epochs: int


@dataclass(frozen=True)
class Progress:
    """A chunk has got to `epoch` after `seconds` of training; its records since the last one."""

    number: int
    epoch: int
    epochs: int
    seconds: float
    records: list[Record] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Trained:
    """A chunk has ended: finished, diverged or stopped. `run` are the bytes of its run file."""

    number: int
    ending: Ending
    epoch: int
    seconds: float
    worker: str
    run: bytes = field(repr=False)


@dataclass(frozen=True)
class Lost:
    """The worker of a chunk is gone; the chunk is done again."""

    number: int
    text: str


@dataclass(frozen=True)
class Failed:
    """A chunk cannot be trained: a sentence, and what a developer wants to see."""

    number: int
    sentence: str
    details: str = ""
    ours: bool = False


ChunkEvent = Started | Progress | Trained | Lost | Failed
