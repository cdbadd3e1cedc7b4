"""Runs as a Qt model: what the columns say of each, which is drawn, and a name that is edited."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QIcon, QPixmap

from stiffgui.gui.read_table import RIGHT, sorted_by
from stiffgui.gui.train.runs.columns import DRAWN, NAME, Column
from stiffgui.session.run_facts import RunFacts

Role = Qt.ItemDataRole
Index = QModelIndex | QPersistentModelIndex
SWATCH = 10  # pixels
NOTED = " ✎"  # behind the name of a run with a note


class RunsModel(QAbstractTableModel):
    """A row for each run. Emits `drawn_set(run, on)` and `renamed(run, name)`, when a person has
    asked for that."""

    drawn_set = Signal(object, bool)
    renamed = Signal(object, str)

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.rows: list[RunFacts] = []
        self.series: tuple[str, ...] = ()  # the theme's colours
        self._swatch = cache(_swatch)

    def set_rows(self, rows: Sequence[RunFacts]) -> None:
        """Show these; rows that stay keep selection and focus."""
        if len(rows) != len(self.rows):
            self._match([run.path for run in rows], rows)
        for place, run in enumerate(rows):
            self.set_row(place, run)

    def _match(self, paths: Sequence[Any], rows: Sequence[RunFacts]) -> None:
        """Take out and put in rows, until there is one for each path, in order."""
        for place in reversed(range(len(self.rows))):
            if self.rows[place].path not in paths:
                self.remove(place)
        for place, run in enumerate(rows):
            if place == len(self.rows) or self.rows[place].path != run.path:
                self.insert(place, run)

    def set_row(self, place: int, run: RunFacts) -> None:
        """Say something else of a run."""
        if self.rows[place] != run:
            self.rows[place] = run
            self.dataChanged.emit(self.index(place, 0), self.index(place, len(self.columns) - 1))

    def insert(self, place: int, run: RunFacts) -> None:
        """A run more."""
        self.beginInsertRows(QModelIndex(), place, place)
        self.rows.insert(place, run)
        self.endInsertRows()

    def remove(self, place: int) -> None:
        """A run less."""
        self.beginRemoveRows(QModelIndex(), place, place)
        del self.rows[place]
        self.endRemoveRows()

    # ----------------------------------------------------------------- as Qt asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role in (Role.DisplayRole, Role.EditRole):
            return column.title
        if role == Role.ToolTipRole:
            return f"{column.help}. Click to sort."
        return RIGHT if role == Role.TextAlignmentRole and column.number is not None else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        run, column = self.rows[index.row()], self.columns[index.column()]
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if column is DRAWN and not run.shown:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        if column is NAME and run.entry is not None:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = 0) -> Any:
        run, column = self.rows[index.row()], self.columns[index.column()]
        if role == Role.DisplayRole:
            noted = NOTED if column is NAME and run.note and run.entry is not None else ""
            return column.text(run) + noted
        if role == Role.EditRole:
            return column.text(run) if column.number is None else column.value(run)
        if role == Role.ToolTipRole:
            return self._tip(run, column)
        if role == Role.TextAlignmentRole and column.number is not None:
            return RIGHT
        if role == Role.FontRole and run.shown:
            font = QFont()
            font.setBold(True)
            return font
        if column is DRAWN and role == Role.CheckStateRole:
            return Qt.CheckState.Checked if run.drawn else Qt.CheckState.Unchecked
        if column is DRAWN and role == Role.DecorationRole and self.series:
            return self._swatch(self.series[run.colour % len(self.series)])
        return None

    def _tip(self, run: RunFacts, column: Column) -> str:
        if column is DRAWN:
            always = "The run that is shown is always drawn"
            return always if run.shown else "Draw this run in Errors and Stiffness (Space)"
        return column.tip(run) if column.tip is not None else column.text(run)

    def setData(self, index: Index, value: Any, role: int = 0) -> bool:
        run = self.rows[index.row()].entry
        if role == Role.CheckStateRole:
            self.drawn_set.emit(run, Qt.CheckState(value) == Qt.CheckState.Checked)
        else:
            self.renamed.emit(run, str(value))
        return True


def _swatch(colour: str) -> QIcon:
    """A square of the run's colour, that of a selected row, too."""
    square, icon = QPixmap(4 * SWATCH, 4 * SWATCH), QIcon()
    square.fill(colour)
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        icon.addPixmap(square, mode)
    return icon


class SortedRuns(QSortFilterProxyModel):
    """Runs with all of some words, sorted; those of which nothing is known stand last."""

    def __init__(self, runs: RunsModel) -> None:
        super().__init__()
        self.runs = runs
        self.words: list[str] = []
        self.setSourceModel(runs)

    def filter(self, text: str) -> None:
        """Only the runs with these words."""
        self.words = text.lower().split()
        self.invalidate()

    def facts(self, index: Index) -> RunFacts | None:
        """The run of a row."""
        return self.runs.rows[self.mapToSource(index).row()] if index.isValid() else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """With an arrow on the column by which they are sorted."""
        found = super().headerData(section, orientation, role)
        if role != Role.DisplayRole or section != self.sortColumn():
            return found
        return sorted_by(found, self.sortOrder())

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        run = self.runs.rows[row]
        line = " ".join(column.text(run) for column in self.runs.columns).lower()
        return all(word in line for word in self.words)

    def lessThan(self, left: Index, right: Index) -> bool:
        column = self.runs.columns[left.column()]
        a, b = (column.value(self.runs.rows[index.row()]) for index in (left, right))
        if a is None or b is None:
            first, last = (a, b) if self.sortOrder() == Qt.SortOrder.AscendingOrder else (b, a)
            return first is not None and last is None
        return bool(a < b)
