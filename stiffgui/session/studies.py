"""Running a study, and reading study files, for a window that shows them."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from stiffgui.experiment import Experiment
from stiffgui.runs.history import History
from stiffgui.session.ready import until_ready
from stiffgui.session.service import handles
from stiffgui.states import State
from stiffgui.study.declaration import Study
from stiffgui.study.events import ChunkEvent, Trained
from stiffgui.study.picking import Candidate
from stiffgui.study.plan import Chunk
from stiffgui.training import Controls
from stiffgui.training.ready import Readiness

if TYPE_CHECKING:
    from stiffgui.study import StudyRecording, StudyResults

NEWS_SECONDS = 0.1

# ---------------------------------------------------------------------------- requests


@dataclass(frozen=True)
class RunStudy:
    """Run `study` into `path`; one that is there already goes on.

    workers: processes, None for one after the other; dask: an address, or `local`. The answers on
    the way are a StudyBegan, a Readiness while machine code is made, then lists of events (trained
    chunks without their bytes) and StudyViews; the last one is the ending: finished or stopped.
    """

    study: Study
    path: Path
    workers: int | None = None
    dask: str | None = None


@dataclass(frozen=True)
class OpenStudy:
    """Read what a study file holds; the answer is a StudyView. `judged`: settings of the study that
    its comparisons take in place of its own (`against`, `margin`)."""

    path: Path
    judged: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ExtractTrial:
    """Write one trial as a run file of its own; the answer is its path."""

    path: Path
    variant: str
    trial: int
    out: Path


# ----------------------------------------------------------------------------- answers


@dataclass(frozen=True)
class StudyBegan:
    """A study is being trained: its chunks with state and epoch, where, and how many at once."""

    states: list[tuple[Chunk, State, int]]
    slots: int
    where: str


@dataclass(frozen=True)
class VariantView:
    """What the window draws of a variant, as a figure does: `name`, `trials`, `series()`, `last`
    (column -> [R]); trial_numbers [R] are those of the trials that are done.
    """

    name: str
    planned: int
    trial_numbers: NDArray[Any]
    diverged: NDArray[Any]
    history: History
    last: dict[str, NDArray[Any]]
    probe_count: int
    front: list[Candidate]
    experiment: Experiment

    @property
    def trials(self) -> int:
        """How many trials are done."""
        return len(self.trial_numbers)

    def series(self) -> History:
        """The histories of all that is done, trials side by side."""
        return self.history


@dataclass(frozen=True)
class StudyView:
    """What a study file holds: the table as it is printed, with its caption, sentences, and
    the method of its comparisons, and histories.

    It can be drawn like a study; `live` is filled by a window that hears of batches in training:
    the variant's place and its history.
    """

    path: Path
    study: Study
    finished: bool
    caption: str
    titles: list[str]
    rows: list[list[str]]
    sentences: list[str]
    method: str
    variants: list[VariantView]
    live: list[tuple[int, History]] = field(default_factory=list, compare=False)


# ---------------------------------------------------------------------------- handlers


@handles(RunStudy, "the study")
def run_study(
    work: RunStudy, controls: Controls
) -> Generator[StudyBegan | Readiness | StudyView | list[ChunkEvent], None, str]:
    """Raises InputError as `StudyRecording` does. This process may have children: the workers."""
    from stiffgui.study import open_study
    from stiffgui.study.executors import choose_executor
    from stiffgui.study.plan import usual_workers
    from stiffgui.study.recording import StudyRecording

    with choose_executor(work.workers, work.dask, usual_workers(work.study)) as executor:
        recording = StudyRecording(work.study, work.path, controls, executor=executor)
        with open_study(work.path) as results:
            states = [(c.chunk, c.state, c.epoch) for c in results.chunks]
            yield StudyBegan(states, executor.slots, executor.describe())
            yield view_of(results)
            if work.dask is None:
                yield from until_ready(recording.study.experiments(), controls)
            yield from _news(recording, results)
            results.refresh()
            yield view_of(results)
        return recording.ending


def _news(
    recording: StudyRecording, results: StudyResults
) -> Iterator[StudyView | list[ChunkEvent]]:
    events: list[ChunkEvent] = []
    sent = time.monotonic()
    for event in recording:
        events.append(replace(event, run=b"") if isinstance(event, Trained) else event)
        if isinstance(event, Trained) or time.monotonic() - sent > NEWS_SECONDS:
            yield events
            events, sent = [], time.monotonic()
        if isinstance(event, Trained) and event.ending != "stopped":
            results.refresh()
            yield view_of(results)
    yield events


@handles(OpenStudy, "opening the study")
def open_and_view(work: OpenStudy) -> StudyView:
    """Raises InputError when the file cannot be read."""
    from stiffgui.study import open_study

    with open_study(work.path) as results:
        results.judge(**work.judged)
        return view_of(results)


@handles(ExtractTrial, "opening the trial")
def extract(work: ExtractTrial) -> Path:
    """Raises InputError as `StudyResults.extract` does."""
    from stiffgui.study import open_study

    with open_study(work.path) as results:
        return results.extract(work.variant, work.trial, work.out, replace=True)


def view_of(results: StudyResults) -> StudyView:
    """What the window shows of a study, as plain values and arrays."""
    from stiffgui.study.comparison import comparisons_of
    from stiffgui.study.method import method
    from stiffgui.study.summary import caption, chosen_sentences, readable

    variants = [
        VariantView(
            v.name,
            v.planned,
            v.trial_numbers,
            v.diverged,
            v.series(),
            v.last,
            v.probe_count,
            v.front,
            v.experiment,
        )
        for v in results.variants
    ]
    titles, rows = readable(results)
    return StudyView(
        path=results.path,
        study=results.study,
        finished=results.finished,
        caption=caption(results),
        titles=titles,
        rows=rows,
        sentences=chosen_sentences(results)
        + [c.sentence for c in comparisons_of(results) if c.pairs],
        method=method(results.study),
        variants=variants,
    )
