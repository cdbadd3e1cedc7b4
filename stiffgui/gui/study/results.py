"""The live table with progress per variant, what can be said of it, and the list of trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui.figures.numerals import unbroken
from stiffgui.gui.editors import Editor, editor_for
from stiffgui.gui.keyboard import without_keys
from stiffgui.gui.plots.elided import Elided
from stiffgui.gui.read_table import Cell, make_readable
from stiffgui.gui.study.panel import square
from stiffgui.gui.study.progress import short_duration
from stiffgui.gui.theme import Theme
from stiffgui.session.studies import StudyView, VariantView
from stiffgui.settings import Spec
from stiffgui.study.progress_estimate import VariantEstimate
from stiffgui.study.summary import digits
from stiffgui.training.quantities import of_study

NOTHING_YET = "Medians over trials, with quartiles. Press Run (Ctrl+R)."
BAR, BAR_ENDED = 128, 80  # pixels of a bar of progress that says the time left, and of ended ones


class ResultsCard(QFrame):
    """The summary table as `stiffgui show` prints it, a progress bar for each variant in it, and
    the sentences with their method below."""

    against_chosen = Signal(tuple)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName("Results")
        title = QLabel("Results")
        title.setObjectName("cardTitle")
        self.note = Elided()
        self.note.setObjectName("cardNote")
        self.say(NOTHING_YET)
        top = QHBoxLayout()
        top.addWidget(title)
        top.addWidget(self.note, 1)
        self._against: Editor | None = None
        self.top = top
        self.copy = QToolButton()
        self.copy.setObjectName("quiet")
        self.copy.setText("Copy text")
        self.copy.setToolTip("Copy the sentences and the method as text")
        self.copy.clicked.connect(self._copy)
        self.copy.setEnabled(False)
        top.addWidget(self.copy)
        self.table = QTableWidget()
        make_readable(self.table, "Results", row_height=23)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._said = ""
        self.sentences = QLabel(
            "The table fills as batches of trials end. Here stands what can be said of the "
            "differences, and what cannot."
        )
        self.method = QLabel()
        self.method.setObjectName("cardNote")
        said = QWidget()
        column = QVBoxLayout(said)
        column.setContentsMargins(0, 0, 4, 0)
        for label in (self.sentences, self.method):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            label.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            column.addWidget(label)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(said)
        scroll.setAccessibleName("What can be said")
        scroll.setMinimumHeight(36)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 7, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.table, 3)
        layout.addWidget(scroll, 2)
        layout.addStretch(0)
        self.bars: list[QProgressBar] = []
        self._layout: tuple[list[str], list[str], list[bool]] | None = None
        self._theme: Theme | None = None
        self._rows: list[list[str]] = []

    def say(self, text: str) -> None:
        """Of what the table is, or what is going on."""
        self.note.setText(text)
        self.note.setToolTip(text)

    def offer_against(self, spec: Spec, value: Any) -> None:
        """Let a person choose with which variants all are compared. Emits `against_chosen`."""
        if self._against is None or self._against.spec != spec:
            if self._against is not None:
                self._against.deleteLater()
                self.top.removeWidget(self._against)
            self._against = editor_for(spec)
            self._against.edited.connect(self.against_chosen)
            self.top.insertWidget(self.top.count() - 1, self._against)
        self._against.show_value(value)
        button = self._against.control
        assert isinstance(button, QToolButton)
        button.setObjectName("quiet")
        button.setText(f"{spec.title} {without_keys(', '.join(value)) or 'the first'}")
        button.setMaximumWidth(260)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self._said}\n\n{self.method.text()}")

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._paint_squares()

    def show_view(self, view: StudyView) -> None:
        """Write the table and the sentences."""
        heads = [view.titles[0], "progress", *view.titles[1:]]
        layout = (heads, [v.name for v in view.variants], _indented(view))
        if layout != self._layout:
            self._layout = layout
            self._lay_out(heads, view)
        for row, cells in enumerate(view.rows):
            for column, text in enumerate([cells[0], "", *cells[1:]]):
                if column != 1:
                    self._write(row, column, text)
        self._said = "\n".join(view.sentences)
        self.sentences.setText(unbroken(self._said))
        self.method.setText(view.method)
        self.copy.setEnabled(bool(view.sentences))
        for k, variant in enumerate(view.variants):
            if variant.trials == variant.planned:
                self.show_pace(k, None)
        ended = all(variant.trials == variant.planned for variant in view.variants)
        self.table.setColumnWidth(1, BAR_ENDED if ended else BAR)

    def _lay_out(self, heads: list[str], view: StudyView) -> None:
        self.table.clear()
        self.table.setColumnCount(len(heads))
        self.table.setHorizontalHeaderLabels(heads)
        self.table.setRowCount(len(view.rows))
        self.bars = []
        places = [k for k, indented in enumerate(_indented(view)) if not indented]
        for row in places:
            bar = QProgressBar()
            bar.setRange(0, 1000)
            bar.setFormat("waiting")
            bar.setAccessibleName(f"Progress of {view.rows[row][0]}")
            self.table.setCellWidget(row, 1, bar)
            self.bars.append(bar)
        across = self.table.horizontalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        across.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        self._places = places
        # No taller than its rows, so that the sentences follow at once.
        rows = self.table.verticalHeader().length() + self.table.horizontalHeader().height()
        self.table.setMaximumHeight(max(80, rows + 16))
        self.table.setMinimumHeight(min(rows + 16, 184))
        self._paint_squares()

    def _paint_squares(self) -> None:
        if self._theme is None or self._layout is None:
            return
        for number, row in enumerate(self._places):
            item = self._item(row, 0)
            item.setIcon(square(self._theme.series[number % len(self._theme.series)]))

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem("")
            self.table.setItem(row, column, item)
        return item

    def _write(self, row: int, column: int, text: str) -> None:
        item = self._item(row, column)
        if item.text() != text:
            item.setText(text)

    def show_pace(self, variant: int, pace: VariantEstimate | None) -> None:
        """Progress of one variant; None when it is done."""
        if variant >= len(self.bars):
            return
        bar = self.bars[variant]
        if pace is None:
            bar.setValue(1000)
            bar.setFormat("finished")
            return
        bar.setValue(round(1000 * pace.fraction))
        left = f" · {short_duration(pace.left)} left" if pace.left is not None else ""
        percent = f"{pace.fraction:.0%}"
        told = f"{percent}{left}" if pace.state == "running" else f"{percent} · {pace.state}"
        bar.setFormat(told)
        bar.setToolTip(f"{pace.name}: {told}, {pace.rate:.3g} epochs/s")


def _indented(view: StudyView) -> list[bool]:
    """Which rows belong to the variant above them, as the talk's own do."""
    return [row[0].startswith("  ") for row in view.rows]


class TrialsCard(QFrame):
    """Every trial that is done; one can be opened in Train. Emits `chosen(variant, trial)`."""

    chosen = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName("Trials")
        title = QLabel("Trials")
        title.setObjectName("cardTitle")
        note = QLabel("Last values of every trial that is done.")
        note.setObjectName("cardNote")
        self.open = QToolButton()
        self.open.setObjectName("quiet")
        self.open.setText("Open in Train")
        self.open.setToolTip("Show the chosen trial's curves, fit and eigenvalues (Enter)")
        self.open.setEnabled(False)
        self.open.clicked.connect(self._choose)
        top = QHBoxLayout()
        top.addWidget(title)
        top.addWidget(note, 1)
        top.addWidget(self.open)
        self.table = QTableWidget()
        make_readable(self.table, "Trials", row_height=23)
        self.table.setSortingEnabled(True)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.itemActivated.connect(lambda _: self._choose())
        self.table.itemSelectionChanged.connect(
            lambda: self.open.setEnabled(bool(self.table.selectedItems()))
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 7, 8, 8)
        layout.addLayout(top)
        layout.addWidget(self.table)
        self._shown: list[int] = []

    def show_variants(self, variants: Sequence[VariantView]) -> None:
        """List the trials; nothing is done when none has been added."""
        counts = [v.trials for v in variants]
        names = [v.name for v in variants]
        if [*counts, hash(tuple(names))] == self._shown:
            return
        self._shown = [*counts, hash(tuple(names))]
        reported = {c: q for c, q in of_study("in_table").items() if q.per != "run"}
        heads = ["variant", "trial", *(q.symbol for q in reported.values()), ""]
        self.table.setSortingEnabled(False)
        self.table.clear()
        self.table.setColumnCount(len(heads))
        self.table.setHorizontalHeaderLabels(heads)
        self.table.setRowCount(sum(counts))
        row = 0
        for variant in variants:
            for k, trial in enumerate(variant.trial_numbers.tolist()):
                values = [float(variant.last[name][k]) for name in reported]
                cells = [Cell(str(trial), trial)]
                cells += [
                    Cell(digits(v), v) if np.isfinite(v) else Cell("–", np.inf) for v in values
                ]
                self.table.setItem(row, 0, QTableWidgetItem(variant.name))
                for column, cell in enumerate(cells, 1):
                    self.table.setItem(row, column, cell)
                state = "diverged" if trial in variant.diverged else ""
                self.table.setItem(row, len(heads) - 1, QTableWidgetItem(state))
                row += 1
        self.table.setSortingEnabled(True)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def _choose(self) -> None:
        row = self.table.currentRow()
        name, trial = self.table.item(row, 0), self.table.item(row, 1)
        if row >= 0 and name is not None and trial is not None:
            self.chosen.emit(name.text(), int(trial.text()))
