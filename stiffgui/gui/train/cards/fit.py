"""Fit: a curve for one input, target/network/error for two, beyond them scatter and slices."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox

from stiffgui.figures.fit import Fit
from stiffgui.figures.picture import Picture
from stiffgui.figures.slices import Slices
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.plots.figure_card import FigureCard, offer


class FitCard(FigureCard):
    """`output` chooses among several outputs, `along` between the fit and the network along one
    input. Emits `sample_chosen(sample)` when a training sample is clicked."""

    sample_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(Fit(output=0), "Fit")
        self.output, self.along = QComboBox(), QComboBox()
        choosers = (
            (self.output, "Output", "The output that is shown"),
            (self.along, "What Fit shows", "Predicted against true, or the network along an input"),
        )
        for chooser, name, tip in choosers:
            chooser.setAccessibleName(name)
            chooser.setToolTip(tip)
            chooser.hide()
            chooser.currentIndexChanged.connect(self._chosen)
            self.head.addWidget(chooser)
        self.view.clicked.connect(self._clicked)

    def _clicked(self, panel: int, x: float, y: float) -> None:
        found = self.view.views[panel].point_at(x, y)
        if found is not None and found[0].symbol == "o":  # triangles are of the test set
            self.sample_chosen.emit(found[0].sample_of(found[1]))

    def _chosen(self) -> None:
        names = ("epoch", "trial", "sample")
        place = {name: getattr(self.settings, name, None) for name in names}
        output, along = max(0, self.output.currentIndex()), self.along.currentData()
        before = self.settings
        if along:
            del place["sample"]
            self.settings = Slices(output=output, along=along, **place)
        else:
            self.settings = Fit(output=output, **place)
        if self.settings != before:
            self.changed.emit()

    def show_picture(self, picture: Picture) -> None:
        """Draw the picture, and offer the outputs and inputs that there are."""
        super().show_picture(picture)
        names = picture.choices.get("output", ())
        offer(self.output, [(name.split(" [")[0], name) for name in names])
        inputs = picture.choices.get("along", ())
        offer(self.along, [("scatter", ""), *((f"along {name}", name) for name in inputs)])
        self.say(" · ".join(filter(None, (f"epoch {grouped(picture.epoch)}", picture.note))))
