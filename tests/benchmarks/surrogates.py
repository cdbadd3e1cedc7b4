"""Test R2 of the defaults for tables beside other methods, over several splits of a table.

    python tests/benchmarks/surrogates.py TABLE.csv [--inputs x_*] [--outputs y_*] [--splits 5]
        [--set KEY=VALUE]

Each split has a seed of its own (`task.seed` 0, 1, ...); every method sees the same training rows.
stiffgui is the mean of the trials at the epoch of least validation error, and what it was trained
with is what `stiffgui train TABLE.csv` takes. Printed is a Markdown table: for each output the
median over splits, and below the median over outputs of those. `one network`: the median over
trials at the same epoch.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from stiffgui._presets import of_table
from stiffgui.commands.experiment_arguments import changes_of
from stiffgui.runs import train
from stiffgui.runs.baselines import baseline_scores
from stiffgui.runs.scores import scores_of


def scores(table: str, task: dict[str, Any], changes: dict[str, Any]) -> dict[str, list[Any]]:
    """Test R2 [outputs] of every method on one split."""
    experiment = of_table(table, task).with_settings(changes)
    with (
        tempfile.TemporaryDirectory() as folder,
        train(experiment, Path(folder) / "a.stiff") as run,
    ):
        surrogate = run.surrogate()
        found = scores_of(run.data, [surrogate.snapshot])
        own = {
            "output": [score.name for score in found],
            "stiffgui": [score.mean_test_r2 for score in found],
            "one network": [score.test_r2 for score in found],
        }
        print(surrogate.sentences(), flush=True)
        return own | {title: list(r2) for title, r2 in baseline_scores(run.data)}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("table")
    words.add_argument("--inputs", default="x_*")
    words.add_argument("--outputs", default="y_*")
    words.add_argument("--splits", type=int, default=5)
    words.add_argument("--set", action="append", default=[], dest="settings")
    given = words.parse_args()
    task = {"input_columns": given.inputs, "output_columns": given.outputs}
    changes = changes_of(given.settings)
    own = {k[5:]: v for k, v in changes.items() if k.startswith("task.")}
    rest = {k: v for k, v in changes.items() if not k.startswith("task.")}
    each = [scores(given.table, task | own | {"seed": k}, rest) for k in range(given.splits)]
    titles = [title for title in each[0] if title != "output"]
    medians = np.median([[split[title] for title in titles] for split in each], axis=0)
    print(f"| output | {' | '.join(titles)} |\n|---|{'---|' * len(titles)}")
    rows = zip([*each[0]["output"], "median"], np.c_[medians, np.median(medians, 1)].T, strict=True)
    for name, values in rows:
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |")


if __name__ == "__main__":
    main()
