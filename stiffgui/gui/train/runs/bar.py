"""The runs of the window in a row: which are drawn, which one is shown, what can be done."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)

from stiffgui._presets import presets
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.runs.entry import RunEntry
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.training.quantities import drawn_in


class RunsBar(QFrame):
    """A check box (drawn or not), a button (shown in every view) and a menu for each run.

    Emits `export_asked` for the shown run.
    """

    export_asked = Signal()

    def __init__(self, bench: Workbench, library: QAction) -> None:
        super().__init__()
        self.setObjectName("card")
        self.bench = bench
        self._row = QWidget()
        self._layout = QHBoxLayout(self._row)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._row)
        scroll.setFixedHeight(40)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll = scroll
        title = QLabel("Runs")
        title.setObjectName("cardTitle")
        self._empty = QLabel("Every run is kept as a file; the library shows all of them.")
        self._empty.setObjectName("cardNote")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 2, 10, 2)
        layout.addWidget(title)
        layout.addWidget(self._empty)
        layout.addWidget(scroll, 1)
        button = QToolButton()
        library.setIconText("Library")
        button.setDefaultAction(library)
        button.setObjectName("quiet")
        layout.addWidget(button)
        self._theme: Theme | None = None
        self._built: list[tuple[object, ...]] = []
        bench.runs_changed.connect(self.refresh)
        bench.training_changed.connect(self.refresh)

    def set_theme(self, theme: Theme) -> None:
        """Colour the swatches."""
        self._theme, self._built = theme, []
        self.refresh()

    def refresh(self) -> None:
        """Rebuild the row when a run came, went, was renamed, shown, hidden or ended."""
        bench, theme = self.bench, self._theme
        if theme is None:
            return
        state: list[tuple[object, ...]] = [
            (id(r), r.name, r.note, r.visible, self._state(r), r is bench.shown) for r in bench.runs
        ]
        if state == self._built:
            return
        self._built = state
        self._empty.setVisible(not bench.runs)
        while self._layout.count() > 1:
            item = self._layout.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        shown: QWidget | None = None
        for run in bench.runs:
            chip = self._chip(run, theme)
            self._layout.insertWidget(self._layout.count() - 1, chip)
            shown = chip if run is bench.shown else shown
        if shown is not None:
            self._row.adjustSize()
            self._scroll.ensureWidgetVisible(shown)

    def _state(self, run: RunEntry) -> str:
        return "paused" if run is self.bench.running and self.bench.paused else run.state

    def _chip(self, run: RunEntry, theme: Theme) -> QWidget:
        chip = QFrame()
        chip.setObjectName("chip")
        chip.setProperty("shown", run is self.bench.shown)
        drawn = QCheckBox()
        drawn.setChecked(run.visible)
        drawn.setToolTip("Draw this run in Errors and Stiffness")
        drawn.setAccessibleName(f"Draw {run.name}")
        drawn.setEnabled(run is not self.bench.shown)
        drawn.toggled.connect(lambda on: self.bench.set_visible(run, on))
        swatch = QLabel("■")
        swatch.setStyleSheet(f"color: {theme.series[run.colour % len(theme.series)]}")
        name = QPushButton(_title(run, self._state(run)))
        name.setObjectName("chipName")
        name.setFlat(True)
        name.setToolTip(f"{describe(run)}\nClick to see this run in Fit, Layers and Eigenvalues")
        name.setAccessibleName(f"Show {run.name}")
        name.clicked.connect(lambda: self.bench.show(run))
        more = QToolButton()
        more.setObjectName("moreButton")
        more.setText("⋯")
        more.setAccessibleName(f"More for {run.name}")
        more.setToolTip("Rename, note, duplicate settings, export, remove, delete")
        more.clicked.connect(
            lambda: self._menu(run).popup(more.mapToGlobal(QPoint(0, more.height())))
        )
        chip.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        chip.customContextMenuRequested.connect(
            lambda place: self._menu(run).popup(chip.mapToGlobal(place))
        )
        layout = QHBoxLayout(chip)
        layout.setContentsMargins(6, 0, 2, 0)
        layout.setSpacing(3)
        for widget in (drawn, swatch, name, more):
            layout.addWidget(widget)
        return chip

    def _menu(self, run: RunEntry) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        bench = self.bench
        idle = not bench.busy
        unfinished = run.state in ("running", "stopped", "interrupted") and run is not bench.running
        for text, call, enabled in (
            ("Rename…", self._rename, run is not bench.running),
            ("Note…", self._note, run is not bench.running),
            ("Duplicate its settings", bench.use_settings, idle),
            ("Go on training", lambda r: bench.resume(r.path), idle and unfinished),
            ("Export…", self._export, True),
            ("Remove from the window", bench.remove, run is not bench.running),
            ("Delete the file", bench.throw_away, run is not bench.running),
        ):
            action = menu.addAction(text)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _=False, call=call: call(run))
        return menu

    def _rename(self, run: RunEntry) -> None:
        name, sure = QInputDialog.getText(self, "Rename the run", "Name", text=run.name)
        if sure:
            self.bench.rename(run, name)

    def _export(self, run: RunEntry) -> None:
        self.bench.show(run)
        self.export_asked.emit()

    def _note(self, run: RunEntry) -> None:
        text, sure = QInputDialog.getMultiLineText(
            self, "Note", f"What is to be remembered of {run.name}", run.note
        )
        if sure:
            self.bench.set_note(run, text)


def _title(run: RunEntry, state: str) -> str:
    """Name and what has become of it: the last errors, or the state."""
    words = [run.name]
    if state != "finished":
        words.append(f"({state})")
    elif len(run.history.epochs):
        medians = [run.history.quartiles(q.name)[1][1, -1] for q in drawn_in("errors")]
        if np.isfinite(medians).all():
            words.append("  " + " / ".join(f"{median:.3g}" for median in medians))
    return " ".join(words) + (" ✎" if run.note else "")


def describe(run: RunEntry) -> str:
    """A run in a few lines: its file, how far it came, how it differs from the first preset."""
    reached = f"{run.state}, epoch {grouped(run.epoch)} of {grouped(run.total)}"
    plain = presets[next(iter(presets))]
    changed = [f"{key} = {mine}" for key, (mine, _) in run.experiment.differences(plain).items()]
    started = [e.text for e in run.events if e.kind == "branched"]
    labels = " / ".join(q.short for q in drawn_in("errors"))
    errors = [] if run.state != "finished" else [f"last median errors: {labels} RMSE"]
    note = [f"“{run.note}”"] if run.note else []
    decided = run.decided.sentences(run.experiment) if run.decided is not None else {}
    how = [f"{what}: {sentence}" for what, sentence in decided.items()]
    return "\n".join([str(run.path), *note, reached, *errors, *started, *how, *changed[:12]])
