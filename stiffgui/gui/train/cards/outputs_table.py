"""Every output of a prediction as a row, with its spread and how good such predictions are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from stiffgui.figures.numerals import minus
from stiffgui.gui.read_table import RIGHT, make_readable
from stiffgui.gui.theme import of
from stiffgui.session.predictions import OutputValue

HEADS = (
    ("Output", "Click a row to see its responses"),
    ("Mean ± spread", "Over trials, in the output's own unit"),
    ("R² val.", "R² of the mean over trials on the validation rows"),
    ("R² test", "R² of the mean over trials on the test rows"),
)
VALIDATION, NARROW = 2, 21  # that column; widths of a table in lines of text
MOST_ROWS = 6  # in sight below a form
WORSE = "Negative: worse than the mean of those rows would predict it"


class OutputsTable(QTableWidget):
    """Emits `chosen(output)` when a row is chosen."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(0, len(HEADS))
        for column, (text, tip) in enumerate(HEADS):
            head = QTableWidgetItem(text)
            head.setToolTip(tip)
            head.setTextAlignment(RIGHT if column else Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(column, head)
        make_readable(self, "Predicted outputs", row_height=20)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        across = self.horizontalHeader()
        across.setMinimumSectionSize(40)
        across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        across.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.currentCellChanged.connect(self._chosen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow table does without the validation rows."""
        super().resizeEvent(event)
        self.setColumnHidden(VALIDATION, self.width() < NARROW * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 60)

    def sizeHint(self) -> QSize:
        rows = min(self.rowCount(), MOST_ROWS) * self.verticalHeader().defaultSectionSize()
        return QSize(300, self.horizontalHeader().sizeHint().height() + rows + 4)

    def show_outputs(self, outputs: Sequence[OutputValue], shown: int) -> None:
        """A row each; `shown` is the one whose responses are seen."""
        with QSignalBlocker(self):
            self.setRowCount(len(outputs))
            for row, output in enumerate(outputs):
                scores = (output.validation_r2, output.test_r2)
                texts = [output.name, _value(output), *map(_score, scores)]
                for column, text in enumerate(texts):
                    self._write(row, column, text, column > 1 and scores[column - 2] < 0)
            if self.currentRow() != shown:
                self.setCurrentCell(shown, 0)

    def _write(self, row: int, column: int, text: str, bad: bool) -> None:
        item = self.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            item.setTextAlignment(RIGHT if column else Qt.AlignmentFlag.AlignVCenter)
            self.setItem(row, column, item)
        if item.text() != text:
            item.setText(text)
            item.setToolTip(WORSE if bad else text)
        if bad:
            item.setForeground(QColor(of(self.palette()).bad))
        else:
            item.setData(Qt.ItemDataRole.ForegroundRole, None)

    def _chosen(self, row: int, *_: int) -> None:
        if row >= 0:
            self.chosen.emit(row)


def _value(output: OutputValue) -> str:
    spread = f" ± {output.spread:.2g}" if np.isfinite(output.spread) else ""
    return f"{minus(f'{output.mean:.4g}{spread}')} {output.unit}".strip()


def _score(r2: float) -> str:
    if np.isnan(r2):
        return "–"
    return minus(f"⚠ {r2:.2f}") if r2 < 0 else f"{r2:.2f}"
