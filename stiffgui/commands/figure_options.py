"""Options of a command that are settings of figures: made from their declarations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo

from stiffgui.figures import FIGURES, Figure, Style
from stiffgui.settings import Settings, flag_of, type_name

TYPES: Mapping[str, Any] = {"integer": int, "number": float, "flag": bool}


def declared(*sources: str) -> dict[str, FieldInfo]:
    """Every setting of the figures of these sources, and of their style, by name."""
    kinds: list[type[Settings]] = [k for source in sources for k in FIGURES[source].values()]
    kinds.append(Style)
    fields: dict[str, FieldInfo] = {}
    for kind in kinds:
        fields |= kind.model_fields
    fields.pop("kind", None)
    return fields


def with_figure_options(*sources: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command whose last parameter is `**settings` an option for each setting of the
    figures of these sources."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(command, eval_str=True)
        own = [p for p in signature.parameters.values() if p.kind != p.VAR_KEYWORD]
        parameters = [*own, *_parameters(declared(*sources))]
        command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        return command

    return decorate


def _parameters(fields: Mapping[str, FieldInfo]) -> Iterator[inspect.Parameter]:
    for name, field in fields.items():
        kind = type_name(field)
        several = kind == "choices" or name == "limits"
        python: Any = list[str] if several else TYPES.get(kind, str)
        flag = flag_of(name, field)
        option = typer.Option(flag.removesuffix("/"), help=_help(field), show_default=False)
        annotation = Annotated[python | None, option]
        yield inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
        )


def _help(field: FieldInfo) -> str:
    """What a setting means, its unit and its default."""
    extra: Any = field.json_schema_extra
    choices, unit = extra["choices"] or {}, extra["unit"]
    text = f"{field.description} In {unit}." if unit else str(field.description)
    if choices and len(choices) < 6:
        text += f" One of {', '.join(choices)}."
    known = field.default not in (None, (), "", False, True)
    return f"{text} Default: {_plain(field.default)}." if known else text


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def settings_of(kind: type[Settings], given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the given settings that a figure or its style has."""
    return {name: v for name, v in given.items() if v is not None and name in kind.model_fields}


def figure_name_help(source: str) -> str:
    """The names of figures, in a line."""
    names: Mapping[str, type[Figure]] = FIGURES[source]
    return ", ".join(names)
