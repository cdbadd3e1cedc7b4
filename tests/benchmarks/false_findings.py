"""How often studies of identical variants say that there is a difference, and how often a true one
is found, with really trained, small networks.

    python tests/benchmarks/false_findings.py [--studies 200] [--pairs 10] [--power-pairs 25]

A study has 3 variants that are the same but for initial weights and batches, and pairs whose data
are redrawn: Alpine02, 60 training and 50 test samples, width 4, 2 layers, 30 epochs. Then the same
where every study has a table of 110 such rows, and its pairs are splits of it. A study is wrong
when it says of the test error of any variant that it differs from the first (Holm's p below 0.05);
at most 5 % should be. For power, the second variant's errors are multiplied by 1.05: a true
difference of 5 %. Some minutes.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom

from stiffgui import Experiment, presets
from stiffgui.study import Study
from stiffgui.study.comparison import SIGNIFICANT, compare
from stiffgui.study.declaration import Variant
from stiffgui.tasks import Task
from stiffgui.tasks.table import Table
from stiffgui.training import Record, Trainer

VARIANTS, TRAIN, TEST = 3, 60, 50
SMALL = {
    "task.train_samples": TRAIN,
    "task.test_samples": TEST,
    "architecture.width": 4,
    "architecture.depth": 2,
    "training.epochs": 30,
    "training.batch_size": 20,
    "training.learning_rate": 5e-3,
    "watch.errors_every": 1000,
    "watch.every": 1000,
    "watch.indices": "frobenius",
}


@dataclass
class Results:
    """What `compare` reads of a variant."""

    name: str
    trial_numbers: np.ndarray
    last: dict[str, np.ndarray] = field(default_factory=dict)


def trained(experiment: Experiment, first: int) -> np.ndarray:
    """Test errors [variants] of networks that differ in initialisation and batches alone."""
    own = {"training.trials": VARIANTS, "training.first_trial": VARIANTS * first}
    records = [r for r in Trainer(experiment.with_settings(own)) if type(r) is Record]
    return records[-1].values["test_error"]


def task_of(number: int, pair: int, pairs: int, folder: Path, splits: bool) -> Task:
    """Fresh samples, or another split of the study's table."""
    if not splits:
        return presets["alpine02"].with_settings(SMALL | {"task.seed": number * pairs + pair}).task
    path = folder / f"{number}.csv"
    if not path.exists():
        seed = {"task.seed": 10_000_000 + number, "task.train_samples": TRAIN + TEST}
        data = presets["alpine02"].with_settings(SMALL | seed).task.data()
        rows = np.column_stack([data.x_train, data.y_train])
        np.savetxt(path, rows, delimiter=",", header="x_a,x_b,y", comments="")
    share = TEST / (TRAIN + TEST)
    return Table(path=str(path), test_fraction=share, seed=pair, input_scale=1.0)


def findings(studies: int, pairs: int, factor: float, splits: bool, folder: Path) -> list[bool]:
    """Whether each study says that a variant's test error differs from the first's."""
    base, found = presets["alpine02"].with_settings(SMALL), []
    named = tuple(Variant(name=str(k)) for k in range(VARIANTS))
    for number in range(studies):
        errors = np.empty((pairs, VARIANTS))
        for pair in range(pairs):
            task = task_of(number, pair, pairs, folder, splits)
            experiment = base.model_copy(update={"task": task})
            errors[pair] = trained(experiment, number * pairs + pair)
        study = Study(experiment=experiment, variants=named, data="redrawn", margin=0.0)
        errors[:, 1] *= factor
        quantities = ("test_error", "train_error", "stiffness")
        variants: list[Any] = [
            Results(str(k), np.arange(pairs), {name: errors[:, k] for name in quantities})
            for k in range(VARIANTS)
        ]
        each = [c.quantities["test_error"].p_holm for c in compare(variants, study)]
        found.append(bool(each[0] < SIGNIFICANT) if factor != 1 else min(each) < SIGNIFICANT)
    return found


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--studies", type=int, default=200)
    words.add_argument("--pairs", type=int, default=10)
    words.add_argument("--power-pairs", type=int, default=25)
    given = words.parse_args()
    studies = given.studies
    folder = Path(tempfile.mkdtemp())
    usual = int(binom.ppf(0.975, studies, SIGNIFICANT))
    for splits in (False, True):
        kind = "splits of one table" if splits else "fresh draws"
        wrong = sum(findings(studies, given.pairs, 1.0, splits, folder))
        print(
            f"{kind}: {wrong} of {studies} studies of identical variants, {given.pairs} pairs, say "
            f"there is a difference ({wrong / studies:.1%}; 5 % allow up to {usual})",
            flush=True,
        )
        right = sum(findings(studies, given.power_pairs, 1.05, splits, folder))
        print(
            f"{kind}: {right} of {studies} find a true difference of 5 % with {given.power_pairs} "
            f"pairs ({right / studies:.0%})",
            flush=True,
        )


if __name__ == "__main__":
    main()
