"""A picture in the window: its panels in rows, legends and colour scales beside them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from stiffgui.figures.picture import ColourScale, Image, Panel, Picture, Points
from stiffgui.gui.plots.elided import Elided
from stiffgui.gui.plots.legend import Legend, ScaleBar, entries_of
from stiffgui.gui.plots.panel_grid import LEAST, PanelGrid
from stiffgui.gui.plots.panel_view import PanelView
from stiffgui.gui.theme import LIGHT, Theme

LEGEND_SHARE = 50  # pixels of height for each row of the legend


class PanelFrame(QWidget):
    """A panel with its title, its legend and its colour scale."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.title, self.legend, self.view, self.bar = Elided(), Legend(), PanelView(), ScaleBar()
        self.title.setObjectName("cardNote")
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
        self.title.setToolTip(panel.title)
        self.title.setVisible(bool(panel.title))
        self.legend.show_entries(entries_of([panel], theme) if own_legend else [])
        self.bar.show_scale(_scale_of(panel), theme)
        self.view.show_panel(panel)


def _scale_of(panel: Panel) -> ColourScale | None:
    coloured = (item for item in panel.items if isinstance(item, Image | Points))
    scales = (item.colours for item in coloured if item.colours is not None and item.colours.bar)
    return next(scales, None)


class Veil(QLabel):
    """Over a picture of something else than what is asked for. Signal: `turned(whether it is
    there)`."""

    turned = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("veil")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.hide()

    def setVisible(self, visible: bool) -> None:
        super().setVisible(visible)
        self.turned.emit(visible)


class PictureView(QWidget):
    """Shows a `Picture`; panels that may flow are arranged so that they are largest.

    Signals: `pointed(x)` and `clicked(panel, x, y)` of any panel; `zoomed` by hand; `moved`: what
    is in view is another part, however that came.
    """

    pointed = Signal(object)
    clicked = Signal(int, float, float)
    zoomed = Signal()
    moved = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.picture: Picture | None = None
        self.frames: list[PanelFrame] = []
        self.legend = Legend()
        self.legend_group = ""  # the run whose entries the common legend shows; all when empty
        self._theme = LIGHT
        self._grid = self.make_grid()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.legend)
        layout.addWidget(self._grid, 1)
        self.veil = Veil(self)

    def make_grid(self) -> PanelGrid:
        """What places the panels."""
        return PanelGrid()

    def make_frame(self) -> PanelFrame:
        """What shows a panel."""
        return PanelFrame(self._grid)

    @property
    def views(self) -> list[PanelView]:
        """The plots of the panels that are shown."""
        count = len(self.picture.panels) if self.picture is not None else 0
        return [frame.view for frame in self.frames[:count]]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.veil.setGeometry(self.rect())
        self.legend.set_rows(max(2, self.height() // LEGEND_SHARE))

    def dim(self, text: str, through: bool = False) -> None:
        """Dim what is shown, and say what is being computed instead; the next picture ends it.
        `through`: its plots can be moved and zoomed meanwhile."""
        if self.picture is not None:
            self.veil.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, through)
            self.veil.setText(text)
            self.veil.setGeometry(self.rect())
            self.veil.raise_()
            self.veil.show()

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        for frame in self.frames:
            frame.view.set_theme(theme)
        if self.picture is not None:
            self.show_picture(self.picture)

    def prepare(self, panels: int) -> None:
        """Make the plots of so many panels; ahead of the first picture, that one comes sooner."""
        while len(self.frames) < panels:
            self._add_frame()

    def show_picture(self, picture: Picture) -> None:
        """Draw a picture; panels are made once and then change."""
        self.picture = picture
        self.veil.hide()
        panels = picture.panels
        self.prepare(len(panels))
        common = picture.legend_below
        entries = entries_of(panels, self._theme, self.legend_group) if common else []
        self.legend.show_entries(entries)
        self.show_frames(panels, not common)
        self._grid.arrange(picture, self.frames)

    def show_frames(self, panels: tuple[Panel, ...], own_legend: bool) -> None:
        """Draw the panels."""
        for frame, panel in zip(self.frames, panels, strict=False):
            frame.view.together = panels
            frame.show_panel(panel, self._theme, own_legend)

    def _add_frame(self) -> None:
        number, frame = len(self.frames), self.make_frame()
        frame.hide()
        frame.view.set_theme(self._theme)
        frame.view.pointed.connect(self._pointed)
        frame.view.clicked.connect(lambda x, y: self.clicked.emit(number, x, y))
        frame.view.zoomed.connect(lambda: self._zoomed(frame.view))
        frame.view.box.sigRangeChanged.connect(lambda *_: self.moved.emit())
        self.frames.append(frame)

    def _zoomed(self, view: PanelView) -> None:
        """Panels whose axes are locked follow."""
        if self.picture is not None and self.picture.locked:
            (x0, x1), (y0, y1) = view.box.viewRange()
            for other in self.views:
                if other is not view:
                    other.look_at(x0, x1, y0, y1)
        self.zoomed.emit()

    def _pointed(self, x: float | None) -> None:
        self.legend.point_at(x)
        self.pointed.emit(x)

    def point_at(self, x: float | None) -> None:
        """Show a crosshair at x in every panel, with the values there; None hides it."""
        for view in self.views:
            view.set_cross(x)
        self.legend.point_at(x)

    def set_here(self, x: float | None) -> None:
        """Mark x, which other views show, in every panel: while nothing is pointed at, the
        legends tell the values there; the last ones for None."""
        for view in self.views:
            view.set_here(x)
        for legend in (self.legend, *(frame.legend for frame in self.frames)):
            legend.rest_at(x)

    def emphasise(self, group: str) -> None:
        """Let what is of other groups be faint in every panel; empty: of none."""
        for view in self.views:
            view.emphasise(group)

    def reset_view(self) -> None:
        """Show everything of every panel again."""
        for frame in self.frames:  # those of a picture to come, too
            frame.view.reset_view()

    def shown(self) -> Picture | None:
        """The picture as it is looked at: with the limits of panels that were zoomed."""
        if self.picture is None:
            return None
        return self.picture.within([view.view_limits() for view in self.views])
