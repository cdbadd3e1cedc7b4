"""Tables to read: rows are chosen, Ctrl+C copies them with headings; numbers sort as numbers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QTableView, QTableWidgetItem

from stiffgui.plain_text import cell

Role = Qt.ItemDataRole
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter  # of numbers


def make_readable(table: QTableView, name: str, row_height: int) -> None:
    """Set up a table whose cells are read and copied, not edited."""
    table.setAccessibleName(name)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    across = table.horizontalHeader()
    across.setHighlightSections(False)
    across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.installEventFilter(_Reads(table, row_height))


def sorted_by(heading: str, order: Qt.SortOrder) -> str:
    """The heading of the column by which rows are sorted: Qt's own arrow would cover numbers'."""
    return f"{heading} {'▴' if order == Qt.SortOrder.AscendingOrder else '▾'}"


def row_height(table: QTableView, least: int) -> int:
    """Of a row that the table's font fits into."""
    return max(least, table.fontMetrics().height() + 4)


def as_text(table: QTableView) -> str:
    """Selected rows, or all of them, as tab-separated text with headings; numbers unrounded
    where the model has them (its edit role), and as other programs read them."""
    model, across, down = table.model(), Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    columns = range(model.columnCount())
    rows = sorted({i.row() for i in table.selectedIndexes()}) or range(model.rowCount())
    heads = [model.headerData(c, across, Role.EditRole) for c in columns]
    lines = [[cell(str(head or model.headerData(c, across))) for c, head in enumerate(heads)]]
    for row in rows:
        values = (model.index(row, c).data(Role.EditRole) for c in columns)
        lines.append([cell(str(value or "").replace("−", "-")) for value in values])
    if not table.verticalHeader().isHidden():
        heads = ["index", *(str(model.headerData(r, down)) for r in rows)]
        lines = [[head, *line] for head, line in zip(heads, lines, strict=True)]
    return "\n".join("\t".join(line) for line in lines)


class _Reads(QObject):
    """Copies rows, and keeps them high enough for the font."""

    def __init__(self, table: QTableView, row_height: int) -> None:
        super().__init__(table)
        self._least = row_height
        self._fit(table)

    def _fit(self, table: QTableView) -> None:
        table.verticalHeader().setDefaultSectionSize(row_height(table, self._least))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and isinstance(watched, QTableView):
            pressed = event.type() == QEvent.Type.KeyPress
            if pressed and event.matches(QKeySequence.StandardKey.Copy):
                QGuiApplication.clipboard().setText(as_text(watched))
                return True
        font = event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange)
        if font and isinstance(watched, QTableView):
            self._fit(watched)
        return False


class Cell(QTableWidgetItem):
    """A cell that sorts by its key: numbers as numbers, words without case."""

    def __init__(self, text: str, key: Any) -> None:
        super().__init__(text)
        self.key = key

    def __lt__(self, other: QTableWidgetItem) -> bool:
        theirs = other.key if isinstance(other, Cell) else other.text()
        if isinstance(self.key, str) or isinstance(theirs, str):
            return str(self.key).lower() < str(theirs).lower()
        return bool(self.key < theirs)
