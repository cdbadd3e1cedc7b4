"""How well the networks of a run predict each output of the test set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stiffgui.tasks import Data
from stiffgui.tasks.scores import Array, r2, rmse

if TYPE_CHECKING:
    from stiffgui.runs.run import Run


@dataclass(frozen=True)
class OutputScore:
    """Medians over trials on the test set; the error in the output's own unit."""

    name: str
    unit: str
    test_rmse: float
    test_r2: float


def output_scores(run: Run, epoch: int | None = None) -> list[OutputScore]:
    """A score per output at the kept epoch nearest to `epoch`, the last by default.

    Trials whose predictions are not finite are left out. Raises InputError when no network is
    kept, or the task's data cannot be read any more.
    """
    snapshot = run.snapshot(run.last_snapshot_epoch if epoch is None else epoch)
    data = run.experiment.task.data()
    return scores_of(data, snapshot.predict(data.x_test))


def scores_of(data: Data, predicted: Array) -> list[OutputScore]:
    """Scores of predictions [R, samples, o] of the test set, in the units the network learns."""
    target = data.in_own_units(data.y_test)
    predicted = data.in_own_units(predicted)
    predicted = predicted[np.isfinite(predicted).all((1, 2))]
    if not len(predicted):
        nothing = np.full(target.shape[1], np.nan)
        errors, shares = nothing, nothing
    else:
        errors = np.median(rmse(target, predicted), axis=0)
        shares = np.median(r2(target, predicted), axis=0)
    return [
        OutputScore(name, data.unit(k), float(errors[k]), float(shares[k]))
        for k, name in enumerate(data.output_names)
    ]
