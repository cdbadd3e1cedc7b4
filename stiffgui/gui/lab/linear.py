"""The picture of the stiff system: the watched component, and the steps in the stability region."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem, QSplitter, QVBoxLayout

from stiffgui.gui.lab.view import Curves, LabView
from stiffgui.gui.theme import Theme
from stiffgui.labs.linear import LinearResult
from stiffgui.stiffness.stability import REGIONS

LOWEST = 1e-9  # of the watched component that is drawn


class LinearView(LabView):
    """Left |x_c| over time on a logarithmic axis; right dt times the eigenvalues."""

    def __init__(self) -> None:
        super().__init__()
        self.states = Curves("|x₂|", "t", log_y=True)
        self.region = Curves("Im dt λ", "Re dt λ")
        self.region.plot.setAspectLocked(True)
        curve = REGIONS["explicit-euler"].boundary(1.0)
        path = QPainterPath()
        path.addPolygon(pg.functions.arrayToQPolygonF(curve.real, curve.imag))
        self._disc = QGraphicsPathItem(path)
        self._disc.setZValue(-10)
        self.region.plot.addItem(self._disc)
        row = QSplitter(Qt.Orientation.Horizontal)
        row.addWidget(self.states)
        row.addWidget(self.region)
        row.setSizes([620, 380])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(row)

    def show_result(self, result: LinearResult) -> None:
        c = result.component
        plot = self.states
        plot.plot.setLabel("left", f"|x{'₁₂₃₄'[c]}|")
        plot.begin()
        exact = np.abs(result.exact[:, c])
        shown = np.where(exact > LOWEST, exact, np.nan)
        plot.draw("exact", result.times, shown, "exact", number=-1, width=5)
        for k, (name, path) in enumerate(result.paths.items()):
            values = np.abs(path.states[:, c])
            values = np.where(values > LOWEST, values, np.nan)
            words = f"{name}, {path.steps} steps"
            plot.draw(name, path.times, values, words, number=k)
            if name.endswith("Euler"):  # the large steps one by one
                late = np.flatnonzero(np.diff(path.times) > 0.5 * max(result.steps)) + 1
                plot.draw(f"{name} steps", path.times[late], values[late], number=k,
                          symbol="o", line=False)  # fmt: skip
        plot.end()
        self.region.begin()
        for k, (step, symbol) in enumerate(zip(result.steps, ("o", "s"), strict=True)):
            z = step * result.eigenvalues
            words = f"dt = {step:.3g}"
            self.region.draw(words, z.real, z.imag, words, number=k, symbol=symbol, line=False)
        self.region.end()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._disc.setPen(pg.mkPen(theme.faint, style=Qt.PenStyle.DashLine))
        self._disc.setBrush(pg.mkBrush(theme.disc))
