"""How histories are drawn: against epochs, steps or seconds; smoothed; without outliers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QWidget, QWidgetAction

from stiffgui.gui.train.cards.history import HistoryCard

FACTORS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)


class CurvesMenu(QMenu):
    """The settings that the history cards share; each choice acts on all of them."""

    def __init__(self, cards: Sequence[HistoryCard], parent: QWidget) -> None:
        super().__init__("&Curves", parent)
        self._cards = cards
        self._add_axes()
        self.addSection("Curves")
        spec = cards[0].spec("robust")
        robust = self.addAction(spec.title)
        robust.setCheckable(True)
        robust.setToolTip(spec.help)
        robust.toggled.connect(lambda on: self.choose(robust=on))
        self.addAction(self._smoother())

    def choose(self, **settings: Any) -> None:
        """axis, smoothing or robust, of every card."""
        for card in self._cards:
            card.view.reset_view()
            card.set(**settings)

    def _add_axes(self) -> None:
        spec = self._cards[0].spec("axis")
        self.addSection(spec.title)
        group = QActionGroup(self)
        for name, title in (spec.choices or {}).items():
            action = self.addAction(title)
            action.setCheckable(True)
            action.setChecked(name == spec.default)
            action.triggered.connect(lambda _=False, name=name: self.choose(axis=name))
            group.addAction(action)

    def _smoother(self) -> QWidgetAction:
        spec = self._cards[0].spec("smoothing")
        row, text = QWidget(self), QLabel("off")
        layout = QHBoxLayout(row)
        layout.setContentsMargins(28, 2, 12, 4)
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, len(FACTORS) - 1)
        slider.setPageStep(1)
        slider.setMinimumWidth(120)
        slider.setAccessibleName(spec.title)
        slider.setToolTip(spec.help)
        text.setMinimumWidth(44)
        caption = QLabel("S&moothing")
        caption.setBuddy(slider)

        def moved(place: int) -> None:
            text.setText(f"{FACTORS[place]:g}" if place else "off")
            self.choose(smoothing=FACTORS[place])

        slider.valueChanged.connect(moved)
        for widget in (caption, slider, text):
            layout.addWidget(widget)
        action = QWidgetAction(self)
        action.setDefaultWidget(row)
        return action
