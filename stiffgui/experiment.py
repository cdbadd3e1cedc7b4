"""The one declaration of every setting: what is learnt, by which network, penalised how,
trained how, and what is watched meanwhile.

An `Experiment` is frozen. It is read from TOML, changed by dotted keys
(`with_settings({"training.epochs": 300})`), and written back to TOML; bad values raise one
`InputError` sentence that names the key and the allowed values.
"""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import tomlkit
from pydantic import BeforeValidator, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from stiffgui.errors import InputError, nearest, no_reading, one_of
from stiffgui.regularizers import AnyRegularizer, NoPenalty
from stiffgui.resnet.architecture import Architecture
from stiffgui.settings import (
    Settings,
    Spec,
    as_kind,
    declarations,
    groups_of,
    is_hidden,
    kind_of,
    setting,
    specs,
    variants,
)
from stiffgui.settings_errors import declared, placed, refusal
from stiffgui.stiffness import PROXIES
from stiffgui.tasks import Alpine02, AnyTask
from stiffgui.training_settings import Training, Watch


class TomlSettings(Settings):
    """Settings that are a TOML file of their own."""

    @classmethod
    def of(cls, values: Mapping[str, Any], source: str = "") -> Self:
        """From nested values; InputError (naming `source`) when they are bad."""
        raise NotImplementedError

    @classmethod
    def from_toml(cls, text: str, source: str = "settings") -> Self:
        """From TOML text. Raises InputError naming `source` and the line or key."""
        return cls.of(toml_values(text, source), source)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """From a TOML file. Raises InputError when it cannot be read or is bad.

        The path of a table counts from the file's folder, unless it is absolute.
        """
        return cls.of(read_values(Path(path)), str(path))

    def to_toml(self) -> str:
        """All settings as TOML text; `from_toml` reads it back to equal ones."""
        return tomlkit.dumps(self.model_dump(mode="json", exclude_none=True))


class Experiment(TomlSettings):
    """Everything that determines a training."""

    task: Annotated[AnyTask, BeforeValidator(as_kind)] = setting(
        Alpine02(), title="Function", help="What is learnt."
    )
    architecture: Architecture = setting(Architecture(), title="Architecture", help="")
    regularizer: Annotated[AnyRegularizer, BeforeValidator(as_kind)] = setting(
        NoPenalty(), title="Penalty", help="What is added to the loss."
    )
    training: Training = setting(Training(), title="Training", help="")
    watch: Watch = setting(Watch(), title="Watch", help="")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.architecture.check(self.task.inputs, self.task.outputs)
        self.regularizer.check(self.architecture.width)
        for name in self.watch.indices:
            if name in PROXIES:
                PROXIES[name]().check(self.architecture.width)
        if self.training.cuda_graph:
            self._check_graph()
        if self.training.early_stopping and not self.task.validated:
            raise InputError(
                "training.early_stopping looks at validation samples, and there are none: set "
                f"task.{self.task.validated_by}, or training.early_stopping to 0.",
                "training.early_stopping",
            )
        samples = self.task.training_samples
        if self.training.batch_size > samples:
            raise InputError(
                f"training.batch_size {self.training.batch_size} is larger than the training set "
                f"of {samples} samples: choose a value from 1 to {samples}.",
                "training.batch_size",
            )
        return self

    def _check_graph(self) -> None:
        """A captured step has one step size, and no solver that looks at values."""
        reasons = {
            "training.end_time_jitter": self.training.end_time_jitter == 0,
            "architecture.integrator": self.architecture.integrator == "euler",
        }
        for key, fits in reasons.items():
            if not fits:
                default = "0" if key.startswith("training") else "euler"
                raise InputError(
                    f"training.cuda_graph captures one fixed step: set {key} to {default}, or "
                    f"training.cuda_graph to false.",
                    key,
                )
        if self.regularizer.waits:
            chosen = getattr(self.regularizer, "proxy", self.regularizer)
            raise InputError(
                f"training.cuda_graph captures steps that do not wait for the processor, and a "
                f"penalty on {kind_of(type(chosen))} does at every step: choose another penalty, "
                f"or set training.cuda_graph to false.",
                "training.cuda_graph",
            )

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch, the short last one included."""
        return -(-self.task.training_samples // self.training.batch_size)

    @classmethod
    def of(cls, values: Mapping[str, Any], source: str = "") -> Experiment:
        """An experiment from nested values; InputError (naming `source`) when they are bad."""
        experiment, problems = checked(values)
        if experiment is None:
            key, sentence = next(iter(problems.items()))
            raise InputError(f"{source}: {sentence}" if source else sentence, key)
        return experiment

    def with_settings(self, changes: Mapping[str, Any]) -> Experiment:
        """A copy with settings changed by dotted key.

        `{"regularizer.kind": "stiffness"}` (or `"regularizer": "stiffness"`) chooses another
        group; settings that the new group does not have fall away. Text is converted to the
        setting's type, lists may be text with commas. Raises InputError for an unknown key (the
        nearest is suggested) or a bad value.
        """
        return Experiment.of(self.changed_values(changes))

    def changed_values(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Nested values after `changes`, not yet validated; InputError for an unknown key."""
        values = self.model_dump(mode="python")
        by_choice_first = sorted(changes.items(), key=lambda kv: _order(kv[0]))
        for key, value in by_choice_first:
            _assign(values, key, value)
        return values

    def specs(self) -> list[Spec]:
        """Every setting that exists for the present choices, in declared order."""
        return list(specs(self))

    def flat(self) -> dict[str, Any]:
        """Dotted key -> value for every setting that exists for the present choices."""
        values = self.model_dump(mode="python")
        return {key: _lookup(values, key) for key, *_ in declarations(self)}

    def differences(self, other: Experiment) -> dict[str, tuple[Any, Any]]:
        """Dotted key -> (mine, theirs) where the two differ; None where one has no such key."""
        mine, theirs = self.flat(), other.flat()
        keys = list(mine) + [k for k in theirs if k not in mine]
        return {k: (mine.get(k), theirs.get(k)) for k in keys if mine.get(k) != theirs.get(k)}


MOST_TEXT = 200_000  # characters of settings; all that there are take some two thousand
MOST_DOTS = 1000  # on a line: keys of so many parts take tomllib for ever


def toml_values(text: str, source: str) -> dict[str, Any]:
    """Nested values of TOML text. Raises InputError naming `source` and the line."""
    if len(text) > MOST_TEXT or any(line.count(".") > MOST_DOTS for line in text.splitlines()):
        raise InputError(
            f"{source} is longer than settings are (more than {MOST_TEXT} characters, or a line of "
            f"more than {MOST_DOTS} points): name a file of settings."
        )
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{source} is nested deeper than settings are.") from None
    except ValueError as error:
        is_syntax = isinstance(error, tomllib.TOMLDecodeError)
        why = error if is_syntax else "a number in it has thousands of digits"
        raise InputError(
            f"{source} is not TOML: {why}. Correct that line; `stiffgui presets --toml "
            f"alpine02` prints a file that works."
        ) from None


def read_values(path: Path) -> dict[str, Any]:
    """Nested values of a TOML file, a table's path made to count from the file's folder.

    Raises InputError when the file cannot be read, is empty, or is no TOML.
    """
    try:
        if path.exists() and not path.is_dir() and not path.is_file():
            raise InputError(f"{path} is a pipe or a device: name a TOML file.")
        with path.open("rb") as file:
            is_wide = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # of PowerShell
        with path.open(encoding="utf-16" if is_wide else "utf-8-sig") as file:
            text = file.read(MOST_TEXT + 1)  # more is refused
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError):
            raise no_reading(path, error) from None
        raise InputError(
            f"{path} is not a settings file: it is not UTF-8 text. Name a TOML file."
        ) from None
    if not text.strip():
        raise InputError(
            f"{path} is empty: write settings into it; `stiffgui presets --toml alpine02` "
            f"prints a file that works."
        )
    values = toml_values(text, str(path))
    _count_from(path.absolute().parent, values)
    return values


def _count_from(folder: Path, values: dict[str, Any]) -> None:
    settings = values.get("experiment", values)  # a study's file has it one deeper
    task = settings.get("task") if isinstance(settings, dict) else None
    if not isinstance(task, dict):
        return
    for name in ("path", "outputs_path"):
        table = task.get(name)
        if table and isinstance(table, str) and not Path(table).expanduser().is_absolute():
            task[name] = str(folder / table)


def checked(values: Mapping[str, Any]) -> tuple[Experiment | None, dict[str, str]]:
    """Nested values as an experiment; or None and what is wrong: dotted key -> sentence."""
    try:
        return Experiment.model_validate(values), {}
    except ValidationError as error:
        return None, dict(_explain(details, values) for details in error.errors())
    except InputError as error:
        return None, {error.key or "": str(error)}


def _order(key: str) -> tuple[bool, int]:
    """Choices come first, outer ones before the inner ones that they bring into being."""
    chooser = key.removesuffix(".kind")
    return chooser not in _CHOICES, chooser.count(".")


def _walk(model: type[Settings], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Dotted key and declaration of everything that any choice of groups can have."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}", field
        for group in groups_of(field):
            yield from _walk(group, f"{prefix}{name}.")


_CHOICES: dict[str, dict[str, type[Settings]]] = {
    key: kinds for key, field in _walk(Experiment) if (kinds := variants(field))
}


def kinds_of(key: str) -> Mapping[str, type[Settings]]:
    """The groups that a setting chooses between, by kind; none where it chooses no group."""
    return _CHOICES.get(key.removesuffix(".kind"), {})


def all_keys() -> list[str]:
    """Every dotted key that any choice of groups can have."""
    fields = dict(_walk(Experiment))
    return [key for key, f in fields.items() if not groups_of(f) and not is_hidden(f)]


def _assign(values: dict[str, Any], key: str, value: Any) -> None:
    """Put one value into nested values; choosing another kind replaces the group."""
    if key in _CHOICES and isinstance(value, str):
        key = f"{key}.kind"
    *path, name = key.split(".")
    group = values
    for depth, part in enumerate(path):
        inner = group.get(part)
        if not isinstance(inner, dict):
            raise _unknown(key, values, ".".join(path[:depth]))
        group = inner
    if name == "kind":
        kinds = _CHOICES.get(".".join(path), {})
        if value in kinds and group.get("kind") != value:
            old, fields = kinds.get(str(group.get("kind"))), kinds[value].model_fields
            defaults = old().model_dump(mode="python") if old is not None else {}
            # A value left at its default gives way to the new group's default.
            preserved = {k: v for k, v in group.items() if k in fields and v != defaults.get(k)}
            group.clear()
            group.update(kinds[value]().model_dump(mode="python") | preserved)
            group["kind"] = value
        group["kind"] = value
    elif name not in group or isinstance(group[name], dict):
        raise _unknown(key, values, ".".join(path))
    else:
        is_list = isinstance(group[name], tuple | list)
        if is_list and isinstance(value, str):
            value = tuple(part.strip() for part in value.strip("[]").split(",") if part.strip())
            value = tuple(part.strip("\"'") for part in value)
        group[name] = value


def _unknown(key: str, values: Mapping[str, Any], group: str) -> InputError:
    known = all_keys()
    inner = [k for k in known if key and k.startswith(f"{key}.")]
    if inner and key not in _CHOICES:
        return InputError(f"{key} is a table of settings; name one of them, as in {inner[0]}.", key)
    if key in known or key in _CHOICES:
        outer = [c for c in _CHOICES if key.startswith(f"{c}.") and key != f"{c}.kind"]
        if not outer:
            return InputError(f"{key} must be a name: choose {one_of(_CHOICES[key])}.", key)
        chooser = max(outer, key=len)
        name = key[len(chooser) + 1 :].split(".")[0]
        kinds = [k for k, m in _CHOICES[chooser].items() if name in m.model_fields]
        return InputError(
            f"{key} exists only when {chooser}.kind is {one_of(kinds)}; set that too.", key
        )
    hint = nearest(key, known) or " `stiffgui presets --toml alpine02` lists them."
    return InputError(f"{key} is not a setting.{hint}", key)


def _lookup(values: Mapping[str, Any], key: str) -> Any:
    for part in key.split("."):
        values = values[part]
    return values


def _explain(details: ErrorDetails, values: Mapping[str, Any]) -> tuple[str, str]:
    """One pydantic error as (dotted key, sentence)."""
    parts, group, name = placed(Experiment, details["loc"])
    key = ".".join(part for part in parts if isinstance(part, str))
    given, kind = details["input"], details["type"]
    if kind == "extra_forbidden":
        return key, str(_unknown(key, values, key.rpartition(".")[0]))
    if kind in ("union_tag_invalid", "union_tag_not_found", "literal_error"):
        chooser = key.removesuffix(".kind")
        kinds = _CHOICES.get(chooser, {})
        chosen = given.get("kind") if isinstance(given, dict) else given
        if chosen is None:
            return f"{chooser}.kind", f"{chooser}.kind is missing; choose {one_of(kinds)}."
        return f"{chooser}.kind", (
            f"{chooser}.kind {chosen!r} is not known; choose {one_of(kinds)}."
            f"{nearest(str(chosen), kinds)}"
        )
    error = refusal(details, key, declared(group, name))
    return error.key or "", str(error)
