"""Library: every run file of the folder in a table that is filtered, sorted and opened from."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from stiffgui._presets import presets
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.read_table import Cell, make_readable
from stiffgui.gui.train.runs.workbench import Workbench, touched
from stiffgui.settings import kind_of

COLUMNS = ("name", "task", "state", "epoch", "train", "test", "time", "changed", "settings", "note")
HELP = {
    "train": "Median RMSE of the last epoch on the training set",
    "test": "Median RMSE of the last epoch on the test set",
    "time": "Seconds of training",
    "changed": "When the file was last written",
    "settings": "What differs from the first preset",
}
SLICE_SECONDS = 0.02  # of reading files at a stretch: the window answers in between


@dataclass(frozen=True)
class Row:
    """What the table says of one file: a text and a key to sort by for each column."""

    path: Path
    cells: tuple[tuple[str, Any], ...]


def read_row(path: Path) -> Row:
    """A row on a run file; one that cannot be read says so."""
    from stiffgui.runs import open_run

    written = path.stat().st_mtime
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(written))
    try:
        with open_run(path) as run:
            epoch, seconds, medians = run.last()
            train, test = (medians.get(name, nan) for name in ("train_error", "test_error"))
            state, note = run.ending, run.note
            task, told = ("", "") if run.foreign else _what(run.experiment)
    except InputError as error:
        words = [path.stem, "", "unreadable", "", "", "", "", when, "", str(error)]
        return Row(path, tuple((word, word) for word in words))
    return Row(
        path,
        (
            (path.stem, path.stem),
            (task, task),
            (state, state),
            (grouped(epoch), epoch),
            (f"{train:.3g}", train),
            (f"{test:.3g}", test),
            (f"{seconds:.0f} s", seconds),
            (when, written),
            (told, told),
            (note.replace("\n", " "), note),
        ),
    )


def _what(experiment: Experiment) -> tuple[str, str]:
    """The task, and the settings that differ from the first preset."""
    plain = presets[next(iter(presets))]
    settings = [
        f"{key.split('.', 1)[1]} = {mine}"
        for key, (mine, _) in experiment.differences(plain).items()
        if mine is not None
    ]
    return kind_of(type(experiment.task)), ", ".join(settings)


class _Cell(Cell):
    """One of the cells of a run's file."""

    def __init__(self, text: str, key: Any, path: Path) -> None:
        super().__init__(text, key)
        self.path = path
        if not isinstance(key, str):
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            self.setTextAlignment(right)
        self.setToolTip(text)


class Library(QDialog):
    """Opens runs into the workbench; files are read a few at a time."""

    def __init__(self, bench: Workbench, parent: QWidget) -> None:
        super().__init__(parent)
        self.bench = bench
        self.setWindowTitle("Library of runs")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.words = QLineEdit()
        self.words.setPlaceholderText("Filter: words of a name, a task, a setting or a note")
        self.words.setClearButtonEnabled(True)
        self.words.setAccessibleName("Filter")
        self.words.textChanged.connect(self._filter)
        self.table = QTableWidget(0, len(COLUMNS))
        self._make_table()
        self.told = QLabel()
        self.told.setObjectName("cardNote")
        self._open, self._delete = QPushButton("Open"), QPushButton("Delete")
        self._open.setToolTip("Draw the chosen runs in the window (Enter)")
        self._open.setDefault(True)
        self._delete.setToolTip("Move the chosen files to the wastebasket (Del)")
        self._open.clicked.connect(self.open_chosen)
        self._delete.clicked.connect(self.delete_chosen)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.table, self.delete_chosen)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        for button in (self._open, self._delete):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        layout = QVBoxLayout(self)
        for widget in (self.words, self.table, self.told, buttons):
            layout.addWidget(widget)
        self.resize(980, 460)
        self._choice_changed()
        self._files: Iterator[Path] = iter(
            sorted(bench.workspace.glob("*.stiff"), key=touched, reverse=True)
        )
        self._reading = QTimer(self)
        self._reading.timeout.connect(self._read_some)
        self._reading.start(0)

    def _make_table(self) -> None:
        table = self.table
        make_readable(table, "Runs of the folder", row_height=24)
        table.setHorizontalHeaderLabels(COLUMNS)
        for column, name in enumerate(COLUMNS):
            head = table.horizontalHeaderItem(column)
            if head is not None:
                head.setToolTip(HELP.get(name, name) + ". Click to sort.")
        across = table.horizontalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        across.setStretchLastSection(True)
        for column, width in enumerate((140, 76, 76, 64, 60, 60, 56, 124, 200)):
            table.setColumnWidth(column, width)
        table.itemSelectionChanged.connect(self._choice_changed)
        table.itemActivated.connect(lambda _: self.open_chosen())

    # ------------------------------------------------------------------- reading

    @property
    def reading(self) -> bool:
        """Whether there are files that have not been read yet."""
        return self._reading.isActive()

    def _read_some(self) -> None:
        end = time.perf_counter() + SLICE_SECONDS
        self.table.setSortingEnabled(False)
        while time.perf_counter() < end:
            path = next(self._files, None)
            if path is None:
                self._reading.stop()
                break
            with contextlib.suppress(FileNotFoundError):  # it went in the meantime
                self._add(read_row(path))
        if not self.reading:
            self.table.setSortingEnabled(True)
            self.table.sortByColumn(COLUMNS.index("changed"), Qt.SortOrder.DescendingOrder)
        self._filter(self.words.text())

    def _add(self, row: Row) -> None:
        place = self.table.rowCount()
        self.table.insertRow(place)
        for column, (text, key) in enumerate(row.cells):
            self.table.setItem(place, column, _Cell(text, key, row.path))

    def _filter(self, text: str) -> None:
        wanted, seen = text.lower().split(), 0
        for row in range(self.table.rowCount()):
            items = [self.table.item(row, column) for column in range(len(COLUMNS))]
            line = " ".join(item.text() for item in items if item is not None).lower()
            hidden = not all(word in line for word in wanted)
            self.table.setRowHidden(row, hidden)
            seen += not hidden
        count, folder = self.table.rowCount(), self.bench.workspace
        self.told.setText(
            f"{seen} of {count} runs in {folder}"
            if count
            else f"There are no runs in {folder} yet: press Run, or File > Folder of runs."
        )

    # -------------------------------------------------------------------- choice

    def chosen(self) -> list[Path]:
        """The files of the selected rows that are seen."""
        rows = sorted({i.row() for i in self.table.selectedIndexes()})
        items = [self.table.item(row, 0) for row in rows if not self.table.isRowHidden(row)]
        return [item.path for item in items if isinstance(item, _Cell)]

    def _choice_changed(self) -> None:
        for button in (self._open, self._delete):
            button.setEnabled(bool(self.chosen()))

    def open_chosen(self) -> None:
        """Open the chosen runs and close."""
        paths = self.chosen()
        if paths:
            self.accept()
            for path in paths:
                self.bench.open_run(path)

    def delete_chosen(self) -> None:
        """Move the chosen files to the wastebasket; the window offers to undo the last one."""
        for path in self.chosen():
            if self.bench.delete_file(path):
                for row in reversed(range(self.table.rowCount())):
                    item = self.table.item(row, 0)
                    if isinstance(item, _Cell) and item.path == path:
                        self.table.removeRow(row)
        self._filter(self.words.text())
