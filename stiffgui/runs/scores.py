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
    """Scores of the networks of all snapshots together."""
    test = _scored(data, snapshots, data.x_test, data.y_test)
    kept = data.validation
    held = np.full_like(test, np.nan) if kept is None else _scored(data, snapshots, *kept)
    return [
        OutputScore(
            name,
            data.unit(k),
            test_rmse=float(test[0, k]),
            test_r2=float(test[1, k]),
            validation_rmse=float(held[0, k]),
            validation_r2=float(held[1, k]),
            mean_test_r2=float(test[2, k]),
            mean_validation_r2=float(held[2, k]),
        )
        for k, name in enumerate(data.output_names)
    ]


def _scored(data: Data, snapshots: Sequence[Snapshot], x: Array, y: Array) -> Array:
    """Median RMSE, median R2, and R2 of the mean: [3, o]."""
    predicted = data.in_own_units(np.concatenate([s.predict(x) for s in snapshots]))
    predicted = predicted[np.isfinite(predicted).all((1, 2))]
    target = data.in_own_units(y)
    if not len(predicted):
        return np.full((3, target.shape[1]), np.nan)
    medians = [np.median(score(target, predicted), axis=0) for score in (rmse, r2)]
    return np.stack([*medians, r2(target, predicted.mean(0))])


def warnings_of(scores: Sequence[OutputScore]) -> list[str]:
    """What must be said of scores: an R2 below 0."""
    bad = [score.name for score in scores if score.mean_test_r2 < 0]
    if not bad:
        return []
    worse = "worse than the mean of the test rows would predict it"
    return [f"negative R² of {', '.join(bad)}: {worse}"]
