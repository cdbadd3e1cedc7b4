"""The settings being edited in the window: maybe invalid, always undoable.

The panel shows what the person typed, even when it is not allowed; `experiment` is None until
everything is allowed again. Every edit is one `QUndoCommand` holding the state before and after,
so undo restores kinds, values and the loaded preset alike.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from stiffgui._presets import presets
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment, checked
from stiffgui.settings import Declaration, Spec, declarations, variants

MERGE_SECONDS = 1.0


@dataclass(frozen=True)
class State:
    """All that an undo step restores. `memory`: (chooser, kind) -> values of a group left.

    structure: a valid experiment with the choices of `values`; `experiment` itself, unless it is
    None because there are `problems` (dotted key -> sentence).
    """

    values: dict[str, Any]
    memory: dict[tuple[str, str], dict[str, Any]]
    structure: Experiment
    preset_name: str
    preset: Experiment
    experiment: Experiment | None
    problems: dict[str, str]

    # Asked for by every row of the panel at every edit: worked out once for each state.
    @cached_property
    def specs(self) -> dict[str, Spec]:
        """The settings of the choices made, by key."""
        return {spec.key: spec for spec in self.structure.specs()}

    @cached_property
    def preset_values(self) -> dict[str, Any]:
        """Nested values of the preset."""
        return _dump(self.preset)


class Change(QUndoCommand):
    """From one state of a model to another; quick edits of the same key become one step."""

    def __init__(self, model: Any, text: str, after: Any, key: str | None = None) -> None:
        super().__init__(text)
        self.model, self.key, self.after = model, key, after
        self.before = model._state
        self.time = time.monotonic()

    def id(self) -> int:
        return -1 if self.key is None else 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        assert isinstance(other, Change)
        if other.key != self.key or other.time - self.time > MERGE_SECONDS:
            return False
        self.after, self.time = other.after, other.time
        self.setObsolete(self.after.values == self.before.values)
        return True

    def undo(self) -> None:
        self.model._show(self.before)

    def redo(self) -> None:
        self.model._show(self.after)


class SettingsModel(QObject):
    """Values being edited, the preset they started from, and what is wrong with them."""

    changed = Signal()
    validity_changed = Signal(bool)
    live_changed = Signal(dict)

    def __init__(
        self,
        name: str = "alpine02",
        experiment: Experiment | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        start = presets[name] if experiment is None else experiment
        self.undo = QUndoStack(self)
        self._state = loaded(name, start)
        self._live = self._live_values()

    @property
    def experiment(self) -> Experiment | None:
        """The settings as an experiment; None while something is wrong."""
        return self._state.experiment

    @property
    def values(self) -> dict[str, Any]:
        """Nested values as typed (a copy)."""
        return deepcopy(self._state.values)

    @property
    def problems(self) -> dict[str, str]:
        """Dotted key -> sentence; empty when all is well."""
        return dict(self._state.problems)

    @property
    def preset_name(self) -> str:
        """Name of what was loaded last: a preset or a file."""
        return self._state.preset_name

    @property
    def preset(self) -> Experiment:
        """What was loaded last; `reset` goes back to it."""
        return self._state.preset

    def value(self, key: str) -> Any:
        """The present value of one setting, allowed or not."""
        return _find(self._state.values, key)

    def specs(self) -> list[Spec]:
        """The settings that exist for the choices made; they stay while a value is invalid."""
        return list(self._state.specs.values())

    def declarations(self) -> Iterator[Declaration]:
        """Their keys and declarations, choices that were not made among them."""
        return declarations(self._state.structure)

    def reference(self, spec: Spec) -> Any:
        """What `reset` restores: the preset's value, or the default where it has no such key."""
        try:
            return _find(self._state.preset_values, spec.key)
        except KeyError:
            return spec.default

    def differs(self, key: str) -> bool:
        """Whether a setting differs from the preset."""
        spec = self._spec(key)
        return spec is not None and bool(self.value(key) != self.reference(spec))

    def differences(self) -> int:
        """How many settings differ from the preset."""
        return sum(self.differs(spec.key) for spec in self.specs())

    def edit(self, key: str, value: Any) -> None:
        """Change one setting, allowed or not. InputError only for a key that does not exist."""
        state = self._state
        changed = state.structure.changed_values({key: value})  # refuses an unknown key
        if self.value(key) == value:
            return
        if key.endswith(".kind"):
            after = self._choose(key.removesuffix(".kind"), value, changed)
        else:
            after = replace(state, values=deepcopy(state.values))
            _put(after.values, key, _find(changed, key))
        spec = self._spec(key)
        self._push(f"Change {spec.title if spec else key}", _judged(after), key)

    def try_edit(self, key: str, text: str) -> str:
        """Change one setting to what a text means; where that is not allowed nothing is changed,
        and the sentence says why."""
        experiment, problems = checked(self._state.structure.changed_values({key: text}))
        if experiment is not None:
            self.edit(key, experiment.flat()[key])
        return next(iter(problems.values()), "")

    def reset(self, key: str) -> None:
        """Back to the preset's value."""
        spec = self._spec(key)
        if spec is not None:
            self.edit(key, self.reference(spec))

    def reset_all(self) -> None:
        """Back to the preset in everything."""
        if self.differences():
            fresh = loaded(self.preset_name, self.preset)
            self._push("Reset all", replace(fresh, memory=self._state.memory))

    def load(self, name: str, experiment: Experiment) -> None:
        """Start from a preset or a file's settings; undo brings the present ones back."""
        self._push(f"Load {name}", loaded(name, experiment))

    def _spec(self, key: str) -> Spec | None:
        return self._state.specs.get(key)

    def _choose(self, chooser: str, kind: Any, changed: dict[str, Any]) -> State:
        """Another kind: what was set in it before comes back, else what `_assign` keeps of it."""
        values, memory = deepcopy(self._state.values), dict(self._state.memory)
        old, new = _find(values, chooser), _find(changed, chooser)
        memory[chooser, old["kind"]] = deepcopy(old)
        # What `changed` made of valid values stands; what is not allowed is kept as it was typed.
        valid = _find(_dump(self._state.structure), chooser)
        kept = {k: v for k, v in old.items() if k in new and k != "kind" and v != valid.get(k)}
        group = new | memory.get((chooser, str(kind)), kept)
        _put(values, chooser, deepcopy(group) | {"kind": kind})
        return replace(self._state, values=values, memory=memory)

    def _push(self, text: str, after: State, key: str | None = None) -> None:
        self.undo.push(Change(self, text, after, key))

    def _show(self, state: State) -> None:
        """Make a state the present one and tell whoever listens."""
        was_valid, self._state = self.experiment is not None, state
        live = self._live_values()
        news = {k: v for k, v in live.items() if k in self._live and self._live[k] != v}
        # A value that became invalid keeps its last valid one: that is what still trains.
        present = {s.key for s in self.specs()}
        self._live = {k: v for k, v in self._live.items() if k in present} | live
        self.changed.emit()
        if was_valid != (self.experiment is not None):
            self.validity_changed.emit(self.experiment is not None)
        if news:
            self.live_changed.emit(news)

    def _live_values(self) -> dict[str, Any]:
        keys = [s.key for s in self.specs() if s.live and s.key not in self._state.problems]
        return {key: self.value(key) for key in keys}


def _dump(experiment: Experiment) -> dict[str, Any]:
    return experiment.model_dump(mode="python")


def loaded(name: str, experiment: Experiment) -> State:
    """The state in which nothing of an experiment has been edited."""
    return State(_dump(experiment), {}, experiment, name, experiment, experiment, {})


def _judged(state: State) -> State:
    """The state with what its values make: the one place where they are validated."""
    experiment, problems = checked(state.values)
    if experiment is None:
        return replace(state, structure=_structure(state), experiment=None, problems=problems)
    values = _dump(experiment)  # text became numbers, lists became tuples
    return replace(
        state, values=values, structure=experiment, experiment=experiment, problems=problems
    )


def _structure(state: State) -> Experiment:
    """A valid experiment with the state's choices, so that its rows are the right ones."""
    # Group by group: what does not fit together (a proxy of small matrices and a wide network, a
    # table that is not chosen yet) must still show the rows of its kinds.
    values = Experiment().changed_values(dict(_kinds(state.values)))
    groups: dict[str, Any] = {}
    for name, field in Experiment.model_fields.items():
        kinds = variants(field)
        group = kinds.get(str(values[name].get("kind"))) if kinds else field.annotation
        try:
            groups[name] = group.model_validate(values[name])  # type: ignore[union-attr]
        except (AttributeError, ValidationError, InputError):
            groups[name] = getattr(state.structure, name) if group is None else group()
    return Experiment.model_construct(None, **groups)


def _kinds(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            if "kind" in value:
                yield f"{prefix}{name}.kind", value["kind"]
            yield from _kinds(value, f"{prefix}{name}.")


def _find(values: Mapping[str, Any], key: str) -> Any:
    for part in key.split("."):
        if not isinstance(values, Mapping):
            raise KeyError(key)
        values = values[part]
    return values


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    path, _, name = key.rpartition(".")
    (_find(values, path) if path else values)[name] = value
