"""What crosses the pipe between the window and the process that runs its studies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from stiffgui.states import State
from stiffgui.study.events import ChunkEvent
from stiffgui.study.plan import Chunk

# ------------------------------------------------------------------ window -> study child


@dataclass(frozen=True)
class StudyStart:
    """Run `study` (TOML) into `path`; one that is there already goes on, or is replaced.

    workers: processes, None for one after the other; dask: an address, or `local`.
    """

    study: str
    path: str
    replace: bool = False
    workers: int | None = None
    dask: str | None = None


@dataclass(frozen=True)
class StudyOpen:
    """Say what a study file holds."""

    number: int
    path: str


@dataclass(frozen=True)
class StudyExtract:
    """Write one trial as a run file of its own."""

    number: int
    path: str
    variant: str
    trial: int
    out: str


@dataclass(frozen=True)
class StudyExport:
    """Write a figure or a table (`table`) of a study; without `out` its content comes back."""

    number: int
    path: str
    name: str
    out: str
    kind: str
    table: bool = False
    options: dict[str, Any] = field(default_factory=dict)


# ------------------------------------------------------------------ study child -> window


@dataclass(frozen=True)
class StudyBegan:
    """A study is being trained: its chunks with state and epoch, where, and how many at once."""

    path: str
    states: list[tuple[Chunk, State, int]]
    slots: int
    where: str


@dataclass(frozen=True)
class StudyNews:
    """Events since the last news, in order; trained chunks without their bytes."""

    events: list[ChunkEvent]


@dataclass(frozen=True)
class VariantView:
    """What the window draws of a variant: quartiles over trials against the epoch, and the last
    value of every trial.

    evolution: panel -> epochs [E], and lower quartile, median, upper quartile [3, E];
    last: column -> [R]; trials [R] are the numbers of the trials that are done.
    """

    name: str
    planned: int
    trials: NDArray[Any]
    diverged: NDArray[Any]
    evolution: dict[str, tuple[NDArray[Any], NDArray[Any]]]
    last: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class StudyView:
    """What a study file holds: the table as it is printed, sentences, and curves.

    `number` answers a StudyOpen; None when it comes by itself while a study runs.
    """

    number: int | None
    path: str
    study: str
    finished: bool
    titles: list[str]
    rows: list[list[str]]
    sentences: list[str]
    variants: list[VariantView]


@dataclass(frozen=True)
class Extracted:
    """The answer to a StudyExtract."""

    number: int
    path: str
