"""The import wizard: a table's file, its columns and what they are used as, and the settings of
the task; everything that is wrong is said next to where it can be mended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QProgressBar,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.gui.file_drop import FileDrop
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.requests import Requests
from stiffgui.gui.tables.columns import INPUT, LEFT_OUT, OUTPUT, ColumnsModel, ColumnsView
from stiffgui.gui.tables.fill_question import FillQuestion
from stiffgui.gui.tables.first_rows import FirstRowsView
from stiffgui.gui.tables.form import ImportForm
from stiffgui.session.reading import seconds_for
from stiffgui.session.service import Failure
from stiffgui.session.tables import InspectTable, ProposeTable
from stiffgui.tasks.table import ENDINGS, Preview, Table
from stiffgui.tasks.table.columns import as_patterns, chosen, duplicates
from stiffgui.tasks.table.judging import sentences
from stiffgui.tasks.table.numbers import MINIMUM_ROWS
from stiffgui.tasks.table.sheet import Reading

# Settings of `Table` that say how its file is read.
HOW = tuple(f.name for f in fields(Reading) if f.name in Table.model_fields and f.name != "path")
EDIT_MILLISECONDS = 250  # after the last edit, what was typed is looked at
NO_FILE = "Choose a file, or drop one here."
BUSY = "A training is running: stop it, or let it end, before its settings are replaced."


class ImportWizard(QDialog):
    """Lets a child read the table, and make an experiment of it; one request at a time.

    Emits `imported(name, experiment)` at its end.
    """

    imported = Signal(str, object)

    def __init__(self, parent: QWidget, settings: QSettings, requests: Requests) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import table")
        self._settings, self._requests = settings, requests
        self._number = 0  # of the last request
        self._preview: Preview | None = None
        self._experiment: Experiment | None = None
        self._busy = self._pending = self._reread = False
        self._summary = ""
        self._proposed: Sequence[str] = ()  # inputs, as long as a person chooses none
        self.form = ImportForm()
        self.columns = ColumnsModel(self)
        self.columns_view = ColumnsView(self.columns)
        self.columns_view.say_when_empty(NO_FILE)
        self.first_rows = FirstRowsView(self.columns)
        self.question = FillQuestion()
        self._lay_out()
        self._soon = QTimer(self, singleShot=True, interval=EDIT_MILLISECONDS)
        self._soon.timeout.connect(self._ask)
        self.form.edited.connect(self._edited)
        self.form.browse.clicked.connect(lambda: self._browse("path"))
        self.form.browse_outputs.clicked.connect(lambda: self._browse("outputs_path"))
        self.question.answered.connect(self._take_fill)
        self.columns.roles_changed.connect(self._roles_chosen)
        FileDrop(self).dropped.connect(lambda paths: self.choose(paths[0]))
        self.finished.connect(lambda _: self._requests.drop(self._number))
        self._show_allowed()
        self._show_state("")

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        keys = QLabel("Chosen rows: I input, O output, L leave out")
        keys.setObjectName("cardNote")
        keys.setContentsMargins(0, 0, 2, 6)
        self.tabs.setCornerWidget(keys)
        self.tabs.addTab(self.columns_view, "Co&lumns")
        self.tabs.addTab(self.first_rows, "&First rows")
        self.tabs.setAccessibleName("Preview")
        self.tabs.currentChanged.connect(lambda place: keys.setVisible(place == 0))
        self.waiting = QProgressBar(minimum=0, maximum=0, textVisible=False)
        self.waiting.setAccessibleName("The table is being read")
        self.waiting.setFixedHeight(5)
        policy = self.waiting.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.waiting.setSizePolicy(policy)
        self.waiting.hide()
        self.summary = QLabel("")
        self.summary.setObjectName("cardNote")
        self.summary.setWordWrap(True)
        self.buttons = QDialogButtonBox()
        self.accept_button = self.buttons.addButton(
            "&Import", QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.accept_button.setToolTip("Put an experiment on this table into the panel")
        self.buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self.buttons.accepted.connect(self._import)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(self.form)
        layout.addWidget(self.question)
        layout.addWidget(self.waiting)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.summary)
        layout.addWidget(self.buttons)
        self.setMinimumSize(580, 460)
        self.resize(860, 640)

    # -------------------------------------------------------------------- the file

    def choose(self, path: Path, field: str = "path") -> None:
        """Look at a file; what was said of how to read another one is forgotten."""
        if field == "path":
            for name in ("sheet", "rows_along", "fill_value", "outputs_path"):
                self.form.show_value(name, "")
        self._enter(field, str(path))

    def _enter(self, field: str, value: str) -> None:
        self.form.show_value(field, value)
        self._edited(field, value)
        self._soon.stop()
        self._ask()

    def _take_fill(self, value: str) -> None:
        known = str(self.form.values["fill_value"])
        self._enter("fill_value", f"{known}, {value}" if known else value)

    def _browse(self, field: str) -> None:
        kept = self.form.values[field] or self.form.values["path"]
        kept = kept or self._settings.value("import/folder", "")
        kinds = " ".join(f"*{ending}" for ending in ENDINGS)
        name, _ = QFileDialog.getOpenFileName(
            self, "Import table", str(kept), f"Tables ({kinds});;All files (*)"
        )
        if name:
            self.choose(Path(name), field)

    def _fill(self, preview: Preview | None) -> None:
        self._preview = preview
        self.columns.show_preview(preview, Path(self.form.values["path"]).name)
        self.first_rows.show_rows(preview.first_rows if preview is not None else ())
        self.form.offer(preview.choices if preview is not None else ())
        self.question.ask(preview.fill if preview is not None else None)

    def _show_preview(self, preview: Preview) -> None:
        """Show what is in the file."""
        self.waiting.hide()
        self._pending = False
        self._fill(preview)
        names = self.columns.names
        if not self._show_patterns():
            self._proposed = preview.inputs
            self.columns.show_roles(preview.inputs, preview.outputs)
            self.form.show_value("input_columns", "")
            self.form.show_value("output_columns", "")
        if duplicates(names) or preview.rows < MINIMUM_ROWS:
            self._refuse(" ".join(preview.problems), "task.path")
            return
        self._roles_changed()
        self._soon.stop()
        self._ask()

    # ------------------------------------------------------------------- the roles

    def _roles_chosen(self) -> None:
        self._proposed = ()
        self._roles_changed()

    def _roles_changed(self) -> None:
        """The fields say by patterns what the rows say one by one."""
        for field, role in (("input_columns", INPUT), ("output_columns", OUTPUT)):
            wanted = self.columns.used_as(role)
            try:
                if self._chosen(field) != wanted:
                    self.form.show_value(field, as_patterns(wanted, self.columns.names))
            except InputError as error:
                self._refuse(str(error), f"task.{field}")
                return
        self._later()

    def _chosen(self, field: str) -> tuple[str, ...]:
        """The columns that a field's patterns choose; none where one of them matches nothing."""
        patterns = str(self.form.values[field])
        try:
            return chosen("", self.columns.names, patterns, "") if patterns.strip() else ()
        except InputError:
            return ()

    def _show_patterns(self) -> bool:
        """Let the rows say what the fields say; whether both choose something."""
        inputs, outputs = self._chosen("input_columns"), self._chosen("output_columns")
        self.columns.show_roles(inputs, outputs)
        return bool(inputs and outputs)

    # ------------------------------------------------------------------ being asked

    def _edited(self, field: str, value: object) -> None:
        self._reread |= field in (*HOW, "path", "categories")
        if field == "input_columns":
            self._proposed = ()
        elif field == "output_columns" and self._proposed:  # an output is no proposed input
            outputs = self._chosen(field)
            inputs = [name for name in self._proposed if name not in outputs]
            self.form.show_value("input_columns", as_patterns(inputs, self.columns.names))
        if field in ("input_columns", "output_columns"):
            self._show_patterns()
        self._show_allowed()
        self._later()

    @property
    def _one_hot(self) -> bool:
        return bool(self.form.values["categories"] == "one-hot")

    def _show_allowed(self) -> None:
        self.columns.set_allowed(self.form.values["missing"] == "drop", self._one_hot)

    def _later(self) -> None:
        self._experiment = None
        self._show_state("")
        self._soon.start()

    def _ask(self) -> None:
        """Let a child read the file, or make an experiment of it."""
        values = dict(self.form.values)
        path = str(values.pop("path")).strip()
        self.setWindowTitle(f"Import table: {Path(path).name}" if path else "Import table")
        self._experiment, self._pending = None, False
        self._requests.drop(self._number)
        self.form.tell("", "")
        if self._reread:
            self._reread, self._preview = False, None
            if path:
                self.waiting.show()
                self.columns_view.say_when_empty("")
                self._show_state(f"Reading {Path(path).name} …")
                how = {name: values[name] for name in HOW} | {"one_hot": self._one_hot}
                self._request(InspectTable(Path(path), how), self._show_preview)
            else:
                self._fill(None)
                self._refuse("", "")
        elif self._preview is not None:
            missing = self._nothing_chosen(values)
            if missing:
                self._refuse(*missing)
            else:
                self._request(ProposeTable(Path(path), values), self._show_proposal)

    def _request(
        self, work: InspectTable | ProposeTable, on_answer: Callable[[Any], object]
    ) -> None:
        self._pending = True
        self._number = self._requests.ask(
            work, on_answer, self._failed, newest=True, seconds=seconds_for(work.path)
        )

    def _nothing_chosen(self, values: dict[str, Any]) -> tuple[str, str] | None:
        for field, role in (("input_columns", "input"), ("output_columns", "output")):
            if not str(values[field]).strip():
                return (
                    f"No column is an {role} yet: choose {role} in the list, or type a name or a "
                    f"pattern such as {'x' if role == 'input' else 'y'}_*.",
                    f"task.{field}",
                )
        return None

    def _show_proposal(self, experiment: Experiment) -> None:
        """Show what the settings make of the table."""
        if self._soon.isActive() or not self._pending:
            return  # something else has been entered meanwhile
        self._pending, self._experiment = False, experiment
        task = experiment.task
        assert isinstance(task, Table)
        train, kept, test = task.training_samples, task.validation_samples, task.test_samples
        rows, used = self._preview.rows if self._preview is not None else 0, train + kept + test
        dropped = f" · {_count(rows - used, 'row')} dropped" if rows > used else ""
        chosen_by = f"{grouped(kept)} to choose by, " if kept else ""
        self._show_state(
            f"{_count(train, 'row')} to train on, {chosen_by}{grouped(test)} to test{dropped} · "
            f"{_count(task.inputs, 'input')}, "
            f"{_count(task.outputs, 'output')} · batches of {experiment.training.batch_size}\n"
            f"{self._decided(task.notes)}".rstrip()
        )

    def _decided(self, notes: Sequence[str]) -> str:
        """What was decided on the table, in words."""
        file = Path(self.form.values["path"]).name
        unused = self.columns.used_as(LEFT_OUT)
        known = self._preview.left_out if self._preview is not None else {}
        fill = self._preview.fill if self._preview is not None else None
        notes = [note for note in notes if fill is None or fill.sentence not in note]  # is asked
        left_out = sentences(file, {n: why for n, why in known.items() if n in unused})
        said = dict.fromkeys([*notes, *left_out])
        return self.form.plain_words(" · ".join(note.removeprefix(f"{file}: ") for note in said))

    def _failed(self, failure: Failure) -> None:
        """Say what is wrong with the file, or with the settings."""
        if self._preview is None:
            self._fill(None)
        elif self._soon.isActive() or not self._pending:
            return  # something else has been entered meanwhile
        if failure.lost:
            self._refuse(
                "The process that reads tables ended unexpectedly, perhaps for want of memory: "
                "choose a smaller file, or type its name again.",
                "task.path",
            )
        else:
            self._refuse(failure.sentence, failure.key)

    # -------------------------------------------------------------------- the state

    def set_busy(self, busy: bool) -> None:
        """While a training runs nothing can be imported."""
        self._busy = busy
        self._show_state(self._summary)

    def _refuse(self, sentence: str, key: str) -> None:
        self._experiment, self._pending = None, False
        self._soon.stop()
        self.waiting.hide()
        self.columns_view.say_when_empty(NO_FILE)
        self.form.tell(sentence, key)
        self._show_state(self._decided(self._preview.notes) if self._preview is not None else "")

    def _show_state(self, summary: str) -> None:
        self._summary = summary
        self.summary.setText(BUSY if self._busy and self._experiment is not None else summary)
        self.accept_button.setEnabled(self._experiment is not None and not self._busy)

    def _import(self) -> None:
        if self._experiment is None or self._busy:
            return
        path = Path(self.form.values["path"])
        self._settings.setValue("import/folder", str(path.absolute().parent))
        self.imported.emit(path.stem, self._experiment)
        self.accept()


def _count(number: int, noun: str) -> str:
    return f"{grouped(number)} {noun}{'' if number == 1 else 's'}"
