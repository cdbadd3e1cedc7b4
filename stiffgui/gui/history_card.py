"""Errors and stiffness against the epoch: median line, quartile band, one dash per series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSizePolicy, QWidget

from stiffgui.gui.card import DASHES, Card, colour_plot, plot_widget
from stiffgui.gui.live_run import LiveRun
from stiffgui.gui.theme import Theme

Series = list[tuple[str, Any, Any]]  # name, epochs [E], values [E, R]
POINTS = 1500  # about two a pixel


def error_series(run: LiveRun) -> Series:
    """Training and test RMSE."""
    epochs = run.epochs.values
    return [
        ("train", epochs, run.series["train_error"].values),
        ("test", epochs, run.series["test_error"].values),
    ]


def stiffness_series(run: LiveRun) -> Series:
    """Every watched index, summed over layers."""
    return [(name, run.index_epochs.values, run.summed(name)) for name in run.indices]


class HistoryCard(Card):
    """One of the two history plots. `refresh` paints only when something changed."""

    def __init__(
        self, title: str, figure: str, label: str, series: Callable[[LiveRun], Series], log: bool
    ) -> None:
        super().__init__(title, figure)
        self._series = series
        self.plot = plot_widget(label, "epoch")
        self.logarithmic = QCheckBox("log")
        self.logarithmic.setChecked(log)
        self.logarithmic.setToolTip("Logarithmic vertical axis")
        self.logarithmic.toggled.connect(self._rescale)
        self.head.addWidget(self.logarithmic)
        self._legend = QGridLayout()
        self._legend.setHorizontalSpacing(10)
        self._legend.setVerticalSpacing(0)
        holder = QWidget()
        holder.setLayout(self._legend)
        self._legend.setContentsMargins(2, 0, 2, 0)
        self.add(holder, 0)
        self.add(self.plot)
        self._items: dict[tuple[str, str], tuple[Any, Any, Any, Any]] = {}
        self._labels: dict[tuple[str, str], QLabel] = {}
        self._markers: list[Any] = []
        self._shown: tuple[Any, ...] = ()
        self._theme: Theme | None = None
        self.plot.setLogMode(y=log)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        colour_plot(self.plot, theme)
        self._forget()

    def _rescale(self, log: bool) -> None:
        self.plot.setLogMode(y=log)
        self._shown = ()

    def _forget(self) -> None:
        for items in self._items.values():
            for item in items:
                self.plot.removeItem(item)
        for label in self._labels.values():
            self._legend.removeWidget(label)
            label.deleteLater()
        for marker in self._markers:
            self.plot.removeItem(marker)
        self._items, self._labels, self._markers, self._shown = {}, {}, [], ()

    def refresh(self, runs: list[LiveRun]) -> None:
        """Draw the visible runs."""
        state = tuple((id(run), run.version) for run in runs)
        if state == self._shown or self._theme is None:
            return
        if {id(r) for r in runs} != {s[0] for s in self._shown}:
            self._forget()
        self._shown = state
        for number, run in enumerate(runs):
            for k, (name, epochs, values) in enumerate(self._series(run)):
                self._draw(run, number, k, name, epochs, values, len(runs))
        self._mark(runs[-1] if runs else None)
        trials = runs[-1].experiment.training.trials if runs else 1
        self.say(
            "" if not runs else f"median and quartiles of {trials} trials" if trials > 1 else ""
        )

    def _draw(
        self, run: LiveRun, number: int, k: int, name: str, epochs: Any, values: Any, runs: int
    ) -> None:
        assert self._theme is not None
        key = (str(id(run)), name)
        colours = self._theme.series
        colour = colours[(k if runs == 1 else run.colour) % len(colours)]
        if key not in self._items:
            dash = DASHES[k % len(DASHES)]
            line = self.plot.plot(pen=pg.mkPen(colour, width=1, style=dash))
            edge = pg.mkPen(None)
            low, high = self.plot.plot(pen=edge), self.plot.plot(pen=edge)
            shade = pg.mkColor(colour)
            shade.setAlpha(45)
            band = pg.FillBetweenItem(low, high, brush=shade)
            self.plot.addItem(band)
            self._items[key] = (line, low, high, band)
            label = QLabel()
            label.setAccessibleName(f"{name} of {run.name}")
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            self._legend.addWidget(label, self._legend.count() // 2, self._legend.count() % 2)
            self._labels[key] = label
        if not len(epochs):
            return
        pick = _thinned(len(epochs))
        x, y = epochs[pick], values[pick]
        quartiles = _quartiles(y, self.logarithmic.isChecked())
        line, low, high, _ = self._items[key]
        line.setData(x, quartiles[1])
        if values.shape[1] > 1:
            low.setData(x, quartiles[0])
            high.setData(x, quartiles[2])
        last = np.nanmedian(values[-1]) if np.isfinite(values[-1]).any() else float("nan")
        prefix = f"{run.name} " if runs > 1 else ""
        strokes = ("——", "– –", "–·–", "····", "–··")[k % 5]
        self._labels[key].setText(
            f'<span style="color:{colour}">{strokes}</span> '
            f"{prefix}{name.replace('-', ' ')} {last:.3g}"
        )

    def _mark(self, run: LiveRun | None) -> None:
        """A thin line for each live change of the newest run."""
        changes = [e for e in run.events if e.kind == "change"] if run is not None else []
        assert self._theme is not None
        for event in changes[len(self._markers) :]:
            marker = pg.InfiniteLine(
                event.epoch,
                pen=pg.mkPen(self._theme.faint, style=DASHES[3]),
                label=event.text.split(".", 1)[-1],
            )
            marker.label.setColor(self._theme.faint)
            marker.label.setPosition(0.95)
            self.plot.addItem(marker)
            self._markers.append(marker)


def _thinned(count: int) -> Any:
    """Row numbers to draw: at most about POINTS, the last one always."""
    step = max(1, count // POINTS)
    rows = np.arange(0, count, step)
    return rows if rows[-1] == count - 1 else np.append(rows, count - 1)


def _quartiles(values: Any, log: bool) -> Any:
    """[3, E]; NaN where nothing is known, and below a logarithmic axis."""
    out = np.full((3, len(values)), np.nan)
    finite = np.isfinite(values)
    whole, part = finite.all(1), finite.any(1) & ~finite.all(1)
    # nanpercentile goes row by row (0.1 s for a thousand epochs): only where trials are missing.
    if whole.any():
        out[:, whole] = np.percentile(values[whole], (25, 50, 75), axis=1)
    if part.any():
        out[:, part] = np.nanpercentile(values[part], (25, 50, 75), axis=1)
    return np.where(out > 0, out, np.nan) if log else out
