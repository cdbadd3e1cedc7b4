"""Settings in the palette: `weight 0.01` sets the weight, `width` goes to its field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stiffgui.errors import one_of
from stiffgui.gui.palette import Found
from stiffgui.gui.settings.panel import ExperimentPanel
from stiffgui.gui.settings.rows import FIXED
from stiffgui.settings import Spec, fields_of, groups_of, is_hidden, spec_of


def find_settings(panel: ExperimentPanel, words: Sequence[str]) -> list[Found]:
    """What the words may mean: a setting and its value, then settings to go to."""
    specs = panel.model.specs()
    sets = [
        found
        for spec in _named(specs, words[:-1])
        if not _matches(spec, words[-1:])
        for found in _values(panel, spec, words[-1])
    ]
    lacking = [each for each in _absent(panel, words[:-1]) if not _matches(each[0], words[-1:])]
    by_title = [each for each in lacking if all(w in each[0].title.lower() for w in words[:-1])]
    absent = [
        found for each in by_title or lacking for found in _with_choice(panel, *each, words[-1])
    ]
    return [*sets, *absent, *(_place(panel, spec) for spec in _named(specs, words))]


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


def _absent(panel: ExperimentPanel, words: Sequence[str]) -> Iterator[tuple[Spec, Spec, list[str]]]:
    """Settings of choices that are not made: the setting, its chooser, the choices that have it."""
    present = {spec.key: spec for spec in panel.model.specs()}
    for key, _, kinds in panel.model.declarations():
        lacking: dict[str, tuple[Spec, list[str]]] = {}
        for kind, group in kinds.items():
            for name, field in fields_of(group).items():
                own = key.removesuffix("kind") + name
                if own not in present and not (is_hidden(field) or groups_of(field)):
                    lacking.setdefault(own, (spec_of(own, field), []))[1].append(kind)
        for spec, having in lacking.values():
            if words and _matches(spec, words):
                yield spec, present[key], having


def _with_choice(
    panel: ExperimentPanel, spec: Spec, chooser: Spec, kinds: Sequence[str], word: str
) -> Iterator[Found]:
    """The sentence that says which choice the setting needs, and both at once for each."""
    told, now = f"{spec.title} = {word}", panel.model.value(chooser.key)
    needs = f"{spec.title} acts only where {chooser.title} is {one_of(kinds)}; it is {now}."
    yield Found(f"{told} ({spec.key})", needs, attempt=lambda: needs)

    def choose(kind: str) -> str:
        undo = panel.model.undo
        undo.beginMacro(f"Change {chooser.title} and {spec.title}")
        wrong = _set(panel, chooser, kind) or _set(panel, spec, word)
        undo.endMacro()
        if wrong:
            undo.undo()
        return wrong

    for kind in kinds:
        yield Found(
            f"{chooser.title} = {kind}, {told}",
            spec.help,
            attempt=lambda kind=kind: choose(kind),  # type: ignore[misc]
        )


def _place(panel: ExperimentPanel, spec: Spec) -> Found:
    value = panel.model.value(spec.key)
    shown = ", ".join(value) if isinstance(value, tuple) else value
    text = f"Go to {spec.title}, now {shown} ({spec.key})"
    return Found(text, spec.help, then=lambda: panel.go_to(spec.key))
