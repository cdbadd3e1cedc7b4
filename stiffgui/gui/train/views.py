"""The parts of Train and where they stand: plots in the middle, docks around them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QDockWidget, QMainWindow, QSplitter, QVBoxLayout, QWidget

from stiffgui.gui.theme import Theme
from stiffgui.gui.train.cards.eigenvalues import EigenvaluesCard
from stiffgui.gui.train.cards.fit import FitCard
from stiffgui.gui.train.cards.history import HistoryCard, error_series, stiffness_series
from stiffgui.gui.train.cards.history_view import HistoryView
from stiffgui.gui.train.cards.layers import LayersCard
from stiffgui.gui.train.cards.trajectories import TrajectoriesCard
from stiffgui.gui.train.responsive_pair import ResponsivePair
from stiffgui.gui.train.runs.bar import RunsBar
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.gui.train.settings.panel import ExperimentPanel
from stiffgui.gui.train.timeline import Timeline

GRIP_HEIGHT = 9
LAYOUT_VERSION = 1  # raised with every new panel: an older layout does not know its place


class TrainViews(QMainWindow):
    """A main window used as a widget: its docks can be moved, and stay inside the workspace."""

    def __init__(self, bench: Workbench, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        self._make_plots()
        self.panel = ExperimentPanel(bench.model)
        self.timeline = Timeline(actions["branch"])
        self.runs_bar = RunsBar(bench, actions["library"])
        self._make_docks()
        self._default_state = self.saveState()

    def _make_plots(self) -> None:
        self.history_view = HistoryView()
        view = self.history_view
        self.errors = HistoryCard(
            "Errors",
            "errors",
            "Training and test error of every epoch.",
            "RMSE",
            error_series,
            view,
            log=True,
        )
        self.stiffness = HistoryCard(
            "Stiffness",
            "stiffness",
            "The watched stiffness indices, summed over the layers.",
            "sum over layers",
            stiffness_series,
            view,
            log=False,
        )
        self.fit, self.layers = FitCard(), LayersCard()
        self.eigenvalues = EigenvaluesCard()
        self.trajectories = TrajectoriesCard()
        self.cards = (
            self.errors,
            self.stiffness,
            self.fit,
            self.layers,
            self.eigenvalues,
            self.trajectories,
        )
        rows = QSplitter(Qt.Orientation.Vertical)
        self.pairs = (
            ResponsivePair(self.errors, self.stiffness),
            ResponsivePair(self.fit, self.layers),
        )
        for pair in self.pairs:
            rows.addWidget(pair)
        rows.setHandleWidth(7)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, GRIP_HEIGHT, 0, 0)  # level with the panels beside it
        layout.addWidget(rows)
        self.setCentralWidget(centre)

    def _make_docks(self) -> None:
        below = QWidget()
        layout = QVBoxLayout(below)
        layout.setContentsMargins(6, 0, 6, 6)
        layout.setSpacing(6)
        layout.addWidget(self.timeline)
        layout.addWidget(self.runs_bar)
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        places: tuple[tuple[str, QWidget, Qt.DockWidgetArea], ...] = (
            ("Experiment", self.panel, left),
            ("Eigenvalues", self.eigenvalues, right),
            ("Trajectories", self.trajectories, right),
            ("Timeline", below, bottom),
        )
        self.docks = {}
        for name, widget, area in places:
            dock = QDockWidget(name, self)
            dock.setObjectName(name)
            dock.setTitleBarWidget(_Grip())  # the cards have titles of their own
            dock.toggleViewAction().setToolTip(f"Show or hide {name}")
            dock.setWidget(_with_margins(widget, name))
            self.addDockWidget(area, dock)
            self.docks[name] = dock
        # On demand: it costs the view child the solution of an ODE.
        self.docks["Trajectories"].hide()
        self.docks["Trajectories"].toggleViewAction().triggered.connect(self._show_trajectories)
        self._size_docks()

    def _show_trajectories(self, shown: bool) -> None:
        """As a tab beside the eigenvalues; hidden it leaves no bar of a single tab behind."""
        dock = self.docks["Trajectories"]
        if dock.isFloating():
            return
        if shown:
            self.tabifyDockWidget(self.docks["Eigenvalues"], dock)
            dock.raise_()
        else:
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
            dock.hide()
            # It may be wider than the eigenvalues, and has taken that from the others.
            QTimer.singleShot(0, self._size_docks)

    def _size_docks(self) -> None:
        sides = [self.docks["Experiment"], self.docks["Eigenvalues"]]
        self.resizeDocks(sides, [300, 350], Qt.Orientation.Horizontal)

    def default_layout(self) -> None:
        """Put every panel back in its place."""
        self.restoreState(self._default_state)
        self._size_docks()

    def set_theme(self, theme: Theme) -> None:
        """Colour every card."""
        for card in self.cards:
            card.set_theme(theme)
        self.runs_bar.set_theme(theme)


class _Grip(QWidget):
    """A thin bar by which a panel is moved, or let float by a double click."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(GRIP_HEIGHT)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self.setToolTip("Drag to move this panel; double-click to let it float")

    def sizeHint(self) -> QSize:
        return QSize(60, GRIP_HEIGHT)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        colour = self.palette().color(QPalette.ColorRole.PlaceholderText)
        for dot in range(-2, 3):
            painter.fillRect(self.width() // 2 + 6 * dot, self.height() // 2 - 1, 2, 2, colour)


def order_tabs(*parts: QWidget) -> None:
    """Let Tab go through the parts one after another, inside each as its controls were made."""
    stops = [
        widget
        for part in parts
        for widget in (part, *part.findChildren(QWidget))
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.window() is part.window()
    ]
    for before, after in pairwise(stops):
        QWidget.setTabOrder(before, after)


def _with_margins(widget: QWidget, name: str) -> QWidget:
    """Room between a card and the window's edge."""
    if name == "Timeline":
        return widget
    holder = QWidget()
    layout = QVBoxLayout(holder)
    left, right = (6, 0) if name == "Experiment" else (0, 6)
    layout.setContentsMargins(left, 0, right, 0)
    layout.addWidget(widget)
    return holder
