"""The parts of Train and where they stand: plots in the middle, docks around them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QDockWidget, QMainWindow, QSplitter, QVBoxLayout, QWidget

from stiffgui.figures import FIGURES, Figure, Picture, figure_from
from stiffgui.figures.history import Errors, HistoryFigure, Stiffness
from stiffgui.gui.export.offers import Offer
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.cards.eigenvalues import EigenvaluesCard
from stiffgui.gui.train.cards.fit import FitCard
from stiffgui.gui.train.cards.history import HistoryCard
from stiffgui.gui.train.cards.layers import LayersCard
from stiffgui.gui.train.cards.trajectories import TrajectoriesCard
from stiffgui.gui.train.responsive_pair import ResponsivePair
from stiffgui.gui.train.runs.bar import RunsBar
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.gui.train.settings.panel import ExperimentPanel
from stiffgui.gui.train.timeline import Timeline
from stiffgui.gui.train.view_state import ViewState

GRIP_HEIGHT = 9
LAYOUT_VERSION = 2  # raised with every new panel: an older layout does not know its place


SCALES = "time-scales"  # stands below the eigenvalues
WITH_CARDS = ("errors", "stiffness", "layers", "spectrum", "fit", "slices", "trajectories", SCALES)


def _plain_card(settings: Figure) -> FigureCard:
    """A card for a kind of figure that has none of its own."""
    card = FigureCard(settings)
    card.add_editors()
    return card


class TrainViews(QMainWindow):
    """A main window used as a widget: its docks can be moved, and stay inside the workspace."""

    changed = Signal()  # another picture is wanted

    def __init__(self, bench: Workbench, state: ViewState, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        self.state = state
        self._make_plots()
        self.panel = ExperimentPanel(bench.model)
        self.timeline = Timeline(actions["branch"])
        self.runs_bar = RunsBar(bench, actions["library"])
        self._make_docks()
        self._connect()
        self._default_state = self.saveState()

    def _make_plots(self) -> None:
        self.errors = HistoryCard(Errors(), "Errors", "quantities")
        self.stiffness = HistoryCard(Stiffness(), "Stiffness", "over", "indices")
        self.fit, self.layers = FitCard(), LayersCard()
        self.eigenvalues = EigenvaluesCard()
        self.trajectories = TrajectoriesCard()
        # Kinds of figures without a card of their own, each in a dock that is shown on demand.
        self.others = {
            name: _plain_card(kind())
            for name, kind in FIGURES["runs"].items()
            if name not in WITH_CARDS
        }
        self.cards: tuple[FigureCard, ...] = (
            self.errors,
            self.stiffness,
            self.fit,
            self.layers,
            self.eigenvalues,
            self.trajectories,
            *self.others.values(),
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
            *((card.title, card, right) for card in self.others.values()),
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
        # On demand: trajectories cost the view child the solution of an ODE.
        for card in (self.trajectories, *self.others.values()):
            dock = self.docks[card.title]
            dock.hide()
            dock.toggleViewAction().triggered.connect(
                lambda shown, dock=dock: self._show_on_demand(dock, shown)
            )
        self._size_docks()

    def _connect(self) -> None:
        """The cards and the state follow each other."""
        state, eigenvalues = self.state, self.eigenvalues
        self.timeline.moved.connect(lambda epoch: state.look_at(epoch=epoch))
        eigenvalues.layer_chosen.connect(lambda layer: state.look_at(layer=layer))
        eigenvalues.trial_chosen.connect(lambda trial: state.look_at(trial=trial))
        self.layers.picked.connect(self._picked)
        for card in self.viewers().values():
            card.changed.connect(self.changed)
        state.changed.connect(self.changed)
        for dock in self.docks.values():
            dock.visibilityChanged.connect(lambda _: self.changed.emit())
        for history in (self.errors, self.stiffness):
            history.pointed.connect(self._point)

    def _picked(self, layer: int, epoch: int) -> None:
        self.timeline.go_to(epoch)
        self.eigenvalues.layer.setValue(layer)

    def _point(self, x: float | None) -> None:
        for card in (self.errors, self.stiffness):
            card.point_at(x)

    # ------------------------------------------------------------------ pictures

    def viewers(self) -> dict[str, FigureCard]:
        """The cards whose pictures are asked for, by the name of what they show."""
        return {
            "fit": self.fit,
            "spectrum": self.eigenvalues,
            "trajectories": self.trajectories,
        } | self.others

    def wanted(self) -> dict[str, Figure]:
        """The figures of all viewers that are seen, at the place of the state."""
        figures: dict[str, Figure] = {}
        for name, card in self.viewers().items():
            card.place(**self.state.place)
            if card.isVisible():
                figures[name] = card.settings
        if self.eigenvalues.isVisible() and self.eigenvalues.below_the_plane is not None:
            figures[SCALES] = self.eigenvalues.below_the_plane
        return figures

    def show_picture(self, name: str, picture: Picture | str) -> None:
        """Draw what has come for a viewer, or say why nothing has."""
        if name == SCALES:
            if isinstance(picture, Picture):
                self.eigenvalues.show_scales(picture)
            return
        card = self.viewers()[name]
        if isinstance(picture, Picture):
            card.show_picture(picture)
        else:
            card.say(picture)

    def offers(self) -> list[Offer]:
        """Everything that can be exported of what is shown."""
        single, together = self.state.source(), self.state.source(together=True)
        if single is None or together is None:
            return []
        offers = []
        for name, kind in FIGURES["runs"].items():
            source = together if issubclass(kind, HistoryFigure) else single
            shown, picture = self._seen(name, kind)
            offer = Offer(
                name=name, title=kind.title(), source=source, shown=shown, picture=picture
            )
            offers.append(offer)
        return offers

    def _seen(self, name: str, kind: type[Figure]) -> tuple[Figure, Picture | None]:
        """The figure of a kind as it is looked at, and its picture if it is seen just now."""
        if name == SCALES and self.eigenvalues.below_the_plane is not None:
            return self.eigenvalues.below_the_plane, self.eigenvalues.scales.shown()
        card = next((card for card in self.cards if type(card.settings) is kind), None)
        if card is None:
            place = {k: v for k, v in self.state.place.items() if k in kind.model_fields}
            return figure_from(kind, place), None
        card.place(**self.state.place)
        # A card that is asked for while it is seen shows, hidden, what was seen last.
        stale = card in self.viewers().values() and not card.isVisible()
        return card.figure, None if stale else card.picture

    def figure_under_pointer(self) -> str:
        """The name of the figure whose card is under the pointer."""
        under = (card.figure.name() for card in self.cards if card.underMouse())
        return next(under, "errors")

    # -------------------------------------------------------------------- layout

    def _show_on_demand(self, dock: QDockWidget, shown: bool) -> None:
        """As a tab beside the eigenvalues; hidden it leaves no bar of a single tab behind."""
        if dock.isFloating():
            return
        if shown:
            self.tabifyDockWidget(self.docks["Eigenvalues"], dock)
            dock.raise_()
        else:
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
            dock.hide()
            # It may be wider than the eigenvalues, and has taken that from the others.
            QTimer.singleShot(0, self, self._size_docks)

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
