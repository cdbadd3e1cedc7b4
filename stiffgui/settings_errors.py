"""One sentence for what pydantic refuses of a setting: the key, what was given, what is allowed."""

from __future__ import annotations

from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stiffgui.errors import InputError, nearest
from stiffgui.settings import Settings, Spec, specs

_WORDS = {"integer": "a whole number", "number": "a number", "flag": "true or false"}
_LISTS = ("tuple_type", "list_type")
_TABLES = ("dict_type", "model_type", "model_attributes_type")
LONGEST = 60  # characters of a value that a sentence repeats


def first_error(model: type[Settings], error: ValidationError, owner: str) -> InputError:
    """The first thing that is wrong with values of `model`, which are settings of `owner`
    (`a study`)."""
    details = error.errors()[0]
    key = ".".join(str(part) for part in details["loc"])
    group, name = _group_of(model, details["loc"])
    if details["type"] == "extra_forbidden":
        known = nearest(name, group.model_fields)
        return InputError(f"{key} is not a setting of {owner}.{known}", key)
    declared = specs(group.model_construct())  # its defaults, though they need not be valid
    return refusal(details, key, next((spec for spec in declared if spec.key == name), None))


def refusal(details: ErrorDetails, key: str, spec: Spec | None) -> InputError:
    """Why the value at `key` is refused; `spec` declares it, None for a group of settings."""
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return cause
    if cause is not None:
        return InputError(f"{key}: {cause}", key)
    text = repr(details["input"])
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
    return InputError(f"{key} is {text}; it must be {_allowed(details['type'], spec)}.", key)


def _allowed(error: str, spec: Spec | None) -> str:
    if spec is not None and spec.type in ("choice", "choices"):
        return spec.bounds
    if error in _LISTS:
        return "a list"
    if spec is None or error in _TABLES:
        return "a table of settings"
    return " ".join(filter(None, (_WORDS.get(spec.type, spec.type), spec.bounds, spec.unit)))


def _group_of(model: type[Settings], location: tuple[int | str, ...]) -> tuple[type[Settings], str]:
    """The group in which pydantic's `location` lies, and the name of the setting in it."""
    *path, name = [part for part in location if isinstance(part, str)] or [""]
    for part in path:
        field = model.model_fields.get(part)
        annotation = field.annotation if field is not None else None
        for member in (annotation, *get_args(annotation)):
            if isinstance(member, type) and issubclass(member, Settings):
                model = member
    return model, name
