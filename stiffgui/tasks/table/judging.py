"""What a column holds, and why it is no input that one would guess."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from stiffgui.tasks.one_hot import as_category

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.tasks.table.sheet import Sheet

MOST_CATEGORIES = 20  # in one column
TEXT = "text"  # why a column is no input
ID_NAME = re.compile(
    r"(.*[_ ])?(id|ids|index|idx|member|sample|case|run|realization|row|no|nr)|unnamed: \d+|#",
    re.IGNORECASE,
)


def first_text(column: pd.Series) -> int | None:
    """Position of the first cell that is neither a number nor missing."""
    import pandas as pd

    if column.dtype.kind in "iufb":
        return None
    if column.dtype.kind in "cmM":  # complex numbers, times and spans of time
        return 0
    numbers = pd.to_numeric(plain(column), errors="coerce")
    text = np.flatnonzero(np.asarray(numbers.isna() & column.notna(), dtype=bool))
    return int(text[0]) if len(text) else None


def plain(column: pd.Series) -> pd.Series:
    """Categories as the values that they stand for."""
    return column.astype(object) if column.dtype.name == "category" else column


def categories(column: pd.Series) -> tuple[str, ...]:
    """The different texts of a column with few, in order; none of another column.

    At most 20, and each twice on average; a number with a slip of the pen among others is none.
    """
    texts = _texts(column)
    different = tuple(sorted(set(texts)))
    few = 1 < len(different) <= min(MOST_CATEGORIES, len(texts) // 2)
    return different if few else ()


def _texts(column: pd.Series) -> list[str]:
    """The cells that are not empty, of a column that holds text more often than numbers."""
    import pandas as pd

    if column.dtype.kind != "O" or first_text(column) is None:
        return []
    known = plain(column).dropna()
    is_text = pd.to_numeric(known, errors="coerce").isna()
    return [as_category(value) for value in known] if is_text.mean() > 0.5 else []


def left_out(sheet: Sheet, names: Iterable[str], one_hot: bool, ids: bool) -> dict[str, str]:
    """Which of these columns are no inputs, and why; `ids`: those that only name rows, too."""
    reasons: dict[str, str] = {}
    seen: dict[bytes, str] = {}
    for name in names:
        column = sheet.column(name)
        reason = why_id(name, column) if ids else ""
        if not reason and first_text(column) is not None:
            reason = "" if one_hot and categories(column) else TEXT
        elif not reason:
            reason = _repeats(name, column, seen)
        if reason:
            reasons[name] = reason
    return reasons


def _repeats(name: str, column: pd.Series, seen: dict[bytes, str]) -> str:
    values = values_of(column)
    known = values[np.isfinite(values)]
    if not len(known):
        return "holds no number"
    if known.min() == known.max():
        return "constant"
    first = seen.setdefault((values + 0.0).tobytes(), name)
    return "" if first == name else f"the same numbers as {first!r}"


def values_of(column: pd.Series) -> np.ndarray:
    """A column of numbers as float64, gaps as NaN."""
    import pandas as pd

    return np.asarray(pd.to_numeric(plain(column), errors="coerce"), dtype=np.float64)


def why_id(name: str, column: pd.Series) -> str:
    """Why a column only names its rows; empty where it does not."""
    if not column.is_unique or column.isna().any() or len(column) < 3:
        return ""
    if _texts(column):
        return "an ID, another text in every row"
    if column.dtype.kind not in "iu":
        return ""
    values = column.to_numpy()
    if values[0] in (0, 1) and (np.diff(values) == 1).all():
        return "it counts the rows"
    return "an ID by its name" if ID_NAME.fullmatch(name) else ""


def sentences(file: str, reasons: dict[str, str]) -> tuple[str, ...]:
    """What is left out, in words: columns with the same reason together."""
    together: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        together.setdefault(reason, []).append(repr(name))
    return tuple(
        f"{file}: {', '.join(named[:6])}{', ...' if len(named) > 6 else ''} "
        f"{'is' if len(named) == 1 else 'are'} left out ({reason})"
        for reason, named in together.items()
    )
