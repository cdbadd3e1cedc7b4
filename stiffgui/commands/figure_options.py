"""Options of a command that are settings of figures: made from their declarations.

Figures are imported when a command is completed: `stiffgui --help` names commands only.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_origin

import typer
from pydantic.fields import FieldInfo

from stiffgui.settings import Settings, Spec, flag_of, spec_of

if TYPE_CHECKING:
    from stiffgui.figures import Figure, Style

Command = TypeVar("Command", bound=Callable[..., Any])
TYPES: Mapping[str, Any] = {"integer": int, "number": float, "flag": bool}
_SOURCES: dict[Callable[..., Any], tuple[str, ...]] = {}


def with_figure_options(*sources: str) -> Callable[[Command], Command]:
    """Give a command whose last parameter is `**settings` an option for each setting of the
    figures of these sources."""

    def remember(command: Command) -> Command:
        _SOURCES[command] = sources
        return command

    return remember


def completed(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with the options of the figures that there are now."""
    if command not in _SOURCES:
        return command

    @wraps(command)
    def call(*words: Any, **settings: Any) -> Any:
        return command(*words, **settings)

    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind != p.VAR_KEYWORD]
    parameters = [*own, _journal(), *_parameters(_declared(*_SOURCES[command]))]
    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {p.name: p.annotation for p in parameters}
    return call


def _figures(*sources: str) -> list[type[Figure]]:
    from stiffgui.figures import FIGURES

    return [kind for source in sources for kind in FIGURES[source].values()]


def _declared(*sources: str) -> dict[str, FieldInfo]:
    """Every setting of the figures of these sources, and of their style, by name."""
    from stiffgui.figures import Style

    kinds: list[type[Settings]] = [*_figures(*sources), Style]
    fields = {name: field for kind in kinds for name, field in kind.model_fields.items()}
    fields.pop("kind", None)
    return fields


def _parameters(fields: Mapping[str, FieldInfo]) -> Iterator[inspect.Parameter]:
    for name, field in fields.items():
        spec = spec_of(name, field)
        several = get_origin(field.annotation) is tuple
        python: Any = list[str] if several else TYPES.get(spec.type, str)
        python = str if name == "output" else python  # a number, or the output's name
        flag = flag_of(name, field)
        option = typer.Option(flag.removesuffix("/"), help=_help(spec), show_default=False)
        annotation = Annotated[python | None, option]
        yield inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
        )


def _journal() -> inspect.Parameter:
    """The option that sets several settings of the style at once."""
    from stiffgui.figures.style import JOURNALS

    widths = ", ".join(f"{name} ({sets['width']:g} mm)" for name, sets in JOURNALS.items())
    text = (
        f"A figure as journals want it: {widths}; as high as its panels need, with letters, "
        f"without heading. What else is given counts more."
    )
    option = typer.Option("--journal", help=text, show_default=False)
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(
        "journal", kind, default=None, annotation=Annotated[str | None, option]
    )


def _help(spec: Spec) -> str:
    """What a setting means, its unit and its default."""
    text = f"{spec.help} In {spec.unit}." if spec.unit else spec.help
    if spec.choices and len(spec.choices) < 6:
        text += f" One of {', '.join(spec.choices)}."
    known = not isinstance(spec.default, bool) and spec.default not in (None, (), "")
    return f"{text} Default: {_plain(spec.default)}." if known else text


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def settings_of(kind: type[Settings], given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the given settings that a figure or its style has."""
    return {name: v for name, v in given.items() if v is not None and name in kind.model_fields}


def style_of(kind: type[Figure], given: Mapping[str, Any]) -> Style:
    """The style that is asked for, and in the rest the journal's or what is usual for a kind of
    figure."""
    from stiffgui.figures import Style, figure_from
    from stiffgui.figures.style import of_journal

    usual = kind.usual_style().model_dump() | of_journal(given.get("journal"))
    return figure_from(Style, usual | settings_of(Style, given))


def check_settings(given: Mapping[str, Any], figure: str | None, *sources: str) -> None:
    """Raise InputError, before any file is read, for a value that no figure takes.

    A setting that `figure` does not have is judged by the first one that has it.
    """
    from stiffgui.figures import Style, figure_from
    from stiffgui.figures.style import of_journal

    figure_from(Style, of_journal(given.get("journal")) | settings_of(Style, given))
    kinds = sorted(_figures(*sources), key=lambda kind: kind.name() != figure)
    for name, value in given.items():
        owner = next((kind for kind in kinds if name in kind.model_fields), None)
        if value is not None and owner is not None:
            figure_from(owner, {name: value})


def figure_name_help(source: str) -> str:
    """The names of figures, in a line."""
    return ", ".join(kind.name() for kind in _figures(source))


def table_name_help(source: str) -> str:
    """The names of tables, in a line."""
    from stiffgui.figures import TABLES

    return ", ".join(TABLES[source])


def page_names() -> str:
    """The names of laboratory pages, as a usage line has them."""
    from stiffgui.labs import PAGES

    return "|".join(PAGES)
