"""How well the networks of a run predict each output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stiffgui.tasks import Data
from stiffgui.tasks.scores import Array, r2, rmse

if TYPE_CHECKING:
    from stiffgui.runs.run import Run
    from stiffgui.runs.snapshot import Snapshot

TITLES = {
    "validation_r2": "validation R²",
    "test_r2": "test R²",
    "mean_test_r2": "of the mean",
    "test_rmse": "test RMSE",
}


@dataclass(frozen=True)
class OutputScore:
    """Of an output: on the validation and the test set, medians over trials; `mean_...` of the
    mean over trials, which is what a surrogate predicts. Errors are in the output's own unit.
    NaN where there are no such samples, and R2 where the target is constant."""

    name: str
    unit: str
    test_rmse: float
    test_r2: float
    validation_rmse: float
    validation_r2: float
    mean_test_r2: float
    mean_validation_r2: float


def output_scores(run: Run, epoch: int | None = None) -> list[OutputScore]:
    """A score per output at the kept epoch nearest to `epoch`, the last by default.

    Trials whose predictions are not finite are left out. Raises InputError when no network is
    kept, or the task's data cannot be read any more.
    """
    snapshot = run.snapshot(run.last_snapshot_epoch if epoch is None else epoch)
    return scores_of(run.data, [snapshot])


def scores_of(data: Data, snapshots: Sequence[Snapshot]) -> list[OutputScore]:
    """Scores of the networks of all snapshots together, on the same data."""
    means = []
    for x, y in _sets(data):
        alike = _predicted(data, snapshots, x)
        known = len(alike) and len(x)
        target = data.in_own_units(y)
        means.append(r2(target, alike.mean(0)) if known else np.full(y.shape[1], np.nan))
    return _listed(data, _medians([_rated(data, snapshots)]), means)


def over_networks(each: Sequence[tuple[Data, Snapshot]]) -> list[OutputScore]:
    """Medians over networks that may have data of their own; of a mean there is none then."""
    if not each:
        return []
    data = each[0][0]
    unknown = np.full(len(data.output_names), np.nan)
    rated = [_rated(data, [snapshot]) for data, snapshot in each]
    return _listed(data, _medians(rated), [unknown, unknown])


def _sets(data: Data) -> list[tuple[Array, Array]]:
    """Inputs and targets of the test and the validation set, which may be empty."""
    nothing = data.x_test[:0], data.y_test[:0]
    return [(data.x_test, data.y_test), data.validation or nothing]


def _rated(data: Data, snapshots: Sequence[Snapshot]) -> list[Array]:
    """RMSE and R2 of every network on the test set, then on the validation set: [R, o] each."""
    out = []
    for x, y in _sets(data):
        known = _predicted(data, snapshots, x) if len(x) else np.empty((0, 0, y.shape[1]))
        target = data.in_own_units(y)
        out += [score(target, known) if len(known) else known.sum(1) for score in (rmse, r2)]
    return out


def _predicted(data: Data, snapshots: Sequence[Snapshot], x: Array) -> Array:
    """What networks say in own units [R, samples, o]; those that are not finite are left out."""
    predicted = data.in_own_units(np.concatenate([s.predict(x) for s in snapshots]))
    return predicted[np.isfinite(predicted).all((1, 2))]


def _medians(rated: Sequence[Sequence[Array]]) -> list[Array]:
    """Over all networks [o]; NaN where there are none."""
    joined = [np.concatenate(parts) for parts in zip(*rated, strict=True)]
    return [np.median(v, 0) if len(v) else np.full(v.shape[1:], np.nan) for v in joined]


def _listed(data: Data, medians: Sequence[Array], means: Sequence[Array]) -> list[OutputScore]:
    return [
        OutputScore(name, data.unit(k), *(float(values[k]) for values in (*medians, *means)))
        for k, name in enumerate(data.output_names)
    ]


MEAN = "the mean of the test rows would"


def warnings_of(scores: Sequence[OutputScore]) -> list[str]:
    """What must be said of scores: an R2 below 0."""
    bad = [score.name for score in scores if score.mean_test_r2 < 0]
    if not bad:
        return []
    return [f"negative R² of {', '.join(bad)}: worse than {MEAN} predict it"]
