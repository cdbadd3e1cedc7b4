"""Errors and stiffness while training: median line, quartile band, one dash per series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal

from stiffgui.figures.history import HistoryFigure
from stiffgui.figures.sources import Drawn
from stiffgui.gui.plots.figure_card import FigureCard


class HistoryCard(FigureCard):
    """One of the two history plots. `refresh` paints only when something changed.

    Emits `pointed(x)` while the pointer is over the plot, and None when it leaves: the two
    plots show one crosshair.
    """

    pointed = Signal(object)

    def __init__(self, settings: HistoryFigure, title: str, *choices: str) -> None:
        super().__init__(settings, title)
        self.logarithmic = self.add_check_box("logarithmic", "log")
        self.logarithmic.setChecked(settings.scale == "log")
        for name in choices:
            self.add_choices_menu(name)
        self.view.pointed.connect(self.pointed)
        self.changed.connect(self._forget)
        self._shown: tuple[Any, ...] = ()

    def _forget(self) -> None:
        self._shown = ()

    def refresh(self, runs: Sequence[Drawn]) -> None:
        """Draw runs, the shown one last; nothing when they are as they were."""
        if not runs:
            return
        state = tuple((id(d.run), d.name, d.colour, d.run.version) for d in runs)
        if state == self._shown:
            return
        if [s[:2] for s in state] != [s[:2] for s in self._shown]:
            self.view.reset_view()
        self._shown = state
        self.view.legend_group = runs[-1].name if len(runs) > 1 else ""
        self.show_picture(self.settings.picture(runs))

    def set_theme(self, theme: Any) -> None:
        super().set_theme(theme)
        self._forget()

    def clear(self) -> None:
        super().clear()
        self._forget()

    def point_at(self, x: float | None) -> None:
        """Show the crosshair at x with the values there; None hides it."""
        self.view.point_at(x)
