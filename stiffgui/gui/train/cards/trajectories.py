"""Trajectories: states of some samples over time, the network beside its own ODE."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox

from stiffgui.gui.lab.view import Curves
from stiffgui.gui.plots.card import Card, grouped
from stiffgui.gui.theme import Theme
from stiffgui.labs.trajectories import Trajectories
from stiffgui.session.views import View

MOST_SAMPLES = 7


class TrajectoriesCard(Card):
    """Two principal components, or one component, over t. `asked`: it needs a new look."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__(
            "Trajectories",
            "trajectories",
            "The states of some samples from layer to layer, beside the ODE of the same weights.",
        )
        self.component = QComboBox()
        self.component.setAccessibleName("Component of the trajectories")
        self.component.setToolTip("Two principal components of the states, or one component")
        self.component.addItem("principal components", 0)
        self.component.currentIndexChanged.connect(self._redraw)
        self.samples = QSpinBox()
        self.samples.setRange(1, MOST_SAMPLES)
        self.samples.setValue(5)
        self.samples.setSuffix(" samples")
        self.samples.setAccessibleName("Samples whose trajectories are drawn")
        self.samples.setToolTip("The first training samples")
        self.samples.valueChanged.connect(lambda _: self.asked.emit())
        self.add_control(self.component)
        self.add_control(self.samples)
        self.told = QLabel("dots: network · broad: its ODE")
        self.told.setObjectName("cardNote")
        self.told.setWordWrap(True)
        self.plots = (Curves("PC1", "t"), Curves("PC2", "t"))
        self.plot = self.plots[0].plot
        self.add(self.told, 0)
        for plot in self.plots:
            self.add(plot)
        self._found: Trajectories | None = None
        self._theme: Theme | None = None

    def export_options(self) -> dict[str, Any]:
        """What `stiffgui export` needs to draw the same."""
        return {"component": self.component.currentData() or 0, "samples": self.samples.value()}

    def show_view(self, view: View) -> None:
        """Draw the trajectories of a View, if it has any."""
        if view.trajectories is None:
            return
        self.fill()
        self._found = view.trajectories
        width = self._found.network.shape[-1]
        if self.component.count() != width + 1:
            self.component.blockSignals(True)
            while self.component.count() > 1:
                self.component.removeItem(1)
            for c in range(1, width + 1):
                self.component.addItem(f"component {c}", c)
            self.component.blockSignals(False)
        distance = self._found.distance()
        told = "" if distance != distance else f" · they end {distance:.3g} apart"
        self.say(f"epoch {grouped(view.epoch)}{told}")
        self.told.setText(self._found.problem or "dots: network · broad: its ODE")
        self._redraw()

    def _redraw(self) -> None:
        if self._found is None:
            return
        names, network, ode = self._found.coordinates(self.component.currentData() or 0)
        for k, plot in enumerate(self.plots):
            plot.setVisible(k < len(names))
            if k >= len(names):
                continue
            plot.plot.setLabel("left", names[k])
            plot.begin()
            for sample in range(network.shape[1]):
                t, x = self._found.ode_times, ode[:, sample, k]
                plot.draw(f"ode {sample}", t, x, number=sample, width=5, solid=True, faint=True)
                t, x = self._found.times, network[:, sample, k]
                plot.draw(f"network {sample}", t, x, number=sample, width=1, solid=True, symbol="o")
            plot.end()

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        for plot in self.plots:
            plot.set_theme(theme)
