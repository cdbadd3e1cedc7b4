"""The Experiment panel: every setting that matters for the present choices, one row each.

Rows are kept while their setting exists, so that the focus and half-typed text survive edits
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui.experiment import Experiment
from stiffgui.gui.editors import editor_for, help_text
from stiffgui.gui.train.settings_model import SettingsModel
from stiffgui.settings import Spec

GROUPS = ("task", "architecture", "regularizer", "training", "watch")
LABEL_WIDTH = 104
FIXED = "fixed while training; stop first"
LIVE = "may change while training; acts at the next batch"
NARROW_SPACE = "\u202f"


class SettingRow(QWidget):
    """Label, editor, live dot, reset arrow; below them a slider and what is wrong."""

    def __init__(self, spec: Spec, model: SettingsModel) -> None:
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
        self.reset = _button("↺", "resetButton")
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
            back = _words(self.model.reference(self.spec))
            self.reset.setToolTip(f"Reset {self.spec.title} to {back}" if free else FIXED)
            self.reset.setAccessibleName(f"Reset {self.spec.title} to {back}")

    def tab_stops(self) -> list[QWidget]:
        """What Tab reaches, in order."""
        stops = [self.editor.control, self.editor.below, self.reset]
        return [widget for widget in stops if widget is not None]


class SettingGroup(QWidget):
    """A collapsible group of rows; advanced ones stand behind More."""

    rows_shown = Signal()

    def __init__(self, name: str, model: SettingsModel) -> None:
        super().__init__()
        self.model = model
        self.rows: dict[str, SettingRow] = {}
        self._problems: dict[str, str] = {}
        self.header = _button(name.capitalize(), "groupHeader")
        self.header.setCheckable(True)
        self.header.setChecked(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.header.setAccessibleName(f"{name.capitalize()} settings")
        self.header.setToolTip("Fold or unfold these settings")
        self.body = QWidget()
        self.more = _button("More", "moreButton")
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setAccessibleName(f"More {name} settings")
        self.more.setToolTip("Settings that are seldom changed")
        box = _column(self)
        box.addWidget(self.header)
        box.addWidget(self.body)
        inner = _column(self.body)
        self._plain, self._advanced = _column(), _column()
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


class NetworkPicture(QWidget):
    """The network as blocks: lift, residual layers with their skip arcs, read-out."""

    MOST = 12

    def __init__(self) -> None:
        super().__init__()
        self.layers = 1
        self.setMinimumHeight(34)
        self.setAccessibleName("Picture of the network")

    def sizeHint(self) -> QSize:
        return QSize(200, 34)

    def show_depth(self, depth: int) -> None:
        """Draw so many layers; beyond a dozen the middle is left out."""
        self.layers = depth
        self.setToolTip(f"Lift, {depth} residual layers with their skip connections, read-out")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = QPen(self.palette().color(QPalette.ColorRole.PlaceholderText), 1)
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        shown = min(self.layers, self.MOST)
        gap = self.layers > shown
        pitch = min(26.0, (self.width() - 2.0) / (shown + 2 + gap))
        side, top, middle = pitch * 0.62, self.height() - 18.0, self.height() - 10.0
        place = 0
        for block in range(shown + 2):
            if gap and block == shown:
                for dot in range(3):
                    painter.setPen(line)
                    painter.drawPoint(round(place * pitch + side * dot / 2), round(middle))
                place += 1
            x = 1 + place * pitch
            layer = 0 < block <= shown
            painter.setPen(QPen(accent, 1) if layer else line)
            painter.setBrush(accent if layer else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(x, top, side, 16), 2, 2)
            painter.setPen(line)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if block <= shown:
                painter.drawLine(round(x + side), round(middle), round(x + pitch), round(middle))
            if layer:  # x_n = x_{n-1} + ...: the state also goes around the layer
                arc = QPainterPath()
                arc.moveTo(x - (pitch - side) / 2, middle - 8)
                arc.quadTo(x + side / 2, top - 22, x + side + (pitch - side) / 2, middle - 8)
                painter.drawPath(arc)
            place += 1


class ExperimentPanel(QFrame):
    """Edits a `SettingsModel`."""

    def __init__(self, model: SettingsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.training = False
        self._specs: list[Spec] = []
        self.setObjectName("card")
        self.subtitle = _note("panelSubtitle")
        self.reset_all = _button("Reset all", "resetAll")
        self.reset_all.clicked.connect(model.reset_all)
        self.problem = QLabel()
        self.problem.setProperty("problem", True)
        self.problem.setWordWrap(True)
        self.problem.setContentsMargins(10, 0, 10, 4)
        self.groups = {name: SettingGroup(name, model) for name in GROUPS}
        self.picture = NetworkPicture()
        self.note = _note("note")
        self.share = _note("share")
        self.groups["architecture"].add_below(self.note)
        self.groups["architecture"].add_below(self.picture)
        self.groups["regularizer"].add_below(self.share)
        self._lay_out()
        self.show_share(None)
        model.changed.connect(self._refresh)
        self._refresh()

    def row(self, key: str) -> SettingRow | None:
        """The row of a setting, if it exists for the present choices."""
        return self.groups[key.split(".")[0]].rows.get(key)

    def set_training(self, training: bool) -> None:
        """While training only live settings may change."""
        if training != self.training:
            self.training = training
            self._refresh()

    def show_share(self, fraction: float | None) -> None:
        """Say how much of the loss the penalty is; None says nothing."""
        self.share.setVisible(fraction is not None)
        if fraction is not None:
            percent = f"{100 * fraction:.2g}" if fraction < 0.1 else f"{100 * fraction:.0f}"
            self.share.setText(f"penalty is {percent} % of the loss")

    def _lay_out(self) -> None:
        title = QLabel("Experiment")
        title.setObjectName("cardTitle")
        names = _column()
        names.addWidget(title)
        names.addWidget(self.subtitle)
        head = QHBoxLayout()
        head.setContentsMargins(10, 8, 10, 2)
        head.addLayout(names, 1)
        head.addWidget(self.reset_all, 0, Qt.AlignmentFlag.AlignTop)
        inside = QWidget()
        column = _column(inside)
        column.setContentsMargins(10, 4, 6, 8)
        column.setSpacing(6)
        for group in self.groups.values():
            column.addWidget(group)
            group.more.toggled.connect(self._order_tabs)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        box = _column(self)
        box.addLayout(head)
        box.addWidget(self.problem)
        box.addWidget(area, 1)
        box.setContentsMargins(1, 0, 1, 6)

    def _refresh(self) -> None:
        specs = self.model.specs()
        rebuilt = specs != self._specs
        if rebuilt:
            self._specs = specs
            for name, group in self.groups.items():
                group.set_specs(s for s in specs if s.group == name)
        problems = {k: self._plain_words(s) for k, s in self.model.problems.items()}
        for group in self.groups.values():
            group.update_rows(problems, self.training)
        if rebuilt:
            self._order_tabs()
        other = [s for key, s in problems.items() if all(key != p.key for p in specs)]
        self.problem.setText("\n".join(other))
        self.problem.setVisible(bool(other))
        count = self.model.differences()
        differ = "1 setting differs" if count == 1 else f"{count} settings differ"
        told = f"{differ} from the preset" if count else "as in the preset"
        bad = len(problems)
        if bad:
            told = "1 value to correct" if bad == 1 else f"{bad} values to correct"
        self.subtitle.setText(told)
        self.subtitle.setProperty("problem", bool(bad))
        self.subtitle.style().polish(self.subtitle)
        self.subtitle.setToolTip(f"Preset: {self.model.preset_name}")
        self.reset_all.setVisible(bool(count))
        self.reset_all.setEnabled(not self.training)
        self.reset_all.setToolTip(FIXED if self.training else "Back to the preset in everything")
        if self.model.value("regularizer.kind") == "none":
            self.show_share(None)
        if self.model.experiment is not None:
            self._describe(self.model.experiment)

    def _describe(self, experiment: Experiment) -> None:
        shape, task = experiment.architecture, experiment.task
        count = f"{shape.parameters(task.inputs, task.outputs):,}".replace(",", NARROW_SPACE)
        self.picture.show_depth(shape.depth)
        self.note.setText(f"{count} parameters · step size a = T/N = {shape.step_size:.4g}")

    def _plain_words(self, sentence: str) -> str:
        """The sentence with the titles a person sees instead of dotted keys."""
        for spec in sorted(self._specs, key=lambda s: -len(s.key)):
            sentence = sentence.replace(spec.key, spec.title)
        return sentence

    def _order_tabs(self) -> None:
        stops: list[QWidget] = [self.reset_all]
        for group in self.groups.values():
            stops.append(group.header)
            rows = list(group.rows.values())
            for row in (r for r in rows if not r.spec.advanced):
                stops += row.tab_stops()
            stops.append(group.more)
            for row in (r for r in rows if r.spec.advanced):
                stops += row.tab_stops()
        for first, second in pairwise(stops):
            QWidget.setTabOrder(first, second)


def _button(text: str, name: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setObjectName(name)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def _note(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    return label


def _column(parent: QWidget | None = None) -> QVBoxLayout:
    layout = QVBoxLayout() if parent is None else QVBoxLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    return layout


def _words(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
