"""A study small enough to be trained many times in a test."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from stiffgui.study import Study, open_study

TINY = """
about = "three penalties of a tiny network"
trials = 8
together = 4
[experiment.task]
kind = "alpine02"
train_samples = 60
test_samples = 20
[experiment.architecture]
width = 4
depth = 2
[experiment.training]
epochs = 6
batch_size = 20
[experiment.watch]
probe = 4
[[variants]]
name = "RES"
[[variants]]
name = "RES L2"
settings = { regularizer.kind = "l2", regularizer.weight = 1e-2 }
[[variants]]
name = "RES stiff"
settings = { regularizer.kind = "stiffness", regularizer.weight = 1.0 }
[[references]]
name = "RES"
test_error = 3.9e-2
seconds_per_trial = 17903
"""


def tiny(**settings: object) -> Study:
    """The study above with settings changed; `__` stands for the dot."""
    study = Study.from_toml(TINY)
    return study.with_settings({key.replace("__", "."): v for key, v in settings.items()})


def numbers(path: Path) -> pd.DataFrame:
    """Every number that must not depend on where and in how many pieces of time it was made."""
    with open_study(path) as results:
        assert results.finished
        history = results.history.drop(columns="seconds")
    # A chunk that went on from a checkpoint has a record more, at the epoch where it stopped.
    due = (history["epoch"] <= 100) | (history["epoch"] % 5 == 0)
    return history[due].reset_index(drop=True)
