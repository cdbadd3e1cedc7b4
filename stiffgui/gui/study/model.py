"""The study being edited in the window: maybe not allowed yet, always undoable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.study.declaration import Reference, Study
from stiffgui.study.library import studies

_BETWEEN = re.compile(r"[;,]\s*(?=[A-Za-z_.0-9]+\s*=)")


@dataclass(frozen=True)
class Draft:
    """A study as typed. `settings` of a variant is text: `key = value; key = value`."""

    name: str
    about: str
    experiment: Experiment
    variants: tuple[tuple[str, str], ...]
    trials: int
    together: int
    snapshots: int
    references: tuple[Reference, ...]

    @classmethod
    def of(cls, name: str, study: Study) -> Draft:
        """A study to be edited; its sweep becomes listed variants."""
        return cls(
            name,
            study.about,
            study.experiment,
            tuple((v.name, as_text(v.settings)) for v in study.all_variants),
            study.trials,
            study.together,
            study.snapshots,
            study.references,
        )

    def study(self) -> Study:
        """The study, if it is allowed. Raises InputError."""
        variants = []
        for name, text in self.variants:
            try:
                variants.append({"name": name, "settings": from_text(text)})
            except InputError as error:
                raise InputError(f"variant {name!r}: {error}") from None
        return Study.of(
            {
                "about": self.about,
                "experiment": self.experiment,
                "variants": variants,
                "trials": self.trials,
                "together": self.together,
                "snapshots": self.snapshots,
                "references": self.references,
            }
        )


def as_text(settings: Mapping[str, Any]) -> str:
    """Settings as a person types them: `regularizer.kind = l2; regularizer.weight = 1e-05`."""
    return "; ".join(f"{key} = {_plain(value)}" for key, value in settings.items())


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def from_text(text: str) -> dict[str, str]:
    """Key -> value of such text. Raises InputError for a piece without `=`."""
    settings = {}
    for piece in _BETWEEN.split(text.strip().strip(";")):
        if not piece.strip():
            continue
        key, equals, value = piece.partition("=")
        if not equals:
            raise InputError(
                f"{piece.strip()!r} is no setting: write KEY = VALUE, with semicolons between."
            )
        settings[key.strip()] = value.strip()
    return settings


class _Edit(QUndoCommand):
    def __init__(self, model: StudyModel, text: str, after: Draft) -> None:
        super().__init__(text)
        self._model, self._before, self._after = model, model.draft, after

    def undo(self) -> None:
        self._model._show(self._before)

    def redo(self) -> None:
        self._model._show(self._after)


class StudyModel(QObject):
    """The draft, the study it makes, and what is wrong with it. Emits `changed`."""

    changed = Signal()

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo = QUndoStack(self)
        self.draft = Draft.of(name, studies[name])
        self.study: Study | None = self.draft.study()
        self.problem = ""

    def load(self, name: str, study: Study) -> None:
        """Start from a study that comes with stiffgui, or from a file's."""
        self._push(f"Load {name}", Draft.of(name, study))

    def take_experiment(self, experiment: Experiment) -> None:
        """Use the Train panel's settings as what all variants have in common."""
        self._push(
            "Take the settings of Train",
            replace(self.draft, experiment=experiment, references=(), name="study"),
        )

    def change(self, text: str, **parts: Any) -> None:
        """Change parts of the draft: trials, together, about ..."""
        after = replace(self.draft, **parts)
        if after != self.draft:
            self._push(text, after)

    def set_base(self, key: str, value: Any) -> None:
        """Change one setting of all variants. Raises InputError when it is not allowed."""
        changed = self.draft.experiment.with_settings({key: value})
        self.change(f"Change {key}", experiment=changed)

    def set_variant(self, row: int, name: str, settings: str) -> None:
        """Rename a variant or change what it sets."""
        variants = list(self.draft.variants)
        variants[row] = (name.strip(), settings.strip())
        self.change("Change a variant", variants=tuple(variants))

    def add(self, *variants: tuple[str, str]) -> None:
        """Add variants; a name that is taken gets a number."""
        listed = list(self.draft.variants)
        for name, settings in variants:
            names, free, number = [n for n, _ in listed], name, 2
            while free in names:
                free, number = f"{name} {number}", number + 1
            listed.append((free, settings))
        self.change("Add variants", variants=tuple(listed))

    def remove(self, row: int) -> None:
        """Take a variant out."""
        variants = list(self.draft.variants)
        del variants[row]
        self.change("Remove a variant", variants=tuple(variants))

    def make_first(self, row: int) -> None:
        """Compare the others with this variant."""
        variants = list(self.draft.variants)
        variants.insert(0, variants.pop(row))
        self.change("Compare with another variant", variants=tuple(variants))

    def _push(self, text: str, after: Draft) -> None:
        self.undo.push(_Edit(self, text, after))

    def _show(self, draft: Draft) -> None:
        self.draft = draft
        try:
            self.study, self.problem = draft.study(), ""
        except InputError as error:
            self.study, self.problem = None, str(error)
        self.changed.emit()


def difference(base: Experiment, other: Experiment) -> str:
    """What a variant has to set so that `base` becomes `other`, as text."""
    after = other.differences(base)
    settings = {k: mine for k, (mine, _) in after.items() if mine is not None}
    skipped = ("training.trials", "training.first_trial", "training.seed", "watch.snapshots")
    return as_text({k: v for k, v in settings.items() if k not in skipped})


def common(name: str) -> tuple[str, str]:
    """One of the talk's variants, by name."""
    settings = {
        "RES": "",
        "RES L2": "regularizer.kind = l2; regularizer.weight = 1e-05",
        "RES stiff": "regularizer.kind = stiffness; regularizer.weight = 0.001",
    }
    return name, settings[name]
