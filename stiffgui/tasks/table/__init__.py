"""A table of the user's own: `Table` to learn it, `inspect` to look at a file first."""

from __future__ import annotations

from stiffgui.tasks.table.formats import ENDINGS
from stiffgui.tasks.table.preview import Column, Preview, inspect
from stiffgui.tasks.table.task import Table, new_rows

__all__ = ["ENDINGS", "Column", "Preview", "Table", "inspect", "new_rows"]
