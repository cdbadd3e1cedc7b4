"""What is studied: the variants and what they share, trials and data, and where work is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui.experiment import Experiment
from stiffgui.gui.editors import EDITORS, TextEditor
from stiffgui.gui.settings.panel import ExperimentPanel
from stiffgui.gui.settings.rows import SettingGroup
from stiffgui.gui.study.model import ALL, StudyModel, common
from stiffgui.gui.theme import Theme
from stiffgui.study.declaration import NAMES


class NumbersEditor(TextEditor):
    """A list of numbers with commas between."""

    def parse(self, text: str) -> Any:
        try:
            return tuple(float(part) for part in text.split(",") if part.strip())
        except ValueError:
            return text

    def format(self, value: Any) -> str:
        return value if isinstance(value, str) else ", ".join(f"{number:g}" for number in value)


EDITORS["numbers"] = NumbersEditor
AUTOMATIC = 0  # processes: as many as are usual for the study


class StudyPanel(QFrame):
    """Edits a `StudyModel`: a list of what all variants share and of every variant, below it the
    settings of the chosen one; trials and data behind another tab.

    Emits `train_asked(what)` for what needs the Train panel's settings (`base` or `variant`),
    `sweep_asked`, and `where_changed`."""

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
        self._editing: list[QWidget] = []
        self.about = _note("What the study shows")
        self.own = SettingGroup("study", model)
        self.settings = ExperimentPanel(model.row)
        self.settings.setObjectName("")  # it lies in this card
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.setAccessibleName("Variants, trials and data")
        self.tabs.addTab(self._make_variants(), "&Variants")
        self.tabs.addTab(self._make_trials(), "Trials and &data")
        self.problem = QLabel()
        self.problem.setProperty("problem", True)
        self.problem.setWordWrap(True)
        self.beforehand = _note("How many networks, and how long they would take here")
        self.how.hide()
        self.beforehand.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(6)
        for widget in (self.about, self.tabs, self.problem, self.beforehand):
            layout.addWidget(widget)
        layout.setStretchFactor(self.tabs, 1)
        model.changed.connect(self.refresh)
        self.refresh()

    # ------------------------------------------------------------------ building

    def _make_variants(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._make_buttons())
        layout.addWidget(self._make_table())
        layout.addWidget(self.settings, 1)
        return page

    def _make_trials(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.own)
        layout.addLayout(self._make_where())
        self.how = _note("How the study would be trained here")
        layout.addSpacing(8)
        layout.addWidget(self.how)
        layout.addStretch(1)
        return page

    def _make_buttons(self) -> QHBoxLayout:
        take = _button("Take from Train", "Use the settings of the Train panel for all variants")
        take.clicked.connect(lambda: self.train_asked.emit("base"))
        add = _button("Add ▾", "Add a variant: of the talk, or as in Train")
        menu = QMenu(add)
        for name in NAMES.values():
            menu.addAction(name).triggered.connect(lambda _=False, n=name: self._add(n))
        menu.addSeparator()
        as_in_train: QAction = menu.addAction("As in Train")
        as_in_train.setToolTip("A variant with the settings of the Train panel")
        as_in_train.triggered.connect(lambda: self.train_asked.emit("variant"))
        menu.addSeparator()
        sweep = menu.addAction("Sweep…")
        sweep.setToolTip("Variants made by rule from the chosen one")
        sweep.triggered.connect(self.sweep_asked)
        menu.setToolTipsVisible(True)
        add.setMenu(menu)
        add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add_menu = menu
        self.remove = _button("Remove", "Take the chosen variant out (Del)")
        self.remove.clicked.connect(self.remove_chosen)
        self.first = _button("First", "Compare the others with the chosen variant")
        self.first.clicked.connect(self._make_first)
        self._editing += [take, add, self.remove, self.first]
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(take)
        row.addStretch(1)
        for button in (add, self.first, self.remove):
            row.addWidget(button)
        return row

    def _make_table(self) -> QTableWidget:
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels(["name", "differs in"])
        self.table.setAccessibleName("Variants")
        self.table.setToolTip(
            "What is chosen is edited below; double click to rename. The others are compared with "
            "the first variant."
        )
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        across = self.table.horizontalHeader()
        across.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        across.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.table.itemChanged.connect(self._renamed)
        self.table.itemSelectionChanged.connect(self._choose)
        remove = QAction("Remove", self.table)
        remove.setShortcut("Del")
        remove.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        remove.triggered.connect(self.remove_chosen)
        self.table.addAction(remove)
        return self.table

    def _make_where(self) -> QGridLayout:
        self.workers = _spin(
            AUTOMATIC,
            256,
            "Processes",
            "Batches that train at the same time on this machine, one each; auto: one process, or "
            "one for each processor where batches are single trials",
        )
        self.workers.setSpecialValueText("auto")
        kept = str(self._settings.value("study/processes", AUTOMATIC))
        self.workers.setValue(int(kept) if kept.isdecimal() and len(kept) < 10 else AUTOMATIC)
        self.dask = QLineEdit(str(self._settings.value("study/dask", "")))
        self.dask.setPlaceholderText("tcp://host:8786")
        self.dask.setAccessibleName("Dask scheduler")
        self.dask.setToolTip(
            "Address of a Dask scheduler, which then does the work; empty: this machine does"
        )
        self.workers.valueChanged.connect(lambda n: self._settings.setValue("study/processes", n))
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
        """What is being trained cannot be edited, only looked at."""
        for widget in self._editing:
            widget.setEnabled(not running)
        triggers = QAbstractItemView.EditTrigger
        allowed = triggers.NoEditTriggers if running else triggers.DoubleClicked
        self.table.setEditTriggers(allowed)
        self.settings.set_training(running)
        self.own.update_rows({}, running)
        if not running:
            self._update_buttons()

    def foretell(self, sentences: Mapping[str, str]) -> None:
        """Say beforehand how steps are taken and how long it takes: what -> sentence."""
        for label, ours in ((self.beforehand, True), (self.how, False)):
            mine = {
                w: how for w, how in sentences.items() if (w in ("Run", "networks", "time")) == ours
            }
            label.setText("\n".join(f"{what}: {how}" for what, how in mine.items()))
            label.setVisible(bool(mine))

    def refresh(self) -> None:
        """Show the model."""
        model, draft = self.model, self.model.draft
        self._filling = True
        self.about.setText(draft.declared["about"] or draft.name)
        self.own.set_specs(model.specs())
        self.own.update_rows({}, self.settings.training)
        self.table.setRowCount(1 + len(draft.variants))
        self._write(0, ALL, describe(draft.experiment))
        for row, name in enumerate(draft.names):
            self._write(1 + row, name, draft.differs_in(row) or "nothing")
            if self._theme is not None:
                colours = self._theme.series
                self._cell(1 + row, 0).setIcon(square(colours[row % len(colours)]))
        rows = min(len(draft.variants) + 1, 6)
        self.table.setFixedHeight(24 * rows + self.table.horizontalHeader().height() + 4)
        self.table.selectRow(1 + model.chosen)
        self._title_settings()
        self.problem.setText(self.settings.plain_words(model.problem))
        self.problem.setVisible(bool(model.problem))
        self._update_buttons()
        self._filling = False

    def _title_settings(self) -> None:
        chosen = self.model.chosen
        self.settings.title.setText(
            ALL.capitalize() if chosen < 0 else self.model.draft.names[chosen]
        )
        self.settings.set_origin("the loaded study" if chosen < 0 else ALL)

    def _write(self, row: int, *texts: str) -> None:
        for column, text in enumerate(texts):
            item = self._cell(row, column)
            if item.text() != text:
                item.setText(text)
            item.setToolTip(text)

    def _cell(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem("")
            if row == 0 or column == 1:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            self.table.setItem(row, column, item)
        return item

    def _update_buttons(self) -> None:
        free, chosen = not self.settings.training, self.model.chosen
        self.remove.setEnabled(free and chosen >= 0 and len(self.model.draft.variants) > 1)
        self.first.setEnabled(free and chosen > 0)

    # -------------------------------------------------------------------- editing

    def _choose(self) -> None:
        if not self._filling and self.table.currentRow() >= 0:
            self.model.choose(self.table.currentRow() - 1)
            self._title_settings()
            self._update_buttons()

    def _renamed(self, item: QTableWidgetItem) -> None:
        row = item.row() - 1
        if not self._filling and item.text().strip() != self.model.draft.names[row]:
            # Later: the editor that reports this is still open.
            name = item.text().strip()
            QTimer.singleShot(0, self, lambda: self.model.change_variant(row, "Rename", name=name))

    def _add(self, name: str) -> None:
        self.model.add([(name, common(self.model.draft.experiment, name))])

    def remove_chosen(self) -> None:
        """Take the chosen variant out."""
        if self.remove.isEnabled():
            self.model.remove(self.model.chosen)

    def _make_first(self) -> None:
        self.model.make_first(self.model.chosen)
        self.table.selectRow(1)


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


def _note(tip: str) -> QLabel:
    label = QLabel()
    label.setObjectName("cardNote")
    label.setWordWrap(True)
    label.setToolTip(tip)
    return label


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
