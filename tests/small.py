"""An experiment small enough to be trained many times in a test."""

from __future__ import annotations

from stiffgui import Experiment, presets
from stiffgui.states import PathKind
from stiffgui.training.decisions import Decisions, decide


def along(path: PathKind, experiment: Experiment) -> Decisions:
    """What a run decides on a processor, but for how steps are taken."""
    return decide(experiment, "cpu").along(path)


def small(preset: str = "alpine02", **settings: object) -> Experiment:
    """A preset with 90 samples and 20 epochs, indices measured at the end only, and `settings`
    changed; `__` stands for the dot."""
    base = {"task.train_samples": 90, "training.epochs": 20, "watch.every": 1000}
    return presets[preset].with_settings(
        base | {key.replace("__", "."): value for key, value in settings.items()}
    )
