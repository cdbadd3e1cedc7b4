"""Errors and stiffness while training: median line, quartile band, one dash per series."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from stiffgui.gui.plots.card import Card, colour_plot, plot_widget
from stiffgui.gui.theme import Theme
from stiffgui.gui.train.cards.curve import Curve
from stiffgui.gui.train.cards.history_view import HistoryView
from stiffgui.gui.train.runs.entry import RunEntry
from stiffgui.training.quantities import Quantity, drawn_in
from stiffgui.training.records import Event

Series = list[tuple[Quantity, Any, Any]]  # what, epochs [E], quartiles over trials [3, E]


def error_series(run: RunEntry) -> Series:
    """Training and test RMSE."""
    return [(q, *run.history.quartiles(q.name)) for q in drawn_in("errors")]


def stiffness_series(run: RunEntry) -> Series:
    """Every watched index, summed over layers."""
    history = run.history
    return [(history.quantity(name), *history.quartiles(name)) for name in history.indices]


class HistoryCard(Card):
    """One of the two history plots. `refresh` paints only when something changed.

    Emits `pointed(x)` while the pointer is over the plot, and None when it leaves: the two
    plots show one crosshair.
    """

    pointed = Signal(object)

    def __init__(
        self,
        title: str,
        figure: str,
        empty: str,
        label: str,
        series: Callable[[RunEntry], Series],
        view: HistoryView,
        log: bool,
    ) -> None:
        super().__init__(title, figure, empty)
        self._series, self._label, self.view = series, label, view
        self.plot = plot_widget(label, view.axis.label)
        self.logarithmic = QCheckBox("log")
        self.logarithmic.setChecked(log)
        self.logarithmic.setToolTip("Logarithmic vertical axis")
        self.logarithmic.setAccessibleName(f"Logarithmic axis of {title}")
        self.logarithmic.toggled.connect(self._rescale)
        self.add_control(self.logarithmic)
        self._legend = QGridLayout()
        self._legend.setHorizontalSpacing(4)
        self._legend.setColumnStretch(0, 1)
        self._legend.setColumnStretch(1, 1)
        self._legend.setVerticalSpacing(0)
        self._legend.setContentsMargins(0, 0, 0, 0)
        holder = QWidget()
        holder.setLayout(self._legend)
        self.add(holder, 0)
        self.add(self.plot)
        self.curves: dict[tuple[int, str], Curve] = {}
        self._markers: list[Any] = []
        self._shown: tuple[Any, ...] = ()
        self._names: dict[int, str] = {}
        self._newest = 0
        self._theme: Theme | None = None
        self._cross = pg.InfiniteLine(pen=pg.mkPen("gray"))
        self._cross.hide()
        self.plot.addItem(self._cross, ignoreBounds=True)
        self._pointer: float | None = None
        self.plot.scene().sigMouseMoved.connect(self._moved)
        self.plot.setLogMode(y=log)
        self.plot.setRange(xRange=(0, 100), yRange=(-2, 0) if log else (0, 30))  # until data come
        view.changed.connect(self._view_changed)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        colour_plot(self.plot, theme)
        self._cross.setPen(pg.mkPen(theme.faint, width=1))
        self._forget()

    def export_options(self) -> dict[str, Any]:
        """What `stiffgui export` has to know to draw what is shown."""
        return {"logarithmic": self.logarithmic.isChecked()}

    def _rescale(self, log: bool) -> None:
        self.plot.setLogMode(y=log)
        self._shown = ()

    def _view_changed(self) -> None:
        self.plot.setLabel("bottom", self.view.axis.label)
        self.plot.enableAutoRange()
        self._forget()

    def _forget(self) -> None:
        for curve in self.curves.values():
            self._legend.removeWidget(curve.label)
            curve.remove()
        for marker in self._markers:
            self.plot.removeItem(marker)
        self.curves, self._markers, self._shown = {}, [], ()

    def refresh(self, runs: list[RunEntry]) -> None:
        """Draw the visible runs; the last one is the newest."""
        state = tuple((id(run), run.name, run.version) for run in runs)
        if state == self._shown or self._theme is None:
            return
        if [s[:2] for s in state] != [s[:2] for s in self._shown]:
            self._forget()
            self.plot.enableAutoRange()
        self._shown = state
        self._names = {id(run): run.name for run in runs}
        self._newest = id(runs[-1]) if runs else 0
        if runs:
            self.fill()
        for run in runs:
            for number, (quantity, epochs, quartiles) in enumerate(self._series(run)):
                if len(epochs):
                    x = self.view.axis.of(run, epochs)
                    curve = self._curve(run, number, quantity.short, len(runs))
                    curve.draw(x, epochs, quartiles, self.view, self.logarithmic.isChecked())
        self._write_legend()
        self._fit_range()
        if runs:
            self._mark(runs[-1])
        self._say(runs)

    def _say(self, runs: list[RunEntry]) -> None:
        trials = runs[-1].trials if runs else 0
        quartiles = f"median, quartiles · {trials} trials" if trials > 1 else ""
        self.say(quartiles)

    def _curve(self, run: RunEntry, number: int, name: str, runs: int) -> Curve:
        key = (id(run), name)
        if key not in self.curves:
            assert self._theme is not None
            colours = self._theme.series
            colour = colours[(number if runs == 1 else run.colour) % len(colours)]
            curve = self.curves[key] = Curve(self.plot, number, colour, run.trials > 1)
            curve.label.setAccessibleName(f"{name} of {run.name}")
            if id(run) == self._newest:
                self._legend.addWidget(curve.label, number // 2, number % 2)
        return self.curves[key]

    def _write_legend(self) -> None:
        """A stroke, a name and a value for each series of the shown run.

        The value is the last, or the one under the pointer. Other runs have the same strokes
        in the colours of the Runs bar.
        """
        for (run, name), curve in self.curves.items():
            value = curve.value_at(self._pointer)
            told = f"{value:.3g}" if np.isfinite(value) else "–"
            if run == self._newest and curve.label.tell(name, told):
                curve.label.setToolTip(f"{self._names.get(run, '')}: {name} {told}")

    def _fit_range(self) -> None:
        """Leave out the outermost hundredth of the values when outliers are ignored."""
        box = self.plot.getViewBox()
        if not self.view.robust:
            return
        drawn = [c.median[np.isfinite(c.median)] for c in self.curves.values()]
        values = np.concatenate(drawn) if drawn else np.empty(0)
        log = self.logarithmic.isChecked()
        values = np.log10(values[values > 0]) if log else values
        if len(values):
            low, high = np.percentile(values, (1, 99))
            box.setYRange(low, max(high, low + 1e-9), padding=0.08)

    def point_at(self, x: float | None) -> None:
        """Show the crosshair at x with the values there; None hides it."""
        self._pointer = x
        self._cross.setVisible(x is not None)
        if x is not None:
            self._cross.setPos(x)
        self._write_legend()

    def _moved(self, place: Any) -> None:
        box = self.plot.getViewBox()
        inside = box.sceneBoundingRect().contains(place)
        self.pointed.emit(box.mapSceneToView(place).x() if inside else None)

    def leaveEvent(self, event: Any) -> None:
        """The crosshair goes when the pointer does."""
        self.pointed.emit(None)
        super().leaveEvent(event)

    def _mark(self, run: RunEntry) -> None:
        """A thin line for each event of the newest run; without words for a drop of the rate."""
        assert self._theme is not None
        for event in marked(run.events)[len(self._markers) :]:
            quiet = event.kind == "learning-rate"
            marker = pg.InfiniteLine(
                float(self.view.axis.of(run, np.array([event.epoch]))[0]),
                pen=pg.mkPen(
                    self._theme.border if quiet else self._theme.faint, style=Qt.PenStyle.DotLine
                ),
                label=None if quiet else _told(run, event),
            )
            if not quiet:
                marker.label.setColor(self._theme.faint)
                marker.label.setPosition(0.95)
            self.plot.addItem(marker, ignoreBounds=True)
            self._markers.append(marker)


def marked(events: Iterable[Event]) -> list[Event]:
    """The events that are drawn: of the trials' learning rates, one at an epoch."""
    drawn, rates = [], set()
    for event in events:
        if event.kind == "learning-rate":
            if event.epoch in rates:
                continue
            rates.add(event.epoch)
        elif event.kind not in ("change", "diverged"):
            continue
        drawn.append(event)
    return drawn


def _told(run: RunEntry, event: Event) -> str:
    """A live change in the words of the panel: `Learning rate 0.001 → 0.002`."""
    if event.kind == "diverged":
        return event.text.split(" stopped")[0] + " diverged"
    titles = {spec.key: spec.title for spec in run.experiment.specs()}
    key = event.key or ""
    return event.text.replace(key, titles.get(key, key), 1)
