"""Evolution plots with median and quartile band, and box plots of the last values."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QShowEvent

from stiffgui.errors import InputError
from stiffgui.figures.picture import Picture
from stiffgui.figures.study import Boxes, Front, StudyFigure, StudySummary
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.gui.theme import Theme
from stiffgui.runs.history import History
from stiffgui.session.studies import StudyView

PROMISE = (
    "Errors, L2 norm and stiffness of every variant: the median over trials with the band of "
    "quartiles."
)


class StudyCard(FigureCard):
    """A figure of the shown study. Behind another tab it waits until it is seen."""

    def __init__(self, settings: StudyFigure, title: str, empty: str = "") -> None:
        super().__init__(settings, title, empty)
        self.logarithmic = self.add_check_box("logarithmic", "log")
        self.logarithmic.setChecked(True)
        self._study: StudyView | None = None
        self._stale = False
        self.changed.connect(self.redraw)

    def show_study(self, view: StudyView) -> None:
        """Draw what is done of a study."""
        self._study = view
        self.redraw()

    def redraw(self) -> None:
        """Draw the study, if the card is seen."""
        self._stale = not self.isVisible()
        if self._study is None or self._stale:
            return
        try:
            self.show_picture(self.settings.picture(self._study))
        except InputError:  # nothing is done yet
            if self.view.picture is not None:  # and what was seen is of another study
                self.show_picture(Picture(rows=(), note="No batch of trials has ended yet."))

    @property
    def picture(self) -> Picture | None:
        """What is seen, None where that is of another moment or nothing."""
        shown = super().picture
        return None if self._stale or shown is None or not shown.panels else shown

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.redraw()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what has come while nobody saw it."""
        super().showEvent(event)
        if self._stale:
            self.redraw()


class EvolutionCard(StudyCard):
    """A panel for each quantity against the epoch: a line and a band per variant, and thin lines
    of batches that are still training."""

    def __init__(self) -> None:
        super().__init__(StudySummary(boxes=False), "Evolution", PROMISE)

    def show_live(self, live: Mapping[int, tuple[int, History]]) -> None:
        """Draw the medians of batches in training, too: number -> variant's place, history."""
        if self._study is not None:
            self._study.live[:] = live.values()
            self.redraw()


class BoxCard(StudyCard):
    """A panel of box plots for each quantity: the last values of every trial."""

    def __init__(self) -> None:
        super().__init__(Boxes(), "Last values")


class FrontCard(StudyCard):
    """Errors against stiffness along the weights that trials choose from."""

    def __init__(self) -> None:
        super().__init__(Front(), "Front")
