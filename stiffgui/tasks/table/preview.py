"""A first look at a table, for whoever chooses columns from it: nothing is refused that can be
shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from stiffgui.errors import InputError
from stiffgui.tasks.table.columns import Guess, duplicates, guess, nothing_named
from stiffgui.tasks.table.filling import Fill, suspected
from stiffgui.tasks.table.judging import TEXT, categories, first_text
from stiffgui.tasks.table.numbers import MINIMUM_ROWS, as_numbers
from stiffgui.tasks.table.reading import sheet_of
from stiffgui.tasks.table.sheet import Reading

SHOWN_ROWS = 20


@dataclass(frozen=True)
class Column:
    """A column: `kind` is number, categories (text with few different values) or text.

    `low` and `high` are NaN where there is no number. `missing` counts missing and infinite values.
    `problem` says why it cannot be used as it is, `about` what else is to be known of it.
    """

    name: str
    kind: str
    missing: int
    low: float
    high: float
    problem: str = ""
    about: str = ""


@dataclass(frozen=True)
class Preview:
    """Columns, first rows as text, guessed roles, and problems of the table as a whole.

    `notes` say how it was read; `choices` are the sheets or dimensions that it has; `fill` is a
    value that seems to stand for missing ones; `left_out` says why columns are no inputs.
    """

    path: str
    rows: int
    columns: tuple[Column, ...]
    first_rows: tuple[tuple[str, ...], ...]
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    fill: Fill | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)


def inspect(path: str | Path, one_hot: bool = False, **how: str) -> Preview:
    """Look at a table, read as the other fields of `Reading` say.

    Raises InputError only when the file cannot be read at all.
    """
    place = Path(path).expanduser().absolute()
    sheet, file = sheet_of(Reading(str(place), **how)), place.name
    rows = len(sheet.frame)
    columns = [_column(file, name, sheet.frame[k]) for k, name in enumerate(sheet.names)]
    problems = []
    twice = duplicates(sheet.names)
    if twice:
        named = ", ".join(repr(name) for name in twice[:6])
        problems.append(f"{file}: {named} named twice; give every column its own name.")
    if rows < MINIMUM_ROWS:
        count = f"{rows or 'no'} row{'' if rows == 1 else 's'}"
        problems.append(f"{file} has {count}: at least {MINIMUM_ROWS} are needed.")
    guessed = Guess() if twice else guess(sheet, one_hot)
    reasons = {name: why for name, why in guessed.left_out.items() if why != TEXT}
    columns = [replace(c, about=reasons.get(c.name, c.about)) for c in columns]
    if not guessed.outputs and not twice:
        problems.append(nothing_named(sheet, file))
    first = sheet.frame.head(SHOWN_ROWS).itertuples(index=False)
    shown = tuple(tuple(_text(cell) for cell in row) for row in first)
    return Preview(
        str(place),
        rows,
        tuple(columns),
        shown,
        guessed.inputs,
        guessed.outputs,
        tuple(problems),
        sheet.notes,
        sheet.choices,
        suspected(sheet),
        dict(guessed.left_out),
    )


def _column(file: str, name: str, values: Any) -> Column:
    nothing = float("nan")
    if first_text(values) is not None:
        texts = categories(values)
        if texts:
            missing = int(values.isna().sum())
            problem = f"{file}: column {name!r} lacks {missing} values." if missing else ""
            about = f"{len(texts)} categories: {', '.join(texts)}"
            return Column(name, "categories", missing, nothing, nothing, problem, about)
        try:
            as_numbers(file, name, values)
        except InputError as error:
            return Column(name, "text", int(values.isna().sum()), nothing, nothing, str(error))
    numbers = as_numbers(file, name, values)
    known = numbers[np.isfinite(numbers)]
    missing = len(numbers) - len(known)
    low, high = (float(known.min()), float(known.max())) if len(known) else (nothing, nothing)
    problem = ""
    if not len(known):
        problem = f"{file}: column {name!r} holds no number."
    elif low == high:
        problem = f"{file}: column {name!r} is constant, which teaches nothing."
    elif missing:
        row = int(np.flatnonzero(~np.isfinite(numbers))[0]) + 1
        problem = (
            f"{file}: column {name!r} lacks {missing} of {len(numbers)} values, the first in row "
            f"{row}."
        )
    return Column(name, "number", missing, low, high, problem)


def _text(cell: Any) -> str:
    if isinstance(cell, float):
        return "" if np.isnan(cell) else f"{cell:.6g}"
    return "" if cell is None else str(cell)
