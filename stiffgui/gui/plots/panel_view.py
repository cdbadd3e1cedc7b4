"""One panel of a picture in the window: a plot that is zoomed, pointed at and clicked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QApplication, QWidget

from stiffgui.figures.picture import Axis, Box, Image, Panel, Points
from stiffgui.gui.plots.artists import ARTISTS, Artist, MarkerArtist, pen
from stiffgui.gui.plots.axes import from_axis, on_axis
from stiffgui.gui.plots.plot import Plot
from stiffgui.gui.plots.plot_keys import KEYS, RESETS, move_by_key
from stiffgui.gui.plots.pointed import (
    ValueTip,
    describe_box,
    describe_cell,
    describe_point,
    nearest,
)
from stiffgui.gui.theme import LIGHT, Theme

TIP = "Drag to move, wheel to zoom, double-click to see everything again"
RING = 15  # pixels of the ring around what is selected
OUTLINE = (("k", 3), ("w", 1))  # a light line on a dark one: colours and widths
LEAST_WITH_AXES, LEAST_WITH_LABELS, LEAST_WITH_INSET = 150, 170, 220  # pixels
FAINT = 0.15  # opacity beside a group that is emphasised
BOX = 0.4  # from the middle of a box within which the pointer tells about it
Limits4 = tuple[float, float, float, float]


class PanelView(Plot):
    """Draws a `Panel`; items are made once and then moved.

    Signals: `pointed(x)` while the pointer is over the plot and None when it leaves;
    `clicked(x, y)`; `zoomed` when a person moved the view. Values are in the axes' own units.
    """

    KEYS = KEYS
    pointed = Signal(object)
    clicked = Signal(float, float)
    zoomed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._is_framed = False
        super().__init__(parent)
        self.panel = Panel()
        self.together: tuple[Panel, ...] = ()  # the picture's panels: a pointer tells of all maps
        self.is_zoomed = False
        self._theme: Theme = LIGHT
        self._artists: list[tuple[object, Artist]] = []
        self._cross, self._here = pg.InfiniteLine(), pg.InfiniteLine()
        self._frames: list[Any] = []
        self._mark: tuple[Any, Any] | None = None  # what is selected: its way here, and a ring
        self._emphasised = ""  # the group beside which others are faint
        self.inset: PanelView | None = None
        self.is_inset = False
        self.message = ""  # what the pointer is told
        self._pointer: QPointF | None = None  # where it is in the scene
        self._followed: tuple[int, int] | None = None  # the point that it is told of, by numbers
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.viewport().setFocusProxy(None)  # else its policy would be that of the plot
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)  # one stop of Tab, not two
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(TIP)
        self.setToolTipDuration(2500)
        for line in (self._cross, self._here):
            line.hide()
            self.add(line, in_range=False)
        self.box.sigRangeChangedManually.connect(self._moved_by_hand)
        self.box.sigRangeChanged.connect(lambda *_: self._frame_in_inset())
        self.scene().sigMouseMoved.connect(self._hover)
        self.scene().sigMouseClicked.connect(self._mouse_clicked)

    # ------------------------------------------------------------------- drawing

    def set_theme(self, theme: Theme) -> None:
        """Colour the plot; its items are made anew."""
        self._theme = theme
        self.setBackground(theme.card)
        for axis in self.axes.values():
            axis.setPen(pen(theme, theme.border))
            axis.setTextPen(pg.mkPen(theme.faint))
            axis.setStyle(tickLength=4)  # outwards: ticks inside look like data
            axis.label.setFont(QApplication.font())
        self._cross.setPen(pen(theme, theme.faint))
        self._here.setPen(pen(theme, theme.accent, 1.5))
        for line, (colour, width) in zip(self._frames, OUTLINE, strict=False):
            line.setPen(pen(theme, colour, width))
        if self.inset is not None:
            self.inset.set_theme(theme)
            self.inset.setStyleSheet(f"border: 1px solid {theme.border}")
        self._forget()
        self.show_panel(self.panel)

    def show_panel(self, panel: Panel) -> None:
        """Draw a panel; what was zoomed stays so."""
        before, self.panel = self.panel, panel
        self.axes["left"].show_axis(panel.y)
        self.axes["bottom"].show_axis(panel.x)
        scales = (panel.x.scale, panel.y.scale)
        if scales != (before.x.scale, before.y.scale):
            self.is_zoomed = False
            self._forget()  # what stands at the same values stands elsewhere
        if panel.equal != before.equal:  # a map is no part of a plane, nor the other way round
            self.is_zoomed = False
        self.show_grid(panel.grid)
        self.box.setAspectLocked(panel.equal)
        names = " against ".join(filter(None, (panel.y.label, panel.x.label)))
        self.setAccessibleName(": ".join(filter(None, (panel.title, names))))
        self._draw_items(panel)
        self._fit_axes()
        if not self.is_zoomed:
            self._fit_range()
        self._show_inset()
        self._tell_again()

    def _show_inset(self) -> None:
        """The panel's inset in its corner, where there is room for it."""
        panel = self.panel.inset
        room = min(self.width(), self.height()) >= LEAST_WITH_INSET
        if panel is not None and room and self.inset is None:
            self.inset = PanelView(self)
            self.inset.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self.inset.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.inset.setToolTip("")
            self.inset.is_inset = True
            for widget in (self.inset, self.inset.viewport()):  # or all below is painted, too
                widget.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
            self.set_theme(self._theme)
            return
        if self.inset is None:
            return
        if panel is not None and room:
            area = self.box.sceneBoundingRect().toRect()
            side = max(90, min(180, min(area.width(), area.height()) // 3))
            left = area.left() + 6 if self.panel.inset_left else area.right() - side - 6
            self.inset.setGeometry(left, area.top() + 6, side, side)
            self.inset.show_panel(panel)
            self._frame_in_inset()
        self.inset.setVisible(panel is not None and room)

    def _frame_in_inset(self) -> None:
        """What part of the whole is in view."""
        if self.inset is not None and self.panel.inset is not None:
            ends = []
            for seen, all_ in zip(self.box.viewRange(), self.inset.box.viewRange(), strict=True):
                edge = 0.02 * (all_[1] - all_[0])  # the frame is closed where it leads out of it
                ends.append(np.clip(seen, all_[0] + edge, all_[1] - edge))
            (x0, x1), (y0, y1) = ends
            self.inset.set_frame([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0])

    def _draw_items(self, panel: Panel) -> None:
        """Artists are used again for an item of the same shape at the same place."""
        for place, item in enumerate(panel.items):
            kind = ARTISTS[type(item)]
            shape = kind.shape(item)
            if place < len(self._artists) and self._artists[place][0] != shape:
                for _, artist in self._artists[place:]:
                    artist.remove()
                del self._artists[place:]
            if place == len(self._artists):
                self._artists.append((shape, kind(self, self._theme)))
            artist = self._artists[place][1]
            if artist.item is not item:
                artist.item = item
                artist.draw(item, panel)
        self._label_markers()
        for _, artist in self._artists[len(panel.items) :]:
            artist.remove()
        del self._artists[len(panel.items) :]
        if self._emphasised:
            self._fade()

    def emphasise(self, group: str) -> None:
        """Let the items of other groups be faint; nothing where there are none of this one."""
        self._emphasised = group
        self._fade()

    def _fade(self) -> None:
        items, group = self.panel.items, self._emphasised
        there = any(item.group == group for item in items)
        for item, (_, artist) in zip(items, self._artists, strict=True):
            other = there and bool(group) and item.group not in ("", group)
            artist.set_opacity(FAINT if other else 1.0)

    def _forget(self) -> None:
        for _, artist in self._artists:
            artist.remove()
        self._artists = []

    # --------------------------------------------------------------------- range

    def _fit_range(self) -> None:
        """All that is drawn, or the panel's own limits."""
        box = self.box
        given = {"x": self._places(self.panel.x), "y": self._places(self.panel.y)}
        free = [name for name, limits in given.items() if limits is None]
        fixed = {f"{name}Range": limits for name, limits in given.items() if limits is not None}
        # In this order: switching the automatic range off makes up what it was to do first.
        box.enableAutoRange(x="x" in free, y="y" in free)
        if fixed:
            box.setRange(**fixed, padding=0, disableAutoRange=False)

    def _places(self, axis: Axis) -> tuple[float, float] | None:
        if axis.limits is None:
            return None
        low, high = (float(end) for end in on_axis(axis.limits, axis.scale))
        return (low, high) if np.isfinite((low, high)).all() else None

    def reset_view(self) -> None:
        """Show everything again."""
        self.is_zoomed = False
        self._fit_range()

    def view_limits(self) -> Limits4 | None:
        """x and y from .. to, where a person has zoomed; None elsewhere."""
        if not self.is_zoomed:
            return None
        (x0, x1), (y0, y1) = self.box.viewRange()
        x, y = self.panel.x.scale, self.panel.y.scale
        return from_axis(x0, x), from_axis(x1, x), from_axis(y0, y), from_axis(y1, y)

    def look_at(self, x0: float, x1: float, y0: float, y1: float) -> None:
        """Show a part, as if a person had zoomed there; places on the axes."""
        self.is_zoomed = True
        self.box.setRange(xRange=(x0, x1), yRange=(y0, y1), padding=0)

    def _moved_by_hand(self, _: object) -> None:
        self.is_zoomed = True
        self.zoomed.emit()

    def mouseDoubleClickEvent(self, _: Any) -> None:
        self.reset_view()

    # ---------------------------------------------------------------------- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in RESETS:
            self.reset_view()
        elif move_by_key(self.box, key):
            self._moved_by_hand(None)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A frame says that the arrow keys are the plot's."""
        reasons = Qt.FocusReason
        self._is_framed = event.reason() in (reasons.TabFocusReason, reasons.BacktabFocusReason)
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._is_framed = False
        super().focusOutEvent(event)
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._is_framed:
            painter = QPainter(self.viewport())
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))

    # ------------------------------------------------------------------- pointer

    def set_cross(self, x: float | None) -> None:
        """A line at x, where the pointer is; or none."""
        self._stand(self._cross, x)

    def set_here(self, x: float | None) -> None:
        """A line at x, which other views show; or none."""
        self._stand(self._here, x)

    def _stand(self, line: Any, x: float | None) -> None:
        line.setVisible(x is not None)
        if x is not None:
            line.setPos(float(on_axis(x, self.panel.x.scale)))

    def mark(self, x: Sequence[float], y: Sequence[float]) -> None:
        """A ring at the last of some places, and a line that leads there; nothing for none."""
        if self._mark is None:
            if not len(x):
                return
            line, ring = pg.PlotCurveItem(), pg.ScatterPlotItem(brush=None)
            for item in (line, ring):
                item.setZValue(15)
                self.add(item, in_range=False)
            self._mark = line, ring
        line, ring = self._mark
        edge, size = pen(self._theme, self._theme.accent, 2), RING * self._theme.text_scale
        line.setData(list(x), list(y), pen=edge)
        ring.setData(list(x[-1:]), list(y[-1:]), pen=edge, size=size)

    @property
    def helpers(self) -> tuple[Any, ...]:
        """What is drawn that is not of the picture: crosshair, outline and the like."""
        return self._cross, self._here, *self._frames, *(self._mark or ())

    @property
    def cross(self) -> float | None:
        """Where the crosshair stands; None where there is none."""
        return self._place_of(self._cross)

    @property
    def here(self) -> float | None:
        """Where the line of what other views show stands; None where there is none."""
        return self._place_of(self._here)

    def _place_of(self, line: Any) -> float | None:
        return from_axis(float(line.value()), self.panel.x.scale) if line.isVisible() else None

    def set_frame(self, xs: list[float], ys: list[float]) -> None:
        """An outline that is seen on every colour: a light line on a dark one."""
        if not self._frames:
            for colour, width in OUTLINE:
                line = pg.PlotCurveItem()
                line.setZValue(20)
                line.setPen(pen(self._theme, colour, width))
                self.add(line, in_range=False)
                self._frames.append(line)
        for line in self._frames:
            line.setData(xs, ys)

    @property
    def frame_line(self) -> tuple[Any, Any]:
        """The corners of the outline, x and y."""
        return self._frames[-1].getData() if self._frames else (np.empty(0), np.empty(0))

    def at(self, scene: Any) -> tuple[float, float] | None:
        """The values at a point of the scene; None outside the axes."""
        box = self.box
        if not box.sceneBoundingRect().contains(scene):
            return None
        place = box.mapSceneToView(scene)
        return from_axis(place.x(), self.panel.x.scale), from_axis(place.y(), self.panel.y.scale)

    def _hover(self, scene: Any) -> None:
        place = self.at(scene)
        self._pointer, self._followed = (None if place is None else scene), None
        self.pointed.emit(None if place is None else place[0])
        self._tell("" if place is None else self.describe(*place))

    def _tell(self, message: str) -> None:
        """The values stay for as long as the pointer does."""
        if message != self.message:
            self.message = message
            at = self._pointer if self._pointer is not None else QPointF()
            where = self.viewport().mapTo(self.window(), self.mapFromScene(at))
            ValueTip.of(self.window()).tell(message, where)

    def _tell_again(self) -> None:
        """Something else is drawn under the pointer: of a point, what has become of it."""
        place = None if self._pointer is None else self.at(self._pointer)
        if place is None:
            return
        self.pointed.emit(place[0])
        if self._followed is None:
            self._tell(self.describe(*place))
            return
        number, row = self._followed
        points = list(self.panel.of(Points))
        if number < len(points) and row < len(points[number].x):
            self._tell(describe_point(self.panel, points[number], row))

    def describe(self, x: float, y: float) -> str:
        """What is known of the point or the cell there; empty where there is none."""
        for image in self.panel.of(Image):
            cell = image.cell(x, y)
            if cell is not None:
                return describe_cell(self.panel, image, *cell, self.together)
        found = self.point_at(x, y)
        if found is not None:
            every = [id(points) for points in self.panel.of(Points)]
            self._followed = every.index(id(found[0])), found[1]
            return describe_point(self.panel, *found)
        boxes = (box for box in self.panel.of(Box) if abs(x - box.at) < BOX)
        return next((describe_box(box) for box in boxes), "")

    def point_at(self, x: float, y: float) -> tuple[Points, int] | None:
        """The point of the first item that has one near enough to a place, by its number."""
        pixel = self.box.viewPixelSize()
        for points in self.panel.of(Points):
            row = nearest(points, x, y, self.panel, pixel)
            if row is not None:
                return points, row
        return None

    def _mouse_clicked(self, event: Any) -> None:
        place = self.at(event.scenePos())
        if place is not None:
            self.clicked.emit(*place)

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        if event is not None:  # pyqtgraph calls this while it is being made
            self._fit_axes()
            self._show_inset()

    def _fit_axes(self) -> None:
        """A small plot does without the names of its axes, maps in miniature without axes."""
        least = min(self.width(), self.height())
        several = len(self.together) > 1 and any(self.panel.of(Image))
        bare = self.is_inset or (several and least < LEAST_WITH_AXES)
        for axis in self.axes.values():
            axis.show_name(least >= LEAST_WITH_LABELS)
            if axis.isVisible() == bare:
                (axis.hide if bare else axis.show)()
        self._label_markers()

    def _label_markers(self) -> None:
        for _, artist in self._artists:
            if isinstance(artist, MarkerArtist):
                artist.show_label(self.height() >= LEAST_WITH_LABELS)

    def leaveEvent(self, event: QEvent) -> None:
        """Crosshair and values go when the pointer does."""
        self._forget_pointer()
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._forget_pointer()
        super().hideEvent(event)

    def _forget_pointer(self) -> None:
        self._pointer = None
        self._tell("")
        self.pointed.emit(None)

    def viewportEvent(self, event: QEvent) -> bool:
        """The context menu is the card's; the place of values is left to them, a tip beside it."""
        if isinstance(event, QHelpEvent) and self._pointer is not None:
            return True
        if event.type() == QEvent.Type.ContextMenu:
            event.ignore()
            return False
        return bool(super().viewportEvent(event))
