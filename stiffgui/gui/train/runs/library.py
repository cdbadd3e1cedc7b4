"""Library: every run file of the folder in a table that is filtered, sorted and opened from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui.gui.train.runs.columns import CHANGED, IN_LIBRARY
from stiffgui.gui.train.runs.files import newest_first, touched
from stiffgui.gui.train.runs.table import RunsTable
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.session.reading import SECONDS, ReadFacts
from stiffgui.session.run_facts import RunFacts
from stiffgui.session.service import Failure


class Library(QDialog):
    """Opens runs into the workbench; the files are read by its reading process, one at a time."""

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
        self.table = RunsTable(IN_LIBRARY, "Runs of the folder")
        self.table.sortByColumn(self.table.column(CHANGED), Qt.SortOrder.DescendingOrder)
        self.table.keys[Qt.Key.Key_Delete] = self.delete_chosen
        self.table.selectionModel().selectionChanged.connect(self._choice_changed)
        self.table.activated.connect(lambda _: self.open_chosen())
        self.told = QLabel()
        self.told.setObjectName("cardNote")
        self._open, self._delete = QPushButton("Open"), QPushButton("Delete")
        self._open.setToolTip("Draw the chosen runs in the window (Enter)")
        self._open.setDefault(True)
        self._delete.setToolTip("Move the chosen files to the wastebasket (Del)")
        self._open.clicked.connect(self.open_chosen)
        self._delete.clicked.connect(self.delete_chosen)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        for button in (self._open, self._delete):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        layout = QVBoxLayout(self)
        for widget in (self.words, self.table, self.told, buttons):
            layout.addWidget(widget)
        self.resize(min(1500, parent.window().width()), 460)
        self._choice_changed()
        self._files = iter(newest_first(bench.workspace))
        self._asked: int | None = None
        self.finished.connect(self._leave)
        self._read_next()

    # ------------------------------------------------------------------- reading

    @property
    def reading(self) -> bool:
        """Whether there are files that have not been read yet."""
        return self._asked is not None

    def _read_next(self) -> None:
        self._asked = None
        if (path := next(self._files, None)) is not None:

            def failed(failure: Failure) -> None:
                written = touched(path)
                self._add(RunFacts(path, "unreadable", note=failure.sentence, written=written))

            self._asked = self.bench.reading.ask(
                ReadFacts(path), self._add, failed, seconds=SECONDS
            )
        self._tell()

    def _add(self, facts: RunFacts) -> None:
        if facts.path.exists():  # it may have gone in the meantime
            self.table.runs.insert(len(self.table.runs.rows), facts)
        self._read_next()

    def _leave(self) -> None:
        """Read no more."""
        if self._asked is not None:
            self.bench.reading.drop(self._asked)

    def _filter(self, text: str) -> None:
        self.table.sorted.filter(text)
        self._tell()

    def _tell(self) -> None:
        seen, count = self.table.sorted.rowCount(), len(self.table.runs.rows)
        folder = self.bench.workspace
        more = "; more are being read …" if self.reading else ""
        self.told.setText(
            f"{seen} of {count} runs in {folder}{more}"
            if count or more
            else f"There are no runs in {folder} yet: press Run, or File > Folder of runs."
        )

    # -------------------------------------------------------------------- choice

    def _choice_changed(self) -> None:
        for button in (self._open, self._delete):
            button.setEnabled(bool(self.table.chosen()))

    def open_chosen(self) -> None:
        """Open the chosen runs and close."""
        chosen = self.table.chosen()
        if chosen:
            self.accept()
            for run in chosen:
                self.bench.open_run(run.path)

    def delete_chosen(self) -> None:
        """Move the chosen files to the wastebasket; the window offers to undo the last one."""
        for run in self.table.chosen():
            if self.bench.filing.delete_file(run.path):
                self.table.runs.remove(self.table.runs.rows.index(run))
        self._tell()
