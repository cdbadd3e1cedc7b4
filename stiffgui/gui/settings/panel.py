"""The Experiment panel: every setting that matters for the present choices, one row each."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QWidget

from stiffgui._presets import presets
from stiffgui.experiment import Experiment
from stiffgui.gui.plots.axes import grouped
from stiffgui.gui.settings.model import SettingsModel
from stiffgui.gui.settings.network_picture import NetworkPicture
from stiffgui.gui.settings.rows import (
    FIXED,
    SettingGroup,
    SettingRow,
    plain_column,
    quiet_button,
)
from stiffgui.settings import Spec

LOADED = "what was loaded"  # a run, a table or a file
GROUPS = ("task", "architecture", "regularizer", "training", "watch")


class ExperimentPanel(QFrame):
    """Edits a `SettingsModel`."""

    def __init__(self, model: SettingsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model, self._origin = model, ""
        self.title = QLabel("Experiment")
        self.training = False
        self._specs: list[Spec] = []
        self.setObjectName("card")
        self.subtitle = _note("panelSubtitle")
        self.correct = quiet_button("", "resetAll")
        self.correct.setProperty("problem", True)
        self.correct.setToolTip("Go to the first of them")
        self.correct.clicked.connect(self.go_to_problem)
        self.reset_all = quiet_button("Reset all", "resetAll")
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

    def set_origin(self, origin: str) -> None:
        """Say what the settings are compared with."""
        if origin != self._origin:
            self._origin = origin
            self._refresh()

    @property
    def origin(self) -> str:
        """What the settings are compared with."""
        shipped = self.model.preset_name in presets
        return self._origin or ("the preset" if shipped else LOADED)

    def set_training(self, training: bool) -> None:
        """While training only live settings may change."""
        if training != self.training:
            self.training = training
            self._refresh()

    def show_share(self, fraction: float | None, run: str = "") -> None:
        """Say how much of a run's loss the penalty is; None says nothing."""
        self.share.setVisible(fraction is not None)
        if fraction is not None:
            percent = f"{100 * fraction:.2g}" if fraction < 0.1 else f"{100 * fraction:.0f}"
            self.share.setText(f"{run}: the penalty is {percent} % of the loss")

    def _lay_out(self) -> None:
        self.title.setObjectName("cardTitle")
        names = plain_column()
        names.addWidget(self.title)
        names.addWidget(self.subtitle)
        names.addWidget(self.correct, 0, Qt.AlignmentFlag.AlignLeft)
        head = QHBoxLayout()
        head.setContentsMargins(10, 8, 10, 2)
        head.addLayout(names, 1)
        head.addWidget(self.reset_all, 0, Qt.AlignmentFlag.AlignTop)
        inside = QWidget()
        column = plain_column(inside)
        column.setContentsMargins(10, 4, 6, 8)
        column.setSpacing(6)
        for group in self.groups.values():
            column.addWidget(group)
        column.addStretch(1)
        area = self.area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        box = plain_column(self)
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
        problems = {k: self.plain_words(s) for k, s in self.model.problems.items()}
        for group in self.groups.values():
            group.update_rows(problems, self.training)
        other = [s for key, s in problems.items() if all(key != p.key for p in specs)]
        self.problem.setText("\n".join(other))
        self.problem.setVisible(bool(other))
        count = self.model.differences()
        differ = "1 setting differs" if count == 1 else f"{count} settings differ"
        same = "as loaded" if self.origin == LOADED else f"as in {self.origin}"
        self.subtitle.setText(f"{differ} from {self.origin}" if count else same)
        bad = len(problems)
        self.correct.setText(f"{bad} value{'' if bad == 1 else 's'} to correct")
        self.correct.setVisible(bool(bad))
        self.subtitle.setVisible(not bad)
        self.subtitle.setToolTip(f"Loaded: {self.model.preset_name}")
        self.reset_all.setVisible(bool(count))
        self.reset_all.setEnabled(not self.training)
        self.reset_all.setToolTip(
            FIXED if self.training else f"Back to {self.origin} in everything"
        )
        if self.model.value("regularizer.kind") == "none":
            self.show_share(None)
        if self.model.experiment is not None:
            self._describe(self.model.experiment)

    def _describe(self, experiment: Experiment) -> None:
        shape, task = experiment.architecture, experiment.task
        count = grouped(shape.parameters(task.inputs, task.outputs))
        self.picture.show_depth(shape.depth)
        self.note.setText(f"{count} parameters · step size a = T/N = {shape.step_size:.4g}")

    def show_setting(self, key: str) -> SettingRow | None:
        """Show a setting's row, which is returned, if it exists for the present choices."""
        row = self.row(key)
        if row is not None:
            group = self.groups[key.split(".")[0]]
            group.header.setChecked(True)
            group.more.setChecked(group.more.isChecked() or row.spec.advanced)
            QTimer.singleShot(0, row, lambda: self.area.ensureWidgetVisible(row))
        return row

    def go_to(self, key: str) -> None:
        """Show a setting, and let it be typed in."""
        row = self.show_setting(key)
        if row is not None:
            row.editor.control.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def go_to_problem(self) -> None:
        """Let the first value that is to be corrected be typed in."""
        key = next((spec.key for spec in self._specs if spec.key in self.model.problems), None)
        if key is not None:
            self.go_to(key)

    def plain_words(self, sentence: str) -> str:
        """The sentence with the titles a person sees instead of dotted keys."""
        for spec in sorted(self._specs, key=lambda s: -len(s.key)):
            sentence = sentence.replace(spec.key, spec.title)
        return sentence

    def tab_stops(self) -> list[QWidget]:
        """What Tab reaches, in order."""
        stops: list[QWidget] = [self.correct, self.reset_all]
        for group in self.groups.values():
            stops.append(group.header)
            rows = list(group.rows.values())
            for row in (r for r in rows if not r.spec.advanced):
                stops += row.tab_stops()
            stops.append(group.more)
            for row in (r for r in rows if r.spec.advanced):
                stops += row.tab_stops()
        return stops


def _note(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    return label
