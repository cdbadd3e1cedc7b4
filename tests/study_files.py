"""A study small enough to be trained many times in a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from stiffgui.study import Study, Variant, open_study

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


def changed(study: Study, **fields: Any) -> Study:
    """A study with parts of its declaration changed."""
    return Study.of({name: getattr(study, name) for name in type(study).model_fields} | fields)


def nested() -> Study:
    """One that redraws its data and chooses a weight in every trial."""
    base = tiny(trials=3)
    weights = (1e-6, 1e-2, 10.0)
    chooses = Variant(name="L2 chosen", settings={"regularizer.kind": "l2"}, weights=weights)
    values = {"variants": (base.variants[0], chooses), "data": "redrawn"}
    held = base.experiment.with_settings(
        {"task.validation_samples": 30, "training.learning_rate": 1e-2, "training.epochs": 40}
    )
    return changed(base, experiment=held, **values)


def numbers(path: Path) -> pd.DataFrame:
    """Every number that must not depend on where and in how many pieces of time it was made."""
    with open_study(path) as results:
        assert results.finished
        history = results.history.drop(columns="seconds")
    # A chunk that went on from a checkpoint has a record more, at the epoch where it stopped.
    due = (history["epoch"] <= 100) | (history["epoch"] % 5 == 0)
    return history[due].reset_index(drop=True)
