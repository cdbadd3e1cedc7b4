"""The columns of a table that is being imported: their use, and what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from stiffgui.gui import theme
from stiffgui.tasks.table import Column, Preview

INPUT, OUTPUT, LEFT_OUT = "input", "output", "leave out"
ROLES = (INPUT, OUTPUT, LEFT_OUT)
KEYS = {Qt.Key.Key_I: INPUT, Qt.Key.Key_O: OUTPUT, Qt.Key.Key_L: LEFT_OUT}
HEADS = ("Column", "Use as", "Kind", "Missing", "Range", "What to know")
USE = 1
Index = QModelIndex | QPersistentModelIndex


class ColumnsModel(QAbstractTableModel):
    """One row for each column of the table. Emits `roles_changed` when the person changes one."""

    roles_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns: tuple[Column, ...] = ()
        self.roles: list[str] = []
        self.drops = False  # whether rows with missing values are left out
        self.one_hot = False  # whether categories can be inputs
        self._file = ""

    def show_preview(self, preview: Preview | None, file: str) -> None:
        """Show the columns of another table, none of them used yet."""
        self.beginResetModel()
        self.columns = preview.columns if preview is not None else ()
        self.roles = [LEFT_OUT] * len(self.columns)
        self._file = file
        self.endResetModel()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(column.name for column in self.columns)

    def used_as(self, role: str) -> tuple[str, ...]:
        """Names of the columns with a role."""
        return tuple(c.name for c, r in zip(self.columns, self.roles, strict=True) if r == role)

    def show_roles(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Show which columns are used, without a signal."""
        self.roles = [
            INPUT if name in inputs else OUTPUT if name in outputs else LEFT_OUT
            for name in self.names
        ]
        self._all_changed()

    def set_allowed(self, drops: bool, one_hot: bool) -> None:
        """Missing values are no problem where their rows are left out, nor are categories where
        they become inputs."""
        self.drops, self.one_hot = drops, one_hot
        self._all_changed()

    def set_roles(self, rows: Sequence[int], role: str) -> None:
        """Use the columns of these rows as something else."""
        if any(self.roles[row] != role for row in rows):
            for row in rows:
                self.roles[row] = role
            self._all_changed()
            self.roles_changed.emit()

    def _all_changed(self) -> None:
        if self.columns:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.columns) - 1, USE))
            last = self.index(len(self.columns) - 1, len(HEADS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def blocks(self, row: int) -> bool:
        """Whether what is wrong with a column keeps the table from being learnt."""
        column = self.columns[row]
        role = self.roles[row]
        if column.kind == "categories" and role != LEFT_OUT:
            gaps = bool(column.missing) and not self.drops
            return gaps or role == OUTPUT or not self.one_hot
        only_gaps = column.kind == "number" and column.missing and column.low < column.high
        return role != LEFT_OUT and bool(column.problem) and not (only_gaps and self.drops)

    # ------------------------------------------------------------- what Qt asks

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == USE else flags

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return HEADS[section] if orientation == Qt.Orientation.Horizontal else section + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, place = index.row(), index.column()
        column = self.columns[row]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._texts(row)[place]
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.problem or column.about or column.name
        if role == Qt.ItemDataRole.AccessibleTextRole and place == USE:
            return f"{column.name} is used as: {self.roles[row]}"
        if role == Qt.ItemDataRole.ForegroundRole:
            colours = theme.of(QApplication.palette())
            if place == len(HEADS) - 1:
                return QColor(colours.bad if self.blocks(row) else colours.faint)
            return QColor(colours.faint) if self.roles[row] == LEFT_OUT else None
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if index.column() != USE or value not in ROLES:
            return False
        self.set_roles([index.row()], str(value))
        return True

    def _texts(self, row: int) -> tuple[str, ...]:
        column = self.columns[row]
        known = math.isfinite(column.low)
        unused = self.roles[row] == LEFT_OUT
        about = (column.about if unused else "") or column.problem or column.about
        about = about.removeprefix(f"{self._file}: ")
        about = about.removeprefix(f"column {column.name!r} ")
        about = about.replace(f" of column {column.name!r}", "", 1)
        return (
            column.name or "(no name)",
            self.roles[row],
            column.kind,
            str(column.missing) if column.missing else "none",
            f"{column.low:.4g} … {column.high:.4g}" if known else "",
            f"⚠ {about}" if self.blocks(row) else about,
        )


class _RoleDelegate(QStyledItemDelegate):
    """Draws a role as the box that opens when it is clicked."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, QModelIndex())  # the selection, without the text
        box = QStyleOptionComboBox()
        box.rect = option.rect.adjusted(2, 2, -2, -2)
        box.state = option.state & ~QStyle.StateFlag.State_HasFocus
        box.palette = option.palette
        box.currentText = str(index.data())
        style = QApplication.style()
        style.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, box, painter)
        style.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, box, painter)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        box = QComboBox(parent)
        box.addItems(ROLES)
        box.setAccessibleName(f"Use of {index.sibling(index.row(), 0).data()}")
        box.activated.connect(lambda _: self._chosen(box))
        QTimer.singleShot(0, box.showPopup)
        return box

    def _chosen(self, box: QComboBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        editor.setCurrentText(str(index.data()))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """A choice in one of several chosen rows is for all of them."""
        assert isinstance(editor, QComboBox) and isinstance(model, ColumnsModel)
        view = self.parent()
        rows = view.chosen_rows() if isinstance(view, ColumnsView) else []
        row = index.row()
        model.set_roles(rows if row in rows else [row], editor.currentText())


class ColumnsView(QTableView):
    """The table of columns. I, O and L set the role of the chosen rows; Space opens the box."""

    def __init__(self, model: ColumnsModel) -> None:
        super().__init__()
        self._columns = model
        self.empty_text = ""
        self.setModel(model)
        self.setItemDelegateForColumn(USE, _RoleDelegate(self))
        self.setAccessibleName("Columns of the table")
        self.setToolTip(
            "Choose rows and press I, O or L to use them as input or output, or leave them out."
        )
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setTabKeyNavigation(False)  # Tab goes on to the next control
        self.setShowGrid(False)
        self.setWordWrap(False)
        head = self.horizontalHeader()
        head.setStretchLastSection(True)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setHighlightSections(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 12)
        self.clicked.connect(self._clicked)
        model.modelReset.connect(self._fit)

    def chosen_rows(self) -> list[int]:
        """The rows that are selected."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def _fit(self) -> None:
        """Columns as wide as what they hold, within reason."""
        letter = self.fontMetrics().averageCharWidth()
        self.resizeColumnsToContents()
        for place in range(len(HEADS) - 1):
            self.setColumnWidth(place, min(self.columnWidth(place) + 10, 30 * letter))
        self.setColumnWidth(USE, 15 * letter + 24)

    def _clicked(self, index: QModelIndex) -> None:
        plain = QApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier
        if index.column() == USE and plain:
            self.edit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        role = KEYS.get(Qt.Key(event.key()))
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if role is not None and plain:
            self._columns.set_roles(self.chosen_rows(), role)
        elif event.key() == Qt.Key.Key_Space and plain and self.currentIndex().isValid():
            self.edit(self.currentIndex().siblingAtColumn(USE))
        else:
            super().keyPressEvent(event)

    def say_when_empty(self, text: str) -> None:
        """What stands in the middle while there are no columns."""
        self.empty_text = text
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._columns.columns:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(theme.of(self.palette()).faint))
            area = self.viewport().rect()
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.empty_text)
            painter.end()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()
