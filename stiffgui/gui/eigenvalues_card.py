"""Eigenvalues of one layer's Jacobian in the complex plane, with the explicit-Euler disc."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSlider,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from stiffgui.gui.card import Card, colour_plot, plot_widget
from stiffgui.gui.theme import Theme
from stiffgui.session.messages import View

ROWS = (
    ("spectral-radius", "spectral radius", "gelfand"),
    ("singular", "singular value", ""),
    ("frobenius", "Frobenius norm", ""),
    ("mean-modulus", "mean modulus", ""),
    ("unstable", "unstable |1 + aλ| > 1", ""),
    ("departure", "departure from normality", ""),
    ("ratio-modulus", "log₁₀ |λ₁|/|λ_w|", ""),
)


class EigenvaluesCard(Card):
    """Emits `layer_chosen` and `trial_chosen`."""

    layer_chosen = Signal(int)
    trial_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__("Eigenvalues", "spectrum")
        self.plot = plot_widget("Im λ", "Re λ (1/time)")
        self.plot.setAspectLocked(True)
        self.disc = pg.PlotCurveItem()
        self.points = pg.PlotDataItem(pen=None, symbol="o", symbolSize=5, symbolPen=None)
        self.disc.setFillLevel(0)  # the disc is symmetric about the real axis
        self.plot.addItem(self.disc)
        self.plot.addItem(self.points)
        self.add(self.plot, 3)
        self.layer = QSlider(Qt.Orientation.Horizontal)
        self.layer.setRange(1, 10)
        self.layer.setAccessibleName("Layer")
        self.layer.valueChanged.connect(self.layer_chosen)
        self._layer_text = QLabel("1 / 10")
        self.trial = QSpinBox()
        self.trial.setAccessibleName("Trial")
        self.trial.setPrefix("trial ")
        self.trial.valueChanged.connect(self.trial_chosen)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        caption = QLabel("&Layer")
        caption.setBuddy(self.layer)
        for widget, stretch in (
            (caption, 0),
            (self.layer, 1),
            (self._layer_text, 0),
            (self.trial, 0),
        ):
            layout.addWidget(widget, stretch)
        self.add(row, 0)
        self.table = QTableWidget(len(ROWS), 2)
        self.table.setHorizontalHeaderLabels(["exact", "Gelfand"])
        self.table.setVerticalHeaderLabels([title for _, title, _ in ROWS])
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setShowGrid(False)
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.horizontalHeader().setFixedHeight(26)
        self.table.setMinimumHeight(26 + 24 * len(ROWS) + 2)
        self.table.setAccessibleName("Indices of the chosen layer")
        self.add(self.table, 0)
        self._theme: Theme | None = None
        self._view: View | None = None
        self._step = 0.1

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        colour_plot(self.plot, theme)
        self.disc.setPen(pg.mkPen(theme.faint, style=Qt.PenStyle.DashLine))
        self.disc.setBrush(pg.mkBrush(theme.disc))
        self._draw_disc()

    def set_network(self, depth: int, trials: int, step: float) -> None:
        """Ranges of the choosers, and the disc of the step size a."""
        self.layer.setMaximum(depth)
        self.trial.setMaximum(max(0, trials - 1))
        self.trial.setVisible(trials > 1)
        self._step = step
        self._say_layer()
        self._draw_disc()

    def _draw_disc(self) -> None:
        angle = np.linspace(0, 2 * np.pi, 361)
        disc = (np.exp(1j * angle) - 1) / self._step
        self.disc.setData(disc.real, disc.imag)

    def _say_layer(self) -> None:
        self._layer_text.setText(f"{self.layer.value()} / {self.layer.maximum()}")

    def show_view(self, view: View) -> None:
        """Draw the spectrum of a View."""
        assert self._theme is not None
        self._say_layer()
        values = view.eigenvalues
        flat = values.ravel()
        sample = np.repeat(np.arange(values.shape[0]), values.shape[1])
        colours = pg.colormap.get("viridis").map(sample / max(1, values.shape[0] - 1), "qcolor")
        self.points.setData(flat.real, flat.imag, symbolBrush=colours)
        if self._view is None or self._view.layer != view.layer:
            span = 1.2 * max(0.2, float(np.abs(flat).max()))
            self.plot.setRange(xRange=(-span, span), yRange=(-span, span), padding=0)
        self._view = view
        self.say(
            f"layer {view.layer} · epoch {view.epoch:,} · {values.shape[0]} samples".replace(
                ",", "\u202f"
            )
        )
        for row, (name, _, proxy) in enumerate(ROWS):
            value = view.indices.get(name, float("nan"))
            text = f"{value:.0%}" if name == "unstable" else f"{value:.4g}"
            self.table.setItem(row, 0, QTableWidgetItem(text))
            told = f"{view.proxies[proxy]:.4g}" if proxy else ""
            self.table.setItem(row, 1, QTableWidgetItem(told))
