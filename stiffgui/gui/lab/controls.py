"""The settings of a laboratory page: sliders for the two or three that matter, the rest below."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui.errors import InputError
from stiffgui.gui.editors import Editor, NumberEditor, editor_for, help_text, scroll_past
from stiffgui.gui.lab.editors import EDITORS
from stiffgui.labs import Page
from stiffgui.settings import Spec

STEPS = 200  # of a slider


class Scale(QSlider):
    """A slider over the range of one setting, linear or logarithmic, whole numbers as such."""

    moved = Signal(object)

    def __init__(self, spec: Spec, low: float, high: float) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        scroll_past(self)
        self._spec, self._low, self._high = spec, low, high
        whole = spec.type == "integer" and high - low <= STEPS
        self.setRange(0, round(high - low) if whole else STEPS)
        self.setAccessibleName(f"{spec.title}, slider")
        kind = ", logarithmic" if spec.logarithmic else ""
        self.setToolTip(f"{help_text(spec)}\nSlider: {low:g} to {high:g}{kind}.")
        self.valueChanged.connect(lambda at: self.moved.emit(self._value(at)))

    def show_value(self, value: Any) -> None:
        """Move to a value without emitting `moved`."""
        if not isinstance(value, int | float):
            return
        with QSignalBlocker(self):
            self.setValue(self._place(value))

    def _place(self, value: float) -> int:
        value = min(max(value, self._low), self._high)
        if self._spec.logarithmic:
            share = math.log(value / self._low) / math.log(self._high / self._low)
        else:
            share = (value - self._low) / (self._high - self._low)
        return round(share * self.maximum())

    def _value(self, at: int) -> int | float:
        default = self._spec.default
        inside = isinstance(default, int | float) and self._low <= default <= self._high
        if inside and at == self._place(default):
            exact: int | float = default  # moved back, it is that again, not a rounded neighbour
            return exact
        share = at / self.maximum()
        if self._spec.logarithmic:
            value = self._low * (self._high / self._low) ** share
        else:
            value = self._low + share * (self._high - self._low)
        return round(value) if self._spec.type == "integer" else float(f"{value:.3g}")


class Controls(QWidget):
    """Editors of a page's settings. Emits `changed(page)` for every change that is allowed.

    What is not allowed is outlined and said; the page stays the last that was.
    """

    changed = Signal(object)

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._default, self.page = page, page
        self.editors: dict[str, Editor] = {}
        self.scales: dict[str, Scale] = {}
        self._bad: dict[str, tuple[Any, str]] = {}
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setProperty("problem", "true")
        self.problem.hide()
        self._rows = QGridLayout()
        self._rows.setVerticalSpacing(5)
        self._rows.setColumnStretch(1, 1)
        self._rest = QWidget()
        self._more_rows = QGridLayout(self._rest)
        self._more_rows.setContentsMargins(0, 0, 0, 0)
        self._more_rows.setColumnStretch(1, 1)
        self.more = QToolButton()
        self.more.setObjectName("groupHeader")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._fold)
        self.reset = QPushButton("Default values")
        self.reset.setObjectName("quiet")
        self.reset.clicked.connect(self.reset_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addLayout(self._rows)
        layout.addWidget(self.problem)
        row = QHBoxLayout()
        row.addWidget(self.more)
        row.addStretch(1)
        row.addWidget(self.reset)
        layout.addLayout(row)
        layout.addWidget(self._rest)
        specs = {spec.key: spec for spec in page.specs()}
        for key in page.first:
            self._add(specs.pop(key), self._rows, None)
        for key, (low, high) in page.sliders.items():
            self._add(specs.pop(key), self._rows, (low, high))
        for spec in specs.values():
            self._add(spec, self._more_rows, None)
        self._fold(False)
        self._show()

    def _add(self, spec: Spec, rows: QGridLayout, span: tuple[float, float] | None) -> None:
        made = EDITORS.get(spec.key)
        editor = made(spec, self) if made is not None else editor_for(spec, self)
        editor.deferred = True
        label = QLabel(spec.title)
        label.setBuddy(editor.control)
        label.setToolTip(help_text(spec))
        row = rows.rowCount()
        rows.addWidget(label, row, 0)
        rows.addWidget(editor, row, 1)
        if isinstance(editor, NumberEditor) and editor.slider is not None:
            editor.slider.deleteLater()  # the page has ranges of its own
            editor.below = editor.slider = None
        if editor.below is not None:
            rows.addWidget(editor.below, row + 1, 0, 1, 2)
        if span is not None:
            scale = self.scales[spec.key] = Scale(spec, *span)
            rows.addWidget(scale, row + 1, 0, 1, 2)
            scale.moved.connect(lambda value, key=spec.key: self.edit(key, value))
        editor.edited.connect(lambda value, key=spec.key: self.edit(key, value))
        self.editors[spec.key] = editor

    def _fold(self, opened: bool) -> None:
        self._rest.setVisible(opened)
        self.more.setText("▾ More settings" if opened else "▸ More settings")

    def edit(self, key: str, value: Any) -> None:
        """Change one setting."""
        wanted = {k: v for k, (v, _) in self._bad.items()} | {key: value}
        self._bad.pop(key, None)
        page = self.page
        for name, each in wanted.items():
            try:
                page = page.with_settings({name: each})
                self._bad.pop(name, None)
            except InputError as error:
                self._bad[name] = each, str(error)
        changed = page != self.page
        self.page = page
        self._show()
        if changed and not self._bad:
            self.changed.emit(page)

    def reset_all(self) -> None:
        """Back to the page's defaults."""
        self.try_this({})

    def try_this(self, changes: Mapping[str, Any]) -> None:
        """The page's defaults with some settings changed."""
        self._bad.clear()
        self.page = self._default.with_settings(changes)
        self._show()
        self.changed.emit(self.page)

    def tell(self, sentence: str) -> None:
        """What is wrong, in words."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _show(self) -> None:
        values = self.page.model_dump()
        for key, editor in self.editors.items():
            bad = key in self._bad
            editor.set_invalid(bad)
            if not bad:
                editor.show_value(values[key])
            if key in self.scales and not bad:
                self.scales[key].show_value(values[key])
        self.tell(next(iter(self._bad.values()))[1] if self._bad else "")
        self.reset.setEnabled(self.page != self._default or bool(self._bad))
