"""Fit: a curve for one input, target/network/error for two, predicted against true beyond."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QComboBox, QLabel, QStackedWidget

from stiffgui.figures.fit import Fit
from stiffgui.gui.card import DASHES, STROKES, Card, colour_plot, grouped, plot_widget
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.fit_maps import FitMaps
from stiffgui.session.messages import View

PAGES = {"maps": 0, "curve": 1, "scatter": 2}


class FitCard(Card):
    """Shows the `fit` of a View; `output` chooses among several outputs."""

    def __init__(self) -> None:
        super().__init__("Fit", "fit", "What the network has learnt beside what it should learn.")
        self.output = QComboBox()
        self.output.setAccessibleName("Output")
        self.output.setToolTip("The output that is shown")
        self.output.currentIndexChanged.connect(self._redraw)
        self.output.hide()
        self.head.addWidget(self.output)
        self.maps = FitMaps()
        self.curve = plot_widget("f", "x")
        self.curve.setAccessibleName("Target and network")
        self.scatter = plot_widget("predicted", "true")
        self.scatter.setAccessibleName("Predicted against true")
        self.legend = QLabel("")
        self.legend.setAccessibleName("Legend of the fit")
        self.legend.setWordWrap(True)
        self.stack = QStackedWidget()
        for page in (self.maps, self.curve, self.scatter):
            self.stack.addWidget(page)
        self.add(self.legend, 0)
        self.add(self.stack)
        # Made once; an update only changes their data.
        self._curves = [self.curve.plot() for _ in range(2)]
        self._diagonal = self.scatter.plot()
        self._dots = [
            pg.ScatterPlotItem(size=s, symbol=k, pen=None) for s, k in ((5, "o"), (7, "t"))
        ]
        for dots in self._dots:
            self.scatter.addItem(dots)
        self._theme: Theme | None = None
        self._fit: Fit | None = None
        self._where = ""

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.maps.set_theme(theme)
        for plot in (self.curve, self.scatter):
            colour_plot(plot, theme)
        for k, curve in enumerate(self._curves):
            curve.setPen(pg.mkPen(theme.series[k], width=1, style=DASHES[k]))
        for k, dots in enumerate(self._dots):
            colour = pg.mkColor(theme.series[k])
            colour.setAlpha(170)
            dots.setBrush(pg.mkBrush(colour))
        self._diagonal.setPen(pg.mkPen(theme.faint))
        self._redraw()

    def export_options(self) -> dict[str, Any]:
        """What `stiffgui export` needs to draw the same."""
        return {"output": max(0, self.output.currentIndex())}

    def show_view(self, view: View) -> None:
        """Draw the fit of a View."""
        self.fill()
        self._where = f"epoch {grouped(view.epoch)}"
        self.show_fit(view.fit)

    def show_fit(self, fit: Fit) -> None:
        """Draw one network's fit."""
        self._fit = fit
        self._offer(fit.output_names)
        output = max(0, self.output.currentIndex())
        self.legend.setVisible(fit.kind != "maps")
        draw = {
            "maps": self.maps.show_fit,
            "curve": self._show_curve,
            "scatter": self._show_scatter,
        }
        draw[fit.kind](fit, output)
        self.stack.setCurrentIndex(PAGES[fit.kind])
        last = list(fit.parts)[-1]
        self.say(f"{self._where} · {'test ' if last == 'test' else ''}{_scores(fit, last, output)}")

    def _redraw(self) -> None:
        if self._fit is not None:
            self.show_fit(self._fit)

    def _offer(self, names: tuple[str, ...]) -> None:
        if [self.output.itemText(k) for k in range(self.output.count())] != list(names):
            self.output.blockSignals(True)
            self.output.clear()
            self.output.addItems(list(names))
            self.output.blockSignals(False)
            self.output.setVisible(len(names) > 1)

    def _show_curve(self, fit: Fit, output: int) -> None:
        self.curve.setLabel("bottom", fit.input_names[0])
        self.curve.setLabel("left", fit.output_names[output])
        for curve, values in zip(self._curves, (fit.target, fit.network), strict=True):
            curve.setData(fit.x[:, 0], values[:, output])
        self._say_legend((STROKES[0], "target"), (STROKES[1], "network"))

    def _show_scatter(self, fit: Fit, output: int) -> None:
        for dots, rows in zip(self._dots, fit.parts.values(), strict=True):
            dots.setData(x=fit.target[rows, output], y=fit.network[rows, output])
        ends = [float(fit.target[:, output].min()), float(fit.target[:, output].max())]
        self._diagonal.setData(ends, ends)
        name = fit.output_names[output]
        self.scatter.setLabel("bottom", f"true {name}")
        self.scatter.setLabel("left", f"predicted {name}")
        held = (fit.train, len(fit.x) - fit.train)
        words = []
        for part, shown, count in zip(fit.parts, held, fit.samples, strict=True):
            of = f"{grouped(shown)} of {grouped(count)}, " if shown < count else ""
            words.append(f"{part}: {of}{_scores(fit, part, output)}")
        self._say_legend(("●", words[0]), ("▼", words[1]), between="<br>")

    def _say_legend(self, *series: tuple[str, str], between: str = "&nbsp;&nbsp;&nbsp;") -> None:
        if self._theme is None:
            return
        words = [
            f'<span style="color:{self._theme.series[k]}">{mark}</span> {name}'
            for k, (mark, name) in enumerate(series)
        ]
        text = between.join(words)
        if text != self.legend.text():
            self.legend.setText(text)


def _scores(fit: Fit, part: str, output: int) -> str:
    r2, rmse = fit.scores(part, output)
    return f"R² {r2:.3f}, RMSE {rmse:.2g}" if np.isfinite(r2) else f"RMSE {rmse:.3g}"
