"""Every eigenvalue of the plane as a row: sorted by any column, copied by Ctrl+C."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTableView

from stiffgui.figures.numerals import minus
from stiffgui.figures.palette import ABOUT
from stiffgui.figures.picture import Points
from stiffgui.gui.read_table import RIGHT, make_readable, sorted_by
from stiffgui.stiffness.indices import ILL_CONDITIONED

# Heading, what it is.
COLUMNS = (
    ("Re λ", "Real part, 1/time"),
    ("Im λ", "Imaginary part, 1/time"),
    ("|λ|", "Modulus, 1/time"),
    ("scale", "Time scale 1/|Re λ|"),
    ("cond", "Condition number of the eigenvalue"),
    ("±", "How far rounding may move the eigenvalue: its condition times eps ||J||_F"),
    ("sample", "Probe sample"),
    ("layer", "Layer"),
)
MODULUS, ERROR, SAMPLE, LAYER = 2, 5, 6, 7
WHOLE = (SAMPLE, LAYER)  # columns of whole numbers
DOUBTED = (0, 1, MODULUS)  # columns that carry a mark where rounding may move the eigenvalue far
Index = QModelIndex | QPersistentModelIndex
NOTHING = QModelIndex()


class _Model(QAbstractTableModel):
    """Rows of Points in the chosen order; by descending modulus at first."""

    def __init__(self) -> None:
        super().__init__()
        self._columns: NDArray[Any] = np.empty((len(COLUMNS), 0))
        self._drawn: NDArray[Any] = np.empty(0, complex)  # where each one stands in its plane
        self._order: NDArray[Any] = np.empty(0, int)
        self._by = (MODULUS, Qt.SortOrder.DescendingOrder)

    def show(self, parts: Sequence[Points]) -> None:
        """Take new points; the order asked for stays."""
        self.beginResetModel()
        self._columns = np.concatenate([_columns(points) for points in parts], 1)
        self._drawn = np.concatenate([points.x + 1j * points.y for points in parts])
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._by = (column, order)
        self.layoutAboutToBeChanged.emit()
        self._arrange()
        self.layoutChanged.emit()

    def _arrange(self) -> None:
        column, order = self._by
        self._order = np.argsort(self._columns[column], kind="stable")
        if order == Qt.SortOrder.DescendingOrder:
            self._order = self._order[::-1]

    def row(self, place: int) -> NDArray[Any]:
        """The columns of a row."""
        return np.asarray(self._columns[:, self._order[place]])

    def place(self, place: int) -> complex:
        """Where a row's eigenvalue stands in its plane."""
        return complex(self._drawn[self._order[place]])

    def find(self, sample: int, layer: int, value: complex) -> int | None:
        """The row of a sample and a layer that stands nearest to a place; None: there is none."""
        columns = self._columns[:, self._order]
        there = (columns[SAMPLE] == sample) & (columns[LAYER] == layer)
        apart = np.abs(self._drawn[self._order] - value)
        return int(np.where(there, apart, np.inf).argmin()) if there.any() else None

    def rowCount(self, parent: Index = NOTHING) -> int:
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = NOTHING) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return None
        row = self._columns[:, self._order[index.row()]]
        value = float(row[index.column()])
        if index.column() in WHOLE:
            return str(int(value))
        if role == Qt.ItemDataRole.EditRole:  # what is copied
            return f"{value:.9g}"
        doubtful = row[ERROR] > ILL_CONDITIONED * row[MODULUS] and index.column() in DOUBTED
        if not np.isfinite(value):
            text = "∞"
        elif index.column() == ERROR:
            text = minus(f"{value:.0e}")
        else:
            text = minus(f"{value:.3g}")
        return f"{ABOUT}{text}" if doubtful else text

    def headerData(
        self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.EditRole:
            return COLUMNS[section][0]
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            by, order = self._by
            return sorted_by(COLUMNS[section][0], order) if section == by else COLUMNS[section][0]
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return f"{COLUMNS[section][1]}. Click to sort."
        return None


def _columns(points: Points) -> NDArray[Any]:
    count, modulus = len(points.x), np.asarray(points.numbers["modulus"])
    drawn = np.hypot(points.x, points.y).max(initial=0.0)
    unit = drawn / modulus.max() if drawn else 1.0  # axes may be those of aλ
    columns = [
        points.x / unit,
        points.y / unit,
        *points.numbers.values(),
        np.broadcast_to(np.asarray(points.places.sample) + 1, count),
        np.broadcast_to(points.places.layer, count),
    ]
    return np.stack(columns)


class EigenvalueTable(QTableView):
    """`show_points` fills it. Emits `chosen(sample from 0, layer, value)` when a row is."""

    chosen = Signal(int, int, complex)

    def __init__(self) -> None:
        super().__init__()
        self._model = _Model()
        self._selecting = False  # because it is selected elsewhere
        self.setModel(self._model)
        self.setObjectName("eigenvalueTable")
        make_readable(self, "Eigenvalues as a table", row_height=20)
        self.setToolTip("Click a heading to sort; Ctrl+C copies the selected rows, or all")
        across = self.horizontalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        across.setMinimumSectionSize(34)
        across.setSortIndicator(MODULUS, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)
        self.selectionModel().currentRowChanged.connect(self._row_changed)

    def _row_changed(self, now: QModelIndex) -> None:
        if now.isValid() and not self._selecting:
            row = self._model.row(now.row())
            self.chosen.emit(int(row[SAMPLE]) - 1, int(row[LAYER]), self._model.place(now.row()))

    def select(self, sample: int, layer: int, value: complex) -> None:
        """Select the row of an eigenvalue, and let it be seen."""
        row = self._model.find(sample + 1, layer, value)
        if row is not None and row != self.currentIndex().row():
            self._selecting = True
            self.setCurrentIndex(self._model.index(row, 0))
            self._selecting = False

    def show_points(self, parts: Sequence[Points]) -> None:
        """A row for each point of each part."""
        self._model.show(parts)
        layers = [np.unique(points.places.layer) for points in parts]
        self.setColumnHidden(len(COLUMNS) - 1, len(np.unique(np.concatenate(layers))) == 1)
