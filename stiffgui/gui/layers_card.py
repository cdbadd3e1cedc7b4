"""Layers x epochs: the chosen index of every layer as a heat map; a click selects both."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Signal
from PySide6.QtWidgets import QComboBox

from stiffgui.gui.card import Card, adopt_menu, colour_plot, plot_widget
from stiffgui.gui.live_run import LiveRun
from stiffgui.gui.theme import Theme
from stiffgui.stiffness.indices import INDICES

COLUMNS = 400


class LayersCard(Card):
    """Emits `picked(layer, epoch)` on a click."""

    picked = Signal(int, int)

    def __init__(self) -> None:
        super().__init__("Layers × epochs", "layers")
        self.index = QComboBox()
        self.index.setAccessibleName("Index of the heat map")
        self.index.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.index.currentIndexChanged.connect(self._changed)
        self.head.addWidget(self.index)
        self.plot = plot_widget("layer", "epoch")
        self.plot.getPlotItem().setMouseEnabled(x=False, y=False)
        self.image = pg.ImageItem(axisOrder="row-major")
        self.plot.addItem(self.image)
        self.bar = pg.ColorBarItem(colorMap=pg.colormap.get("viridis"), interactive=False, width=12)
        adopt_menu(self.bar, self.plot)
        self.bar.setImageItem(self.image, insert_in=self.plot.getPlotItem())
        self.frame = pg.PlotDataItem(pen=pg.mkPen("w", width=1))
        self.plot.addItem(self.frame)
        self.add(self.plot)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self._shown: tuple[object, ...] = ()
        self._last = 1.0

    def set_theme(self, theme: Theme) -> None:
        colour_plot(self.plot, theme)
        self.plot.getPlotItem().showGrid(x=False, y=False)
        self.bar.axis.setTextPen(theme.faint)

    def _changed(self) -> None:
        self._shown = ()

    def refresh(self, run: LiveRun | None, layer: int) -> None:
        """Draw the run's index and frame the chosen layer."""
        if run is None or not run.indices:
            return
        names = list(run.indices)
        if [self.index.itemData(k) for k in range(self.index.count())] != names:
            self.index.clear()
            for name in names:
                self.index.addItem(INDICES[name].title, name)
            chosen = names.index("spectral-radius") if "spectral-radius" in names else 0
            self.index.setCurrentIndex(chosen)
        state = (id(run), run.version, self.index.currentData(), layer)
        if state == self._shown:
            return
        self._shown = state
        epochs = run.index_epochs.values
        values = run.indices[self.index.currentData()].values
        # Columns at evenly spaced epochs, each showing the latest measurement before it.
        self._last = max(float(epochs[-1]), 1.0)
        at = np.linspace(0, self._last, min(COLUMNS, max(2, int(self._last))))
        rows = np.searchsorted(epochs, at, side="right") - 1
        picked = values[rows]
        known = np.isfinite(picked)
        count = np.maximum(known.sum(1), 1)
        mean = np.where(known, picked, 0).sum(1) / count if known.any() else picked[:, 0]
        depth = mean.shape[1]
        levels = (float(mean.min()), max(float(mean.max()), float(mean.min()) + 1e-9))
        self.image.setImage(mean.T, autoLevels=False)
        self.bar.setLevels(levels)
        self.image.setRect(QRectF(0, 0.5, self._last, depth))
        x = [0, self._last, self._last, 0, 0]
        self.frame.setData(x, [layer - 0.5, layer - 0.5, layer + 0.5, layer + 0.5, layer - 0.5])
        self.plot.setRange(xRange=(0, self._last), yRange=(0.5, depth + 0.5), padding=0.01)
        self.say("mean over samples and trials" if picked.shape[1] > 1 else "mean over samples")

    def _clicked(self, event: object) -> None:
        place = self.plot.getViewBox().mapSceneToView(event.scenePos())  # type: ignore[attr-defined]
        layer, epoch = round(place.y()), round(min(max(place.x(), 0), self._last))
        if layer >= 1:
            self.picked.emit(layer, epoch)
