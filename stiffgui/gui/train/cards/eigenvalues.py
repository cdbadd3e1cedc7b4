"""Eigenvalues of one layer's Jacobian, or of all layers, over a method's stability region."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent
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

from stiffgui.gui.plots.card import Card, grouped
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.cards.complex_plane import COLOURS, ComplexPlane, Points
from stiffgui.gui.train.cards.eigenvalue_table import EigenvalueTable
from stiffgui.gui.train.cards.index_table import IndexTable
from stiffgui.gui.train.cards.time_scales import TimeScales
from stiffgui.session.views import View
from stiffgui.stiffness.stability import REGIONS

ANIMATE_MILLISECONDS = 600
PAGES = (
    ("indices", "Exact indices next to the proxies of the spectral radius"),
    ("every eigenvalue", "A table that can be sorted and copied"),
    ("time scales", "Histogram of 1/|Re λ|"),
)


class EigenvaluesCard(Card):
    """Emits `layer_chosen` and `trial_chosen`; `all_layers` asks for the spectra of every layer."""

    layer_chosen = Signal(int)
    trial_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(
            "Eigenvalues", "spectrum", "The eigenvalues of a layer's Jacobian in the complex plane."
        )
        self.plane = ComplexPlane()
        self.plot = self.plane.plot
        self.table = IndexTable()
        self.list, self.scales = EigenvalueTable(), TimeScales()
        self.pages = QStackedWidget()
        for page in (self.table, self.list, self.scales.plot):
            self.pages.addWidget(page)
        self.pages.setFixedHeight(self.table.height())
        self.layer, self.trial = QSlider(Qt.Orientation.Horizontal), QSpinBox()
        self.region, self.colour, self.below = QComboBox(), QComboBox(), QComboBox()
        self.all_layers = QCheckBox("&all layers")
        self.contours = QCheckBox("&contours")
        self.animate = QPushButton("▶")
        self._layer_text = QLabel("1 / 10")
        self._make_choosers()
        self.scale = _Scale(self.plane.brushes)
        self.add(self.plot, 1)
        self._caption = QLabel("&Layer")
        self._caption.setBuddy(self.layer)
        choosers = ((self.layer, 1), (self._layer_text, 0), (self.animate, 0), (self.trial, 0))
        self.add(_row((self._caption, 0), *choosers), 0)
        self.add(
            _row((self.colour, 0), (self.scale, 1), (self.all_layers, 0), (self.contours, 0)), 0
        )
        self.add(_row((self.region, 1), (self.below, 1)), 0)
        self.add(self.pages, 0)
        self._view: View | None = None
        self._step = 0.1
        self._walk = QTimer(self)
        self._walk.setInterval(ANIMATE_MILLISECONDS)
        self._walk.timeout.connect(self._next_layer)

    def _make_choosers(self) -> None:
        self.layer.setRange(1, 10)
        self.layer.setAccessibleName("Layer")
        self.layer.setToolTip("The layer whose Jacobian is shown")
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
        for name, method in REGIONS.items():
            self.region.addItem(f"▒ {method.title}", name)
        self.region.setAccessibleName("Stability region")
        self.region.setToolTip("The method whose stability region |R(aλ)| ≤ 1 is shaded")
        self.region.setMinimumContentsLength(8)
        self.region.currentIndexChanged.connect(self._region_changed)
        for name in ("sample", "layer"):
            self.colour.addItem(name, name)
        self.colour.setAccessibleName("Colour")
        self.colour.setToolTip("What the colour of a point stands for")
        self.colour.currentIndexChanged.connect(self._redraw)
        for text, tip in PAGES:
            self.below.addItem(text)
            self.below.setItemData(self.below.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.below.setAccessibleName("Shown below the plane")
        self.below.setToolTip("Indices, every eigenvalue, or their time scales")
        self.below.currentIndexChanged.connect(self._page_changed)
        self.contours.setToolTip(
            "Pseudospectrum of this layer at sample 1: on each line the smallest singular value "
            "of zI − J is the number written on it"
        )
        self.all_layers.setToolTip("Every layer in one plane, coloured by layer")
        self.all_layers.toggled.connect(self._all_layers_toggled)

    def set_theme(self, theme: Theme) -> None:
        self.plane.set_theme(theme)
        self.scales.set_theme(theme)
        self._redraw()

    def set_network(self, depth: int, trials: int, step: float) -> None:
        """Ranges of the choosers, and the region at step size a."""
        self.layer.setMaximum(depth)
        self.trial.setMaximum(max(0, trials - 1))
        self.trial.setVisible(trials > 1)
        self._step = step
        self._say_layer()
        self._region_changed()

    def export_options(self) -> dict[str, Any]:
        """What `stiffgui export` needs to draw the same."""
        return {
            "region": str(self.region.currentData()),
            "all_layers": self.all_layers.isChecked(),
        }

    def reset_view(self) -> None:
        """Show every eigenvalue again."""
        self.plane.reset_view()

    # ------------------------------------------------------------------ choosers

    def _say_layer(self) -> None:
        self._layer_text.setText(f"{self.layer.value()} / {self.layer.maximum()}")

    def _layer_moved(self, layer: int) -> None:
        self._say_layer()
        self.layer_chosen.emit(layer)

    def _next_layer(self) -> None:
        """One layer on, once the present one is drawn: a slow view is not outrun."""
        if self._view is not None and self._view.layer == self.layer.value():
            self.layer.setValue(self.layer.value() % self.layer.maximum() + 1)

    def _all_layers_toggled(self, on: bool) -> None:
        self.colour.setCurrentIndex(self.colour.findData("layer" if on else "sample"))

    def _region_changed(self) -> None:
        self.plane.set_region(str(self.region.currentData()), self._step)
        if self._view is not None:
            self._show_table(self._view)

    def _page_changed(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        self._show_below()

    def _show_below(self) -> None:
        """Fill the page that is seen."""
        if self._view is None or self.plane.points is None:
            return
        page = self.pages.currentIndex()
        if page == 1:
            self.list.show_points(self.plane.points)
        elif page == 2:
            self.scales.show_points(self.plane.points, self._step)

    def _redraw(self) -> None:
        if self._view is not None:
            self.show_view(self._view)

    # ------------------------------------------------------------------- drawing

    def show_view(self, view: View) -> None:
        """Draw the spectrum of a View."""
        self.fill()
        self._view = view
        points, layers = _points(view)
        samples = int(points.samples.max(initial=0)) + 1
        depth = self.layer.maximum()
        if self.colour.currentData() == "layer":
            self.plane.show(points, (points.layers - 1) / max(1, depth - 1))
            self.scale.set_ends("1", str(depth))
        else:
            self.plane.show(points, points.samples / max(1, samples - 1))
            self.scale.set_ends("1", str(samples))
        where = f"{layers} layers" if layers > 1 else f"layer {view.layer}"
        eps = view.pseudospectrum.levels() if view.pseudospectrum is not None else []
        told = " · ε = " + ", ".join(f"{level:.2g}" for level in eps) if eps else ""
        self.say(f"{where} · epoch {grouped(view.epoch)}{told}")
        self._show_table(view)
        self._show_below()
        self.plane.show_contours(view.pseudospectrum)

    def _show_table(self, view: View) -> None:
        method = REGIONS[str(self.region.currentData())]
        unstable = method.amplification(self._step * view.eigenvalues) > 1
        indices = view.indices | {"unstable": float(unstable.mean())}
        self.table.show_values(indices, view.proxies, view.residual)


def _points(view: View) -> tuple[Points, int]:
    """The points to draw, and of how many layers they are."""
    values, conditions = view.eigenvalues[None], view.conditions[None]
    first = view.layer
    if view.all_eigenvalues is not None and view.all_conditions is not None:
        values, conditions, first = view.all_eigenvalues, view.all_conditions, 1
    layers, samples, width = values.shape
    return (
        Points(
            values.ravel(),
            conditions.ravel(),
            np.tile(np.repeat(np.arange(samples), width), layers),
            np.repeat(np.arange(layers) + first, samples * width),
        ),
        layers,
    )


class _Scale(QWidget):
    """The colours from the first to the last sample or layer."""

    def __init__(self, brushes: Any) -> None:
        super().__init__()
        self._brushes, self._ends = brushes, ("", "")
        self.setAccessibleName("Colour scale")

    def sizeHint(self) -> QSize:
        return QSize(80, 16)

    def set_ends(self, first: str, last: str) -> None:
        """What the first and the last colour stand for."""
        if (first, last) != self._ends:
            self._ends = (first, last)
            self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        if not self._ends[0]:
            return
        painter = QPainter(self)
        first, last = self._ends
        left = self.fontMetrics().horizontalAdvance(first) + 6
        right = self.width() - self.fontMetrics().horizontalAdvance(last) - 6
        gradient = QLinearGradient(left, 0, right, 0)
        for k in range(COLOURS):
            gradient.setColorAt(k / (COLOURS - 1), self._brushes[k].color())
        painter.fillRect(left, self.height() // 2 - 4, right - left, 8, gradient)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), middle | Qt.AlignmentFlag.AlignLeft, first)
        painter.drawText(self.rect(), middle | Qt.AlignmentFlag.AlignRight, last)


def _row(*widgets: tuple[QWidget, int]) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget, stretch in widgets:
        layout.addWidget(widget, stretch)
    return row
