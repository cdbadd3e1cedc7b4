"""The pages of the reference, made of what the program declares; an extension of Sphinx.

Nothing is said here that is said in a declaration: a setting, quantity, index, proxy, task,
figure or command that is added has its page with the next `make docs`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import stiffgui
from stiffgui.commands import COMMANDS
from stiffgui.commands.application import command_of
from stiffgui.experiment import Experiment, kinds_of
from stiffgui.figures import FIGURES, TABLES
from stiffgui.figures.formula import formula_svg
from stiffgui.figures.script import page_command
from stiffgui.labs import PAGES as LAB_PAGES
from stiffgui.regularizers import NoPenalty
from stiffgui.runs import schema
from stiffgui.settings import Settings, Spec, specs
from stiffgui.stiffness import PROXIES, WATCHABLE
from stiffgui.stiffness.indices import OVER
from stiffgui.tasks import TASKS
from stiffgui.training.quantities import QUANTITIES

PYTHON = {
    "stiffgui": stiffgui.__all__,
    "stiffgui.stiffness": ("proxy", "spectrum"),
    "stiffgui.study.summary": ("summary_frame",),
    "stiffgui.watching.lightning": ("Watch",),
}


def settings_page() -> Iterator[str]:
    """Every dotted key, with the choices that bring it."""
    yield from _head(
        "Settings",
        "What determines a training. The name is the same in the window's explanations (F1), in a "
        "TOML file and after `--set`.",
    )
    found: dict[str, tuple[Spec, list[str]]] = {}
    for spec, because in _settings(Experiment(), "", ""):
        found.setdefault(spec.key, (spec, []))[1].append(because)
    group = ""
    groups = list(dict.fromkeys(map(_group, found)))
    for key in sorted(found, key=lambda key: groups.index(_group(key))):
        spec, whose = found[key]
        if _group(key) != group:
            group = _group(key)
            yield f"\n## {group}\n"
        yield from _setting(spec, [] if "" in whose else whose)


def _group(key: str) -> str:
    return key.partition(".")[0]


def _settings(model: Settings, prefix: str, because: str) -> Iterator[tuple[Spec, str]]:
    """Each setting with the choice that brings it: nothing for those that are always there."""
    for spec in specs(model):
        key = f"{prefix}{spec.key}"
        yield replace(spec, key=key), because
        for kind, chosen in kinds_of(key).items() if key.endswith(".kind") else ():
            inner = key.removesuffix("kind")
            yield from _settings(chosen(), inner, f"{inner.removesuffix('.')}={kind}")


def _setting(spec: Spec, whose: Sequence[str] = ()) -> Iterator[str]:
    yield f"### `{spec.key}`\n"
    yield f"{_text(spec.title)}. {_text(spec.help)}\n"
    usual = "" if spec.default in (None, "", ()) else f"`{spec.default}`"
    yield from _facts(
        {
            "Usual": usual,
            "Allowed": "" if spec.choices else _text(f"{spec.bounds} {spec.unit}"),
            "While training": "can be changed" if spec.live else "",
            "With": ", ".join(f"`{one}`" for one in dict.fromkeys(whose) if one),
        }
    )
    if spec.choices:
        yield "One of:\n"
    for kind, title in (spec.choices or {}).items():
        yield f"- `{kind}`: {_text(title)}"
    yield ""


def quantities_page() -> Iterator[str]:
    """What a run records, and which indices can be watched."""
    yield from _head(
        "Quantities and indices",
        "The columns of a run file and of `run.history`, and the indices that "
        "`watch.indices` names.",
    )
    yield "\n## Quantities\n"
    for name, quantity in QUANTITIES.items():
        if name not in WATCHABLE:
            yield f"### `{name}`\n"
            yield f"{_text(quantity.title)}. {_text(quantity.help)}\n"
            yield from _facts({"Unit": quantity.unit, "Of": f"every {quantity.per}"})
    yield "\n## Indices\n"
    for name, index in WATCHABLE.items():
        yield f"### `{name}`\n"
        yield f"{_text(index.title)}. {_text(index.help)}\n"
        yield from _facts(
            {
                "Unit": index.unit,
                "Of the network": OVER[index.over],
                "How to read it": index.reading,
                "Marked": index.flag,
                "Source": index.source,
            }
        )


def proxies_page() -> Iterator[str]:
    """Differentiable proxies and the other penalties."""
    yield from _head(
        "Proxies and penalties",
        "What can be added to the loss, and how stiffness is made differentiable.",
    )
    yield "\n## Penalties: `regularizer.kind`\n"
    for name, kind in (kinds_of("regularizer") or {"none": NoPenalty}).items():
        yield from _class(name, kind)
    yield "\n## Proxies: `regularizer.proxy.kind`\n"
    for name, kind in PROXIES.items():
        yield from _class(name, kind)


def tasks_page() -> Iterator[str]:
    """What can be learnt."""
    yield from _head("Tasks", "What a network learns: `task.kind`.")
    for name, kind in TASKS.items():
        yield from _class(name, kind, level=2)


def figures_page() -> Iterator[str]:
    """Figures and tables with their settings."""
    yield from _head(
        "Figures and tables",
        "What `stiffgui export` writes, and what the cards of the window show. Settings are "
        "options of the command.",
    )
    of = {"runs": "runs", "study": "a study", "page": "a laboratory page"}
    for source, kinds in FIGURES.items():
        yield f"\n## Figures of {of[source]}\n"
        for name, kind in kinds.items():
            yield from _class(name, kind)
    for source, names in TABLES.items():
        yield f"\n## Tables of {of[source]}\n"
        yield ", ".join(f"`--table {name}`" for name in names) + "\n"


def laboratory_page() -> Iterator[str]:
    """The pages of the laboratory: formulas, settings, things to try, sources."""
    yield from _head(
        "Laboratory",
        "The pages of the window's Lab, and what `stiffgui lab` computes. Times and states have no "
        "units of their own.",
    )
    for name, kind in LAB_PAGES.items():
        page = kind()
        yield f"\n## `{name}`\n"
        for formula in page.formulas:
            yield f"```{{raw}} html\n<p>{formula_svg(formula)}</p>\n```\n"
        yield from _body(kind)
        for exercise in page.exercises:
            yield f"**{_text(exercise.title)}.** {_text(exercise.see)}\n"
            command = page_command(page.with_settings(exercise.changes))
            yield f"```text\n{command}\n```\n"
        yield from (f"- {_text(source)}" for source in page.sources)
        yield ""


def commands_page() -> Iterator[str]:
    """Commands with their options."""
    yield from _head(
        "Commands",
        "Exit codes: 0 done, 1 a fault of ours, 2 bad input (one sentence on standard "
        "error), 3 stopped with everything saved.",
    )
    for name in COMMANDS:
        command = command_of([name]).commands[name]
        context = command.make_context(f"stiffgui {name}", [], resilient_parsing=True)
        yield f"\n## `stiffgui {name}`\n"
        yield f"```text\nstiffgui {name} {' '.join(command.collect_usage_pieces(context))}\n```\n"
        yield _text(" ".join(inspect.cleandoc(command.help or "").split())) + "\n"
        for param in command.params:
            words, told = param.get_help_record(context) or ("", "")
            if told:
                yield f"- `{words}`: {_text(' '.join(told.split()))}"
        yield ""


def file_format_page() -> Iterator[str]:
    """The tables of a run file, as they are made."""
    yield from _head(
        "File format",
        "A run is one SQLite file, and so is a study of many runs; arrays are npz archives "
        "without pickles (ADR 4, 10, 15).",
    )
    for kind in (schema.RUN, schema.STUDY):
        yield f"- {kind.name}: application id `{kind.application:#010x}`, version {kind.version}"
    parts = (schema.TABLES, schema.SAMPLES, schema.ERRORS, schema.FACTORS)
    yield "\n```sql\n" + "\n\n".join(part.strip() for part in parts) + "\n```\n"


def python_page() -> Iterator[str]:
    """The public names, with their signatures and docstrings."""
    yield from _head("Python", "The public names. R trials, B samples, N layers, w width.")
    for module, names in PYTHON.items():
        for name in names:
            if not name.startswith("_"):
                yield from _named(f"{module}.{name}", getattr(import_module(module), name))


def _named(title: str, thing: Any) -> Iterator[str]:
    yield f"\n## `{title}`\n"
    if not callable(thing):
        yield f"A {type(thing).__name__}: {', '.join(f'`{key}`' for key in thing)}.\n"
        return
    yield from _signed(title.rpartition(".")[2], thing)
    if inspect.isclass(thing):
        for name, member in vars(thing).items():
            wanted = inspect.isfunction(member) or isinstance(member, property | classmethod)
            if wanted and not name.startswith("_") and inspect.getdoc(getattr(thing, name)):
                yield f"### `{name}`\n"
                yield from _signed(name, getattr(thing, name))


def _signed(name: str, thing: Any) -> Iterator[str]:
    if callable(thing) and not (inspect.isclass(thing) and issubclass(thing, Settings)):
        whole = inspect.signature(thing)
        plain = [p.replace(annotation=_plain(p.annotation)) for p in whole.parameters.values()]
        shown = whole.replace(parameters=plain, return_annotation=_plain(whole.return_annotation))
        yield f"```python\n{name}{shown}\n```\n"
    yield f"```text\n{inspect.getdoc(thing) or ''}\n```\n"


class _Written:
    """An annotation as it is written, without quotes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _plain(annotation: Any) -> Any:
    return _Written(annotation) if isinstance(annotation, str) else annotation


def _class(name: str, kind: type[Settings], level: int = 3) -> Iterator[str]:
    yield f"{'#' * level} `{name}`\n"
    yield from _body(kind)


def _body(kind: type[Settings]) -> Iterator[str]:
    """A docstring, paragraph by paragraph, and the settings that are the class's."""
    for paragraph in inspect.cleandoc(kind.__doc__ or "").split("\n\n"):
        lines = paragraph.splitlines()
        formula = any(line.startswith("    ") for line in lines)
        yield f"```text\n{paragraph}\n```\n" if formula else _text(" ".join(lines)) + "\n"
    for spec in specs(kind()):
        yield f"- `{spec.key}`: {_text(spec.help or spec.title)}"
    yield ""


def _head(title: str, text: str) -> Iterator[str]:
    yield f"# {title}\n"
    yield f"{text}\n"


def _facts(facts: dict[str, str]) -> Iterator[str]:
    told = [f"- {name}: {value.strip()}" for name, value in facts.items() if value.strip()]
    if told:
        yield from [*told, ""]


def _text(text: str) -> str:
    """As it stands: nothing in it is markup, but what stands in backticks is code."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([\\*_{}\[\]<>#|$~])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


PAGES = {
    "settings": settings_page,
    "quantities": quantities_page,
    "proxies": proxies_page,
    "tasks": tasks_page,
    "figures": figures_page,
    "laboratory": laboratory_page,
    "commands": commands_page,
    "file-format": file_format_page,
    "python": python_page,
}


def write(folder: Path) -> None:
    """Write every page; one that has not changed stays as it is."""
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        text, path = _joined(page()), folder / f"{name}.md"
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines).strip() + "\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the pages before Sphinx looks for them."""
    write(Path(app.srcdir) / "reference")
    return {"parallel_read_safe": True}
