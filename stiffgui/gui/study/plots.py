"""Evolution plots with median and quartile band, and box plots of the last values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSizePolicy, QWidget

from stiffgui.gui.plots.band import Band
from stiffgui.gui.plots.card import DASHES, STROKES, Card, colour_plot, plot_widget
from stiffgui.gui.plots.curves import thinned
from stiffgui.gui.theme import Theme
from stiffgui.runs.history import History
from stiffgui.session.studies import VariantView
from stiffgui.training.quantities import Quantity, of_study

NAMED = 4  # more variants than this are numbered below the boxes


class EvolutionCard(Card):
    """Four plots against the epoch: a line and a band per variant, and faint lines of batches
    that are still training."""

    def __init__(self) -> None:
        super().__init__(
            "Evolution",
            "summary",
            "Errors, norm and stiffness of every variant: the median over trials with the band of "
            "quartiles.",
        )
        self.panels = of_study("as_panel")
        self.say("RMSE; mean norm of the arrays; spectral radius, sum over layers")
        self.logarithmic = QCheckBox("log")
        self.logarithmic.setChecked(True)
        self.logarithmic.setToolTip(_logarithmic_tip(self.panels.values()))
        self.logarithmic.setAccessibleName("Logarithmic axes")
        self.logarithmic.toggled.connect(lambda _: self._redraw())
        self.add_control(self.logarithmic)
        self.legend = QLabel()
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.add(self.legend, 0)
        self.plots = {c: plot_widget(q.in_study, "epoch") for c, q in self.panels.items()}
        self.add(_in_grid(list(self.plots.values()), 2))
        self._theme: Theme | None = None
        self._variants: Sequence[VariantView] = ()
        self._live: dict[tuple[int, int], History] = {}
        self._lines: dict[tuple[int, int, str], Any] = {}

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in self.plots.values():
            colour_plot(plot, theme)
        self._redraw()

    def export_options(self) -> dict[str, Any]:
        """The axes as they are shown; linear ones keep their own."""
        return {} if self.logarithmic.isChecked() else {"logarithmic": False}

    def show_variants(self, variants: Sequence[VariantView]) -> None:
        """Draw what is done of every variant."""
        self._variants = variants
        self._redraw()

    def show_live(self, variant: int, chunk: int, history: History) -> None:
        """Draw the medians of a batch in training."""
        self._live[variant, chunk] = history
        if self._theme is not None:
            self.fill()
            self._draw_live(variant, chunk)
            self._write_legend()

    def end_live(self, chunk: int | None = None) -> None:
        """The batch has ended (all of them, for None): what is done takes its place."""
        for key in [k for k in self._live if chunk in (None, k[1])]:
            del self._live[key]
            for panel, plot in self.plots.items():
                line = self._lines.pop((*key, panel), None)
                if line is not None:
                    plot.removeItem(line)

    def _redraw(self) -> None:
        if self._theme is None:
            return
        self._lines = {}
        for panel, plot in self.plots.items():
            plot.clear()
            plot.setLogMode(y=self._is_logarithmic(panel))
            for place, variant in enumerate(self._variants):
                if panel in variant.evolution:
                    self._draw(plot, place, panel, *variant.evolution[panel])
        for number, chunk in self._live:
            self._draw_live(number, chunk)
        if self._live or any(v.evolution for v in self._variants):
            self.fill()
        self._write_legend()

    def _is_logarithmic(self, panel: str) -> bool:
        return self.panels[panel].logarithmic and self.logarithmic.isChecked()

    def _draw(self, plot: Any, number: int, panel: str, epochs: Any, quartiles: Any) -> None:
        assert self._theme is not None
        colour = self._theme.series[number % len(self._theme.series)]
        log = self._is_logarithmic(panel)
        low, median, high = (np.where(q > 0, q, np.nan) if log else q for q in quartiles)
        shade = pg.mkColor(colour)
        shade.setAlpha(45)
        band = Band(pg.mkBrush(shade))
        plot.addItem(band)
        rows = thinned(median)
        edges = np.stack([np.asarray(epochs, np.float64), low, high])[:, rows]
        if log:
            edges[1:] = np.log10(edges[1:])
        band.set_data(*edges)
        pen = pg.mkPen(colour, width=2, style=DASHES[number % len(DASHES)])
        plot.plot(np.asarray(epochs)[rows], median[rows], pen=pen)

    def _draw_live(self, variant: int, chunk: int) -> None:
        assert self._theme is not None
        for panel, quantity in self.panels.items():
            epochs, (_, values, _) = self._live[variant, chunk].quartiles(quantity.name)
            key = (variant, chunk, panel)
            if key not in self._lines:
                colour = pg.mkColor(self._theme.series[variant % len(self._theme.series)])
                colour.setAlpha(150)
                style = DASHES[variant % len(DASHES)]
                self._lines[key] = self.plots[panel].plot(pen=pg.mkPen(colour, style=style))
            shown = np.where(values > 0, values, np.nan) if self._is_logarithmic(panel) else values
            rows = thinned(shown)
            self._lines[key].setData(epochs[rows], shown[rows])

    def _write_legend(self) -> None:
        assert self._theme is not None
        words = [
            f'<span style="color:{self._theme.series[k % len(self._theme.series)]}">'
            f"{STROKES[k % len(STROKES)]}</span> {variant.name}"
            for k, variant in enumerate(self._variants)
        ]
        self.legend.setText("&nbsp;&nbsp;&nbsp; ".join(words))
        self.legend.setToolTip("median over trials, quartile band; thin: still training")


class BoxCard(Card):
    """Four box plots over trials: median, quartiles, range, and every trial as a point.

    Drawing them takes 60 ms, so behind another tab they wait until they are seen.
    """

    def __init__(self) -> None:
        super().__init__(
            "Last values",
            "boxes",
            "Errors, norm and stiffness at the end of every trial, a box per variant.",
        )
        panels = of_study("as_panel")
        self.plots = {panel: plot_widget("", "") for panel in panels}
        for panel, plot in self.plots.items():
            plot.setTitle(None)
            plot.setLabel("left", panels[panel].in_study)
            plot.showLabel("bottom", False)
        self.add(_in_grid(list(self.plots.values()), 2))
        self._theme: Theme | None = None
        self._variants: Sequence[VariantView] = ()
        self._stale = False

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in self.plots.values():
            colour_plot(plot, theme)
        self._redraw()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what has come while nobody saw it."""
        super().showEvent(event)
        if self._stale:
            self._redraw()

    def export_options(self) -> dict[str, Any]:
        """Nothing but the usual."""
        return {"logarithmic": False}

    def show_variants(self, variants: Sequence[VariantView]) -> None:
        """Draw what is done of every variant."""
        self._variants = variants
        self._redraw()

    def _redraw(self) -> None:
        self._stale = not self.isVisible()
        if self._theme is None or self._stale:
            return
        if any(len(v.trials) for v in self._variants):
            self.fill()
        many = len(self._variants) > NAMED
        names = [str(k + 1) if many else v.name for k, v in enumerate(self._variants)]
        self.say("numbered as in the table" if many else "")
        for panel, plot in self.plots.items():
            plot.clear()
            plot.getAxis("bottom").setTicks([list(enumerate(names))])
            for number, variant in enumerate(self._variants):
                values = variant.last[panel]
                known = values[np.isfinite(values)]
                if known.size:
                    self._box(plot, number, known)
            plot.setXRange(-0.6, len(names) - 0.4, padding=0)

    def _box(self, plot: Any, place: int, values: Any) -> None:
        assert self._theme is not None
        colour = self._theme.series[place % len(self._theme.series)]
        shade = pg.mkColor(colour)
        shade.setAlpha(50)
        low, median, high = np.percentile(values, (25, 50, 75))
        pen = pg.mkPen(colour, width=1.5)
        box = pg.BarGraphItem(
            x=[place], y0=[low], y1=[high], width=0.5, brush=pg.mkBrush(shade), pen=pen
        )
        plot.addItem(box)
        plot.plot([place - 0.25, place + 0.25], [median, median], pen=pg.mkPen(colour, width=3))
        for end, edge in ((values.min(), low), (values.max(), high)):
            plot.plot([place, place], [edge, end], pen=pen)
        # Points side by side rather than over each other; always in the same place.
        spread = 0.18 * np.sin(2.4 * np.arange(len(values)))
        plot.plot(
            place + spread,
            values,
            pen=None,
            symbol="o",
            symbolSize=4,
            symbolBrush=pg.mkBrush(colour),
            symbolPen=None,
        )


def _logarithmic_tip(quantities: Iterable[Quantity]) -> str:
    names = [q.in_study for q in quantities if q.logarithmic]
    return f"Logarithmic axes of {', '.join(names)}"


def _in_grid(widgets: Sequence[QWidget], columns: int) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(4)
    for k, widget in enumerate(widgets):
        grid.addWidget(widget, k // columns, k % columns)
        widget.setMinimumSize(120, 100)
    return holder
