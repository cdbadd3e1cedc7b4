"""Layers x epochs: the chosen index of every layer as a heat map; a click selects both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QCheckBox, QComboBox, QToolTip

from stiffgui.gui.plots.card import (
    Card,
    adopt_menu,
    colour_plot,
    grouped,
    plain_numbers,
    plot_widget,
)
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.runs.entry import RunEntry
from stiffgui.training.quantities import STIFFNESS, Quantity

COLUMNS = 400


class LayersCard(Card):
    """Emits `picked(layer, epoch)` on a click."""

    picked = Signal(int, int)

    def __init__(self) -> None:
        super().__init__(
            "Layers", "layers", "One stiffness index of every layer, epoch after epoch."
        )
        self.logarithmic = QCheckBox("log")
        self.logarithmic.setToolTip("Logarithmic colours; values of 0 and below stay blank")
        self.logarithmic.setAccessibleName("Logarithmic colours")
        self.logarithmic.toggled.connect(self._changed)
        self.add_control(self.logarithmic)
        self.index = QComboBox()
        self.index.setAccessibleName("Index of the heat map")
        self.index.setToolTip("The index that the colours show")
        self.index.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.index.currentIndexChanged.connect(self._changed)
        self.add_control(self.index)
        self.plot = plot_widget("layer", "epoch")
        self.plot.getPlotItem().setMouseEnabled(x=False, y=False)
        self.plot.setToolTip("Click to see a layer at an epoch everywhere")
        self.plot.setAccessibleName("Heat map of the index, layers over epochs")
        self.image = pg.ImageItem(axisOrder="row-major")
        self.plot.addItem(self.image)
        self.bar = pg.ColorBarItem(colorMap=pg.colormap.get("viridis"), interactive=False, width=12)
        adopt_menu(self.bar, self.plot)
        plain_numbers(self.bar.axis)
        self.bar.setImageItem(self.image, insert_in=self.plot.getPlotItem())
        self.bar.layout.setContentsMargins(0, 6, 0, 0)  # its topmost number is not cut off
        # A light line on a dark one is seen on every colour.
        self.frames = [pg.PlotDataItem(pen=pg.mkPen(c, width=w)) for c, w in (("k", 3), ("w", 1))]
        for frame in self.frames:
            self.plot.addItem(frame)
        self.add(self.plot)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self.plot.scene().sigMouseMoved.connect(self._hover)
        self._shown: tuple[object, ...] = ()
        self._framed: tuple[object, ...] = ()
        self._values: NDArray[Any] = np.empty((0, 0))  # [columns, N], as drawn
        self._last = 1.0
        self.told = ""

    def set_theme(self, theme: Theme) -> None:
        colour_plot(self.plot, theme)
        self.plot.getPlotItem().showGrid(x=False, y=False)
        self.bar.axis.setTextPen(theme.faint)

    def export_options(self) -> dict[str, Any]:
        """What `stiffgui export` needs to draw the same."""
        chosen = self.index.currentData()
        return {
            "indices": (chosen,) if chosen else (),
            "logarithmic": self.logarithmic.isChecked(),
        }

    def reset_view(self) -> None:
        """Show all layers and epochs."""
        self._shown = ()

    def _changed(self) -> None:
        self._shown = ()

    # ------------------------------------------------------------------- drawing

    def refresh(self, run: RunEntry | None, layer: int, epoch: int = 0) -> None:
        """Draw the run's index, and frame the chosen layer at the shown epoch."""
        if run is None or not run.history.indices:
            return
        self.fill()
        self._offer([run.history.quantity(name) for name in run.history.indices])
        state = (id(run), run.version, self.index.currentData(), self.logarithmic.isChecked())
        if state != self._shown:
            self._shown = state
            self._draw(run)
        if (layer, epoch, self._last) != self._framed:
            self._framed = (layer, epoch, self._last)
            self._frame(layer, epoch)

    def _offer(self, indices: list[Quantity]) -> None:
        names = [index.name for index in indices]
        if [self.index.itemData(k) for k in range(self.index.count())] == names:
            return
        self.index.clear()
        for index in indices:
            self.index.addItem(index.title, index.name)
        self.index.setCurrentIndex(names.index(STIFFNESS) if STIFFNESS in names else 0)

    def _draw(self, run: RunEntry) -> None:
        epochs = run.history.index_epochs
        values = run.history.layer_medians(self.index.currentData())
        # Columns at evenly spaced epochs, each showing the latest measurement before it.
        self._last = max(float(epochs[-1]), 1.0)
        at = np.linspace(0, self._last, min(COLUMNS, max(2, int(self._last))))
        rows = np.searchsorted(epochs, at, side="right") - 1
        self._values = values[np.maximum(rows, 0)]
        depth = self._values.shape[1]
        shown, log = self._values, self.logarithmic.isChecked()
        if log:
            shown = np.log10(np.where(shown > 0, shown, np.nan))
        known = shown[np.isfinite(shown)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        self.image.setImage(shown.T, autoLevels=False)
        self.bar.axis.setLogMode(log, log)
        self.bar.setLevels((low, max(high, low + 1e-9)))
        self.image.setRect(QRectF(0, 0.5, self._last, depth))
        self.plot.setRange(xRange=(0, self._last), yRange=(0.5, depth + 0.5), padding=0.01)
        several = f", median of {run.trials} trials" if run.trials > 1 else ""
        self.say(f"mean over samples{several}")

    def _frame(self, layer: int, epoch: int) -> None:
        """A frame around the layer, and within it a line at the epoch."""
        low, high, x = layer - 0.5, layer + 0.5, min(max(epoch, 0), self._last)
        xs = [x, 0, 0, x, x, self._last, self._last, x]
        ys = [low, low, high, high, low, low, high, high]
        for frame in self.frames:
            frame.setData(xs, ys)

    # ------------------------------------------------------------------- pointer

    def place(self, scene: Any) -> tuple[int, int] | None:
        """Layer and epoch at a point of the scene; None outside the picture."""
        box = self.plot.getViewBox()
        if not self._values.size or not box.sceneBoundingRect().contains(scene):
            return None
        at = box.mapSceneToView(scene)
        layer, epoch = round(at.y()), round(min(max(at.x(), 0), self._last))
        return (layer, epoch) if 1 <= layer <= self._values.shape[1] else None

    def value_at(self, layer: int, epoch: int) -> float:
        """The index of a layer as drawn at an epoch."""
        column = round(epoch / self._last * (len(self._values) - 1))
        return float(self._values[column, layer - 1])

    def _clicked(self, event: Any) -> None:
        place = self.place(event.scenePos())
        if place is not None:
            self.picked.emit(*place)

    def _hover(self, scene: Any) -> None:
        place, told = self.place(scene), ""
        if place is not None:
            value = self.value_at(*place)
            text = f"{value:.4g}" if np.isfinite(value) else "undefined"
            told = (
                f"layer {place[0]} · epoch {grouped(place[1])}\n{self.index.currentText()} {text}"
            )
        if told != self.told:
            self.told = told
            QToolTip.showText(QCursor.pos(), told, self.plot)
