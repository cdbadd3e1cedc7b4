"""What the pictures of the laboratory pages have in common: plots with curves and a legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from stiffgui.gui.plots.card import DASHES, STROKES, colour_plot, plot_widget
from stiffgui.gui.theme import LIGHT, Theme


@dataclass(frozen=True)
class Style:
    """How a curve is drawn: -1 is the faint colour; solid: no dash; faint: seen through."""

    number: int
    width: float
    symbol: str
    line: bool
    solid: bool
    faint: bool


class Curves(QWidget):
    """A plot whose curves are made once and then only moved, with a legend above it.

    `number` chooses colour and dash of a curve. Values that a logarithmic axis cannot show are
    left out. An axis's label and a curve's words change with the numbers.
    """

    def __init__(self, left: str, bottom: str, *, log_x: bool = False, log_y: bool = False) -> None:
        super().__init__()
        self.plot = plot_widget(left, bottom)
        self.plot.setLogMode(log_x, log_y)
        self.plot.setAccessibleName(f"{left} against {bottom}")
        self.log_x, self.log_y = log_x, log_y
        self._theme = LIGHT
        self._lines: dict[str, pg.PlotDataItem] = {}
        self._styles: dict[str, Style] = {}
        self._words: dict[str, str] = {}
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.legend)
        layout.addWidget(self.plot, 1)

    def begin(self) -> None:
        """Before the curves of a new result: those that do not come again vanish at `end`."""
        self._words = {}

    def draw(
        self,
        name: str,
        x: NDArray[Any],
        y: NDArray[Any],
        words: str = "",
        *,
        number: int = 0,
        width: float = 1.5,
        symbol: str = "",
        line: bool = True,
        solid: bool = False,
        faint: bool = False,
    ) -> None:
        """Draw or move the curve of that name; with `words` it stands in the legend."""
        if name not in self._lines:
            self._lines[name] = self.plot.plot()
        style = Style(number, width, symbol, line, solid, faint)
        if self._styles.get(name) != style:
            self._styles[name] = style
            self._colour(name)
        x, y = (np.asarray(v, np.float64) for v in (x, y))
        with np.errstate(invalid="ignore"):
            shown = np.isfinite(x) & np.isfinite(y)
            shown &= (x > 0) | (not self.log_x)
            shown &= (y > 0) | (not self.log_y)
        if not shown.any():
            x = y = np.empty(0)
        else:
            y = np.where(shown, y, np.nan)
        self._lines[name].setData(x, y, connect="finite")
        self._words[name] = words

    def end(self) -> None:
        """After the last curve."""
        for name in set(self._lines) - set(self._words):
            self.plot.removeItem(self._lines.pop(name))
            self._styles.pop(name, None)
        self._tell()

    def _pen(self, name: str) -> tuple[str, Any]:
        style = self._styles[name]
        number = style.number
        colour = (
            self._theme.faint
            if number < 0
            else self._theme.series[number % len(self._theme.series)]
        )
        drawn = pg.mkColor(colour)
        drawn.setAlpha(80 if style.faint else 255)
        dash = DASHES[0 if style.solid else max(number, 0) % len(DASHES)]
        return colour, pg.mkPen(drawn, width=style.width, style=dash) if style.line else None

    def _colour(self, name: str) -> None:
        colour, pen = self._pen(name)
        item = self._lines[name]
        item.setPen(pen)
        symbol = self._styles[name].symbol
        if symbol:
            item.setSymbol(symbol)
            item.setSymbolSize(6)
            item.setSymbolBrush(pg.mkBrush(colour))
            item.setSymbolPen(None)

    def _tell(self) -> None:
        parts = []
        for name, words in self._words.items():
            if words:
                style = self._styles[name]
                colour = self._pen(name)[0]
                stroke = STROKES[max(style.number, 0) % len(STROKES)] if style.line else ""
                dot = "" if style.line else {"o": "●", "s": "■"}.get(style.symbol, "")
                stroke = "\u2060".join(stroke.replace(" ", "\u00a0"))  # not broken over lines
                parts.append(
                    f'<span style="color:{colour}"><b>{stroke}{dot}</b></span>&nbsp;'
                    f"{words.replace(' ', '&nbsp;')}"
                )
        self.legend.setText("&ensp; ".join(parts))
        self.legend.setVisible(bool(parts))

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        colour_plot(self.plot, theme)
        for name in self._lines:
            self._colour(name)
        self._tell()


class LabView(QWidget):
    """A page's picture. `show_result` draws a result; numbers only, nothing is computed."""

    def show_result(self, result: Any) -> None:
        """Draw."""
        raise NotImplementedError

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        for curves in self.findChildren(Curves):
            curves.set_theme(theme)
