"""A table of runs: sorted by a click, as many columns as there is room for, driven by keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTableView

from stiffgui.gui.read_table import make_readable
from stiffgui.gui.train.runs.columns import DRAWN, SETTINGS, Column
from stiffgui.gui.train.runs.model import SWATCH, RunsModel, SortedRuns
from stiffgui.session.run_facts import RunFacts

ROW_HEIGHT = 21  # pixels
SPARE = 20  # pixels beside the widest text of a column
LEAST_ROWS = 1


class RunsTable(QTableView):
    """Rows of a `RunsModel`; the order of the model until a heading is clicked.

    Signals: `hovered(facts)`, None when the pointer leaves; `menu_asked(facts, place)`. `keys`:
    what a key does.
    """

    hovered = Signal(object)
    menu_asked = Signal(object, QPoint)

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        super().__init__()
        self.runs = RunsModel(columns)
        self.sorted = SortedRuns(self.runs)
        self.keys: dict[Qt.Key, Callable[[], object]] = {}
        self.setModel(self.sorted)
        make_readable(self, name, ROW_HEIGHT)
        self.setObjectName("runsTable")
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setWordWrap(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.entered.connect(lambda index: self.hovered.emit(self.sorted.facts(index)))
        self.viewportEntered.connect(lambda: self.hovered.emit(None))
        across = self.horizontalHeader()
        across.setSortIndicatorClearable(True)
        across.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        across.setSectionResizeMode(
            self.runs.columns.index(SETTINGS), QHeaderView.ResizeMode.Stretch
        )
        self._fit()

    def _fit(self) -> None:
        """Columns as wide as the font needs them."""
        self._widths = [self._width(column) for column in self.runs.columns]
        for place, width in enumerate(self._widths):
            self.setColumnWidth(place, width)
        self._choose_columns()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _width(self, column: Column) -> int:
        if column is DRAWN:
            return 3 * SWATCH + SPARE + self.fontMetrics().averageCharWidth()
        texts = (column.widest, f"{column.title} ▾")
        return max(map(self.fontMetrics().horizontalAdvance, texts)) + SPARE

    def column(self, column: Column) -> int:
        """The place of a column."""
        return self.runs.columns.index(column)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.height_of(LEAST_ROWS))

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def height_of(self, rows: int) -> int:
        """Pixels that so many rows and the headings need."""
        head = self.horizontalHeader().sizeHint().height()
        return head + rows * self.verticalHeader().defaultSectionSize() + 2 * self.frameWidth()

    # -------------------------------------------------------------------- rows

    @property
    def current(self) -> RunFacts | None:
        """The run of the current row."""
        return self.sorted.facts(self.currentIndex())

    def chosen(self) -> list[RunFacts]:
        """The runs of the selected rows, from above."""
        rows = sorted({index.row() for index in self.selectedIndexes()})
        found = (self.sorted.facts(self.sorted.index(row, 0)) for row in rows)
        return [run for run in found if run is not None]

    def index_of(self, place: int) -> QModelIndex:
        """Where the model's row stands now; invalid where it is filtered out."""
        return self.sorted.mapFromSource(self.runs.index(place, 1))

    # ------------------------------------------------------------------- events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        call = self.keys.get(Qt.Key(event.key()))
        if call is not None and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            call()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """At the pointer; by the key at the current row."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        run = self.sorted.facts(index)
        if run is not None:
            place = self.visualRect(index).bottomLeft() if by_key else event.pos()
            self.menu_asked.emit(run, self.viewport().mapToGlobal(place))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.hovered.emit(None)
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Columns of lesser use go where room is short; the current row stays in sight."""
        super().resizeEvent(event)
        self._choose_columns()
        self.scrollTo(self.currentIndex())

    def _choose_columns(self) -> None:
        columns = self.runs.columns
        needed = sum(self._widths)
        hidden = set()
        for place in sorted(range(len(columns)), key=lambda k: -columns[k].rank):
            if needed > self.viewport().width() and columns[place].rank:
                hidden.add(place)
                needed -= self._widths[place]
        for place in range(len(columns)):
            self.setColumnHidden(place, place in hidden)
