"""One table of two files: one with the inputs, one with the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stiffgui.errors import InputError
from stiffgui.tasks.table.sheet import Sheet

if TYPE_CHECKING:
    import pandas as pd


def joined(x: Sheet, y: Sheet, x_file: str, y_file: str) -> Sheet:
    """Columns of both: rows that share the ID in a column of both, else rows in the same order.

    Raises InputError when rows cannot be told to belong together.
    """
    import pandas as pd

    shared = [n for n in x.names if n and x.names.count(n) == y.names.count(n) == 1]
    ids = [n for n in shared if _unique(x.column(n)) and _unique(y.column(n))]
    found = next((n for n in ids if x.column(n).isin(y.column(n)).any()), None)
    left, right = x.frame, y.frame
    if found is not None:
        known = pd.Index(y.column(found))
        places = known.get_indexer(pd.Index(x.column(found)))
        left = left[places >= 0].reset_index(drop=True)
        right = right.iloc[places[places >= 0]].reset_index(drop=True)
        lost = len(x.frame) + len(y.frame) - 2 * len(left)
        said = f"rows are matched with those of {y_file} by column {found!r}"
        said += f"; {lost} without a partner are left out" if lost else ""
    elif len(left) != len(right):
        raise InputError(
            f"{x_file} has {len(left)} rows and {y_file} {len(right)}: give both equally many, or "
            f"a column of the same name that tells every row from the others.",
            "task.outputs_path",
        )
    else:
        said = f"rows are taken to stand in the same order as those of {y_file}"
    for name in shared:
        if not left[x.names.index(name)].equals(right[y.names.index(name)]):
            raise InputError(
                f"{x_file} and {y_file} both have a column {name!r}, with other values: rename "
                f"one of them.",
                "task.outputs_path",
            )
    kept = [k for k, name in enumerate(y.names) if name not in shared]
    if not kept:
        raise InputError(
            f"{y_file} has no column that {x_file} has not: choose the file with the outputs.",
            "task.outputs_path",
        )
    names = (*x.names, *(y.names[k] for k in kept))
    both = pd.concat([left, right[kept]], axis=1).set_axis(range(len(names)), axis=1)
    units = (*(x.unit(n) for n in x.names), *(y.units[k] if y.units else "" for k in kept))
    notes = (*x.notes, *y.notes, f"{x_file}: {said}")
    choices = x.choices or y.choices
    return Sheet(names, both, units if any(units) else (), notes, choices, len(x.names))


def _unique(column: pd.Series) -> bool:
    return bool(column.notna().all() and column.is_unique and column.dtype.kind in "iuOU")
