"""The parts of Train: cards of plots, and the panels around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from stiffgui.figures import FIGURES, Figure, Picture, figure_from
from stiffgui.figures.base import SurrogateFigure
from stiffgui.figures.history import USUAL, Errors, HistoryFigure, Stiffness
from stiffgui.gui.export.offers import Offer
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.gui.settings.panel import ExperimentPanel
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.cards.eigenvalues import EigenvaluesCard
from stiffgui.gui.train.cards.fit import FitCard
from stiffgui.gui.train.cards.history import HistoryCard
from stiffgui.gui.train.cards.layers import LayersCard
from stiffgui.gui.train.cards.predict import PredictCard
from stiffgui.gui.train.cards.trajectories import TrajectoriesCard
from stiffgui.gui.train.runs.card import RunsCard
from stiffgui.gui.train.runs.workbench import Workbench
from stiffgui.gui.train.stage import Stage
from stiffgui.gui.train.timeline import Timeline
from stiffgui.gui.train.view_state import Selected, ViewState
from stiffgui.regularizers import L2, NoPenalty
from stiffgui.session.run_entry import RunEntry

PANEL_LEAST = 250  # pixels, below which its fields are cut
# Of eigenvalues in a training that has begun, and in one whose loss has a share of them.
GROWTH, PENALISED = 4.0, 1.5
LEAST_RUNS, MOST_RUNS = 2, 5  # in sight, the more the higher the window is
BESIDE_RUNS, FOR_A_RUN = 490, 100  # pixels of the window's height
SCALES = "time-scales"  # stands below the eigenvalues
WITH_CARDS = (
    *("errors", "stiffness", "layers", "spectrum", "fit", "slices", "sensitivity"),
    *("trajectories", SCALES),
)


def _plain_card(settings: Figure) -> FigureCard:
    """A card for a kind of figure that has none of its own."""
    card = FigureCard(settings)
    card.add_editors()
    return card


class TrainViews(Stage):
    """The cards and panels of Train; the plane of the eigenvalues is the large one at first."""

    changed = Signal()  # another picture is wanted

    def __init__(self, bench: Workbench, state: ViewState, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.state = state
        self._rows_of_runs = 0  # until the height is known
        self.panel = ExperimentPanel(bench.model)
        self.panel.setMinimumWidth(PANEL_LEAST)
        self.timeline = Timeline(actions["branch"])
        self.runs = RunsCard(bench, actions["library"])
        below = QWidget()
        layout = QVBoxLayout(below)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.timeline)
        layout.addWidget(self.runs, 1)
        self.add_dock("Experiment", self.panel, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.add_dock("Timeline", below, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.docks["Timeline"].toggleViewAction().setText("Timeline and runs")
        self._make_cards()
        self._connect()

    def _make_cards(self) -> None:
        self.errors = HistoryCard(Errors(), "Errors", "quantities")
        self.stiffness = HistoryCard(Stiffness(), "Stiffness", "over", "indices")
        self.fit, self.layers = FitCard(), LayersCard()
        self.eigenvalues = EigenvaluesCard(self._growth)
        self.trajectories, self.predict = TrajectoriesCard(), PredictCard()
        # Kinds of figures without a card of their own, each in a dock that is shown on demand.
        self.others = {
            name: _plain_card(kind())
            for name, kind in FIGURES["runs"].items()
            if name not in WITH_CARDS
        }
        self.cards: tuple[FigureCard, ...] = (
            self.eigenvalues,
            self.errors,
            self.stiffness,
            self.layers,
            self.fit,
            self.trajectories,
            self.predict,
            *self.others.values(),
        )
        self.set_cards(
            self.eigenvalues,
            (self.errors, self.stiffness, self.fit, self.layers),
            (self.trajectories, self.predict, *self.others.values()),
        )

    def _connect(self) -> None:
        """The cards and the state follow each other."""
        state, eigenvalues = self.state, self.eigenvalues
        self.timeline.moved.connect(lambda epoch: state.look_at(epoch=epoch))
        eigenvalues.layer_chosen.connect(lambda layer: state.look_at(layer=layer))
        eigenvalues.trial_chosen.connect(lambda trial: state.look_at(trial=trial))
        eigenvalues.pin_asked.connect(state.pin)
        eigenvalues.chosen.connect(self._select)
        self.fit.sample_chosen.connect(self._select_sample)
        self.layers.picked.connect(self._picked)
        self.layers.index_chosen.connect(lambda name: eigenvalues.set(layer_index=name))
        for card in self.viewers().values():
            card.changed.connect(self.changed)
        state.changed.connect(self.changed)
        self.arranged.connect(self.changed, Qt.ConnectionType.QueuedConnection)
        for history in (self.errors, self.stiffness):
            history.pointed.connect(self._point)
        self.runs.hovered.connect(self._emphasise)

    def _picked(self, layer: int, epoch: int) -> None:
        self.timeline.go_to(epoch)
        self.eigenvalues.layer.setValue(layer)

    def show_layer(self, layer: int) -> None:
        """The layer, or the nearest that there is."""
        self.eigenvalues.layer.setValue(layer)

    def show_largest(self) -> None:
        """The layer where the chosen index of the layers is largest; before a picture tells it,
        where the radius was at the last measurement."""
        values, run = self.eigenvalues.layer.values, self.state.run
        if not values and run is not None and len(run.history.indices.get(USUAL, ())):
            values = tuple(run.history.layer_medians(USUAL)[-1].tolist())
        if values:
            self.show_layer(1 + int(np.nanargmax(values)))

    def _select(self, one: Selected | None) -> None:
        """An eigenvalue, with its sample in Fit and its layer in Layers."""
        if one is not None and one.layer != self.state.layer and not self.eigenvalues.shows_all:
            self.eigenvalues.layer.setValue(one.layer)
        self.state.select(one)
        self.eigenvalues.select(one)

    def _select_sample(self, sample: int) -> None:
        """The largest eigenvalue of a sample."""
        self._select(self.eigenvalues.selection.largest_of(sample))

    def _point(self, x: float | None) -> None:
        for card in (self.errors, self.stiffness):
            card.point_at(x)

    def _emphasise(self, run: RunEntry | None) -> None:
        group = self.state.name_of(run) if run is not None else ""
        for card in (self.errors, self.stiffness):
            card.view.emphasise(group)

    def _growth(self, picture: Picture) -> float:
        """By how much the largest radius of the shown run will be, or was, larger than now."""
        run = self.state.run
        if run is None:
            return 1.0
        radii = picture.layers if self.eigenvalues.settings.layer_index == USUAL else ()
        now = picture.numbers.get("largest radius") or max(
            radii, default=0.0
        )  # none of few samples
        measured = run.history.indices.get(USUAL)
        known = measured is not None and measured.size > 0 and now > 0
        peak = float(np.nanmax(measured.mean(1))) / now if measured is not None and known else 1.0
        free = run.foreign or isinstance(run.experiment.regularizer, NoPenalty | L2)
        will = GROWTH if free else PENALISED
        return max(1.0, peak, will if run.state == "running" else 1.0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A lower window, fewer runs in sight."""
        super().resizeEvent(event)
        self._count_runs()

    def _count_runs(self) -> None:
        """In larger text as many as there is room for, maybe none."""
        rows = int(self.window().height() / self._text_scale - BESIDE_RUNS) // FOR_A_RUN
        there = self._text_scale == 1 or rows > 0
        if there == self.runs.isHidden():
            self.runs.setVisible(there)
            QTimer.singleShot(0, self, self._size_runs)
        rows = max(LEAST_RUNS, min(rows, MOST_RUNS))
        before, self._rows_of_runs = self._rows_of_runs, rows
        if rows != before and (before or not self.is_restored):
            QTimer.singleShot(0, self, self._size_runs)

    def size_docks(self) -> None:
        super().size_docks()
        if self._rows_of_runs:
            self._size_runs()

    def _size_runs(self) -> None:
        dock, runs = self.docks["Timeline"], self.runs
        height = dock.minimumSizeHint().height()
        if runs.isVisibleTo(self):
            height += runs.height_of(self._rows_of_runs) - runs.minimumSizeHint().height()
        self.resizeDocks([dock], [height], Qt.Orientation.Vertical)
        QTimer.singleShot(0, self, self._stack)

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
        pinned = self.state.pinned
        if pinned is None:
            self.eigenvalues.unpin()
        else:
            self.eigenvalues.pin(*pinned[1:])
        for name, card in self.viewers().items():
            card.place(**self.state.place)
            if card.is_seen:
                figures[name] = card.asked
        if self.eigenvalues.is_seen and self.eigenvalues.below_the_plane is not None:
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
            card.lack(picture)
            card.view.dim(picture)

    def dim(self, text: str, names: Iterable[str], through: bool = False) -> None:
        """What some viewers show is not what is asked for: say what is being computed."""
        viewers = self.viewers()
        for name in names:
            viewers[name].expect(text)
            viewers[name].view.dim(text, through)

    def lift(self, names: Iterable[str]) -> None:
        """What some viewers show is what is asked for, after all."""
        viewers = self.viewers()
        for name in names:
            viewers[name].view.veil.hide()

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
        cards = [card for card in self.cards if type(card.asked) is kind]
        card = next((card for card in cards if card.is_seen), next(iter(cards), None))
        if card is None:
            place = {k: v for k, v in self.state.place.items() if k in kind.model_fields}
            if issubclass(kind, SurrogateFigure):  # of all trials
                del place["trial"]
            return figure_from(kind, place), None
        card.place(**self.state.place)
        # A card that is asked for while it is seen shows, hidden, what was seen last.
        asks = card is self.predict or card in self.viewers().values()
        stale = (asks and not card.is_seen) or card.is_stale
        return card.figure, None if stale else card.picture

    def figure_under_pointer(self) -> str:
        """The name of the figure whose card is under the pointer; else of the large one."""
        under = [card for card in self.cards if card.underMouse()]
        large = [card for card in self.cards if card is self.large]
        return (under or large)[0].figure.name()

    def set_theme(self, theme: Theme) -> None:
        """Colour every card."""
        super().set_theme(theme)
        self._count_runs()
        for card in self.cards:
            card.set_theme(theme)
        self.runs.set_theme(theme)
