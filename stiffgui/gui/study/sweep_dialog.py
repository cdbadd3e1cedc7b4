"""The sweep editor: settings, values or ranges, grid or Latin hypercube; it says what it makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment, all_keys
from stiffgui.gui.study.model import as_text, from_text
from stiffgui.settings_errors import first_error
from stiffgui.study.sweep import Sweep

SHOWN = 6  # names of variants that the preview lists


class _Axis(QWidget):
    """One line: a setting, and its values (1e-5, 1e-4) or a range (1e-6 .. 1e-2) with a count."""

    edited = Signal()
    removed = Signal()

    def __init__(self, number: int) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.key = QLineEdit()
        self.key.setPlaceholderText("regularizer.weight")
        self.key.setAccessibleName(f"Setting {number}")
        self.key.setToolTip("The setting that is swept; start typing to see the names")
        completer = QCompleter(all_keys(), self.key)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.key.setCompleter(completer)
        self.values = QLineEdit()
        self.values.setPlaceholderText("1e-6 .. 1e-2, or 4, 6, 8")
        self.values.setAccessibleName(f"Values {number}")
        self.values.setToolTip("A range FROM .. TO, or the values themselves with commas")
        self.scale = QComboBox()
        self.scale.addItem("linear", "linear")
        self.scale.addItem("log", "log")
        self.scale.setAccessibleName(f"Scale {number}")
        self.scale.setToolTip("How a range is divided: equal differences or equal ratios")
        self.count = QSpinBox()
        self.count.setRange(2, 1000)
        self.count.setValue(5)
        self.count.setAccessibleName(f"Count {number}")
        self.count.setToolTip("Values of a range, both ends with it")
        remove = QPushButton("✕")
        remove.setObjectName("quiet")
        remove.setAccessibleName(f"Remove setting {number}")
        remove.setToolTip("Leave this setting out of the sweep")
        remove.setFixedWidth(30)
        layout.addWidget(self.key, 3)
        layout.addWidget(self.values, 3)
        layout.addWidget(self.scale)
        layout.addWidget(self.count)
        layout.addWidget(remove)
        self.key.textChanged.connect(self.edited)
        self.values.textChanged.connect(self.edited)
        self.scale.currentIndexChanged.connect(self.edited)
        self.count.valueChanged.connect(self.edited)
        remove.clicked.connect(self.removed)

    def declared(self) -> dict[str, Any]:
        """As `Axis` takes it. Raises InputError."""
        key, text = self.key.text().strip(), self.values.text().strip()
        if not key:
            raise InputError("name the setting that is swept.")
        if not text:
            raise InputError(f"{key}: give values, or a range such as 1e-6 .. 1e-2.")
        low, dots, high = text.replace("…", "..").partition("..")
        if not dots:
            return {"key": key, "values": [_number(v) for v in text.split(",") if v.strip()]}
        try:
            ends = {"lower": float(low), "upper": float(high)}
        except ValueError:
            raise InputError(f"{key}: a range is two numbers, such as 1e-6 .. 1e-2.") from None
        return {"key": key, "count": self.count.value(), "scale": self.scale.currentData()} | ends


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip()


class SweepDialog(QDialog):
    """Emits `chosen([(name, settings text), ...])` when accepted."""

    chosen = Signal(list)

    def __init__(self, parent: QWidget, base: Experiment) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sweep")
        self.resize(680, 340)
        self._base = base
        self.found: list[tuple[str, str]] = []
        self.axes: list[_Axis] = []
        self._make_editors()
        self.add_axis()
        self._update()

    def _make_editors(self) -> None:
        layout = QVBoxLayout(self)
        intro = QLabel("Variants that differ in one or more settings. They are added to the list.")
        intro.setObjectName("cardNote")
        layout.addWidget(intro)
        self._lines = QVBoxLayout()
        layout.addLayout(self._lines)
        more = QPushButton("Another setting")
        more.setObjectName("quiet")
        more.clicked.connect(lambda: self.add_axis())
        layout.addWidget(more, alignment=Qt.AlignmentFlag.AlignLeft)
        grid = QGridLayout()
        self.design = QComboBox()
        self.design.addItem("Every combination", "grid")
        self.design.addItem("Latin hypercube", "latin-hypercube")
        self.points = QSpinBox()
        self.points.setRange(2, 1000)
        self.points.setValue(10)
        self.settings = QLineEdit()
        self.settings.setPlaceholderText("regularizer.kind = l2")
        rows: Sequence[tuple[str, QWidget, str]] = (
            ("&Design", self.design, "How the values are combined"),
            ("&Points", self.points, "Variants of a Latin hypercube"),
            ("A&lso set", self.settings, "What all swept variants change besides: KEY = VALUE; …"),
        )
        for row, (title, widget, tip) in enumerate(rows):
            label = QLabel(title)
            label.setBuddy(widget)
            widget.setToolTip(tip)
            widget.setAccessibleName(title.replace("&", ""))
            grid.addWidget(label, row, 0)
            grid.addWidget(widget, row, 1)
        layout.addLayout(grid)
        self.told = QLabel()
        self.told.setWordWrap(True)
        layout.addWidget(self.told, 1)
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self.buttons.button(kinds.Ok).setText("Add")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)
        self.design.currentIndexChanged.connect(self._update)
        self.points.valueChanged.connect(self._update)
        self.settings.textChanged.connect(self._update)

    def add_axis(self) -> None:
        """One more setting to sweep."""
        axis = _Axis(len(self.axes) + 1)
        axis.edited.connect(self._update)
        axis.removed.connect(lambda: self._remove(axis))
        self.axes.append(axis)
        self._lines.addWidget(axis)
        axis.key.setFocus()
        self._update()

    def _remove(self, axis: _Axis) -> None:
        if len(self.axes) > 1:
            self.axes.remove(axis)
            self._lines.removeWidget(axis)
            axis.deleteLater()
            self._update()

    def _update(self) -> None:
        self.points.setEnabled(self.design.currentData() == "latin-hypercube")
        try:
            self.found = self._variants()
            names = [name for name, _ in self.found]
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            self._say(f"{len(names)} variants: {'; '.join(names[:SHOWN])}{more}", False)
        except InputError as error:
            self.found = []
            self._say(str(error), True)
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(bool(self.found))

    def _variants(self) -> list[tuple[str, str]]:
        from pydantic import ValidationError

        values = {
            "axes": [axis.declared() for axis in self.axes],
            "design": self.design.currentData(),
            "points": self.points.value(),
            "settings": from_text(self.settings.text()),
        }
        try:
            sweep = Sweep.model_validate(values)
        except ValidationError as error:
            raise first_error(Sweep, error, "a sweep") from None
        variants = sweep.variants(self._base)
        for _, settings in variants:
            self._base.with_settings(settings)  # says what is wrong with a key or a value
        return [(name, as_text(settings)) for name, settings in variants]

    def _say(self, text: str, problem: bool) -> None:
        self.told.setText(text)
        self.told.setProperty("problem", problem)
        self.told.style().unpolish(self.told)
        self.told.style().polish(self.told)

    def accept(self) -> None:
        """Hand the variants over."""
        self.chosen.emit(self.found)
        super().accept()
