"""Settings in the palette: `weight 0.01` sets the weight, `width` goes to its field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stiffgui.gui.palette import Found
from stiffgui.gui.train.settings.panel import ExperimentPanel
from stiffgui.gui.train.settings.rows import FIXED
from stiffgui.settings import Spec


def find_settings(panel: ExperimentPanel, words: Sequence[str]) -> list[Found]:
    """What the words may mean: a setting and its value, then settings to go to."""
    specs = panel.model.specs()
    sets = [
        found
        for spec in _named(specs, words[:-1])
        if not _matches(spec, words[-1:])
        for found in _values(panel, spec, words[-1])
    ]
    return [*sets, *(_place(panel, spec) for spec in _named(specs, words))]


def _named(specs: Sequence[Spec], words: Sequence[str]) -> list[Spec]:
    return [spec for spec in specs if words and _matches(spec, words)]


def _matches(spec: Spec, words: Sequence[str]) -> bool:
    return all(word in f"{spec.title} {spec.key}".lower() for word in words)


def _values(panel: ExperimentPanel, spec: Spec, word: str) -> Iterator[Found]:
    if spec.type == "choices":
        return
    choices = [name for name in spec.choices or () if name.startswith(word)]
    for value in [word] if spec.choices is None else choices:
        unit = f" {spec.unit}" if spec.unit else ""
        yield Found(
            f"{spec.title} = {value}{unit} ({spec.key})",
            spec.help,
            attempt=lambda value=value: _set(panel, spec, value),  # type: ignore[misc]
        )


def _set(panel: ExperimentPanel, spec: Spec, value: str) -> str:
    if panel.training and not spec.live:
        return f"{spec.title} is {FIXED}."
    return panel.plain_words(panel.model.try_edit(spec.key, value))


def _place(panel: ExperimentPanel, spec: Spec) -> Found:
    value = panel.model.value(spec.key)
    shown = ", ".join(value) if isinstance(value, tuple) else value
    text = f"Go to {spec.title}, now {shown} ({spec.key})"
    return Found(text, spec.help, then=lambda: panel.go_to(spec.key))
