"""Layers x epochs: the chosen index of every layer as a heat map; a click selects both."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox

from stiffgui.figures.history import USUAL
from stiffgui.figures.layers import Layers
from stiffgui.figures.picture import Image
from stiffgui.figures.sources import Drawn
from stiffgui.gui.plots.figure_card import FigureCard
from stiffgui.stiffness import WATCHABLE


class LayersCard(FigureCard):
    """Emits `picked(layer, epoch)` on a click, and `index_chosen(name)`."""

    picked = Signal(int, int)
    index_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__(Layers(logarithmic=False), "Layers")
        self.logarithmic = self.add_check_box("logarithmic", "log")
        spec = self.spec("indices")
        self.index = QComboBox()
        self.index.setAccessibleName("Index of the heat map")
        self.index.setToolTip(spec.help)
        self.index.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.index.currentIndexChanged.connect(self._chosen)
        self.add_control(self.index)
        self.view.clicked.connect(self._clicked)
        self.changed.connect(self._forget)
        self._shown: tuple[object, ...] = ()
        self._framed: tuple[object, ...] = ()

    def _forget(self) -> None:
        self._shown = ()

    def _chosen(self) -> None:
        self.set(indices=(self.index.currentData(),))
        self.index_chosen.emit(self.index.currentData())

    def refresh(self, run: Drawn, layer: int, epoch: int) -> None:
        """Draw the run's index, and frame the chosen layer at the shown epoch."""
        if not run.history.indices:
            self.view.dim(f"{run.name}: nothing measured yet")
            return
        self._offer([name for name in run.history.indices if name in WATCHABLE])
        state = (id(run.run), id(run.history), len(run.history.index_epochs))
        if state != self._shown:
            self._shown, self._framed = state, ()
            self.show_picture(self.settings.picture([run]))
            self.view.views[0].setToolTip("Click to see a layer at an epoch everywhere")
        if (layer, epoch) != self._framed:
            self._framed = (layer, epoch)
            self._frame(layer, run.begins + epoch)

    def _offer(self, names: list[str]) -> None:
        """The indices that the run watched; the radius at first."""
        if [self.index.itemData(k) for k in range(self.index.count())] == names:
            return
        self.index.blockSignals(True)
        self.index.clear()
        for name in names:
            self.index.addItem(WATCHABLE[name].title, name)
        self.index.setCurrentIndex(names.index(USUAL) if USUAL in names else 0)
        self.index.blockSignals(False)
        self._chosen()

    @property
    def image(self) -> Image | None:
        """The heat map that is drawn."""
        views = self.view.views
        return next(views[0].panel.of(Image), None) if views else None

    def _frame(self, layer: int, epoch: int) -> None:
        """A frame around the layer, and within it a line at the epoch."""
        image = self.image
        if image is None:
            return
        first, last = float(image.x_edges[0]), float(image.x_edges[-1])
        low, high, x = layer - 0.5, layer + 0.5, min(max(float(epoch), first), last)
        xs = [x, first, first, x, x, last, last, x]
        self.view.views[0].set_frame(xs, [low, low, high, high, low, low, high, high])

    def _clicked(self, _: int, x: float, y: float) -> None:
        image = self.image
        cell = image.cell(x, y) if image is not None else None
        if image is not None and cell is not None and self.picture is not None:
            epoch = int(image.x[cell[1]]) - self.picture.begins
            self.picked.emit(int(image.y[cell[0]]), epoch)

    def set_theme(self, theme: Any) -> None:
        super().set_theme(theme)
        self._forget()

    def clear(self) -> None:
        super().clear()
        self._forget()
