"""The runs of the window in a table: which are drawn, which one is shown, what can be done."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
)

from stiffgui.gui.theme import Theme
from stiffgui.gui.train.runs.columns import DRAWN, IN_WINDOW, NAME
from stiffgui.gui.train.runs.table import RunsTable
from stiffgui.gui.train.runs.workbench import GO_ON, Workbench
from stiffgui.session.run_entry import RunEntry
from stiffgui.session.run_facts import RunFacts, differences, facts_of_entry, with_changes

MARGIN = 3  # pixels above and below
FOLLOW_SECONDS = 1.0  # between what is said of the run that trains
EMPTY = "Every run is kept as a file; the library shows all of them."


class RunsCard(QFrame):
    """A click or Enter shows a run in every view; keys and a menu do the rest.

    Emits `export_asked` for the shown run, and `hovered(run)`, None when the pointer leaves.
    """

    export_asked = Signal()
    hovered = Signal(object)

    def __init__(self, bench: Workbench, library: QAction) -> None:
        super().__init__()
        self.setObjectName("card")
        self.bench = bench
        self._shown: RunEntry | None = None
        self._followed, self._place = 0.0, -1  # when, and where the run that trains stood
        self.table = RunsTable(IN_WINDOW, "Runs")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setToolTip("Enter shows a run, Space draws it or not, F2 renames it")
        self._empty = QLabel(EMPTY)
        self._empty.setObjectName("cardNote")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._lay_out(library)
        self._connect()
        bench.runs_changed.connect(self.refresh)
        bench.training_changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self, library: QAction) -> None:
        title = QLabel("Runs")
        title.setObjectName("cardTitle")
        self.more = QToolButton()
        self.more.setObjectName("moreButton")
        self.more.setText("⋯")
        self.more.setAccessibleName("More for the chosen run")
        self.more.setToolTip("Rename, note, duplicate settings, export, remove, delete")
        self.more.clicked.connect(self._open_menu)
        button = QToolButton()
        library.setIconText("Library")
        button.setDefaultAction(library)
        button.setObjectName("quiet")
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self.more)
        beside = QVBoxLayout()
        beside.addLayout(head)
        beside.addWidget(button)
        beside.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, MARGIN, 8, MARGIN)
        layout.setSpacing(10)
        layout.addLayout(beside)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.table)
        layout.addWidget(self._pages, 1)

    def _connect(self) -> None:
        table, bench = self.table, self.bench
        table.runs.drawn_set.connect(bench.set_visible)
        table.runs.renamed.connect(bench.filing.rename)
        table.clicked.connect(self._clicked)
        table.activated.connect(lambda _: self._do(bench.show))
        table.menu_asked.connect(lambda facts, place: self._menu(facts.entry).popup(place))
        table.sorted.layoutChanged.connect(self._keep_in_sight)
        table.hovered.connect(lambda facts: self.hovered.emit(facts and facts.entry))
        table.keys |= {
            Qt.Key.Key_Space: lambda: self._do(lambda r: bench.set_visible(r, not r.visible)),
            Qt.Key.Key_F2: lambda: self._do(self._rename),
            Qt.Key.Key_Delete: lambda: self._do(bench.filing.throw_away),
        }

    def _clicked(self, index: object) -> None:
        """Show the run, unless its box was meant."""
        if self.table.currentIndex().column() != self.table.column(DRAWN):
            self._do(self.bench.show)

    def _do(self, call: Callable[[RunEntry], object]) -> None:
        """Do it with the run of the current row."""
        facts = self.table.current
        if facts is not None and facts.entry is not None:
            call(facts.entry)

    def set_theme(self, theme: Theme) -> None:
        """Colour the swatches."""
        self.table.runs.series = theme.series
        self.table.viewport().update()

    def height_of(self, rows: int) -> int:
        """Pixels that so many rows need."""
        return self.table.height_of(rows) + 2 * MARGIN + 2 * self.frameWidth()

    # -------------------------------------------------------------------- rows

    def refresh(self) -> None:
        """A run came, went, was renamed, shown, hidden, paused or has ended."""
        bench = self.bench
        own = [run for run in bench.runs if not run.foreign]
        told = dict(zip(own, differences([run.experiment for run in own]), strict=True))
        rows = [self._facts(run, with_changes(told.get(run, ()), run)) for run in bench.runs]
        self.table.runs.set_rows(rows)
        self._pages.setCurrentWidget(self.table if rows else self._empty)
        self.more.setEnabled(bool(rows))
        if bench.shown is not self._shown:
            self._shown = bench.shown
            if bench.shown is not None:
                index = self.table.index_of(bench.runs.index(bench.shown))
                self.table.setCurrentIndex(index)
                self.table.scrollTo(index)
        self._keep_in_sight()

    def follow(self) -> None:
        """Say how far the run that trains has come."""
        run, now = self.bench.running, time.monotonic()
        if run is not None and now >= self._followed + FOLLOW_SECONDS:
            self._followed = now
            self.tell(run)

    def tell(self, run: RunEntry) -> None:
        """Say how far a run has come."""
        place = self.bench.runs.index(run)
        told = self.table.runs.rows[place].settings
        self.table.runs.set_row(place, self._facts(run, told))

    def _facts(self, run: RunEntry, settings: tuple[str, ...]) -> RunFacts:
        return facts_of_entry(run, self.bench.state_of(run), run is self.bench.shown, settings)

    def _keep_in_sight(self) -> None:
        """Follow the run that trains where it begins, and where sorting puts it."""
        run = self.bench.running
        index = self.table.index_of(self.bench.runs.index(run)) if run is not None else None
        place = index.row() if index is not None else -1
        if index is not None and place != self._place:
            self.table.scrollTo(index)
        self._place = place

    # ------------------------------------------------------------------- a run

    def _open_menu(self) -> None:
        below = self.more.mapToGlobal(QPoint(0, self.more.height()))
        self._do(lambda run: self._menu(run).popup(below))

    def _menu(self, run: RunEntry) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        bench = self.bench
        idle, still = not bench.busy, run is not bench.running
        own, kept = idle and not run.foreign, not run.is_matrices
        still = still and not (run.writer is not None and run.writer.alive)
        unfinished = run.state in ("stopped", "interrupted") and still
        drawn = "Do not draw" if run.visible else "Draw"
        for text, key, call, enabled in (
            ("Show", "Return", bench.show, run is not bench.shown),
            (
                drawn,
                "Space",
                lambda r: bench.set_visible(r, not r.visible),
                run is not bench.shown,
            ),
            ("Rename…", "F2", self._rename, still and kept),
            ("Note…", "", self._note, still and kept),
            ("Duplicate its settings", "", bench.use_settings, own),
            (GO_ON, "", lambda r: bench.resume(r.path), own and unfinished),
            ("Export…", "", self._export, True),
            ("Remove from the window", "", bench.remove, still),
            ("Delete the file", "Del", bench.filing.throw_away, still and kept),
        ):
            action = menu.addAction(text)
            action.setShortcut(QKeySequence(key))
            action.setShortcutVisibleInContextMenu(True)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _=False, call=call: call(run))
        return menu

    def _rename(self, run: RunEntry) -> None:
        """In its cell."""
        if run is not self.bench.running:
            row = self.table.index_of(self.bench.runs.index(run)).row()
            self.table.edit(self.table.sorted.index(row, self.table.column(NAME)))

    def _export(self, run: RunEntry) -> None:
        self.bench.show(run)
        self.export_asked.emit()

    def _note(self, run: RunEntry) -> None:
        text, sure = QInputDialog.getMultiLineText(
            self, "Note", f"What is to be remembered of {run.name}", run.note
        )
        if sure:
            self.bench.filing.set_note(run, text)
