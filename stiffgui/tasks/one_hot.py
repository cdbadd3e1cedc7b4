"""Categories as inputs: one for each, 1 where a row is of that category and 0 elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd

# Columns and the categories that stand in them.
Categories = tuple[tuple[str, tuple[str, ...]], ...]


def encoded_names(column: str, categories: Iterable[str]) -> tuple[str, ...]:
    """Names of the inputs of a column."""
    return tuple(f"{column}={category}" for category in categories)


def columns_of(inputs: Iterable[str], categories: Categories) -> tuple[str, ...]:
    """The columns of a table that these inputs come from, in their order."""
    source = {name: column for column, known in categories for name in encoded_names(column, known)}
    return tuple(dict.fromkeys(source.get(name, name) for name in inputs))


def encoded(column: pd.Series, name: str, known: tuple[str, ...]) -> NDArray[np.float64]:
    """[rows, categories]. Raises InputError for a category that is not known."""
    text = column.map(as_category)
    strange = np.flatnonzero(~text.isin(known))
    if len(strange):
        value, listed = text.iloc[strange[0]], ", ".join(map(repr, known))
        raise InputError(
            f"row {strange[0] + 1} of column {name!r} holds {value!r}, none of the categories that "
            f"were learnt: {listed}.{nearest(str(value), known)}"
        )
    return np.asarray(text.to_numpy()[:, None] == np.array(known, dtype=object), np.float64)


def as_category(value: object) -> str:
    """A cell as the name of its category, without spaces around it; empty for a gap."""
    return "" if value is None or value != value else str(value).strip()
