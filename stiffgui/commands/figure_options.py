"""Options of a command that are settings of figures: made from their declarations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo

from stiffgui.figures import FIGURES, Figure, Style
from stiffgui.settings import Settings, fields_of, flag_of, type_name

TYPES: Mapping[str, Any] = {"integer": int, "number": float, "flag": bool}


def declared() -> dict[str, FieldInfo]:
    """Every setting of every figure of runs and studies, and of its style, by name."""
    kinds: list[type[Settings]] = [
        kind for source in ("runs", "study") for kind in FIGURES[source].values()
    ]
    return {
        name: field
        for kind in (*kinds, Style)
        for name, field in fields_of(kind).items()
        if name != "kind"
    }


def with_figure_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command whose last parameter is `**settings` an option for each setting."""
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind != p.VAR_KEYWORD]
    parameters = [*own, *_parameters()]
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def _parameters() -> Iterator[inspect.Parameter]:
    for name, field in declared().items():
        kind = type_name(field)
        several = kind == "choices" or name == "limits"
        python = list[str] if several else TYPES.get(kind, str)
        flag = flag_of(name, field)
        option = typer.Option(flag.removesuffix("/"), help=_help(field), show_default=False)
        annotation = Annotated[python | None, option]
        yield inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
        )


def _help(field: FieldInfo) -> str:
    """What a setting means, its unit and its default."""
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    choices, unit = extra.get("choices") or {}, str(extra.get("unit") or "")
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
