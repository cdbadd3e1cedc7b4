"""Rows of settings, in groups that fold.

Rows are kept while their setting exists, so that the focus and half-typed text survive edits
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from stiffgui.gui.editors import editor_for, help_text
from stiffgui.settings import Spec

LABEL_WIDTH = 104
FIXED = "fixed while training; stop first"
LIVE = "may change while training; acts at the next batch"


class Edited(Protocol):
    """Settings that rows show and change: `SettingsModel` says what each of these does."""

    def value(self, key: str) -> Any: ...

    def reference(self, spec: Spec) -> Any: ...

    def differs(self, key: str) -> bool: ...

    def edit(self, key: str, value: Any) -> None: ...

    def reset(self, key: str) -> None: ...


class SettingRow(QWidget):
    """Label, editor, live dot, reset arrow; below them a slider and what is wrong."""

    def __init__(self, spec: Spec, model: Edited) -> None:
        super().__init__()
        self.spec, self.model = spec, model
        self.editor = editor_for(spec)
        self.label = QLabel(spec.title)
        self.label.setWordWrap(True)
        self.label.setFixedWidth(LABEL_WIDTH)
        self.label.setBuddy(self.editor.control)
        self.label.setToolTip(help_text(spec))
        self.setWhatsThis(help_text(spec))
        self.dot = QLabel("●" if spec.live else "")
        self.dot.setObjectName("liveDot")
        self.dot.setFixedWidth(12)
        self.dot.setToolTip(LIVE if spec.live else "")
        self.reset = quiet_button("↺", "resetButton")
        self.reset.setFixedSize(20, 20)
        keep = self.reset.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(keep)
        self.problem = QLabel()
        self.problem.setProperty("problem", True)
        self.problem.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 3, 0, 3)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        for column, widget in enumerate((self.label, self.editor, self.dot, self.reset)):
            grid.addWidget(widget, 0, column)
        grid.setColumnStretch(1, 1)
        if self.editor.below is not None:
            grid.addWidget(self.editor.below, 1, 0, 1, 2)
        grid.addWidget(self.problem, 2, 0, 1, 4)
        self.editor.edited.connect(lambda value: model.edit(spec.key, value))
        self.reset.clicked.connect(lambda: model.reset(spec.key))
        self._tip = self.editor.control.toolTip()

    def update_row(self, sentence: str, training: bool) -> None:
        """Show the model's value, what is wrong with it and whether it may change now."""
        differs, free = self.model.differs(self.spec.key), self.spec.live or not training
        self.editor.deferred = training
        self.editor.show_value(self.model.value(self.spec.key))
        self.editor.set_invalid(bool(sentence))
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        self.editor.control.setAccessibleDescription(sentence or help_text(self.spec))
        if not free and self.editor.isEnabled():
            self._tip = self.editor.control.toolTip()
        for widget in (self.editor, self.editor.below, self.reset):
            if widget is not None:
                widget.setEnabled(free)
        if not free:
            self.editor.control.setToolTip(FIXED)
        elif self.editor.control.toolTip() == FIXED:
            self.editor.control.setToolTip(self._tip)
        self.reset.setVisible(differs)
        if differs:
            back = words(self.model.reference(self.spec))
            self.reset.setToolTip(f"Reset {self.spec.title} to {back}" if free else FIXED)
            self.reset.setAccessibleName(f"Reset {self.spec.title} to {back}")

    def tab_stops(self) -> list[QWidget]:
        """What Tab reaches, in order."""
        stops = [self.editor.control, self.editor.below, self.reset]
        return [widget for widget in stops if widget is not None]


class SettingGroup(QWidget):
    """A collapsible group of rows; advanced ones stand behind More."""

    def __init__(self, name: str, model: Edited) -> None:
        super().__init__()
        self.model = model
        self.rows: dict[str, SettingRow] = {}
        self._problems: dict[str, str] = {}
        self.header = quiet_button(name.capitalize(), "groupHeader")
        self.header.setCheckable(True)
        self.header.setChecked(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.header.setAccessibleName(f"{name.capitalize()} settings")
        self.header.setToolTip("Fold or unfold these settings")
        self.body = QWidget()
        self.more = quiet_button("More", "moreButton")
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setAccessibleName(f"More {name} settings")
        self.more.setToolTip("Settings that are seldom changed")
        box = plain_column(self)
        box.addWidget(self.header)
        box.addWidget(self.body)
        inner = plain_column(self.body)
        self._plain, self._advanced = plain_column(), plain_column()
        inner.addLayout(self._plain)
        inner.addWidget(self.more)
        inner.addLayout(self._advanced)
        self.header.toggled.connect(self._unfold)
        self.more.toggled.connect(self._unfold)
        self._unfold()

    def add_below(self, widget: QWidget) -> None:
        """Put a widget under the plain rows."""
        layout = self.body.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(1, widget)

    def set_specs(self, specs: Iterable[Spec]) -> None:
        """Keep rows whose setting is the same, add new ones, drop those that went."""
        old, self.rows = self.rows, {}
        for spec in specs:
            row = old.pop(spec.key, None)
            if row is not None and row.spec != spec:
                old[spec.key] = row
                row = None
            self.rows[spec.key] = row or SettingRow(spec, self.model)
        for row in old.values():
            row.hide()
            row.setParent(None)
            row.deleteLater()
        for row in self.rows.values():
            (self._advanced if row.spec.advanced else self._plain).addWidget(row)

    def update_rows(self, problems: Mapping[str, str], training: bool) -> None:
        """Show the model's values; a fold that hides a new problem opens."""
        new = {k for k in problems if k in self.rows and k not in self._problems}
        self._problems = {k: s for k, s in problems.items() if k in self.rows}
        for key, row in self.rows.items():
            row.update_row(self._problems.get(key, ""), training)
        if new:
            self.header.setChecked(True)
        if any(self.rows[key].spec.advanced for key in new):
            self.more.setChecked(True)
        self._unfold()

    def _unfold(self) -> None:
        for button in (self.header, self.more):
            down = button.isChecked()
            button.setArrowType(Qt.ArrowType.DownArrow if down else Qt.ArrowType.RightArrow)
        self.body.setVisible(self.header.isChecked())
        advanced = [row for row in self.rows.values() if row.spec.advanced]
        self.more.setVisible(bool(advanced))
        self.more.setText("Less" if self.more.isChecked() else f"More ({len(advanced)})")
        for row in self.rows.values():
            row.setVisible(not row.spec.advanced or self.more.isChecked())


def quiet_button(text: str, name: str) -> QToolButton:
    """A button without a frame that Tab reaches."""
    button = QToolButton()
    button.setText(text)
    button.setObjectName(name)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def plain_column(parent: QWidget | None = None) -> QVBoxLayout:
    """A column without margins."""
    layout = QVBoxLayout() if parent is None else QVBoxLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    return layout


def words(value: object) -> str:
    """A value as a sentence says it."""
    if isinstance(value, tuple | list):
        return ", ".join(map(words, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
