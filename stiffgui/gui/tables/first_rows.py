"""The first rows of a table that is being imported, as they stand in the file."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTableView

from stiffgui.gui import theme
from stiffgui.gui.tables.columns import LEFT_OUT, ColumnsModel

Index = QModelIndex | QPersistentModelIndex


class _FirstRows(QAbstractTableModel):
    """Cells as text; each head says the column's name and what it is used as."""

    def __init__(self, columns: ColumnsModel) -> None:
        super().__init__(columns)
        self._columns = columns
        self._rows: tuple[tuple[str, ...], ...] = ()
        columns.dataChanged.connect(self._roles_changed)

    def show_rows(self, rows: tuple[tuple[str, ...], ...]) -> None:
        """Show the rows of another table."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def _roles_changed(self) -> None:
        last = self.columnCount() - 1
        if last >= 0 and self._rows:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, last)
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, last))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            return section + 1
        return f"{self._columns.columns[section].name}\n{self._columns.roles[section]}"

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        place = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._rows[index.row()][place]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight
            if self._columns.columns[place].kind != "number":
                side = Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and self._columns.roles[place] == LEFT_OUT:
            return QColor(theme.of(QApplication.palette()).faint)
        return None


class FirstRowsView(QTableView):
    """Shows the rows; nothing in it is edited."""

    def __init__(self, columns: ColumnsModel) -> None:
        super().__init__()
        self._model = _FirstRows(columns)
        self.setModel(self._model)
        self.setAccessibleName("First rows of the table")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setHighlightSections(False)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)

    def show_rows(self, rows: tuple[tuple[str, ...], ...]) -> None:
        """Show the rows of another table."""
        self._model.show_rows(rows)
        self.resizeColumnsToContents()
