"""Fit: a curve for one input, target/network/error for two, beyond them scatter and slices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QComboBox, QLabel, QStackedWidget

from stiffgui.figures.fit import Fit
from stiffgui.figures.slices import Slices
from stiffgui.gui.plots.card import DASHES, STROKES, Card, colour_plot, grouped, plot_widget
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.cards.fit_maps import FitMaps
from stiffgui.session.views import View

PAGES = {"maps": 0, "curve": 1, "scatter": 2}


class FitCard(Card):
    """Shows the `fit` of a View; `output` chooses among several outputs.

    Where the fit is predicted against true, `along` chooses that, or the network along one input.
    """

    def __init__(self) -> None:
        super().__init__("Fit", "fit", "What the network has learnt beside what it should learn.")
        self.output = QComboBox()
        self.output.setAccessibleName("Output")
        self.output.setToolTip("The output that is shown")
        self.output.currentIndexChanged.connect(self._redraw)
        self.output.hide()
        self.head.addWidget(self.output)
        self.along = QComboBox()
        self.along.setAccessibleName("What Fit shows")
        self.along.setToolTip("Predicted against true, or the network along one input")
        self.along.currentIndexChanged.connect(self._redraw)
        self.along.hide()
        self.head.addWidget(self.along)
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
        self._middle = self.curve.plot()
        self._diagonal = self.scatter.plot()
        self._dots = [
            pg.ScatterPlotItem(size=s, symbol=k, pen=None) for s, k in ((5, "o"), (7, "t"))
        ]
        for dots in self._dots:
            self.scatter.addItem(dots)
        self._theme: Theme | None = None
        self._fit: Fit | None = None
        self._slices: Slices | None = None
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
        for line in (self._diagonal, self._middle):
            line.setPen(pg.mkPen(theme.faint))
        self._redraw()

    def export_options(self) -> dict[str, Any]:
        """What `stiffgui export` needs to draw the same."""
        options = {"output": max(0, self.output.currentIndex())}
        return options | ({"along": self.along.currentData()} if self.figure == "slices" else {})

    @property
    def figures(self) -> tuple[str, ...]:
        return ("fit", "slices")

    def show_view(self, view: View) -> None:
        """Draw the fit of a View."""
        self.fill()
        self._where = f"epoch {grouped(view.epoch)}"
        self.show_fit(view.fit, view.slices)

    def show_fit(self, fit: Fit, slices: Slices | None = None) -> None:
        """Draw one network's fit."""
        self._fit, self._slices = fit, slices
        _offer(self.output, [(name.split(" [")[0], name) for name in fit.output_names])
        inputs = slices.input_names if slices is not None else ()
        _offer(self.along, [("scatter", ""), *((f"along {name}", name) for name in inputs)])
        output = max(0, self.output.currentIndex())
        self.figure = "slices" if self.along.currentIndex() > 0 else "fit"
        if slices is not None and self.figure == "slices":
            self._show_slice(slices, self.along.currentIndex() - 1, output)
            return
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
            self.show_fit(self._fit, self._slices)

    def _show_slice(self, slices: Slices, k: int, output: int) -> None:
        """All slices of an output have one scale: what does not matter is flat."""
        self.curve.setLabel("bottom", slices.input_names[k])
        self.curve.setLabel("left", slices.output_names[output])
        target = slices.target
        drawn = [slices.network] if target is None else [slices.network, target]
        ends = [float(min(v[..., output].min() for v in drawn)),
                float(max(v[..., output].max() for v in drawn))]  # fmt: skip
        self._curves[0].setData(
            *([], []) if target is None else (slices.x[k], target[k, :, output])
        )
        self._curves[1].setData(slices.x[k], slices.network[k, :, output])
        self._middle.setData([slices.middle[k]] * 2, ends)
        known = [] if target is None else [(STROKES[0], "target")]
        words = "network, other inputs at their medians"
        self._say_legend(*known, (STROKES[1], words), first=1 - len(known))
        self.legend.show()
        self.stack.setCurrentIndex(PAGES["curve"])
        self.say(self._where)

    def _show_curve(self, fit: Fit, output: int) -> None:
        self._middle.setData([], [])
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

    def _say_legend(
        self, *series: tuple[str, str], between: str = "&nbsp;&nbsp;&nbsp;", first: int = 0
    ) -> None:
        """Marks and names in the colours of the series from number `first` on."""
        if self._theme is None:
            return
        words = [
            f'<span style="color:{self._theme.series[k]}">{mark}</span> {name}'
            for k, (mark, name) in enumerate(series, first)
        ]
        text = between.join(words)
        if text != self.legend.text():
            self.legend.setText(text)


def _offer(chooser: QComboBox, choices: list[tuple[str, str]]) -> None:
    """Offer texts and what they stand for; a chooser of one is not seen."""
    if [chooser.itemData(k) for k in range(chooser.count())] != [data for _, data in choices]:
        chooser.blockSignals(True)
        chooser.clear()
        for text, data in choices:
            chooser.addItem(text, data)
        chooser.blockSignals(False)
    chooser.setVisible(len(choices) > 1)


def _scores(fit: Fit, part: str, output: int) -> str:
    r2, rmse = fit.scores(part, output)
    return f"R² {r2:.3f}, RMSE {rmse:.2g}" if np.isfinite(r2) else f"RMSE {rmse:.3g}"
