"""How a setting is declared: once, with everything the panel, the command line, the TOML
file, the tooltip and the documentation need.

A group of settings is a frozen pydantic model deriving from `Settings`; each field is made
by `setting(...)`. `specs(model)` reads the declarations back as plain `Spec` records. A field
whose type is a union of `Settings` classes with different `kind`s is a *choice between
groups*: only the settings of the chosen group exist, so only rows that matter are shown.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import cleandoc, isfunction
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticKnownError

from stiffgui.errors import nearest, one_of


def setting(
    default: Any,
    *,
    title: str,
    help: str,
    unit: str = "",
    live: bool = False,
    logarithmic: bool = False,
    advanced: bool = False,
    hidden: bool = False,
    choices: Mapping[str, str] | Callable[[], Mapping[str, str]] | None = None,
    flag: str = "",
    **bounds: Any,
) -> Any:
    """Declare one setting.

    `live`: may change while training and then acts at the next batch. `logarithmic`: edited on
    a logarithmic scale. `advanced`: shown behind "more". `hidden`: kept in files, shown to
    nobody. `choices`: allowed names, each with the line that explains it. `flag`: what a command
    line calls it where that is not its name. `bounds`: ge, gt, le, lt, min_length. Default and
    choices may be functions that give them, where they follow from a table that can grow.
    """
    extra: dict[str, Any] = {
        "unit": unit,
        "live": live,
        "logarithmic": logarithmic,
        "advanced": advanced,
        "hidden": hidden,
        "choices": choices,
        "flag": flag,
    }
    source: Any = {"default_factory" if isfunction(default) else "default": default}
    return Field(**source, title=title, description=help, json_schema_extra=extra, **bounds)


AUTO = "auto"


def _read_automatic(value: Any) -> Any:
    if value == AUTO:
        return 0
    is_zero = False
    with contextlib.suppress(TypeError, ValueError):
        is_zero = not isinstance(value, bool) and float(value) == 0
    if is_zero:
        raise PydanticKnownError("greater_than", {"gt": 0})
    return value


_AUTOMATIC = (
    BeforeValidator(_read_automatic),
    PlainSerializer(lambda value: value or AUTO),
)
# Numbers that may be left to the program: 0 within it, which people read and write as `auto`.
AutoNumber = Annotated[float, *_AUTOMATIC]
AutoInteger = Annotated[int, *_AUTOMATIC]


class Settings(BaseModel):
    """A frozen group of settings."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        allow_inf_nan=False,
        defer_build=True,  # of its validator, until it is used: most are not while a window opens
    )

    @model_validator(mode="before")
    @classmethod
    def _no_flag_as_number(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        fields = cls.model_fields
        numbers = {name for name, field in fields.items() if field.annotation in (int, float)}
        # pydantic would read true as 1; as text it is refused, at the right key.
        return {
            name: str(value).lower() if isinstance(value, bool) and name in numbers else value
            for name, value in values.items()
        }

    @field_validator("*", mode="after")
    @classmethod
    def _within_choices(cls, value: Any, info: ValidationInfo) -> Any:
        if info.field_name is None:
            return value
        choices = _named_choices(cls.model_fields[info.field_name])
        if choices:
            for name in [value] if isinstance(value, str) else value:
                if name not in choices:
                    raise ValueError(
                        f"{name!r} is not known; choose {one_of(choices)}.{nearest(name, choices)}"
                    )
            if not isinstance(value, str) and len(set(value)) != len(value):
                raise ValueError("a name stands twice; name each once")
        return value

    @classmethod
    def title(cls) -> str:
        """The first line of the docstring: what a chooser shows beside the kind."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0].rstrip(".")

    @classmethod
    def explanation(cls) -> list[str]:
        """The other paragraphs of the docstring, each in one line."""
        return [" ".join(part.split()) for part in cleandoc(cls.__doc__ or "").split("\n\n")[1:]]


@dataclass(frozen=True)
class Spec:
    """One row of the settings table, as plain values.

    `type` is one of integer, number, text, flag, choice, choices (several of them).
    `lower`/`upper` are bounds, exclusive where `open_lower`/`open_upper`.
    """

    key: str
    group: str
    title: str
    help: str
    type: str
    default: Any
    unit: str = ""
    live: bool = False
    logarithmic: bool = False
    advanced: bool = False
    choices: Mapping[str, str] | None = None
    lower: float | None = None
    upper: float | None = None
    open_lower: bool = False
    open_upper: bool = False
    flag: str = ""
    automatic: bool = False

    @property
    def bounds(self) -> str:
        """The allowed values in words, empty when anything goes."""
        if self.choices is not None:
            return one_of(self.choices)
        if self.automatic:
            least = "from 1" if self.type == "integer" else "above 0"
            return f"{least} to {_number(self.upper or 0)}, or {AUTO}"
        low = "" if self.lower is None else _number(self.lower)
        high = "" if self.upper is None else _number(self.upper)
        if low and high:
            ends = f"{'above' if self.open_lower else 'from'} {low}"
            return f"{ends} {'to below' if self.open_upper else 'to'} {high}"
        if low:
            return f"above {low}" if self.open_lower else f"at least {low}"
        if high:
            return f"below {high}" if self.open_upper else f"at most {high}"
        return ""


def specs(model: Settings) -> Iterator[Spec]:
    """The settings that exist for `model`'s present choices, in their declared order."""
    for key, field, kinds in declarations(model):
        yield _kind_spec(key, field, kinds) if kinds else spec_of(key, field)


Declaration = tuple[str, FieldInfo, Mapping[str, type[Settings]]]


def declarations(model: Settings, prefix: str = "") -> Iterator[Declaration]:
    """Of the same settings the dotted key, the declaration, and the groups it chooses between."""
    for name, field in type(model).model_fields.items():
        key = f"{prefix}{name}"
        value = getattr(model, name)
        if isinstance(value, Settings):
            kinds = variants(field)
            if kinds:
                yield f"{key}.kind", field, kinds
            yield from declarations(value, f"{key}.")
        elif name != "kind" and not is_hidden(field):
            yield key, field, {}


def variants(field: FieldInfo) -> dict[str, type[Settings]]:
    """The groups a field chooses between, by kind; empty when it is no such choice."""
    members = (
        get_args(field.annotation)
        if get_origin(field.annotation) in (Union, types.UnionType)
        else [field.annotation]
    )
    return {kind_of(m): m for m in members if isinstance(m, type) and "kind" in fields_of(m)}


def groups_of(field: FieldInfo) -> list[type[Settings]]:
    """The groups that a field can hold, one after another in a list; none for a plain value."""
    members = (field.annotation, *get_args(field.annotation))
    return [m for m in members if isinstance(m, type) and issubclass(m, Settings)]


def flag_of(name: str, field: FieldInfo) -> str:
    """What a command line calls a setting; `--yes/--no` of one that is true or false."""
    flag = str(_extra(field).get("flag") or "")
    if flag:
        return flag
    plain = name.replace("_", "-")
    if type_name(field) != "flag":
        return f"--{plain}"
    return f"--{plain}/" if field.default is False else f"--{plain}/--no-{plain}"


def fields_of(model: type) -> Mapping[str, FieldInfo]:
    """Declared fields of a settings class; none for any other class."""
    return model.model_fields if issubclass(model, Settings) else {}


def is_automatic(field: FieldInfo) -> bool:
    """Whether a number may be left to the program."""
    return _AUTOMATIC[0] in field.metadata


def is_hidden(field: FieldInfo) -> bool:
    """Whether a setting is the program's own: kept in files, and shown to nobody."""
    return bool(_extra(field).get("hidden"))


def kind_of(model: type[Settings]) -> str:
    """The name under which a variant is chosen."""
    return str(model.model_fields["kind"].default)


def as_kind(value: object) -> object:
    """A bare name as the group it chooses; for a `BeforeValidator` of a choice between groups."""
    return {"kind": value} if isinstance(value, str) else value


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _kind_spec(key: str, field: FieldInfo, kinds: Mapping[str, type[Settings]]) -> Spec:
    return Spec(
        key=key,
        group=key.split(".")[0],
        title=field.title or key,
        help=field.description or "",
        type="choice",
        default=getattr(field.default, "kind", None),
        choices={name: variant.title() for name, variant in kinds.items()},
    )


_SHARED = ("unit", "live", "logarithmic", "advanced", "flag")  # by a declaration and its Spec


def spec_of(key: str, field: FieldInfo) -> Spec:
    """The declaration of one setting, as plain values."""
    extra = _extra(field)
    limits: dict[str, Any] = {}
    automatic, default = is_automatic(field), field.get_default(call_default_factory=True)
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge):
            limits |= {"lower": rule.ge}
        elif isinstance(rule, annotated_types.Gt):
            limits |= {"lower": rule.gt, "open_lower": True}
        elif isinstance(rule, annotated_types.Le):
            limits |= {"upper": rule.le}
        elif isinstance(rule, annotated_types.Lt):
            limits |= {"upper": rule.lt, "open_upper": True}
    return Spec(
        key=key,
        group=key.split(".")[0],
        title=field.title or key,
        help=field.description or "",
        type=type_name(field),
        default=AUTO if automatic and not default else default,
        choices=_choices(field),
        automatic=automatic,
        **{name: extra[name] for name in _SHARED if name in extra},
        **limits,
    )


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _plain_type(field: FieldInfo) -> Any:
    """The type of a setting; of one that may be left open (None), what it is otherwise."""
    annotation = field.annotation
    if get_origin(annotation) in (Union, types.UnionType):
        members = [m for m in get_args(annotation) if m is not type(None)]
        return members[0] if len(members) == 1 else annotation
    return annotation


def _named_choices(field: FieldInfo) -> Mapping[str, str] | None:
    """The choices that the declaration names, as they are now."""
    choices = _extra(field).get("choices")
    return choices() if callable(choices) else choices


def _choices(field: FieldInfo) -> Mapping[str, str] | None:
    choices, plain = _named_choices(field), _plain_type(field)
    if choices is None and get_origin(plain) is Literal:
        choices = {str(name): "" for name in get_args(plain)}
    return choices


def type_name(field: FieldInfo) -> str:
    """The type of a setting, as `Spec.type` has it."""
    plain = _plain_type(field)
    if _choices(field) is not None:
        return "choices" if get_origin(plain) in (tuple, Sequence) else "choice"
    return {int: "integer", float: "number", bool: "flag"}.get(plain, "text")
