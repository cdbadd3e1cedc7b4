"""The talk's experiments by name: `presets["alpine02"]`. They live as TOML in resources/presets."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from stiffgui._resources import resource
from stiffgui.errors import InputError, nearest, one_of
from stiffgui.experiment import Experiment


class Presets(Mapping[str, Experiment]):
    """Preset name -> experiment, read when first asked for."""

    def __getitem__(self, name: str) -> Experiment:
        return _read(name)[2]

    def __contains__(self, name: object) -> bool:  # Mapping's own would ask for the item
        return name in _names()

    def __iter__(self) -> Iterator[str]:
        return iter(_names())

    def __len__(self) -> int:
        return len(_names())

    def title(self, name: str) -> str:
        """What the chooser shows."""
        return _read(name)[0]

    def summary(self, name: str) -> str:
        """One line on what the preset is."""
        return _read(name)[1]


@cache
def _names() -> tuple[str, ...]:
    listed = resource("presets", "order.txt").read_text("utf-8").split()
    return tuple(listed)


def _values(name: str) -> dict[str, Any]:
    return tomllib.loads(resource("presets", f"{name}.toml").read_text("utf-8"))


def of_table(path: str | Path, task: Mapping[str, Any] | None = None) -> Experiment:
    """An experiment on a table of the user's own; `task` are further settings of `Table`.

    The batch is made to divide the training set. Raises InputError when the file cannot be used.
    """
    values = _values("table")
    del values["title"], values["summary"]
    values["task"] = {"kind": "table"} | dict(task or {}) | {"path": str(path)}
    # Looked at first with batches of one, which fit any table.
    first = Experiment.of(values | {"training": {"batch_size": 1}})
    batch = _dividing(first.task.training_samples, values["training"]["batch_size"])
    values["task"] = first.task
    values["training"]["batch_size"] = batch
    return Experiment.of(values)


def _dividing(samples: int, near: int) -> int:
    """The divisor of `samples` closest to `near`, within a factor of 2.5; else near or less."""
    close = [b for b in range(round(near / 2.5), round(2.5 * near) + 1) if samples % b == 0]
    return min(close, key=lambda b: abs(b - near)) if close else min(near, samples)


@cache
def _read(name: str) -> tuple[str, str, Experiment]:
    if name not in _names():
        raise InputError(
            f"there is no preset {name!r}; choose {one_of(_names())}, or give a .toml file."
            f"{nearest(name, _names())}"
        )
    values = _values(name)
    title, summary = values.pop("title"), values.pop("summary")
    return title, summary, Experiment.of(values, f"preset {name}")


presets = Presets()
