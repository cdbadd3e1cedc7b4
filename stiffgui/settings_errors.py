"""One sentence for what pydantic refuses of a setting: the key, what was given, what is allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stiffgui.errors import InputError, nearest
from stiffgui.settings import Settings, Spec, groups_of, specs, variants

_WORDS = {"integer": "a whole number", "number": "a number", "flag": "true or false"}
_LISTS = ("tuple_type", "list_type")
_TABLES = ("dict_type", "model_type", "model_attributes_type")
LONGEST = 60  # characters of a value that a sentence repeats


def first_error(model: type[Settings], error: ValidationError, owner: str) -> InputError:
    """The first thing that is wrong with values of `model`, which are settings of `owner`
    (`a study`)."""
    details = error.errors()[0]
    parts, group, name = placed(model, details["loc"])
    key = ".".join(map(str, parts))
    if details["type"] == "extra_forbidden":
        known = nearest(name, group.model_fields)
        mend = f".{known}" if known else ": leave it out."
        return InputError(f"{key} is not a setting of {owner}{mend}", key)
    return refusal(details, key, declared(group, name))


def as_written(value: Any) -> str:
    """A value as a sentence repeats it, shortened."""
    text = str(value) if isinstance(value, date | time) else repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def declared(group: type[Settings], name: str) -> Spec | None:
    """The declaration of a setting of a group; None of a group in it."""
    known = specs(group.model_construct())  # its defaults, though they need not be valid
    return next((spec for spec in known if spec.key == name), None)


def refusal(details: ErrorDetails, key: str, spec: Spec | None) -> InputError:
    """Why the value at `key` is refused; `spec` declares it, None for a group of settings."""
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return cause
    if cause is not None:
        return InputError(f"{key}: {cause}", key)
    text = as_written(details["input"])
    return InputError(f"{key} is {text}; it must be {_allowed(details['type'], spec)}.", key)


def _allowed(error: str, spec: Spec | None) -> str:
    if error.startswith(("float", "finite")) and spec is not None:  # lists are declared as text
        spec = replace(spec, type="number")
    if spec is not None and spec.type in ("choice", "choices"):
        return spec.bounds
    if error in _LISTS:
        return "a list"
    if spec is None or error in _TABLES:
        return "a table of settings"
    if spec.unit and spec.automatic:
        return f"{_WORDS.get(spec.type, spec.type)} of {spec.unit} {spec.bounds}"
    return " ".join(filter(None, (_WORDS.get(spec.type, spec.type), spec.bounds, spec.unit)))


def placed(
    model: type[Settings], location: tuple[int | str, ...]
) -> tuple[list[int | str], type[Settings], str]:
    """pydantic's `location` without the tags of unions, the group in which it lies, and the name
    of the setting in it."""
    parts: list[int | str] = []
    group, name, inner, kinds = model, "", model, dict[Any, type[Settings]]()
    for part in location:
        if part in kinds:  # a setting may be called like a kind: one tag a chooser
            inner, kinds = kinds[part], {}
            continue
        parts.append(part)
        if isinstance(part, str):
            group, name = inner, part
            field = group.model_fields.get(name)
            kinds = variants(field) if field is not None else {}
            inner = next(iter(groups_of(field)), group) if field is not None else group
    return parts, group, name
