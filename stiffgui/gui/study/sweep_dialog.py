"""The sweep editor: settings, values or ranges, grid or Latin hypercube; it says what it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
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
from stiffgui.experiment import Experiment
from stiffgui.gui.editors import ChoicesEditor, help_text
from stiffgui.settings import Spec
from stiffgui.settings_errors import first_error
from stiffgui.study.declaration import OF_THE_STUDY
from stiffgui.study.sweep import Sweep

SHOWN = 6  # names of variants that the preview lists


class _Axis(QWidget):
    """One line: a setting, and its values (1e-5, 1e-4), a range (1e-6 .. 1e-2) with a count, or
    several of its choices."""

    edited = Signal()
    removed = Signal()

    def __init__(self, number: int, specs: Sequence[Spec]) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.ticked: tuple[str, ...] = ()  # of its choices
        self.key = QComboBox()
        for spec in specs:
            self.key.addItem(f"{spec.group.capitalize()}: {spec.title}", spec)
            self.key.setItemData(self.key.count() - 1, help_text(spec), Qt.ItemDataRole.ToolTipRole)
        self.key.setAccessibleName(f"Setting {number}")
        self.key.setToolTip("The setting that is swept")
        self.key.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.values = QLineEdit()
        self.values.setPlaceholderText("1e-6 .. 1e-2, or 4, 6, 8")
        self.values.setAccessibleName(f"Values {number}")
        self.values.setToolTip("A range FROM .. TO, or the values themselves with commas")
        self.choices: ChoicesEditor | None = None
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
        self._layout = layout
        layout.addWidget(self.scale)
        layout.addWidget(self.count)
        layout.addWidget(remove)
        self.key.currentIndexChanged.connect(self._take_setting)
        self.values.textChanged.connect(self.edited)
        self.scale.currentIndexChanged.connect(self.edited)
        self.count.valueChanged.connect(self.edited)
        remove.clicked.connect(self.removed)

        self._take_setting()

    def choose(self, key: str) -> None:
        """Sweep a setting."""
        keys = [self.key.itemData(row).key for row in range(self.key.count())]
        self.key.setCurrentIndex(keys.index(key))

    def _take_setting(self) -> None:
        spec: Spec = self.key.currentData()
        self.scale.setCurrentIndex(int(spec.logarithmic))
        if self.choices is not None:
            self.choices.setParent(None)
            self.choices.deleteLater()
        names = {"true": "", "false": ""} if spec.type == "flag" else spec.choices
        self.ticked, self.choices = (), None
        if names is not None:
            self.choices = ChoicesEditor(replace(spec, type="choices", choices=names))
            self.choices.show_value(())
            self.choices.edited.connect(self._tick)
            self._layout.insertWidget(1, self.choices, 3)
        for widget in (self.values, self.scale, self.count):
            widget.setVisible(names is None)
        self.edited.emit()

    def _tick(self, names: tuple[str, ...]) -> None:
        assert self.choices is not None
        self.ticked = names
        self.choices.show_value(names)
        self.edited.emit()

    def declared(self) -> dict[str, Any]:
        """As `Axis` takes it. Raises InputError."""
        spec: Spec = self.key.currentData()
        key, text = spec.key, self.values.text().strip()
        if self.choices is not None:
            if not self.ticked:
                raise InputError(f"{spec.title}: tick what is swept.")
            return {"key": key, "values": self.ticked}
        if not text:
            raise InputError(f"{spec.title}: give values, or a range such as 1e-6 .. 1e-2.")
        low, dots, high = text.replace("…", "..").partition("..")
        if not dots:
            return {"key": key, "values": [_number(v) for v in text.split(",") if v.strip()]}
        try:
            ends = {"lower": float(low), "upper": float(high)}
        except ValueError:
            raise InputError(
                f"{spec.title}: a range is two numbers, such as 1e-6 .. 1e-2."
            ) from None
        return {"key": key, "count": self.count.value(), "scale": self.scale.currentData()} | ends


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip()


class SweepDialog(QDialog):
    """Emits `chosen([(name, settings), ...])` when accepted; `settings` are those of the variant
    `name` from which the swept ones are made."""

    chosen = Signal(list)

    def __init__(
        self, parent: QWidget, base: Experiment, name: str, settings: Mapping[str, Any]
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sweep")
        self.resize(680, 340)
        self._base, self._name, self._settings = base, name, dict(settings)
        self._specs = [
            spec
            for spec in base.with_settings(settings).specs()
            if spec.type != "choices" and spec.key not in OF_THE_STUDY
        ]
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.axes: list[_Axis] = []
        self._make_editors()
        self.add_axis()
        self._update()

    def _make_editors(self) -> None:
        layout = QVBoxLayout(self)
        intro = QLabel(
            f"Variants as {self._name}, which differ in one or more settings. They are added to "
            f"the list."
        )
        intro.setWordWrap(True)
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
        rows: Sequence[tuple[str, QWidget, str]] = (
            ("&Design", self.design, "How the values are combined"),
            ("&Points", self.points, "Variants of a Latin hypercube"),
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

    def add_axis(self) -> None:
        """One more setting to sweep."""
        axis = _Axis(len(self.axes) + 1, self._specs)
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

    def _variants(self) -> list[tuple[str, dict[str, Any]]]:
        from pydantic import ValidationError

        values = {
            "axes": [axis.declared() for axis in self.axes],
            "design": self.design.currentData(),
            "points": self.points.value(),
            "settings": self._settings,
        }
        try:
            sweep = Sweep.model_validate(values)
        except ValidationError as error:
            raise first_error(Sweep, error, "a sweep") from None
        variants = sweep.variants(self._base)
        for _, settings in variants:
            self._base.with_settings(settings)  # says what is wrong with a key or a value
        return variants

    def _say(self, text: str, problem: bool) -> None:
        self.told.setText(text)
        self.told.setProperty("problem", problem)
        self.told.style().unpolish(self.told)
        self.told.style().polish(self.told)

    def accept(self) -> None:
        """Hand the variants over."""
        self.chosen.emit(self.found)
        super().accept()
