"""Eigenvalues of one layer's Jacobian, or of all layers, over a method's stability region."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QSpinBox,
    QStackedWidget,
    QWidget,
)

from stiffgui.figures.picture import Picture, Points
from stiffgui.figures.spectrum import Spectrum, TimeScales
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.gui.plots.picture_view import PictureView
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.cards.eigenvalue_table import EigenvalueTable
from stiffgui.gui.train.cards.index_table import IndexTable

ANIMATE_MILLISECONDS = 600
PAGES = (
    ("indices", "Exact indices next to the proxies of the spectral radius"),
    ("every eigenvalue", "A table that can be sorted and copied"),
    ("time scales", "Histogram of 1/|Re λ|"),
)


class EigenvaluesCard(FigureCard):
    """Emits `layer_chosen` and `trial_chosen`."""

    layer_chosen = Signal(int)
    trial_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(Spectrum(), "Eigenvalues")
        self.table, self.list, self.scales = IndexTable(), EigenvalueTable(), PictureView()
        self.pages = QStackedWidget()
        for page in (self.table, self.list, self.scales):
            self.pages.addWidget(page)
        self.pages.setFixedHeight(self.table.height())
        self.layer, self.trial = QSlider(Qt.Orientation.Horizontal), QSpinBox()
        self.region, self.colour, self.below = QComboBox(), QComboBox(), QComboBox()
        self.all_layers, self.contours = QCheckBox("&all layers"), QCheckBox("&contours")
        self.animate = QPushButton("▶")
        self._layer_text = QLabel("1 / 10")
        self._make_place()
        self._make_choosers()
        self._caption = QLabel("&Layer")
        self._caption.setBuddy(self.layer)
        place = ((self.layer, 1), (self._layer_text, 0), (self.animate, 0), (self.trial, 0))
        self.add(_row((self._caption, 0), *place), 0)
        self.add(_row((self.colour, 1), (self.all_layers, 0), (self.contours, 0)), 0)
        self.add(_row((self.region, 1), (self.below, 1)), 0)
        self.add(self.pages, 0)
        self._drawn: Picture | None = None
        self._walk = QTimer(self)
        self._walk.setInterval(ANIMATE_MILLISECONDS)
        self._walk.timeout.connect(self._next_layer)

    def _make_place(self) -> None:
        self.layer.setRange(1, 10)
        self.layer.setAccessibleName("Layer")
        self.layer.setToolTip(self.spec("layer").help)
        self.layer.valueChanged.connect(self._layer_moved)
        self.animate.setCheckable(True)
        self.animate.setAccessibleName("Animate")
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
        self.region.setMinimumContentsLength(8)
        for name in self.spec("colour_by").choices or {}:
            self.colour.addItem(name, name)
        for chooser, setting in ((self.region, "region"), (self.colour, "colour_by")):
            chooser.setAccessibleName(self.spec(setting).title)
            chooser.setToolTip(self.spec(setting).help)
            chooser.currentIndexChanged.connect(
                lambda _, c=chooser, s=setting: self.set(**{s: c.currentData()})
            )
        for text, tip in PAGES:
            self.below.addItem(text)
            self.below.setItemData(self.below.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.below.setAccessibleName("Shown below the plane")
        self.below.setToolTip("Indices, every eigenvalue, or their time scales")
        self.below.currentIndexChanged.connect(self._page_changed)
        self.contours.setToolTip(self.spec("contours").help)
        self.contours.toggled.connect(lambda on: self.set(contours=on))
        self.all_layers.setToolTip("Every layer in one plane, coloured by layer")
        self.all_layers.toggled.connect(self._all_layers_toggled)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.scales.set_theme(theme)

    def set_network(self, depth: int, trials: int) -> None:
        """Ranges of the choosers."""
        self.layer.setMaximum(depth)
        self.trial.setMaximum(max(0, trials - 1))
        self.trial.setVisible(trials > 1)
        self._write_layer()

    @property
    def below_the_plane(self) -> TimeScales | None:
        """The figure that is seen below the plane, if one is."""
        if self.pages.currentWidget() is not self.scales:
            return None
        names = ("epoch", "trial", "layer", "all_layers")
        return TimeScales(**{name: getattr(self.settings, name) for name in names})

    # ------------------------------------------------------------------ choosers

    def _write_layer(self) -> None:
        self._layer_text.setText(f"{self.layer.value()} / {self.layer.maximum()}")

    def _layer_moved(self, layer: int) -> None:
        self._write_layer()
        self.layer_chosen.emit(layer)

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
        self.pages.setCurrentIndex(page)
        self._show_below()
        self.changed.emit()

    def _show_below(self) -> None:
        """Fill the page that is seen."""
        if self._drawn is not None and self.pages.currentWidget() is self.list:
            self.list.show_points(next(self._drawn.panels[0].of(Points)))

    # ------------------------------------------------------------------- drawing

    def show_picture(self, picture: Picture) -> None:
        """Draw the plane, and what is seen below it."""
        super().show_picture(picture)
        self._drawn = picture
        self.say(
            picture.title.replace(f"epoch {picture.place[0]}", f"epoch {grouped(picture.place[0])}")
        )
        self.table.show_values(picture.numbers)
        self._show_below()

    def show_scales(self, picture: Picture) -> None:
        """Draw the histogram of time scales."""
        self.scales.show_picture(picture)


def _row(*widgets: tuple[QWidget, int]) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget, stretch in widgets:
        layout.addWidget(widget, stretch)
    return row
