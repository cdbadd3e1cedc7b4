"""Eigenvalues of one layer's Jacobian, or of all layers, over a method's stability region."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QWidget,
)

from stiffgui.figures import Figure
from stiffgui.figures.picture import Panel, Picture, Points, Region
from stiffgui.figures.spectrum import Spectrum, TimeScales
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.plots.elided import Elided
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.gui.plots.panel_view import Limits4
from stiffgui.gui.plots.picture_view import PictureView
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.cards.eigenvalue_table import EigenvalueTable
from stiffgui.gui.train.cards.index_table import IndexTable
from stiffgui.gui.train.cards.layer_strip import LayerStrip
from stiffgui.gui.train.motion import Moment
from stiffgui.stiffness import WATCHABLE
from stiffgui.training.cadence import probe_samples

ANIMATE_MILLISECONDS = 600
# The last one is chosen at first: the plane has all the room.
PAGES = (
    ("indices", "Exact indices next to the proxies of the spectral radius"),
    ("every eigenvalue", "A table that can be sorted and copied"),
    ("time scales", "Histogram of 1/|Re λ|"),
    ("no table", "The plane alone"),
)
PACES = (0, 10, 30, 100, 300, 1000)  # epochs a second; 0: as it trains
FRAMES = {
    "lock": ("lock", "Axes stay as they are while this run is shown"),
    "points": ("fit points", "Axes show the eigenvalues of every layer, whatever they are"),
    "region": ("fit region", "Axes show the whole stability region, and the eigenvalues"),
}


class EigenvaluesCard(FigureCard):
    """Emits `layer_chosen` and `trial_chosen`.

    `growth`: by how much a run's eigenvalues are expected to grow, or have been larger, than in
    the first picture of it; axes that are locked have room for that.
    """

    layer_chosen = Signal(int)
    trial_chosen = Signal(int)

    def __init__(self, growth: Callable[[Picture], float] = lambda picture: 1.0) -> None:
        super().__init__(Spectrum(), "Eigenvalues")
        self._growth = growth
        self.table, self.list, self.scales = IndexTable(), EigenvalueTable(), PictureView()
        self.pages = QStackedWidget()
        for page in (self.table, self.list, self.scales):
            self.pages.addWidget(page)
        self.pages.setFixedHeight(self.table.height())
        self.layer, self.trial = LayerStrip(), QSpinBox()
        self.region, self.colour, self.below = QComboBox(), QComboBox(), QComboBox()
        self.axes, self.frame = QComboBox(), QComboBox()
        self.all_layers, self.contours = QCheckBox("&all layers"), QCheckBox("&contours")
        self.trails, self.pace = QCheckBox("&trails"), QComboBox()
        self.animate = QPushButton("▶")
        self.outside = QPushButton()
        self.headline = Elided()
        self.headline.setObjectName("cardTitle")
        self._make_place()
        self._make_choosers()
        self._make_motion()
        self._make_frame()
        caption = QLabel("&Layer")
        caption.setBuddy(self.layer)
        place = ((caption, 0), (self.layer, 1), (self.animate, 0), (self.trial, 0))
        choosers = (self.region, self.colour, self.axes, self.frame)
        self._halves = (
            _row(*((chooser, 0) for chooser in choosers)),
            _row(
                (self.all_layers, 0),
                (self.contours, 0),
                (self.trails, 0),
                (self.pace, 0),
                (self.below, 0),
            ),
        )
        tools = QWidget()
        self._tools = QGridLayout(tools)
        self._tools.setContentsMargins(0, 0, 0, 0)
        self._tools.setVerticalSpacing(4)
        self._tools.setColumnStretch(2, 1)
        for number, half in enumerate(self._halves):
            self._tools.addWidget(half, 0, number)
        self.only_large = (self.headline, _row(*place), tools)
        for number, widget in enumerate(self.only_large, 1):
            self.body.insertWidget(number, widget)
        self.add(self.pages, 0)
        self.pages.hide()
        self._drawn: Picture | None = None  # with the limits that it came with
        self._moving: tuple[Moment, float] | None = None  # over it, and the step size
        self._locked_for: tuple[str, str] | None = None
        self._locked: Limits4 = (-1.0, 1.0, -1.0, 1.0)
        self._walk = QTimer(self)
        self._walk.setInterval(ANIMATE_MILLISECONDS)
        self._walk.timeout.connect(self._next_layer)

    def _make_place(self) -> None:
        self.layer.setAccessibleName("Layer")
        self.layer.setToolTip(self.spec("layer").help)
        self.layer.valueChanged.connect(self.layer_chosen)
        self.animate.setCheckable(True)
        self.animate.setAccessibleName("Animate")
        self.animate.setObjectName("quiet")
        self.animate.setFixedWidth(34)
        self.animate.setToolTip("Walk through the layers, one after another")
        self.animate.toggled.connect(lambda on: self._walk.start() if on else self._walk.stop())
        self.trial.setAccessibleName("Trial")
        self.trial.setToolTip("The trial that Fit and Eigenvalues show")
        self.trial.setPrefix("trial ")
        self.trial.valueChanged.connect(self.trial_chosen)

    def _make_choosers(self) -> None:
        for name, title in (self.spec("region").choices or {}).items():
            self.region.addItem(f"▒ {title}", name)
        for name in self.spec("colour_by").choices or {}:
            self.colour.addItem(name, name)
        for text, scaled in (("λ", False), ("aλ", True)):
            self.axes.addItem(text, scaled)
        names = ("region", "colour_by", "scaled")
        for chooser, setting in zip((self.region, self.colour, self.axes), names, strict=True):
            chooser.setAccessibleName(self.spec(setting).title)
            chooser.setToolTip(self.spec(setting).help)
            chooser.currentIndexChanged.connect(
                lambda _, c=chooser, s=setting: self.set(**{s: c.currentData()})
            )
        for text, tip in PAGES:
            self.below.addItem(text)
            self.below.setItemData(self.below.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.below.setCurrentIndex(len(PAGES) - 1)
        self.below.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.below.setMinimumContentsLength(7)
        self.below.view().setMinimumWidth(130)
        self.below.setAccessibleName("Shown below the plane")
        self.below.setToolTip("Indices, every eigenvalue, or their time scales")
        self.below.currentIndexChanged.connect(self._page_changed)
        self.contours.setToolTip(self.spec("contours").help)
        self.contours.toggled.connect(lambda on: self.set(contours=on))
        self.all_layers.setToolTip("A small plane of every layer")
        self.all_layers.toggled.connect(self._all_layers_toggled)

    def _make_motion(self) -> None:
        self.trails.setChecked(True)
        self.trails.setToolTip("Where each eigenvalue has come from, while a run trains")
        self.trails.toggled.connect(lambda _: self._draw_moving())
        for pace in PACES:
            self.pace.addItem(f"{grouped(pace)} epochs/s" if pace else "as it trains", pace)
        self.pace.setAccessibleName("Pace")
        self.pace.setToolTip(
            "How fast the eigenvalues move while a run trains: with it, or so many epochs a "
            "second, however fast it trains"
        )

    def _make_frame(self) -> None:
        """What decides what is in view, and what says what is not."""
        for name, (text, tip) in FRAMES.items():
            self.frame.addItem(text, name)
            self.frame.setItemData(self.frame.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.frame.setAccessibleName("What the axes show")
        self.frame.setToolTip("Whether the axes stay, or fit the points or the region")
        self.frame.currentIndexChanged.connect(lambda _: self._reframe())
        self.outside.setObjectName("quiet")
        self.outside.setToolTip("Let the axes show them")
        self.outside.clicked.connect(self.fit)
        self.outside.hide()
        self.head.addWidget(self.outside)
        self.view.moved.connect(self._count_outside)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The toolbar takes a second line where one is too narrow."""
        super().resizeEvent(event)
        wide = self.width() > sum(half.sizeHint().width() for half in self._halves) + 30
        for number, half in enumerate(self._halves):
            place = (0, number) if wide else (number, 0)
            self._tools.addWidget(half, *place, Qt.AlignmentFlag.AlignLeft)

    def set_large(self, large: bool) -> None:
        super().set_large(large)
        self._is_large = large
        self._show_tools()

    def _show_tools(self) -> None:
        """A small card does with the plane."""
        for widget in self.only_large:
            widget.setVisible(self._is_large and self._drawn is not None)
        page = self.below.currentIndex() < self.pages.count()
        self.pages.setVisible(self._is_large and page and self._drawn is not None)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.scales.set_theme(theme)
        self.layer.set_theme(theme)

    def set_network(self, depth: int, trials: int) -> None:
        """Ranges of the choosers."""
        self.layer.setMaximum(depth)
        self.trial.setMaximum(max(0, trials - 1))
        self.trial.setVisible(trials > 1)

    @property
    def below_the_plane(self) -> TimeScales | None:
        """The figure that is seen below the plane, if one is."""
        if self.pages.currentWidget() is not self.scales or self.pages.isHidden():
            return None
        names = ("epoch", "trial", "layer", "all_layers")
        return TimeScales(**{name: getattr(self.settings, name) for name in names})

    # ------------------------------------------------------------------ choosers

    def _next_layer(self) -> None:
        """One layer on, once the present one is drawn: a slow view is not outrun."""
        if self._drawn is not None and self._drawn.place[1] == self.layer.value():
            self.layer.setValue(self.layer.value() % self.layer.maximum() + 1)

    def _all_layers_toggled(self, on: bool) -> None:
        self.colour.blockSignals(True)
        self.colour.setCurrentIndex(self.colour.findData("layer" if on else "sample"))
        self.colour.blockSignals(False)
        self.set(all_layers=on, colour_by=self.colour.currentData())

    def _page_changed(self, page: int) -> None:
        if page < self.pages.count():
            self.pages.setCurrentIndex(page)
        self._show_tools()
        self._show_below()
        self.changed.emit()

    def _show_below(self) -> None:
        """Fill the page that is seen."""
        if self._drawn is not None and self.pages.currentWidget() is self.list:
            self.list.show_points([next(p.of(Points)) for p in self._drawn.panels])

    # ------------------------------------------------------------------- drawing

    def show_picture(self, picture: Picture) -> None:
        """Draw the plane within the axes that are chosen, and what is seen below it."""
        first = self._drawn is None
        self._drawn = picture
        whose = (next(picture.panels[0].of(Points)).places.run, picture.panels[0].x.label)
        if whose != self._locked_for:
            another = self._locked_for is None or whose[0] != self._locked_for[0]
            self._locked_for, self._locked = whose, self._with_room(picture)
            self.view.reset_view()
            if another:
                self.layer.forget()
        picture = self._moved(picture)
        super().show_picture(self._framed(picture))
        note = picture.title.replace(
            f"epoch {picture.place[0]}", f"epoch {grouped(picture.place[0])}"
        )
        self.say(note if self._is_large else picture.headline)
        self.headline.setText(picture.headline)
        self.headline.setToolTip(picture.headline)
        index = WATCHABLE[self.settings.layer_index]  # type: ignore[attr-defined]
        self.layer.show_values(picture.layers, index.title)
        self.table.setEnabled(bool(picture.numbers))  # dimmed while epochs go by
        if picture.numbers:
            self.table.show_values(picture.numbers)
        self._show_below()
        if first:
            self._show_tools()
        self._count_outside()

    @property
    def drawn_epoch(self) -> int:
        """The epoch of the last picture, -1 before the first."""
        return -1 if self._drawn is None else self._drawn.place[0]

    @property
    def can_move(self) -> bool:
        """Whether what is chosen can be drawn from a layer's eigenvalues alone."""
        settings = self.settings
        return not (settings.all_layers or settings.contours)  # type: ignore[attr-defined]

    def show_moment(self, moment: Moment, step: float) -> None:
        """Draw the eigenvalues of a moment over the last picture; `step` is a = T/N."""
        self._moving = moment, step
        self._draw_moving()

    def rest(self) -> None:
        """Nothing moves any more: what comes next is drawn as it is."""
        if self._moving is not None:
            self._moving = None
            if self._drawn is not None:
                self.show_picture(self._drawn)

    def _draw_moving(self) -> None:
        if self._drawn is None:
            return
        picture = self._moved(self._drawn)
        if picture is not self._drawn:
            self.view.show_picture(self._framed(picture))
            self.say(picture.title if self._is_large else picture.headline)

    def _moved(self, picture: Picture) -> Picture:
        """With what moves in it; as it is where nothing does, or where it is of another place."""
        settings: Spectrum = self.settings  # type: ignore[assignment]
        if self._moving is None or not self.can_move:
            return picture
        moment, step = self._moving
        plane, place = settings.plane(step), (settings.layer, settings.trial)
        if picture.place[1:] != place or not plane.is_of(picture):
            return picture
        past = moment.past if self.trails.isChecked() else ()
        words = [f"layer {settings.layer}", f"epoch {grouped(round(moment.epoch))}"]
        words += [probe_samples(len(moment.values)), f"trial {settings.trial}"]
        return plane.moved(picture, moment.values, past, " · ".join(words))

    def show_scales(self, picture: Picture) -> None:
        """Draw the histogram of time scales."""
        self.scales.show_picture(picture)

    # ---------------------------------------------------------------------- axes

    @property
    def figure(self) -> Figure:
        """With the limits that the axes have, unless the figure has them by itself."""
        shown = self.picture
        if shown is None or self.frame.currentData() == "points":
            return super().figure
        return self.settings.changed(limits=tuple(map(_limits, shown.panels)))

    def _framed(self, picture: Picture) -> Picture:
        """The picture with the axes that are chosen."""
        which = self.frame.currentData()
        if which == "points":
            return picture
        limits = self._locked if which == "lock" else _whole(picture.panels)
        return picture.within([limits] * len(picture.panels))

    def _with_room(self, picture: Picture) -> Limits4:
        """The picture's own limits, with room for what is expected."""
        growth = self._growth(picture)
        return tuple(growth * end for end in _limits(picture.panels[0]))  # type: ignore[return-value]

    def _reframe(self) -> None:
        if self._drawn is not None:
            self._locked = self._with_room(self._drawn)
            self.view.reset_view()
            self.show_picture(self._drawn)

    def fit(self) -> None:
        """Let the axes show what is there now; they stay so."""
        if self._drawn is not None:
            self._locked = _limits(self._drawn.panels[0])
            self.view.reset_view()
            self.show_picture(self._drawn)

    def _count_outside(self) -> None:
        """Say how many points the axes leave out."""
        count = 0
        for view in self.view.views:
            points = next(view.panel.of(Points), None)
            if points is not None:
                (x0, x1), (y0, y1) = view.getViewBox().viewRange()
                x, y = points.x, points.y
                count += int(((x < x0) | (x > x1) | (y < y0) | (y > y1)).sum())
        text = f"{grouped(count)} {'point' if count == 1 else 'points'} out of view"
        if self.outside.text() != text:
            self.outside.setText(text)
        self.outside.setVisible(count > 0)


def _limits(panel: Panel) -> Limits4:
    x, y = panel.x.limits, panel.y.limits
    assert x is not None and y is not None
    return *x, *y


def _whole(panels: Sequence[Panel]) -> Limits4:
    """Limits that show the whole region, and all points."""
    items = [item for panel in panels for item in panel.items if isinstance(item, Points | Region)]
    x, y = (np.concatenate([getattr(item, name) for item in items]) for name in "xy")
    spare = 0.05 * float(max(np.ptp(x), np.ptp(y)))
    return x.min() - spare, x.max() + spare, y.min() - spare, y.max() + spare


def _row(*widgets: tuple[QWidget, int]) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget, stretch in widgets:
        layout.addWidget(widget, stretch)
    return row
