"""What the networks of a run predict, for a window where a row is set by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError
from stiffgui.figures import Picture
from stiffgui.figures.sensitivity import Sensitivity
from stiffgui.figures.slices import FEW_POINTS, POINTS, Slices, slices_of
from stiffgui.session.service import handles, use_one_thread
from stiffgui.session.sources import RunSource

if TYPE_CHECKING:
    from stiffgui.runs.predicting import TablePrediction
    from stiffgui.runs.scores import OutputScore
    from stiffgui.runs.surrogate import Surrogate
    from stiffgui.tasks import Task

Array = NDArray[np.float64]
Stamp = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Predict:
    """Predict the row at which `slices` hold the inputs; inputs that the run lacks are left out.

    `epoch` is that of the networks, the source's own where it is `live`. `few`: other rows follow
    soon. With `sensitivity` that is drawn, without it the slices.
    """

    source: RunSource
    epoch: int
    live: bool
    slices: Slices
    sensitivity: Sensitivity | None = None
    few: bool = False


@dataclass(frozen=True)
class OutputValue:
    """What is predicted of an output, in its unit, and R2 of such predictions (NaN: unknown)."""

    name: str
    unit: str
    mean: float
    spread: float
    validation_r2: float
    test_r2: float


@dataclass(frozen=True)
class Predicted:
    """Row, and least and greatest value in the training rows, by input; every output; a picture, or
    why there is none; and what predictions rest on, in words."""

    row: dict[str, float]
    ends: dict[str, tuple[float, float]]
    outputs: tuple[OutputValue, ...]
    picture: Picture | str
    said: tuple[str, ...]
    epoch: int


@dataclass(frozen=True)
class PredictTable:
    """Predict the rows of a table into a CSV file; the answer is a `TablePrediction`."""

    source: RunSource
    slices: Slices
    rows: Path
    out: Path


@handles(Predict, "this prediction")
def predict(work: Predict) -> Predicted:
    """Raises InputError where the run cannot be read."""
    use_one_thread()
    task, surrogate, scores = _kept(work.source, work.slices)
    data = surrogate.data
    known = [word for word in work.slices.at if word.rpartition("=")[0] in data.input_names]
    output = min(work.slices.output, len(data.output_names) - 1)
    slices = work.slices.changed(at=tuple(known), output=output)
    drawn = slices_of(surrogate, task, slices.held(surrogate), FEW_POINTS if work.few else POINTS)
    found = surrogate.predict(drawn.held)
    outputs = tuple(
        OutputValue(
            score.name,
            score.unit,
            float(found.mean[0, k]),
            float(found.spread[0, k]),
            score.mean_validation_r2,
            score.mean_test_r2,
        )
        for k, score in enumerate(scores)
    )
    ends = zip(*(end.tolist() for end in surrogate.ends), strict=True)
    return Predicted(
        dict(zip(data.input_names, drawn.held.tolist(), strict=True)),
        dict(zip(data.input_names, ends, strict=True)),
        outputs,
        _sensitivity(work) if work.sensitivity else slices.picture_of(drawn, surrogate),
        tuple(surrogate.sentences()),
        surrogate.epoch,
    )


def _sensitivity(work: Predict) -> Picture | str:
    assert work.sensitivity is not None
    with work.source.opened() as runs:
        try:
            return work.sensitivity.picture([*runs[:-1], replace(runs[-1], few=work.few)])
        except InputError as error:
            return str(error)


@handles(PredictTable, "predicting the table")
def predict_table(work: PredictTable) -> TablePrediction:
    """Raises InputError where a file cannot be read or written."""
    from stiffgui.runs import predicting

    use_one_thread()
    with work.source.opened() as runs:
        return predicting.predict_table(work.slices.surrogate(runs[-1]), work.rows, work.out)


Kept = tuple["Task", "Surrogate", "list[OutputScore]"]


def _kept(source: RunSource, slices: Slices) -> Kept:
    """The networks that are shown, and their scores; stored ones are read and scored once."""
    if source.network is not None and not slices.best:
        return _read(source, slices)
    path = source.path
    stamp = _stamp(path), _stamp(path.with_name(f"{path.name}-wal"))
    return _read_once(source, slices.changed(at=(), output=0), stamp)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        facts = file.stat()
    except FileNotFoundError:
        return 0, 0
    return facts.st_mtime_ns, facts.st_size


@lru_cache(maxsize=2)
def _read_once(source: RunSource, slices: Slices, stamp: Stamp) -> Kept:
    return _read(source, slices)


def _read(source: RunSource, slices: Slices) -> Kept:
    from stiffgui.runs.scores import scores_of

    with source.opened() as runs:
        run = runs[-1]
        surrogate = slices.surrogate(run)
        return run.experiment.task, surrogate, scores_of(surrogate.data, [surrogate.snapshot])
