"""Eigenvalues of one layer's Jacobian, or of all layers, over a method's stability region."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSpinBox, QStackedWidget, QWidget

from stiffgui.figures import Figure
from stiffgui.figures.comparison import SIDES, Comparison
from stiffgui.figures.numerals import unbroken
from stiffgui.figures.picture import Picture, Points
from stiffgui.figures.plane import A, B
from stiffgui.figures.spectrum import Spectrum, TimeScales
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.gui.plots.picture_view import PictureView
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.cards.eigenvalue_table import EigenvalueTable
from stiffgui.gui.train.cards.index_table import IndexTable
from stiffgui.gui.train.cards.layer_strip import LayerStrip
from stiffgui.gui.train.cards.plane_axes import PlaneAxes, is_plane, limits_of
from stiffgui.gui.train.cards.plane_selection import PlaneSelection
from stiffgui.gui.train.cards.plane_toolbar import PlaneToolbar, row
from stiffgui.gui.train.motion import Moment
from stiffgui.gui.train.view_state import Selected
from stiffgui.stiffness import WATCHABLE
from stiffgui.training.cadence import probe_samples

ANIMATE_MILLISECONDS = 600
REST_MILLISECONDS = 400  # of the axes, until contours are drawn for them
TOOLS_SHARE = 0.18  # of the card's height, at most, that the toolbar takes beyond a line
LEAST_WITH_PAGES = 350  # pixels of its height, in usual text
PAGES_SHARE = 0.32  # of the card's height, at most, that a table below the plane takes


class EigenvaluesCard(FigureCard):
    """Emits `layer_chosen`, `trial_chosen`, `pin_asked(whether)` and `chosen(Selected or None)`.

    `growth`: see `PlaneAxes`.
    """

    layer_chosen = Signal(int)
    trial_chosen = Signal(int)
    pin_asked = Signal(bool)
    chosen = Signal(object)
    settings: Spectrum

    def __init__(self, growth: Callable[[Picture], float] = lambda picture: 1.0) -> None:
        super().__init__(Spectrum(), "Eigenvalues")
        self._axes = PlaneAxes(self.view, growth)
        self.table, self.list, self.scales = IndexTable(), EigenvalueTable(), PictureView()
        self.pages = QStackedWidget()
        for page in (self.table, self.list, self.scales):
            self.pages.addWidget(page)
        self.tools = PlaneToolbar()
        self.layer, self.trial = LayerStrip(), QSpinBox()
        self.animate = QPushButton("▶")
        self.outside = QPushButton()
        self.where, self.headline = QLabel(), QLabel()
        for label, name in ((self.where, "cardNote"), (self.headline, "cardTitle")):
            label.setObjectName(name)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.where.hide()
        policy = self.note.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.note.setSizePolicy(policy)
        self._sharpen = QTimer(self, singleShot=True, interval=REST_MILLISECONDS)
        self._sharpen.timeout.connect(self._draw_contours_here)
        self._make_place()
        self._connect()
        caption = QLabel("&Layer")
        caption.setBuddy(self.layer)
        place = row(caption, (self.layer, 1), self.animate, self.trial)
        self.only_large = (self.headline, place, self.tools)
        for number, widget in enumerate((self.where, *self.only_large), 1):
            self.body.insertWidget(number, widget)
        self.add(self.pages, 0)
        self.pages.hide()
        self._pinned: dict[str, int] = {}  # settings of A, where there is one
        self._drawn: Picture | None = None  # with the limits that it came with
        self.selection = PlaneSelection(self.view)
        self._moving: tuple[Moment, float] | None = None  # over it, and the step size
        self._passing: int | None = None  # the epoch of what moves, while it is seen
        self._text_scale = 1.0
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
        self.animate.setMinimumWidth(34)
        self.animate.setToolTip("Walk through the layers, one after another")
        self.animate.toggled.connect(lambda on: self._walk.start() if on else self._walk.stop())
        self.trial.setAccessibleName("Trial")
        self.trial.setToolTip("The trial that Fit and Eigenvalues show")
        self.trial.setPrefix("trial ")
        self.trial.valueChanged.connect(self.trial_chosen)
        self.outside.setObjectName("quiet")
        self.outside.setToolTip("Let the axes show them")
        self.outside.hide()
        self.head.addWidget(self.outside)

    def _connect(self) -> None:
        tools = self.tools
        tools.setting_chosen.connect(lambda name, value: self.set(**{name: value}))
        tools.frame_chosen.connect(self._reframe)
        tools.trails_toggled.connect(self._draw_moving)
        tools.page_chosen.connect(self._page_changed)
        tools.pin_toggled.connect(self.pin_asked)
        tools.layout_chosen.connect(self.changed)
        self.outside.clicked.connect(self.fit)
        self.view.moved.connect(self._count_outside)
        self.view.moved.connect(self._sharpen.start)
        self.view.clicked.connect(lambda *at: self.chosen.emit(self.selection.at(*at)))
        self.list.chosen.connect(lambda *one: self.chosen.emit(Selected(*one)))

    def set_large(self, large: bool) -> None:
        super().set_large(large)
        self._is_large = large
        self._show_tools()

    def _show_tools(self) -> None:
        """A small card does with the plane."""
        for widget in self.only_large:
            widget.setVisible(self._is_large and self._drawn is not None)
        self._fit_note()
        self._fit_pages()
        room = self.height() >= LEAST_WITH_PAGES * self._text_scale
        page = room and self.tools.below.currentIndex() < self.pages.count()
        self.pages.setVisible(self._is_large and page and self._drawn is not None)

    def _fit_pages(self) -> None:
        """The plane has most of the room."""
        self.pages.setFixedHeight(min(self.table.usual_height, int(PAGES_SHARE * self.height())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_pages()
        self._fit_tools()
        self._fit_note()

    def _fit_tools(self) -> None:
        """The larger the text, the fewer lines of tools."""
        self.tools.set_room(int(TOOLS_SHARE * self.height() / self._text_scale))
        self._show_tools()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._text_scale = theme.text_scale
        self._fit_tools()
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

    # ---------------------------------------------------------------- comparison

    def pin(self, epoch: int, layer: int, trial: int) -> None:
        """Compare with another network, A."""
        self._pinned = {"pinned_epoch": epoch, "pinned_layer": layer, "pinned_trial": trial}

    def unpin(self) -> None:
        """Compare no longer."""
        self._pinned = {}
        self.tools.pin.setChecked(False)

    @property
    def asked(self) -> Figure:
        if not self._pinned:
            return self.settings
        shared = Comparison.model_fields.keys() & type(self.settings).model_fields.keys() - {"kind"}
        mine = {name: getattr(self.settings, name) for name in shared}
        return Comparison(layout=self.tools.layout_.currentData(), **mine, **self._pinned)

    # ------------------------------------------------------------------ choosers

    def _next_layer(self) -> None:
        """One layer on, once the present one is drawn: a slow view is not outrun."""
        if self._drawn is not None and self._drawn.place[1] == self.layer.value():
            self.layer.setValue(self.layer.value() % self.layer.maximum() + 1)

    def _page_changed(self, page: int) -> None:
        if page < self.pages.count():
            self.pages.setCurrentIndex(page)
        self._show_tools()
        self._show_below()
        self.changed.emit()

    def _show_below(self) -> None:
        """Fill the page that is seen."""
        drawn = self._drawn
        if drawn is not None and self.pages.currentWidget() is self.list:
            every = [points for panel in drawn.panels for points in panel.of(Points)]
            self.list.show_points([p for p in every if p.numbers and p.group != A])
            if self.selection.one is not None:
                self.list.select(*self.selection.one)

    # ------------------------------------------------------------------- drawing

    def words(self) -> Sequence[QWidget]:
        return (self.note, self.where, self.headline)

    def show_picture(self, picture: Picture) -> None:
        """Draw the plane within the axes that are chosen, and what is seen below it."""
        first = self._drawn is None
        self._drawn = picture
        if self._axes.lock_for(picture):
            self.layer.forget()
        moved = self._moved(picture)
        self._see(moved)
        super().show_picture(self._axes.framed(moved, self._frame))
        self.layer.show_values(picture.layers, WATCHABLE[self.settings.layer_index].title)
        if picture.numbers:
            self.table.show_values(picture.numbers)
        self._show_below()
        if first:
            self._show_tools()
        self._say(moved)
        self._draw_selection(moved)
        self._count_outside()

    def clear(self) -> None:
        super().clear()
        self.select(None)
        self._drawn = None
        self._show_tools()

    def _say(self, picture: Picture) -> None:
        """Of what is drawn its place; of a headline and indices, which are of the last picture,
        theirs where that is another one."""
        note = re.sub(r"(?<=epoch )\d+", lambda found: grouped(int(found[0])), picture.title)
        whose = next(picture.panels[0].of(Points), None)
        if whose is not None and not self._pinned:
            note = f"{whose.places.run} · {note}"
        headline, drawn = picture.headline, self._drawn
        behind = drawn is not None and picture.title != drawn.title
        if drawn is not None and behind:
            points = next(p for p in drawn.panels[0].of(Points) if p.numbers)
            samples = _samples(points).replace("probe ", "")
            headline = f"epoch {grouped(picture.epoch)}, {samples}: {headline}"
        self.headline.setText(unbroken(headline))
        self.headline.setToolTip(headline)
        self.table.setEnabled(bool(picture.numbers) and not behind)  # else dimmed
        self.say(note if self._is_large else headline)
        self._fit_note()

    def _fit_note(self) -> None:
        """What has no room beside the title stands below it, whole."""
        text = self.note.text()
        needed = self.note.fontMetrics().horizontalAdvance(text)
        below = self._is_large and self._drawn is not None and needed > self.note.width()
        self.note.setVisible(not below)
        self.where.setText(unbroken(text))
        self.where.setVisible(below)

    def show_scales(self, picture: Picture) -> None:
        """Draw the histogram of time scales."""
        self.scales.show_picture(picture)

    @property
    def drawn_epoch(self) -> int:
        """The epoch of the last picture, -1 before the first."""
        return -1 if self._drawn is None else self._drawn.place[0]

    @property
    def seen_epoch(self) -> int:
        """The epoch of the eigenvalues that are seen, -1 before the first picture."""
        return self.drawn_epoch if self._passing is None else self._passing

    # ----------------------------------------------------------------- selection

    @property
    def shows_all(self) -> bool:
        """Whether every layer is seen."""
        return self.settings.all_layers and not self._pinned

    def select(self, one: Selected | None) -> None:
        """Ring an eigenvalue here, and in the table."""
        self.selection.one = one
        self.selection.draw()
        if one is not None and self.pages.currentWidget() is self.list:
            self.list.select(*one)

    # -------------------------------------------------------------------- motion

    @property
    def can_move(self) -> bool:
        """Whether what is chosen can be drawn from a layer's eigenvalues alone."""
        if self._pinned:
            return self.tools.layout_.currentIndex() == 0
        return not (self.settings.all_layers or self.settings.contours)

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
        self._see(picture)
        if picture is not self._drawn:
            self.view.show_picture(self._axes.framed(picture, self._frame))
            self._say(picture)
            self._draw_selection(picture)

    def _see(self, picture: Picture) -> None:
        moving = self._moving if picture is not self._drawn else None
        self._passing = None if moving is None else round(moving[0].epoch)

    def _draw_selection(self, picture: Picture) -> None:
        """With its way here, where the picture moves."""
        past: list[NDArray[np.complex128]] = []
        if self._moving is not None and picture is not self._drawn:
            moment, step = self._moving
            past = [self.settings.plane(step).unit * before for before in moment.past]
        self.selection.draw(past)

    def _moved(self, picture: Picture) -> Picture:
        """With what moves in it; as it is where nothing does, or where it is of another place."""
        if self._moving is None or not self.can_move:
            return picture
        moment, step = self._moving
        settings = self.settings
        plane, place = settings.plane(step), (settings.layer, settings.trial)
        if picture.place[1:] != place or not plane.is_of(picture):
            return picture
        past = moment.past if self.tools.trails.isChecked() else ()
        words = [
            f"layer {settings.layer}",
            f"epoch {grouped(picture.begins + round(moment.epoch))}",
        ]
        shown, mine = len(moment.values), picture.panels[0].of(Points)
        drawn = next((p for p in mine if p.numbers and p.group != A), None)
        every = 0 if drawn is None else _count(drawn)
        few = f"{shown} of " if shown < every else ""
        words += [f"{few}{probe_samples(max(shown, every))}", f"trial {settings.trial}"]
        if self._pinned:
            a = next((p for p in picture.panels[0].of(Points) if p.group == A), None)
            label = a.label if a is not None else A
            if a is not None and _samples(a) not in label:
                label += f", {_samples(a)}"
            words = [SIDES.join((label, f"{B}: {', '.join(words)}"))]
        return plane.moved(picture, moment.values, past, " · ".join(words))

    # ---------------------------------------------------------------------- axes

    @property
    def figure(self) -> Figure:
        """With the limits that the axes have, unless the figure has them by itself."""
        shown = self.picture
        if shown is None or self._frame == "points" or not is_plane(shown):
            return super().figure
        return self.asked.changed(limits=tuple(map(limits_of, shown.panels)))

    @property
    def _frame(self) -> str:
        """Which axes are chosen."""
        return str(self.tools.frame.currentData())

    def _reframe(self) -> None:
        if self._drawn is not None and is_plane(self._drawn):
            self._axes.lock(self._drawn)
            self.show_picture(self._drawn)

    def _draw_contours_here(self) -> None:
        """Where a person has zoomed, the pseudospectrum is computed of that part."""
        if self._drawn is None or len(self.view.views) != 1 or self.settings.all_layers:
            return
        limits = self.view.views[0].view_limits() if self.settings.contours else None
        self.set(box=None if limits is None else tuple(float(f"{end:.4g}") for end in limits))

    def fit(self) -> None:
        """Let the axes show what is there now; they stay so."""
        if self._drawn is not None and is_plane(self._drawn):
            self._axes.fit(self._drawn)
            self.show_picture(self._drawn)

    def _count_outside(self) -> None:
        """Say how many points the axes leave out."""
        count = self._axes.points_outside()
        text = f"{grouped(count)} {'point' if count == 1 else 'points'} out of view"
        if self.outside.text() != text:
            self.outside.setText(text)
        self.outside.setVisible(count > 0)


def _samples(points: Points) -> str:
    """Of how many samples they are."""
    return probe_samples(_count(points))


def _count(points: Points) -> int:
    return len({*np.asarray(points.places.sample).tolist()})
