"""Fit: a curve for one input, target/network/error for two, predicted against true beyond."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from stiffgui.gui.card import DASHES, Card, colour_plot, plot_widget
from stiffgui.gui.theme import Theme


class FitCard(Card):
    """Shows the `fit` of a View."""

    def __init__(self) -> None:
        super().__init__("Fit", "fit")
        self.stack = QStackedWidget()
        self.curve = plot_widget("f", "x")
        self.scatter = plot_widget("predicted", "true")
        self.maps = [plot_widget("", "") for _ in range(3)]
        self._images = []
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for plot, title in zip(self.maps, ("target", "network", "error"), strict=True):
            image = pg.ImageItem(axisOrder="row-major")
            plot.addItem(image)
            plot.setTitle(title, size="9pt")
            plot.getPlotItem().setMouseEnabled(x=False, y=False)
            plot.setAspectLocked(True)
            for side in ("left", "bottom"):  # larger pictures; the card's note names the domain
                plot.getPlotItem().hideAxis(side)
            self._images.append(image)
            layout.addWidget(plot)
        for page in (row, self.curve, self.scatter):
            self.stack.addWidget(page)
        self.add(self.stack)
        self._theme: Theme | None = None
        self._fit: dict[str, Any] | None = None

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in (self.curve, self.scatter, *self.maps):
            colour_plot(plot, theme)
        for plot in self.maps:
            plot.getPlotItem().showGrid(x=False, y=False)
        if self._fit is not None:
            self.show_fit(self._fit)

    def show_fit(self, fit: dict[str, Any]) -> None:
        """Draw one network's fit."""
        self._fit = fit
        {"maps": self._show_maps, "curve": self._show_curve, "scatter": self._show_scatter}[
            fit["kind"]
        ](fit)

    def _show_maps(self, fit: dict[str, Any]) -> None:
        target, network = fit["target"], fit["network"]
        error = network - target
        low, high = float(target.min()), float(target.max())
        bound = max(float(np.abs(error).max()), 1e-12)
        levels = ((low, high), (low, high), (-bound, bound))
        (x0, x1), (y0, y1) = fit["domain"]
        dark = self._theme is not None and self._theme.card < "#8"
        diverging = pg.ColorMap(
            [0, 0.5, 1], ["#3b6fb6", "#20242b" if dark else "#f7f7f7", "#c8553d"]
        )
        maps = (pg.colormap.get("viridis"), pg.colormap.get("viridis"), diverging)
        rows = zip(self._images, (target, network, error), levels, maps, strict=True)
        for plot, (image, values, level, colours) in zip(self.maps, rows, strict=True):
            image.setImage(values, levels=level)
            image.setColorMap(colours)
            image.setRect(QRectF(x0, y0, x1 - x0, y1 - y0))
            plot.setRange(xRange=(x0, x1), yRange=(y0, y1), padding=0)
        self.maps[2].setTitle(f"error ±{bound:.2g}", size="9pt")
        self.stack.setCurrentIndex(0)

    def _show_curve(self, fit: dict[str, Any]) -> None:
        assert self._theme is not None
        self.curve.clear()
        for k, name in enumerate(("target", "network")):
            pen = pg.mkPen(self._theme.series[k], width=1, style=DASHES[k])
            self.curve.plot(fit["x"], fit[name], pen=pen, name=name)
        self.stack.setCurrentIndex(1)

    def _show_scatter(self, fit: dict[str, Any]) -> None:
        assert self._theme is not None
        self.scatter.clear()
        for k, symbol in enumerate(("o", "t")):
            true, predicted = fit["true"][k][:, 0], fit["predicted"][k][:, 0]
            colour = pg.mkColor(self._theme.series[k])
            self.scatter.plot(
                true,
                predicted,
                pen=None,
                symbol=symbol,
                symbolSize=5,
                symbolPen=None,
                symbolBrush=colour,
            )
        ends = [float(fit["true"][0].min()), float(fit["true"][0].max())]
        self.scatter.plot(ends, ends, pen=pg.mkPen(self._theme.faint))
        self.stack.setCurrentIndex(2)
