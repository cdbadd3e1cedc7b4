"""The picture of crossing and augmentation: three networks while they learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from stiffgui.gui.lab.view import Curves, LabView
from stiffgui.gui.plots.card import colour_plot, plot_widget
from stiffgui.gui.theme import LIGHT, Theme
from stiffgui.labs.crossing import NETWORKS, CrossingResult, Trained

SHADES = 9


class Trajectories(QWidget):
    """One network's trajectories, coloured by target: x over t, or in the plane."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.title = QLabel(name)
        self.title.setObjectName("cardNote")
        self.plot = plot_widget("x", "t")
        self.plot.setAccessibleName(f"Trajectories of the {name} network")
        self._items: list[pg.PlotDataItem] = []
        for _ in range(SHADES):
            self._items.append(self.plot.plot(connect="finite"))
        self._ends = pg.ScatterPlotItem(size=6, pen=None)
        self.plot.addItem(self._ends)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.title)
        layout.addWidget(self.plot, 1)
        self._theme = LIGHT
        self._colour()

    def show_network(self, network: Trained, result: CrossingResult) -> None:
        """Draw or move the trajectories."""
        layers = "layer" if network.depth == 1 else "layers"
        self.title.setText(f"{self.name}: {network.depth} {layers}, RMSE {network.error:.3g}")
        states = network.trajectories
        flat = network.width == 1
        self.plot.setLabel("left", "x" if flat else "x₂")
        self.plot.setLabel("bottom", "t" if flat else "x₁")
        t = np.linspace(0, result.horizon, len(states))
        shade = _shades(result.targets)
        for k, item in enumerate(self._items):
            chosen = np.flatnonzero(shade == k)
            x = np.tile(t, (len(chosen), 1)) if flat else states[:, chosen, 0].T
            y = states[:, chosen, 0 if flat else 1].T
            item.setData(*(_joined(values) for values in (x, y)), connect="finite")
        end_x = np.full(states.shape[1], t[-1]) if flat else states[-1, :, 0]
        brushes = self._brushes()
        self._ends.setData(
            x=end_x,
            y=states[-1, :, 0 if flat else 1],
            brush=[brushes[k] for k in shade],
        )

    def _brushes(self) -> list[Any]:
        low, high = (pg.mkColor(self._theme.series[k]) for k in (1, 0))
        middle = pg.mkColor(self._theme.faint)
        made = []
        for k in range(SHADES):
            share = 2 * k / (SHADES - 1) - 1
            end = high if share > 0 else low
            mixed = [
                round(m + abs(share) * (e - m))
                for m, e in zip(middle.getRgb()[:3], end.getRgb()[:3], strict=True)
            ]
            made.append(pg.mkBrush(*mixed))
        return made

    def _colour(self) -> None:
        for item, brush in zip(self._items, self._brushes(), strict=False):
            item.setPen(pg.mkPen(brush.color(), width=1.3))

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        colour_plot(self.plot, theme)
        self._colour()


def _shades(targets: NDArray[Any]) -> NDArray[np.int64]:
    """-1..1 in SHADES steps."""
    return np.asarray(np.round((np.clip(targets, -1, 1) + 1) / 2 * (SHADES - 1)), np.int64)


def _joined(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows [m, n] one after the other, NaN between them."""
    return np.concatenate([rows, np.full((len(rows), 1), np.nan)], axis=1).ravel()


class CrossingView(LabView):
    """Three pictures of trajectories above, their errors below."""

    def __init__(self) -> None:
        super().__init__()
        self.networks = {name: Trajectories(name) for name in NETWORKS}
        self.errors = Curves("RMSE", "epoch", log_y=True)
        above = QSplitter(Qt.Orientation.Horizontal)
        for view in self.networks.values():
            above.addWidget(view)
        above.setSizes([1000] * len(self.networks))
        whole = QSplitter(Qt.Orientation.Vertical)
        whole.addWidget(above)
        whole.addWidget(self.errors)
        whole.setSizes([620, 380])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(whole)

    def show_result(self, result: CrossingResult) -> None:
        self.errors.begin()
        for k, (name, network) in enumerate(result.networks.items()):
            self.networks[name].show_network(network, result)
            self.errors.draw(name, network.epochs, network.errors, name, number=k)
        if result.bound is not None:
            ends = result.networks["fine"].epochs[[0, -1]]
            self.errors.draw("bound", ends, np.full(2, result.bound), "best increasing function",
                             number=-1, width=1)  # fmt: skip
        self.errors.end()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        for view in self.networks.values():
            view.set_theme(theme)
