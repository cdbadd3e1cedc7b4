"""Names of others as text: what a terminal or a spreadsheet would obey is shown instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# Control characters but tab and line end, what turns the direction of writing, line ends of
# Unicode, and halves of characters, which no file can be written with.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
FORMULA = "=", "+", "-", "@", "\t", "\r"  # what a cell begins with that spreadsheets compute
NUMBERS = "biufcmM"  # kinds of columns without text


def visible(text: str) -> str:
    r"""Control characters as such, e.g. `\x1b`, so that a name moves no cursor."""
    return UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: Any) -> Any:
    """`visible`, ends of lines included; what is no text stays."""
    return visible(text).replace("\n", r"\n") if isinstance(text, str) else text


def cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: a quote before a text that looks like one.
    Numbers, also written ones, stay."""
    if not isinstance(value, str):
        return value
    return visible(value if not value.startswith(FORMULA) or _is_number(value) else f"'{value}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def with_texts(table: pd.DataFrame, change: Callable[[Any], Any]) -> pd.DataFrame:
    """A table whose headings and cells that are no numbers are changed."""
    changed = table.set_axis([change(str(name)) for name in table], axis=1)
    for place, (_, values) in enumerate(table.items()):
        if values.dtype.kind not in NUMBERS:
            changed.isetitem(place, values.astype(object).map(change))
    return changed


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV, names in it as cells of text."""
    return str(with_texts(table, cell).to_csv(index=False))
