"""Editors of the laboratory alone: a small matrix, and a run file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui.gui.editors import Editor, TextEditor
from stiffgui.settings import Spec

SIZES = (2, 3, 4)


class MatrixEditor(Editor):
    """A square matrix as a grid of fields, 2 x 2 to 4 x 4; its value is text, rows by semicolons.

    A larger matrix keeps the entries there were, with zeros around them and -1 on the diagonal.
    """

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        self.order = QComboBox()
        super().__init__(spec, self.order, parent)
        for n in SIZES:
            self.order.addItem(f"{n} × {n}", n)
        self.order.setAccessibleName(f"Size of {spec.title}")
        self.order.setToolTip("Number of rows and columns")
        self.below = QWidget()
        self._grid = QGridLayout(self.below)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(3)
        self.cells: list[list[QLineEdit]] = []
        for i in range(SIZES[-1]):
            row = [self._cell(i, j) for j in range(SIZES[-1])]
            self.cells.append(row)
        self.order.currentIndexChanged.connect(self._resized)
        self._show_size()

    def _cell(self, i: int, j: int) -> QLineEdit:
        cell = QLineEdit("-1" if i == j else "0")
        cell.setAccessibleName(f"{self.spec.title}, row {i + 1}, column {j + 1}")
        cell.setMinimumWidth(34)
        cell.editingFinished.connect(self._typed)
        self._grid.addWidget(cell, i, j)
        return cell

    def text(self) -> str:
        """The matrix as the setting is written."""
        n = int(self.order.currentData())
        rows = (" ".join(c.text().strip() or "?" for c in row[:n]) for row in self.cells[:n])
        return "; ".join(rows)

    def show_value(self, value: Any) -> None:
        rows = [row.replace(",", " ").split() for row in str(value).split(";")]
        if self.text() == str(value) or len(rows) not in SIZES:
            return
        with QSignalBlocker(self.order):
            self.order.setCurrentIndex(SIZES.index(len(rows)))
        for i, row in enumerate(rows):
            for j, entry in enumerate(row):
                self.cells[i][j].setText(entry)
                self.cells[i][j].setCursorPosition(0)
        self._show_size()

    def set_invalid(self, invalid: bool) -> None:
        for cell in (cell for row in self.cells for cell in row):
            bad = invalid and not _is_number(cell.text())
            if bool(cell.property("invalid")) != bad:
                cell.setProperty("invalid", bad)
                cell.style().unpolish(cell)
                cell.style().polish(cell)

    def _resized(self) -> None:
        self._show_size()
        self.edited.emit(self.text())

    def _show_size(self) -> None:
        n = int(self.order.currentData())
        for i, row in enumerate(self.cells):
            for j, cell in enumerate(row):
                cell.setVisible(i < n and j < n)

    def _typed(self) -> None:
        self.edited.emit(self.text())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class FileEditor(TextEditor):
    """The path of a run file, with a button that opens the file dialog."""

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self.line.setPlaceholderText("random weights")
        self.browse = QToolButton()
        self.browse.setObjectName("quiet")
        self.browse.setText("…")
        self.browse.setAccessibleName(f"Choose the {spec.title.lower()}")
        self.browse.setToolTip("Choose a run file")
        self.browse.clicked.connect(self._choose)
        layout = self.layout()
        assert isinstance(layout, QHBoxLayout | QVBoxLayout)
        layout.addWidget(self.browse)

    def _choose(self) -> None:
        folder = str(Path(self.line.text()).parent) if self.line.text() else ""
        name, _ = QFileDialog.getOpenFileName(self, "Run file", folder, "Runs (*.stiff)")
        if name:
            self.line.setText(name)
            self.edited.emit(name)


EDITORS: dict[str, type[Editor]] = {"matrix": MatrixEditor, "run": FileEditor}
