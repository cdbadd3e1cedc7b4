"""The talk's experiments by name: `presets["alpine02"]`. They live as TOML in resources/presets.

Any experiment is a preset with some settings changed, and as such a short text to share:
`alpine02 architecture.width=12 training.epochs=300`.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stiffgui._shipped import Shipped
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment

presets = Shipped("preset", "presets", Experiment.of)


def of_any_table() -> dict[str, Any]:
    """The settings of a table's task that it begins with, where they are not `Table`'s own."""
    return dict(presets.file("table")["task"])


def of_table(path: str | Path, task: Mapping[str, Any] | None = None) -> Experiment:
    """An experiment on a table of the user's own; `task` are further settings of `Table`.

    The batch is made to divide the training set. Raises InputError when the file cannot be used.
    """
    values = presets.file("table")
    del values["title"], values["summary"]
    values["task"] |= dict(task or {}) | {"path": str(path)}
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


def short_text(experiment: Experiment, name: str) -> str:
    """An experiment as a preset and what differs from it; `from_short_text` reads it back."""
    return shlex.join([name, *changed_words(experiment, presets[name])])


Changes = dict[str, tuple[Any, Any]]  # dotted key -> its value and the other's


def told_by(experiment: Experiment) -> tuple[str, Changes]:
    """What an experiment is told by, and what differs from it: its table, with the settings that
    one begins with, or the preset from which the fewest settings differ."""
    values = experiment.flat()
    path = values["task.path"] if values["task.kind"] == of_any_table()["kind"] else ""
    if path:
        usual = _begun_with(experiment)
        changed = {key: (value, usual[key]) for key, value in values.items() if value != usual[key]}
        return path, {key: each for key, each in changed.items() if key != "task.path"}
    found = {name: experiment.differences(preset) for name, preset in presets.items()}
    return min(found.items(), key=lambda each: len(each[1]))


def _begun_with(experiment: Experiment) -> dict[str, Any]:
    """The values that the settings of an experiment on a table begin with, without reading it:
    those of the shipped file, and of its own choices where they are others."""
    usual = {spec.key: spec.default for spec in experiment.specs()}
    chosen = experiment.flat()
    for group, values in presets.file("table").items():
        kind = f"{group}.kind"
        if not isinstance(values, dict) or values.get("kind") != chosen.get(kind):
            usual |= {kind: values["kind"]} if isinstance(values, dict) else {}
            continue
        usual |= {f"{group}.{name}": value for name, value in values.items()}
    return usual


def training_words(experiment: Experiment) -> list[str]:
    """The words after `stiffgui train` that train an experiment. Raises InputError where its
    table cannot be read."""
    name, changed = told_by(experiment)
    if name in presets:
        return [short_text(experiment, name)]
    own = [f"{k}={as_text(value)}" for k, (value, _) in changed.items() if k.startswith("task.")]
    task = dict(word.removeprefix("task.").split("=", 1) for word in own)
    words = [*own, *changed_words(experiment, of_table(name, task))]
    return [name, *(part for word in words for part in ("--set", word))]


def changed_words(experiment: Experiment, start: Experiment) -> list[str]:
    """KEY=VALUE words that make `experiment` of `start`."""
    changes: dict[str, Any] = {}
    while True:  # choosing another kind can bring defaults that differ too: look again
        reached = start.with_settings(changes)
        more = {k: v for k, (v, _) in experiment.differences(reached).items() if v is not None}
        if more.keys() <= changes.keys():
            return [f"{key}={as_text(value)}" for key, value in changes.items()]
        changes |= more


def from_short_text(text: str) -> Experiment:
    """The experiment of a text such as `short_text` makes; the words of a `stiffgui train`
    command do as well. Raises InputError when it is none.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"the settings {text!r} cannot be read: {error}.") from None
    words = [w for w in words[2 * (words[:2] == ["stiffgui", "train"]) :] if w != "--set"]
    if not words:
        raise InputError("there are no settings in an empty text: copy them first.")
    changes = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals:
            raise InputError(
                f"{word!r} is no setting: write PRESET KEY=VALUE ..., such as "
                f"`{next(iter(presets))} training.epochs=300`."
            )
        changes[key] = value
    return presets[words[0]].with_settings(changes)


def is_short_text(text: str) -> bool:
    """Whether a text names a preset with changed settings, rather than a preset or a file."""
    first, *rest = text.split() or [""]
    return bool(rest) and first in presets


def as_text(value: Any) -> str:
    """A value as `--set` takes it."""
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
