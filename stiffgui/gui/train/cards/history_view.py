"""How histories are drawn: against epochs, steps or seconds; smoothed; without outliers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QWidget, QWidgetAction

from stiffgui.gui.train.runs.entry import RunEntry

FACTORS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)


@dataclass(frozen=True)
class Axis:
    """A horizontal axis. `of` maps epochs [n] of a run to places on it."""

    title: str
    label: str
    of: Callable[[RunEntry, Any], Any]


def _steps(run: RunEntry, epochs: Any) -> Any:
    return epochs * run.steps_per_epoch


def _seconds(run: RunEntry, epochs: Any) -> Any:
    recorded = run.history.epochs
    return run.history.seconds[np.searchsorted(recorded, epochs).clip(max=len(recorded) - 1)]


AXES = {
    "epoch": Axis("Epochs", "epoch", lambda run, epochs: np.asarray(epochs, float)),
    "step": Axis("Optimiser steps", "optimiser step", _steps),
    "time": Axis("Training time", "training time (s)", _seconds),
}


class HistoryView(QObject):
    """The choices that Errors and Stiffness share. Emits `changed`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.axis = AXES["epoch"]
        self.smoothing = 0.0
        self.robust = False

    def choose(self, **choices: Any) -> None:
        """axis (a key of AXES), smoothing in [0, 0.999], robust."""
        for name, value in choices.items():
            setattr(self, name, AXES[value] if name == "axis" else value)
        self.changed.emit()

    def fill(self, menu: QMenu) -> None:
        """Put the choices into a menu."""
        group = QActionGroup(menu)
        menu.addSection("Horizontal axis")
        for key, axis in AXES.items():
            action = menu.addAction(axis.title)
            action.setCheckable(True)
            action.setChecked(axis is self.axis)
            action.triggered.connect(lambda _=False, key=key: self.choose(axis=key))
            group.addAction(action)
        menu.addSection("Curves")
        robust = menu.addAction("Ignore outliers")
        robust.setCheckable(True)
        robust.setToolTip("Leave the outermost hundredth of the values out of the vertical range")
        robust.toggled.connect(lambda on: self.choose(robust=on))
        menu.addAction(self._smoother(menu))

    def _smoother(self, menu: QMenu) -> QWidgetAction:
        row, told = QWidget(menu), QLabel("off")
        layout = QHBoxLayout(row)
        layout.setContentsMargins(28, 2, 12, 4)
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, len(FACTORS) - 1)
        slider.setPageStep(1)
        slider.setMinimumWidth(120)
        slider.setAccessibleName("Smoothing")
        slider.setToolTip("Exponential mean of the curves; the raw curve stays faint behind")
        told.setMinimumWidth(44)
        caption = QLabel("S&moothing")
        caption.setBuddy(slider)

        def moved(place: int) -> None:
            told.setText(f"{FACTORS[place]:g}" if place else "off")
            self.choose(smoothing=FACTORS[place])

        slider.valueChanged.connect(moved)
        for widget in (caption, slider, told):
            layout.addWidget(widget)
        action = QWidgetAction(menu)
        action.setDefaultWidget(row)
        return action
