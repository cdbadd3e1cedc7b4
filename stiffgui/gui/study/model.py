"""The study being edited in the window: maybe not allowed yet, always undoable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.gui.settings.model import Change, SettingsModel, State, loaded
from stiffgui.gui.settings.rows import words
from stiffgui.settings import Spec, spec_of
from stiffgui.study.declaration import NAMES, OF_THE_STUDY, WEIGHT, Study, Variant, name_of
from stiffgui.study.library import studies
from stiffgui.study.sweep import Sweep

OWN = ("trials", "data", "per_draw", "margin", "against", "together", "snapshots")  # as rows
ALL = "all variants"
_WEIGHTS = spec_of("weights", Variant.model_fields["weights"])
WEIGHTS = replace(_WEIGHTS, group=WEIGHT.split(".")[0], type="numbers")


@dataclass(frozen=True)
class Draft:
    """A study as edited: `declared` are its nested values, maybe not allowed; each of its
    variants is a dictionary. `start`: what was loaded. `typed`: the settings that were edited of a
    variant, by its name, or of all (ALL), with what is not allowed among them.
    """

    name: str
    start: Study
    declared: dict[str, Any]
    typed: Mapping[str, State] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, study: Study) -> Draft:
        """A study to be edited; its sweep becomes listed variants."""
        declared = {key: getattr(study, key) for key in type(study).model_fields}
        declared["variants"] = tuple(v.model_dump() for v in study.all_variants)
        return cls(name, study, declared | {"sweep": Sweep()})

    @property
    def values(self) -> object:
        """What steps of undo compare."""
        return self.declared, {name: state.values for name, state in self.typed.items()}

    @property
    def experiment(self) -> Experiment:
        """What all variants have in common."""
        return self.declared["experiment"]  # type: ignore[no-any-return]

    @property
    def variants(self) -> tuple[dict[str, Any], ...]:
        """Name, settings and weights of each."""
        return self.declared["variants"]  # type: ignore[no-any-return]

    @property
    def names(self) -> list[str]:
        """The variants' names."""
        return [variant["name"] for variant in self.variants]

    def experiment_of(self, row: int) -> Experiment:
        """What a variant is; -1: what all share. Raises InputError where it is not allowed."""
        return self.experiment.with_settings(self.variants[row]["settings"] if row >= 0 else {})

    def differs_in(self, row: int) -> str:
        """What a variant changes, by the titles of its settings."""
        variant = self.variants[row]
        try:
            titles = {spec.key: spec.title for spec in self.experiment_of(row).specs()}
        except InputError:
            titles = {}
        parts = [f"{titles.get(k, k)} {words(v)}" for k, v in variant["settings"].items()]
        chosen = variant["weights"]
        return "; ".join(parts + ([f"{WEIGHTS.title} {words(chosen)}"] if chosen else []))

    def study(self) -> Study:
        """The study, if it is allowed. Raises InputError."""
        for name in (ALL, *self.names):
            state = self.typed.get(name)
            if state is not None and state.experiment is None:
                raise InputError(f"{name}: {next(iter(state.problems.values()))}")
        return Study.of(self.declared)


class RowModel(SettingsModel):
    """The settings of the chosen variant, compared with those of all, or of all: what is edited
    is the study."""

    def __init__(self, study: StudyModel) -> None:
        self._study = study
        super().__init__(experiment=study.draft.experiment, parent=study)

    def specs(self) -> list[Spec]:
        """Those that a variant may change, and the weights that it may choose from."""
        one = self._study.chosen >= 0
        hidden = set(OF_THE_STUDY) - (set() if one else {"training.seed"})
        out = []
        for spec in super().specs():
            if spec.key not in hidden:
                out.append(replace(spec, live=False))
            if one and spec.key == WEIGHT:
                out.append(WEIGHTS)
        return out

    def value(self, key: str) -> Any:
        return self._weights if key == WEIGHTS.key else super().value(key)

    def reference(self, spec: Spec) -> Any:
        return () if spec == WEIGHTS else super().reference(spec)

    def differs(self, key: str) -> bool:
        return bool(self._weights) if key == WEIGHTS.key else super().differs(key)

    def edit(self, key: str, value: Any) -> None:
        if key == WEIGHTS.key:
            self._study.change_variant(self._study.chosen, "Change weights", weights=value)
        else:
            super().edit(key, value)

    def reset(self, key: str) -> None:
        if key == WEIGHTS.key:
            self.edit(key, ())
        else:
            super().reset(key)

    def show_row(self, state: State) -> None:
        """Show the settings of another variant, or others of the same."""
        self._show(state)

    @property
    def _weights(self) -> Any:
        return self._study.draft.variants[self._study.chosen]["weights"]

    def _push(self, text: str, after: State, key: str | None = None) -> None:
        self._study.take(text, after, key)


class StudyModel(QObject):
    """The draft, the study it makes, and what is wrong with it. Emits `changed`.

    `row` edits the chosen variant; `chosen` is its place, -1 for what all share. Settings of the
    study itself are edited as those of a `SettingsModel` are.
    """

    changed = Signal()

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo = QUndoStack(self)
        self._state = Draft.of(name, studies[name])
        self.study: Study | None = self.draft.study()
        self.problem = ""
        self.chosen = -1
        self.row = RowModel(self)

    @property
    def draft(self) -> Draft:
        """The study as edited."""
        return self._state

    # ------------------------------------------------------- the study's own settings

    def specs(self) -> list[Spec]:
        """Those that matter for the present choices."""
        specs = [spec_of(name, Study.model_fields[name]) for name in OWN]
        names = dict.fromkeys(self.draft.names, "")
        return [
            replace(spec, type="choices", choices=names) if spec.key == "against" else spec
            for spec in specs
            if spec.key != "per_draw" or self.value("data") == "redrawn"
        ]

    def value(self, key: str) -> Any:
        return self.draft.declared[key]

    def reference(self, spec: Spec) -> Any:
        return getattr(self.draft.start, spec.key)

    def differs(self, key: str) -> bool:
        return bool(self.value(key) != getattr(self.draft.start, key))

    def edit(self, key: str, value: Any) -> None:
        self.change(f"Change {Study.model_fields[key].title}", key, **{key: value})

    def reset(self, key: str) -> None:
        self.edit(key, getattr(self.draft.start, key))

    # ------------------------------------------------------------------- the whole

    def load(self, name: str, study: Study) -> None:
        """Start from a study that comes with stiffgui, or from a file's."""
        self._push(f"Load {name}", Draft.of(name, study))

    def take_experiment(self, experiment: Experiment) -> None:
        """Use the Train panel's settings as what all variants have in common; of penalised ones
        the variants are the penalties."""
        if name_of(experiment) != NAMES["none"]:
            after = Draft.of("study", Study.of_experiment(experiment))
        else:
            others = {"experiment": experiment, "references": ()}
            after = Draft("study", self.draft.start, self.draft.declared | others)
        self._push("Take the settings of Train", after)

    def change(self, text: str, key: str | None = None, **parts: Any) -> None:
        """Change parts of what is declared; steps of one key become one."""
        after = replace(self.draft, declared=self.draft.declared | parts)
        if after.values != self.draft.values:
            self._push(text, after, key)

    # ---------------------------------------------------------------- its variants

    def choose(self, row: int) -> None:
        """Let `row` edit another variant; -1: what all share."""
        self.chosen = row
        self._show_row()

    def take(self, text: str, after: State, key: str | None) -> None:
        """Take over what was edited of the chosen variant, or of all."""
        draft, name = self.draft, self._chosen_name
        declared = draft.declared
        if after.experiment is not None and name == ALL:
            declared = declared | {"experiment": after.experiment}
        elif after.experiment is not None:
            variants = list(draft.variants)
            settings = difference(draft.experiment, after.experiment)
            variants[self.chosen] = variants[self.chosen] | {"settings": settings}
            declared = declared | {"variants": tuple(variants)}
        typed = {**draft.typed, name: after}
        self._push(text, replace(draft, declared=declared, typed=typed), key and f"{name} {key}")

    def change_variant(self, row: int, text: str, **parts: Any) -> None:
        """Change the name or the weights of a variant."""
        variants = list(self.draft.variants)
        variants[row] = variants[row] | parts
        self._change_variants(text, variants)

    def add(self, variants: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Add variants by names and settings; a name that is taken gets a number."""
        listed = list(self.draft.variants)
        for name, settings in variants:
            names, free, number = [v["name"] for v in listed], name, 2
            while free in names:
                free, number = f"{name} {number}", number + 1
            listed.append(Variant(name=free, settings=settings).model_dump())
        self._change_variants("Add variants", listed)

    def add_experiment(self, experiment: Experiment) -> None:
        """Add a variant of these settings, called after its penalty."""
        self.add([(name_of(experiment), difference(self.draft.experiment, experiment))])

    def remove(self, row: int) -> None:
        """Take a variant out."""
        variants = [v for k, v in enumerate(self.draft.variants) if k != row]
        self._change_variants("Remove a variant", variants)

    def make_first(self, row: int) -> None:
        """Compare the others with this variant."""
        variants = list(self.draft.variants)
        variants.insert(0, variants.pop(row))
        self._change_variants("Compare with another variant", variants)

    @property
    def _chosen_name(self) -> str:
        return ALL if self.chosen < 0 else self.draft.names[self.chosen]

    def _change_variants(self, text: str, variants: Sequence[dict[str, Any]]) -> None:
        names = [ALL, *(v["name"] for v in variants)]
        typed = {name: state for name, state in self.draft.typed.items() if name in names}
        declared = self.draft.declared | {"variants": tuple(variants)}
        self._push(text, replace(self.draft, declared=declared, typed=typed))

    def _push(self, text: str, after: Draft, key: str | None = None) -> None:
        self.undo.push(Change(self, text, after, key))

    def _show(self, draft: Draft) -> None:
        self._state = draft
        self.chosen = min(self.chosen, len(draft.variants) - 1)
        try:
            self.study, self.problem = draft.study(), ""
        except InputError as error:
            self.study, self.problem = None, str(error)
        self._show_row()
        self.changed.emit()

    def _show_row(self) -> None:
        name, draft = self._chosen_name, self.draft
        base = draft.start.experiment if name == ALL else draft.experiment
        state = draft.typed.get(name)
        if state is None or (state.experiment is not None and state.preset != base):
            try:
                state = loaded(name, draft.experiment_of(self.chosen))
            except InputError:  # as `problem` says
                state = loaded(name, draft.experiment)
        self.row.show_row(replace(state, preset_name=name, preset=base))


def difference(base: Experiment, other: Experiment) -> dict[str, Any]:
    """What a variant has to set so that `base` becomes `other`."""
    after = other.differences(base)
    return {k: mine for k, (mine, _) in after.items() if mine is not None and k not in OF_THE_STUDY}


def common(base: Experiment, name: str) -> dict[str, Any]:
    """What one of the talk's variants changes of a base, which may have a penalty itself."""
    study = Study.of_experiment(base)
    settings = next(v.settings for v in study.variants if v.name == name)
    return difference(base, study.experiment.with_settings(settings))
