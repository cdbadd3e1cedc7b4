"""The picture of the two gradients: both against the step size, and their difference."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout

from stiffgui.gui.lab.view import Curves, LabView
from stiffgui.labs.gradients import GradientsResult


class GradientsView(LabView):
    """Left the largest entry of the linear case's gradients; right relative differences."""

    def __init__(self) -> None:
        super().__init__()
        self.entries = Curves("an entry of d loss / d W, linear case", "step size dt", log_x=True)
        self.differences = Curves("relative difference", "step size dt", log_x=True, log_y=True)
        row = QSplitter(Qt.Orientation.Horizontal)
        row.addWidget(self.entries)
        row.addWidget(self.differences)
        row.setSizes([500, 500])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(row)

    def show_result(self, result: GradientsResult) -> None:
        case = result.linear
        entry = int(np.abs(case.dto[-1]).argmax())
        self.entries.begin()
        limit = np.full(2, case.limit[entry])
        self.entries.draw("limit", case.sizes[[0, -1]], limit, "continuous", number=-1, width=1)
        both = (
            ("dto", case.dto, "discretise, then optimise"),
            ("otd", case.otd, "optimise, then discretise"),
        )
        for k, (name, values, words) in enumerate(both):
            self.entries.draw(name, case.sizes, values[:, entry], words, number=k, symbol="o")
        self.entries.end()
        self.differences.begin()
        cases = {"linear": case, "nonlinear": result.nonlinear}
        for k, (name, each) in enumerate(cases.items()):
            if each is not None:
                words = name if each.slope is None else f"{name}, slope {each.slope:.2f}"
                self.differences.draw(
                    name, each.sizes, each.differences, words, number=k + 2, symbol="o"
                )
        self.differences.end()
