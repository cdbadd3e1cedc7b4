"""Numbers that stand for missing values, such as -9999."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stiffgui.errors import InputError
from stiffgui.tasks.table.sheet import Sheet

if TYPE_CHECKING:
    import pandas as pd

AWAY = 10  # how many times larger than all other values, and than the range of these
ALIKE = 1e-6  # relative: a number may have been stored in single precision


class Fill(NamedTuple):
    """A value that seems to stand for missing ones: where, and how often."""

    value: str
    often: int
    columns: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What is suspected."""
        named = ", ".join(map(repr, self.columns[:3])) + (", ..." if len(self.columns) > 3 else "")
        return f"{self.value} stands {self.often} times in {named}, far outside of the other values"


def without_fill(sheet: Sheet, values: str) -> Sheet:
    """The table with gaps where these values stand (numbers, with commas); text stays.

    Raises InputError when they are no numbers.
    """
    if not values.strip():
        return sheet
    try:
        fills = [float(value) for value in values.split(",")]
    except ValueError:
        raise InputError(
            f"{values!r} is no fill value: write a number such as -9999, several with commas.",
            "task.fill_value",
        ) from None
    frame, count = sheet.frame.copy(), 0
    for k in frame.columns:
        if frame[k].dtype.kind in "iuf":
            at = np.isclose(frame[k].astype(float).to_numpy()[:, None], fills, ALIKE, 0).any(1)
            count += int(at.sum())
            frame[k] = frame[k].mask(at) if at.any() else frame[k]
    note = f"{count} values {values.strip()} are taken for missing"
    return replace(sheet, frame=frame, notes=(*sheet.notes, note))


def suspected(sheet: Sheet) -> Fill | None:
    """The same extreme value more than once, far outside of the rest of its columns."""
    found: dict[float, list[tuple[str, int]]] = {}
    for name, k in zip(sheet.names, sheet.frame.columns, strict=True):
        column = sheet.frame[k]
        if column.dtype.kind not in "iuf":
            continue
        values = _finite(column)
        if len(values):
            ends = {float(values.min()), float(values.max())}
            for end in ends:
                same = np.isclose(values, end, ALIKE, 0)
                if _far(end, values[~same]):
                    found.setdefault(end, []).append((name, int(same.sum())))
    counts = {value: sum(n for _, n in where) for value, where in found.items()}
    often = [value for value, count in counts.items() if count > 1]
    if not often:
        return None
    value = max(often, key=lambda v: counts[v])
    return Fill(f"{value:g}", counts[value], tuple(name for name, _ in found[value]))


def _finite(column: pd.Series) -> np.ndarray:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(values[np.isfinite(values)])


def _far(value: float, others: np.ndarray) -> bool:
    low, high = (others.min(), others.max()) if len(others) else (value, value)
    if low == high:  # such as a switch
        return False
    gap = max(value - high, low - value)
    return bool(gap > AWAY * (high - low) and abs(value) > AWAY * np.abs(others).max())
