"""Errors and stiffness while training: median line, quartile band, one dash per series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal

from stiffgui.figures.history import AXES, HistoryFigure
from stiffgui.figures.picture import Curve
from stiffgui.figures.sources import Drawn
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.gui.plots.pointed import number_on


class HistoryCard(FigureCard):
    """One of the two history plots. `refresh` paints only when something changed.

    Emits `pointed(x)` while the pointer is over the plot, and None when it leaves: the two
    plots show one crosshair.
    """

    pointed = Signal(object)

    settings: HistoryFigure

    def __init__(self, settings: HistoryFigure, title: str, *choices: str) -> None:
        super().__init__(settings, title)
        self.logarithmic = self.add_check_box("logarithmic", "log")
        self.logarithmic.setChecked(settings.scale == "log")
        for name in choices:
            self.add_choices_menu(name)
        self.view.pointed.connect(self.pointed)
        self.changed.connect(self._forget)
        self._shown: tuple[Any, ...] = ()
        self._pointed: float | None = None
        self._here: float | None = None  # where other cards look

    def _forget(self) -> None:
        self._shown = ()

    def refresh(self, runs: Sequence[Drawn], epoch: int | None = None) -> None:
        """Draw runs, the shown one last; nothing when they are as they were. A past epoch that
        other cards show of it is marked, and the legend tells the values there."""
        if not runs:
            return
        self._draw(runs)
        here = None if epoch is None else float(AXES[self.settings.axis].of(runs[-1], [epoch])[0])
        if here != self._here:
            self._here = here
            self._tell()
        self.view.set_here(here)

    def _draw(self, runs: Sequence[Drawn]) -> None:
        state = tuple((id(d.run), d.name, d.colour, d.run.version) for d in runs)
        if state == self._shown:
            return
        if [s[:2] for s in state] != [s[:2] for s in self._shown]:
            self.view.reset_view()
        self._shown = state
        self.view.legend_group = runs[-1].name if len(runs) > 1 else ""
        picture = self.settings.picture(runs)
        if runs[-1].foreign and not any(picture.panels[0].of(Curve)):
            super().clear()
            self.lack("No such numbers were recorded.")
            return
        self.show_picture(picture)
        self._tell()

    def set_theme(self, theme: Any) -> None:
        super().set_theme(theme)
        self._forget()

    def clear(self) -> None:
        super().clear()
        self._forget()

    def point_at(self, x: float | None) -> None:
        """Show the crosshair at x with the values there, and of what epoch they are; None hides
        it."""
        self._pointed = x
        self.view.point_at(x)
        self._tell()

    def _tell(self) -> None:
        """Where the values of the legend were measured, else over what the curves are taken."""
        picture = self.view.picture
        if picture is None:
            return
        panel, x = picture.panels[0], self._here if self._pointed is None else self._pointed
        curves = [curve for curve in panel.of(Curve) if curve.label]
        rows = [curve.row_at(x) for curve in curves] if x is not None else []
        at = sorted({float(c.x[k]) for c, k in zip(curves, rows, strict=False) if k is not None})
        ends = [number_on(place, panel.x) for place in (at[:1] + at[1:][-1:])]
        self.say(f"{panel.x.label} {' to '.join(ends)}" if ends else picture.note)
