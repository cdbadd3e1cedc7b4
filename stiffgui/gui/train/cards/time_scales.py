"""How the time scales 1/|Re λ| of the shown eigenvalues are distributed, on a log axis."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from stiffgui.gui.plots.card import colour_plot, plot_widget
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.cards.complex_plane import Points

BARS = 28


class TimeScales:
    """`plot` is the widget: growing modes (Re λ > 0) stand on decaying ones."""

    def __init__(self) -> None:
        self.plot = plot_widget("eigenvalues", "time scale 1/|Re λ|")
        self.plot.setAccessibleName("Histogram of time scales")
        self.plot.setLogMode(x=True)
        self.plot.getPlotItem().setMouseEnabled(x=False, y=False)
        self.bars = [pg.BarGraphItem(x=[], height=[], width=1) for _ in range(2)]
        for bar in self.bars:
            self.plot.addItem(bar)
        self._step = pg.InfiniteLine(
            label="step size a", labelOpts={"position": 0.9, "anchors": [(0, 0.5)] * 2}
        )
        self.plot.addItem(self._step, ignoreBounds=True)
        self.plot.setToolTip(
            "Time scales of the shown eigenvalues: decaying modes (lower bars, Re λ < 0) and "
            "growing ones on top; the line is the step size a = T/N"
        )
        self.counts = np.zeros((2, BARS), int)

    def set_theme(self, theme: Theme) -> None:
        colour_plot(self.plot, theme)
        for bar, colour in zip(self.bars, (theme.series[2], theme.series[1]), strict=True):
            bar.setOpts(brush=pg.mkBrush(colour), pen=pg.mkPen(theme.card))
        self._step.setPen(pg.mkPen(theme.faint, style=pg.QtCore.Qt.PenStyle.DashLine))
        self._step.label.setColor(theme.faint)
        decaying, growing = theme.series[2], theme.series[1]
        self.plot.setLabel(
            "bottom",
            f"1/|Re λ|  <span style='color:{decaying}'>■</span> decaying "
            f"<span style='color:{growing}'>■</span> growing",
        )

    def show_points(self, points: Points, step: float) -> None:
        """Draw the scales of the points; `step` is the step size a."""
        real = points.values.real[points.values.real != 0]
        scales = -np.log10(np.abs(real))
        low, high = (float(scales.min()), float(scales.max())) if len(scales) else (0.0, 1.0)
        edges = np.linspace(low, max(high, low + 1e-3), BARS + 1)
        for row, chosen in enumerate((real < 0, real > 0)):
            self.counts[row] = np.histogram(scales[chosen], edges)[0]
        width = edges[1] - edges[0]
        decaying, growing = self.counts
        self.bars[0].setOpts(x0=edges[:-1], width=width, y0=np.zeros(BARS), height=decaying)
        self.bars[1].setOpts(x0=edges[:-1], width=width, y0=decaying, height=growing)
        at = float(np.log10(step))
        self._step.setPos(at)
        self.plot.setXRange(min(low, at), max(high, at), padding=0.05)
        self.plot.setYRange(0, max(1, int(self.counts.sum(0).max())), padding=0.08)
