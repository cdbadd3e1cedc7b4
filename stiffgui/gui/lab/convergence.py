"""The picture of ResNet and neural ODE: networks of growing depth, and their errors."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout

from stiffgui.gui.lab.view import Curves, LabView
from stiffgui.labs.convergence import ConvergenceResult

DEEPEST_SHOWN = 32
TITLES = {"euler": "Euler", "rk2": "RK2", "rk4": "RK4", "implicit-euler": "implicit Euler"}


class ConvergenceView(LabView):
    """Left one component of one sample over time; right errors on two logarithmic axes."""

    def __init__(self) -> None:
        super().__init__()
        self.paths = Curves("x", "t")
        self.errors = Curves("|x_N − x(T)|", "layers N", log_x=True, log_y=True)
        row = QSplitter(Qt.Orientation.Horizontal)
        row.addWidget(self.paths)
        row.addWidget(self.errors)
        row.setSizes([500, 500])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(row)

    def show_result(self, result: ConvergenceResult) -> None:
        sample, component = result.most_telling()
        self.paths.plot.setLabel("left", f"component {component + 1} of sample {sample + 1}")
        self.paths.begin()
        self.paths.draw("ODE", result.times, result.ode[:, sample, component], "ODE", number=-1,
                        width=5)  # fmt: skip
        shown = [depth for depth in result.networks if depth <= DEEPEST_SHOWN]
        for k, depth in enumerate(shown):
            t = np.linspace(0, result.horizon, depth + 1)
            states = result.networks[depth][:, sample, component]
            self.paths.draw(f"N {depth}", t, states, f"N = {depth}", number=k, symbol="o")
        self.paths.end()
        self.errors.begin()
        for k, (name, errors) in enumerate(result.errors.items()):
            slope = result.slopes[name]
            words = TITLES[name] if slope is None else f"{TITLES[name]}, slope {slope:.2f}"
            self.errors.draw(name, result.depths, errors, words, number=k, symbol="o")
        self.errors.end()
