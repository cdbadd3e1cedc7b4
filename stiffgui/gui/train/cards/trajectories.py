"""Trajectories: states of some samples over time, the network beside its own ODE."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox

from stiffgui.figures.picture import Picture
from stiffgui.figures.trajectories import Trajectories
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.plots.figure_card import FigureCard

MOST_SAMPLES = 7


class TrajectoriesCard(FigureCard):
    """Two principal components, or one component, over t."""

    def __init__(self) -> None:
        super().__init__(Trajectories(), "Trajectories")
        self.component = QComboBox()
        self.component.setAccessibleName("Component of the trajectories")
        self.component.setToolTip("Two principal components of the states, or one component")
        self.component.addItem("principal components", 0)
        self.component.currentIndexChanged.connect(
            lambda _: self.set(component=self.component.currentData() or 0)
        )
        self.samples = QSpinBox()
        self.samples.setRange(1, MOST_SAMPLES)
        self.samples.setValue(self.spec("samples").default)
        self.samples.setSuffix(" samples")
        self.samples.setAccessibleName("Samples whose trajectories are drawn")
        self.samples.setToolTip(self.spec("samples").help)
        self.samples.valueChanged.connect(lambda count: self.set(samples=count))
        self.add_control(self.component)
        self.add_control(self.samples)
        self.show_where_wide(self.samples)
        self.message = QLabel()
        self.message.setObjectName("cardNote")
        self.message.setWordWrap(True)
        self.body.insertWidget(1, self.message)

    def set_width(self, width: int) -> None:
        """Offer the components of networks of a width."""
        if self.component.count() == width + 1:
            return
        self.component.blockSignals(True)
        while self.component.count() > 1:
            self.component.removeItem(1)
        for c in range(1, width + 1):
            self.component.addItem(f"component {c}", c)
        self.component.blockSignals(False)
        self.set(component=self.component.currentData() or 0)

    def show_picture(self, picture: Picture) -> None:
        """Draw the trajectories."""
        super().show_picture(picture)
        self.say(f"epoch {grouped(picture.epoch)}")
        self.message.setText(picture.note)
