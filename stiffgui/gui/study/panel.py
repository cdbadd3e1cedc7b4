"""What is studied: trials, what all variants share, the variants, and where the work is done."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCompleter,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QSpinBox,
    QStyledItemDelegate,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment, all_keys
from stiffgui.gui.study.model import StudyModel, common
from stiffgui.gui.theme import Theme

COMMON = ("RES", "RES L2", "RES stiff")


class StudyPanel(QFrame):
    """Edits a `StudyModel`. Emits `train_asked(what)` for what needs the Train panel's settings
    (`base` or `variant`), `sweep_asked`, and `where_changed`."""

    train_asked = Signal(str)
    sweep_asked = Signal()
    where_changed = Signal()

    def __init__(self, model: StudyModel, settings: QSettings) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName("Study")
        self.model, self._settings = model, settings
        self._theme: Theme | None = None
        self._filling = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(6)
        title = QLabel("Study")
        title.setObjectName("cardTitle")
        self.about = QLabel()
        self.about.setObjectName("cardNote")
        self.about.setWordWrap(True)
        layout.addWidget(title)
        layout.addWidget(self.about)
        layout.addLayout(self._make_numbers())
        layout.addLayout(self._make_base())
        layout.addLayout(self._make_buttons())
        layout.addWidget(self._make_table(), 1)
        self.problem = QLabel()
        self.problem.setProperty("problem", True)
        self.problem.setWordWrap(True)
        layout.addWidget(self.problem)
        layout.addLayout(self._make_where())
        self.beforehand = QLabel()
        self.beforehand.setObjectName("cardNote")
        self.beforehand.setWordWrap(True)
        self.beforehand.setToolTip(
            "How the study would be trained here, and how long it would take"
        )
        self.beforehand.hide()
        layout.addWidget(self.beforehand)
        model.changed.connect(self.refresh)
        self.refresh()

    # ------------------------------------------------------------------ building

    def _make_numbers(self) -> QGridLayout:
        self.trials = _spin(1, 10_000, "Trials", "Networks per variant")
        self.epochs = _spin(1, 10_000_000, "Epochs", "Passes through the training set")
        self.together = _spin(
            1, 1000, "Together", "Trials that train as one batch; smaller: more pieces of work"
        )
        self.trials.valueChanged.connect(
            lambda n: self._edit(lambda: self.model.change("Change trials", trials=n))
        )
        self.together.valueChanged.connect(
            lambda n: self._edit(lambda: self.model.change("Change batches", together=n))
        )
        self.epochs.valueChanged.connect(
            lambda n: self._edit(lambda: self.model.set_base("training.epochs", n))
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        rows = (("T&rials", self.trials), ("&Epochs", self.epochs), ("To&gether", self.together))
        for column, (text, box) in enumerate(rows):
            grid.addWidget(_label(text, box), 0, column)
            grid.addWidget(box, 1, column)
            grid.setColumnStretch(column, 1)
        return grid

    def _make_base(self) -> QHBoxLayout:
        self.base = QLabel()
        self.base.setObjectName("cardNote")
        self.base.setWordWrap(True)
        take = _button("Take from Train", "Use the settings of the Train panel for all variants")
        take.clicked.connect(lambda: self.train_asked.emit("base"))
        self._editing: list[QWidget] = [self.trials, self.epochs, self.together, take]
        row = QHBoxLayout()
        row.addWidget(self.base, 1)
        row.addWidget(take)
        return row

    def _make_buttons(self) -> QHBoxLayout:
        heading = QLabel("Variants")
        heading.setObjectName("cardTitle")
        add = _button("Add ▾", "Add a variant: of the talk, or as in Train")
        menu = QMenu(add)
        for name in COMMON:
            action = menu.addAction(name)
            action.triggered.connect(lambda _=False, n=name: self.model.add(common(n)))
        menu.addSeparator()
        as_in_train: QAction = menu.addAction("As in Train")
        as_in_train.setToolTip("A variant with the settings of the Train panel")
        as_in_train.triggered.connect(lambda: self.train_asked.emit("variant"))
        menu.setToolTipsVisible(True)
        add.setMenu(menu)
        add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add_menu = menu
        sweep = _button("Sweep…", "Variants made by rule, from any settings")
        sweep.clicked.connect(self.sweep_asked)
        self.remove = _button("Remove", "Take the chosen variant out (Del)")
        self.remove.clicked.connect(self.remove_chosen)
        self.first = _button("First", "Compare the others with the chosen variant")
        self.first.clicked.connect(self._make_first)
        self._editing += [add, sweep, self.remove, self.first]
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(heading, 1)
        for button in (add, sweep, self.first, self.remove):
            row.addWidget(button)
        return row

    def _make_table(self) -> QTableWidget:
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels(["name", "differs in"])
        self.table.setAccessibleName("Variants")
        self.table.setToolTip(
            "Double click to edit. Settings: KEY = VALUE, with semicolons between. The others are "
            "compared with the first."
        )
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setWordWrap(True)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        across = self.table.horizontalHeader()
        across.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        across.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.table.setItemDelegateForColumn(1, _KeyDelegate(self.table))
        self.table.itemChanged.connect(self._typed)
        self.table.itemSelectionChanged.connect(self._update_buttons)
        remove = QAction("Remove", self.table)
        remove.setShortcut("Del")
        remove.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        remove.triggered.connect(self.remove_chosen)
        self.table.addAction(remove)
        self._editing.append(self.table)
        return self.table

    def _make_where(self) -> QGridLayout:
        self.workers = _spin(
            1, 256, "Processes", "Batches that train at the same time on this machine, one each"
        )
        kept = str(self._settings.value("study/workers", 1))
        self.workers.setValue(int(kept) if kept.isdecimal() else 1)
        self.dask = QLineEdit(str(self._settings.value("study/dask", "")))
        self.dask.setPlaceholderText("tcp://host:8786")
        self.dask.setAccessibleName("Dask scheduler")
        self.dask.setToolTip(
            "Address of a Dask scheduler, which then does the work; empty: this machine does"
        )
        self.workers.valueChanged.connect(lambda n: self._settings.setValue("study/workers", n))
        self.dask.textChanged.connect(lambda text: self._settings.setValue("study/dask", text))
        self.workers.valueChanged.connect(self.where_changed)
        self.dask.textChanged.connect(self.where_changed)
        self._editing += [self.workers, self.dask]
        grid = QGridLayout()
        for column, (text, widget) in enumerate(
            (("&Processes", self.workers), ("&Dask scheduler", self.dask))
        ):
            grid.addWidget(_label(text, widget), 0, column)
            grid.addWidget(widget, 1, column)
        grid.setColumnStretch(1, 1)
        return grid

    # ------------------------------------------------------------------- showing

    def set_theme(self, theme: Theme) -> None:
        """Colour the squares beside the variants' names."""
        self._theme = theme
        self.refresh()

    def set_running(self, running: bool) -> None:
        """What is being trained cannot be edited."""
        for widget in self._editing:
            widget.setEnabled(not running)
        if not running:
            self._update_buttons()

    def foretell(self, sentences: Mapping[str, str]) -> None:
        """Say beforehand how steps are taken and how long it takes: what -> sentence."""
        self.beforehand.setText("\n".join(f"{what}: {how}" for what, how in sentences.items()))
        self.beforehand.setVisible(bool(sentences))

    def refresh(self) -> None:
        """Show the model."""
        draft = self.model.draft
        self._filling = True
        self.about.setText(draft.about or draft.name)
        self.base.setText(describe(draft.experiment))
        self.base.setToolTip(draft.experiment.to_toml())
        for box, value in (
            (self.trials, draft.trials),
            (self.epochs, draft.experiment.training.epochs),
            (self.together, draft.together),
        ):
            if box.value() != value:
                box.setValue(value)
        self.table.setRowCount(len(draft.variants))
        for row, (name, settings) in enumerate(draft.variants):
            self._write(row, 0, name)
            self._write(row, 1, settings or ("the base" if row == 0 else ""))
            if self._theme is not None:
                colours = self._theme.series
                self._cell(row, 0).setIcon(square(colours[row % len(colours)]))
        self.table.resizeRowsToContents()
        self.problem.setText(self.model.problem)
        self.problem.setVisible(bool(self.model.problem))
        self._update_buttons()
        self._filling = False

    def _write(self, row: int, column: int, text: str) -> None:
        item = self._cell(row, column)
        if item.text() != text:
            item.setText(text)
        item.setToolTip(text)

    def _cell(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem("")
            self.table.setItem(row, column, item)
        return item

    def _update_buttons(self) -> None:
        row = self.table.currentRow()
        self.remove.setEnabled(row >= 0 and self.table.rowCount() > 1)
        self.first.setEnabled(row > 0)

    # -------------------------------------------------------------------- editing

    def _edit(self, change: object) -> None:
        if self._filling:
            return
        try:
            change()  # type: ignore[operator]
        except InputError as error:
            self.problem.setText(str(error))
            self.problem.show()

    def _typed(self, item: QTableWidgetItem) -> None:
        if self._filling:
            return
        row = item.row()
        name, settings = self._cell(row, 0).text(), self._cell(row, 1).text()
        # Later: the editor that reports this is still open.
        QTimer.singleShot(
            0,
            self,
            lambda: self.model.set_variant(row, name, "" if settings == "the base" else settings),
        )

    def remove_chosen(self) -> None:
        """Take the chosen variant out."""
        row = self.table.currentRow()
        if 0 <= row < len(self.model.draft.variants) and len(self.model.draft.variants) > 1:
            self.model.remove(row)

    def _make_first(self) -> None:
        row = self.table.currentRow()
        if row > 0:
            self.model.make_first(row)
            self.table.selectRow(0)


class _KeyDelegate(QStyledItemDelegate):
    """Completes the names of settings while they are typed."""

    def createEditor(self, parent: QWidget, option: object, index: object) -> QWidget:
        editor = QLineEdit(parent)
        completer = _LastWord(all_keys(), editor)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        editor.setCompleter(completer)
        return editor


class _LastWord(QCompleter):
    """Completes what stands after the last semicolon."""

    def splitPath(self, path: str) -> list[str]:
        return [path.rpartition(";")[2].strip()]

    def pathFromIndex(self, index: object) -> str:
        editor = self.widget()
        before = editor.text().rpartition(";")[0] if isinstance(editor, QLineEdit) else ""
        key = super().pathFromIndex(index)  # type: ignore[arg-type]
        return f"{before}; {key} = " if before else f"{key} = "


def describe(experiment: Experiment) -> str:
    """An experiment in a line: task, network, batch."""
    a, t = experiment.architecture, experiment.training
    task = type(experiment.task).title()
    return f"{task}, width {a.width}, depth {a.depth}, batches of {t.batch_size}"


def square(colour: str) -> QIcon:
    """A small square of one colour."""
    pixmap = QPixmap(12, 12)
    pixmap.fill(QColor(colour))
    return QIcon(pixmap)


def _spin(least: int, most: int, name: str, tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(least, most)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setKeyboardTracking(False)  # an edit is one step of undo
    box.setMinimumWidth(70)
    return box


def _label(text: str, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    label.setBuddy(buddy)
    label.setToolTip(buddy.toolTip())
    return label


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName("quiet")
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(text.strip(" ▾…"))
    return button
