"""Which columns are inputs and which outputs."""

from __future__ import annotations

import csv
import fnmatch
from collections.abc import Mapping, Sequence
from itertools import takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from stiffgui.errors import InputError, nearest
from stiffgui.tasks.table.judging import TEXT, first_text, left_out, why_id

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.tasks.table.sheet import Sheet

# Pairs of patterns that are tried, in this order, where nothing is said.
GUESSES = (
    ("x_*", "y_*"),
    ("x[0-9]*", "y[0-9]*"),
    ("x[0-9]*", "y"),
    ("x", "y"),
    ("in_*", "out_*"),
    ("input*", "output*"),
    ("input*", "target*"),
    ("feature*", "target*"),
)
OUTPUTS = ("y_*", "y[0-9]*", "y", "target*", "output*")  # where nothing is named as an input
MANY = 6  # names that a sentence lists at most


class Guess(NamedTuple):
    """Names of input and output columns, and why other columns are no inputs."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    left_out: Mapping[str, str] = MappingProxyType({})


def guess(sheet: Sheet, one_hot: bool = False, group: str = "") -> Guess:
    """Inputs and outputs by the names that people give them, without outputs when none fit.

    Of a table whose outputs alone have such a name, every other column that can be learnt from is
    an input; so is, of two files, every one of the first. Constant and repeated columns are none,
    and those that only name rows, unless they are called as inputs are.
    """
    inputs, outputs = _paired(sheet.names)
    if inputs:
        return _guessed(sheet, inputs, outputs, one_hot, ids=False)
    if sheet.first is not None:
        others = sheet.names[sheet.first :]
        outputs = _usable(sheet, others, one_hot=False, ids=True)[0]
        return _guessed(sheet, _but(sheet.names[: sheet.first], group), outputs, one_hot)
    for y in OUTPUTS:
        outputs = _but(_matching(y, sheet.names), group)
        guessed = others_of(sheet, outputs, one_hot, group)
        if guessed.inputs and outputs:
            return guessed
    return others_of(sheet, (), one_hot, group)


def others_of(sheet: Sheet, outputs: tuple[str, ...], one_hot: bool, group: str) -> Guess:
    """As inputs all columns but the outputs that can be learnt from."""
    return _guessed(sheet, _but(sheet.names, group, *outputs), outputs, one_hot)


def _guessed(
    sheet: Sheet, names: tuple[str, ...], outputs: tuple[str, ...], one_hot: bool, ids: bool = True
) -> Guess:
    inputs, left = _usable(sheet, names, one_hot, ids)
    if not ids:  # named as inputs are: text in them is refused, rather than left out
        left = {name: reason for name, reason in left.items() if reason != TEXT}
        others = {n: why_id(n, sheet.column(n)) for n in _but(sheet.names, *names, *outputs)}
        kept = tuple(name for name in names if name not in left)
        left |= {name: reason for name, reason in others.items() if reason}
        return Guess(kept, outputs, left) if kept else Guess(names, outputs)
    return Guess(inputs, outputs, left)


def _usable(
    sheet: Sheet, names: Sequence[str], one_hot: bool, ids: bool
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Those to learn from, and why others are not; one that counts rows where nothing else is."""
    left = left_out(sheet, names, one_hot, ids)
    if ids and len(left) == len(names):
        left = left_out(sheet, names, one_hot, ids=False)
    return tuple(name for name in names if name not in left), left


def _but(names: Sequence[str], *without: str) -> tuple[str, ...]:
    return tuple(name for name in names if name not in without)


def _paired(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    for x, y in GUESSES:
        inputs, outputs = _matching(x, names), _matching(y, names)
        if inputs and outputs:
            return inputs, outputs
    return (), ()


def choose(
    sheet: Sheet, file: str, inputs: str, outputs: str, one_hot: bool = False, group: str = ""
) -> Guess:
    """Names of input and output columns; `inputs` and `outputs` are names or patterns with commas.

    What is empty is guessed. Where nothing fits a guess and only outputs are given, every other
    column that can be learnt from is an input. Raises InputError naming the pattern that matches
    nothing, and for a column on both sides.
    """
    names = sheet.names
    _refuse_duplicates(file, names)
    x = chosen(file, names, inputs, "task.input_columns") if inputs.strip() else ()
    y = chosen(file, names, outputs, "task.output_columns") if outputs.strip() else ()
    guessed = Guess(x, y) if x and y else guess(sheet, one_hot, group)
    if y and not x and not any(_paired(names)) and sheet.first is None:
        guessed = others_of(sheet, y, one_hot, group)
        if not guessed.inputs:
            raise InputError(
                f"{file} has no column of numbers left to be an input: name fewer outputs.",
                "task.output_columns",
            )
    x, y = x or guessed.inputs, y or guessed.outputs
    if not (x and y):
        read = "".join(f" ({note})" for note in sheet.notes)
        key = "task.output_columns" if inputs.strip() else "task.input_columns"
        raise InputError(f"{nothing_named(sheet, file, inputs, outputs)}{read}", key)
    both = [name for name in y if name in x]
    if both:
        raise InputError(
            f"{file}: column {both[0]!r} is chosen as input and as output; leave it out of one.",
            "task.output_columns",
        )
    unused = {name: why for name, why in guessed.left_out.items() if name not in y}
    return Guess(x, y, {} if inputs.strip() else unused)


def nothing_named(sheet: Sheet, file: str, inputs: str = "", outputs: str = "") -> str:
    """Why inputs and outputs cannot be guessed where these are the ones that were named."""
    names = sheet.names
    if all(first_text(sheet.column(name)) is not None for name in names):
        return f"{file} holds no column of numbers, only {listed(names)}: choose another table."
    usual = {"input": ("x_*", inputs), "output": ("y_*", outputs)}
    lacking = {
        part: pattern
        for part, (pattern, named) in usual.items()
        if not (named.strip() or _matching(pattern, names))
    } or {part: pattern for part, (pattern, _) in usual.items()}
    return (
        f"{file}: no columns are named {' and '.join(lacking.values())}; say which are "
        f"{' and which '.join(f'{part}s' for part in lacking)}, with "
        f"{' and '.join(f'task.{part}_columns' for part in lacking)}, of {listed(names)}."
    )


def without_group(
    sheet: Sheet, file: str, inputs: tuple[str, ...], outputs: tuple[str, ...], column: str
) -> tuple[tuple[str, ...], pd.Series | None]:
    """The inputs, without the column that says which rows belong together, and its values.

    Raises InputError when no column has that name, or it is an output.
    """
    name = column.strip()
    if not name:
        return inputs, None
    need_columns(sheet, file, (name,), "task.group_column")
    if name in outputs:
        raise InputError(
            f"{file}: column {name!r} is an output: choose another to group rows by.",
            "task.group_column",
        )
    values = sheet.column(name)
    return tuple(other for other in inputs if other != name), values


def chosen(file: str, names: Sequence[str], patterns: str, key: str) -> tuple[str, ...]:
    """The names that patterns with commas choose, in the table's order.

    Raises InputError naming the pattern that matches nothing.
    """
    named: dict[str, None] = {}
    for pattern in _split(patterns, names):
        matching = _matching(pattern, names)
        if not matching:
            hint = nearest(pattern.replace("*", ""), names) or f" It has {listed(names)}."
            words = pattern.split()
            if len(words) > 1 and all(_matching(word, names) for word in words):
                hint = f" Separate names by commas: {', '.join(words)}."
            raise InputError(f"{file}: no column is named {pattern!r}.{hint}", key)
        named |= dict.fromkeys(matching)
    return tuple(name for name in names if name in named)


def as_patterns(wanted: Sequence[str], names: Sequence[str]) -> str:
    """The shortest text by which `chosen` chooses exactly `wanted`; empty for none.

    Raises InputError when a name is one that no text chooses.
    """
    targets = tuple(name for name in names if name in wanted)
    if len(targets) > 1:
        # What the first and the last in order share, all share.
        pairs = zip(min(targets), max(targets), strict=False)
        common = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        stem = common[: common.rfind("_") + 1]
        guesses = [pattern for pair in GUESSES for pattern in pair]
        for pattern in (*guesses, f"{stem}*", f"{common}*"):
            if _matching(pattern, names) == targets and _split(pattern, names) == [pattern]:
                return pattern
    fields = [_quoted(name) for name in targets]
    for name, field in zip(targets, fields, strict=True):
        chosen_by = [_matching(pattern, names) for pattern in _split(field, names)]
        if chosen_by != [(name,)]:
            raise InputError(f"column {name!r} cannot be chosen by its name: rename it.")
    return ", ".join(fields)


def _quoted(name: str) -> str:
    """A name so that `_split` keeps it whole; ends and line breaks that it drops match any."""
    inner = name.replace("\n", "?").replace("\r", "?")
    start, end = len(inner) - len(inner.lstrip()), len(inner.rstrip())
    inner = "?" * start + inner[start:end] + "?" * (len(inner) - end) if inner.strip() else ""
    return f'"{inner.replace(chr(34), chr(34) * 2)}"' if {",", '"'} & set(inner) else inner


def _split(patterns: str, names: Sequence[str]) -> list[str]:
    """Names between commas; one that holds a comma may stand in quotes or alone."""
    if patterns.strip() in names:
        return [patterns.strip()]
    fields = next(csv.reader([patterns.replace("\n", ",")], skipinitialspace=True), [])
    return [field.strip() for field in fields if field.strip()]


def _matching(pattern: str, names: Sequence[str]) -> tuple[str, ...]:
    """Exact name first: a column may be called a[1]."""
    if pattern in names:
        return (pattern,)
    low = pattern.lower()
    return tuple(name for name in names if fnmatch.fnmatchcase(name.lower(), low))


def need_columns(sheet: Sheet, file: str, wanted: Sequence[str], key: str) -> None:
    """Raise InputError for a name that no column has."""
    for name in wanted:
        if name not in sheet.names:
            hint = nearest(name, sheet.names) or f" It has {listed(sheet.names)}."
            raise InputError(f"{file}: no column is named {name!r}.{hint}", key)


def duplicates(names: Sequence[str]) -> list[str]:
    """Names that stand more than once."""
    return [name for name in dict.fromkeys(names) if list(names).count(name) > 1]


def _refuse_duplicates(file: str, names: Sequence[str]) -> None:
    twice = duplicates(names)
    if twice:
        places = [str(k + 1) for k, name in enumerate(names) if name == twice[0]]
        what = f"columns {' and '.join(places)} have no name"
        if twice[0]:
            what = f"columns {' and '.join(places)} are both named {twice[0]!r}"
        raise InputError(f"{file}: {what}; give every column its own name.", "task.path")


def listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:MANY])
    more = len(names) - MANY
    return f"{shown} and {more} more" if more > 0 else shown
