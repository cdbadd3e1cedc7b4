"""A picture in the window: its panels in rows, legends and colour scales beside them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from stiffgui.figures.picture import ColourScale, Image, Panel, Picture, Points
from stiffgui.gui.plots.legend import Legend, ScaleBar, entries_of
from stiffgui.gui.plots.panel_view import PanelView
from stiffgui.gui.theme import LIGHT, Theme

LEAST = 60  # pixels that a panel needs on each side
UNITS = 12  # columns of the grid that rows with different numbers of panels share


class PanelFrame(QWidget):
    """A panel with its title, its legend and its colour scale."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.legend, self.view, self.bar = QLabel(), Legend(), PanelView(), ScaleBar()
        self.title.setObjectName("cardNote")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for widget in (self.title, self.legend, self.view, self.bar):
            layout.addWidget(widget, 1 if widget is self.view else 0)
        self.view.setMinimumSize(LEAST, LEAST)
        self.view.pointed.connect(self.legend.point_at)

    def show_panel(self, panel: Panel, theme: Theme, own_legend: bool) -> None:
        """Draw a panel."""
        self.title.setText(panel.title)
        self.title.setVisible(bool(panel.title))
        self.legend.show_entries(entries_of([panel], theme) if own_legend else [])
        self.bar.show_scale(_scale_of(panel), theme)
        self.view.show_panel(panel)


def _scale_of(panel: Panel) -> ColourScale | None:
    coloured = (item for item in panel.items if isinstance(item, Image | Points))
    scales = (item.colours for item in coloured if item.colours is not None and item.colours.bar)
    return next(scales, None)


class PictureView(QWidget):
    """Shows a `Picture`; panels that may flow are arranged so that they are largest.

    Signals: `pointed(x)` and `clicked(panel, x, y)` of any panel; `zoomed`.
    """

    pointed = Signal(object)
    clicked = Signal(int, float, float)
    zoomed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.picture: Picture | None = None
        self.frames: list[PanelFrame] = []
        self.legend = Legend()
        self.legend_group = ""  # the run whose entries the common legend shows; all when empty
        self._theme = LIGHT
        self._places: list[tuple[int, int, int]] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.legend)
        layout.addLayout(self._grid, 1)

    @property
    def views(self) -> list[PanelView]:
        """The plots of the panels that are shown."""
        count = len(self.picture.panels) if self.picture is not None else 0
        return [frame.view for frame in self.frames[:count]]

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        for frame in self.frames:
            frame.view.set_theme(theme)
        if self.picture is not None:
            self.show_picture(self.picture)

    def show_picture(self, picture: Picture) -> None:
        """Draw a picture; panels are made once and then change."""
        self.picture = picture
        panels = picture.panels
        while len(self.frames) < len(panels):
            self._add_frame()
        common = picture.legend_below
        entries = entries_of(panels, self._theme, self.legend_group) if common else []
        self.legend.show_entries(entries)
        for place, frame in enumerate(self.frames):
            frame.setVisible(place < len(panels))
            if place < len(panels):
                frame.show_panel(panels[place], self._theme, own_legend=not common)
        self._arrange()

    def _add_frame(self) -> None:
        number, frame = len(self.frames), PanelFrame()
        frame.view.set_theme(self._theme)
        frame.view.pointed.connect(self._pointed)
        frame.view.clicked.connect(lambda x, y: self.clicked.emit(number, x, y))
        frame.view.zoomed.connect(self.zoomed)
        self.frames.append(frame)

    def _pointed(self, x: float | None) -> None:
        self.legend.point_at(x)
        self.pointed.emit(x)

    def point_at(self, x: float | None) -> None:
        """Show a crosshair at x in every panel, with the values there; None hides it."""
        for view in self.views:
            view.set_cross(x)
        self.legend.point_at(x)

    def reset_view(self) -> None:
        """Show everything of every panel again."""
        for view in self.views:
            view.reset_view()

    def shown(self) -> Picture | None:
        """The picture as it is looked at: with the limits of panels that were zoomed."""
        if self.picture is None:
            return None
        return self.picture.within([view.view_limits() for view in self.views])

    # -------------------------------------------------------------------- layout

    def _arrange(self) -> None:
        """Put the frames into the grid, if their places have changed."""
        places = list(self._row_places())
        if places == self._places:
            return
        self._places = places
        for (row, column, span), frame in zip(places, self.frames, strict=False):
            self._grid.addWidget(frame, row, column, 1, span)
        rows = max((row for row, _, _ in places), default=0) + 1
        heights = self.picture.heights if self.picture is not None else ()
        for row in range(self._grid.rowCount()):
            share = heights[row] if len(heights) == rows and row < rows else 1
            self._grid.setRowStretch(row, round(10 * share) if row < rows else 0)
        self._set_widths(places)

    def _set_widths(self, places: list[tuple[int, int, int]]) -> None:
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < UNITS else 0)

    def _row_places(self) -> Iterable[tuple[int, int, int]]:
        """Row, column and columns wide of each panel."""
        assert self.picture is not None
        rows = [len(row) for row in self.picture.rows]
        if self.picture.flows:
            columns = self._best_columns(sum(rows))
            rows = [min(columns, sum(rows) - start) for start in range(0, sum(rows), columns)]
        widths = self.picture.widths if not self.picture.flows else ()
        for number, count in enumerate(rows):
            span = UNITS // max(rows[0] if self.picture.flows else count, 1)
            shares = widths if number == 0 and len(widths) == count else (1.0,) * count
            total, column = sum(shares), 0
            for share in shares:
                wide = max(1, round(UNITS * share / total)) if widths else span
                yield number, column, wide
                column += wide

    def _best_columns(self, count: int) -> int:
        """In how many columns the panels' shorter sides are longest."""
        width, height = max(self.width(), 1), max(self.height(), 1)

        def side(columns: int) -> float:
            return min(width / columns, height / -(-count // columns))

        allowed = [n for n in range(1, count + 1) if UNITS % n == 0 or n == count]
        return max(allowed, key=side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another shape, another arrangement."""
        super().resizeEvent(event)
        if self.picture is not None and self.picture.flows:
            self._arrange()
