"""The fields of the import wizard: the settings of the table task, each row with its problem."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QToolButton, QWidget

from stiffgui._presets import of_any_table
from stiffgui.gui.editors import ChoiceEditor, Editor, editor_for
from stiffgui.settings import Spec, specs
from stiffgui.tasks.table import Table
from stiffgui.tasks.table.formats import TEXT_ENDINGS

# Two fields to a row, and the letter of each that Alt and a key jump to.
ROWS = (
    (("path", "a"),),
    (("outputs_path", "p"),),
    (("sheet", "h"), ("rows_along", "w")),
    (("input_columns", "n"), ("output_columns", "O")),
    (("missing", "M"), ("fill_value", "u")),
    (("test_fraction", "T"), ("validation_fraction", "V")),
    (("delimiter", "D"), ("categories", "C")),
    (("group_column", "G"), ("seed", "s")),
    (("relevance", "R"), ("keep", "K")),
    (("input_scale", "e"),),
)
FOLDED = 6  # rows from this one on are shown on demand
FOLDED_FIELDS = tuple(name for row in ROWS[FOLDED:] for name, _ in row)
FILES = ("path", "outputs_path")
OFFERED = {"sheet": (".xlsx", ".xlsm"), "rows_along": (".nc",)}  # of what the file has several
STANDARDISED = "Inputs and outputs are standardised by the training rows."


class ImportForm(QWidget):
    """Emits `edited(field, value)`; `values` holds what is entered, allowed or not."""

    edited = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("importForm")
        self.specs: dict[str, Spec] = {spec.key: spec for spec in specs(Table())}
        self.values: dict[str, Any] = {name: spec.default for name, spec in self.specs.items()}
        self.values |= {k: v for k, v in of_any_table().items() if k in self.specs}
        self.editors: dict[str, Editor] = {}
        self.problems: dict[str, QLabel] = {}
        self.labels: dict[str, QLabel] = {}
        self.browse = QPushButton("&Browse…")
        self.browse.setToolTip("Choose the file")
        self.browse_outputs = QPushButton("Browse…")
        self.browse_outputs.setToolTip("Choose the file of the outputs")
        self.more = QToolButton()
        self.more.setText("More settings")
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setAutoRaise(True)
        self.more.setToolTip("Delimiter, categories, groups, seed and scaling")
        self.more.toggled.connect(self._unfold)
        note = QLabel(STANDARDISED)
        note.setObjectName("cardNote")
        note.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        for number, fields in enumerate(ROWS):
            self._add_row(grid, number, fields)
        self._unfold(False)
        grid.addWidget(self.browse, 0, 4)
        grid.addWidget(self.browse_outputs, 2, 4)
        self.offer(())
        grid.addWidget(self.more, 2 * FOLDED, 0, 1, 2)
        grid.addWidget(note, 2 * FOLDED, 2, 1, 3)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        QWidget.setTabOrder(self.editors["path"].control, self.browse)
        QWidget.setTabOrder(self.browse, self.editors["outputs_path"].control)
        QWidget.setTabOrder(self.editors["outputs_path"].control, self.browse_outputs)
        QWidget.setTabOrder(self.browse_outputs, self.editors["sheet"].control)
        QWidget.setTabOrder(self.editors["validation_fraction"].control, self.more)
        QWidget.setTabOrder(self.more, self.editors["delimiter"].control)

    def _add_row(self, grid: QGridLayout, number: int, fields: tuple[tuple[str, str], ...]) -> None:
        problem = QLabel("")
        problem.setProperty("problem", True)
        problem.setWordWrap(True)
        problem.hide()
        top = 2 * number + (number >= FOLDED)  # below the fold's own row
        for place, (name, letter) in enumerate(fields):
            spec = self.specs[name]
            editor = ChoiceEditor(spec) if name in OFFERED else editor_for(spec)
            if editor.below is not None:  # there is no room for a slider
                editor.below.setParent(editor)
                editor.below.hide()
            editor.edited.connect(lambda value, name=name: self._take(name, value))
            label = QLabel(spec.title.replace(letter, f"&{letter}", 1))
            label.setBuddy(editor.control)
            wide = 3 if name in FILES else 2 if place else 1
            self.labels[name] = label
            grid.addWidget(label, top, 2 * place)
            grid.addWidget(editor, top, 2 * place + 1, 1, wide)
            editor.show_value(self.values[name])
            self.editors[name], self.problems[name] = editor, problem
        grid.addWidget(problem, top + 1, 1, 1, 4)

    def show_value(self, name: str, value: Any) -> None:
        """Show a value without a signal."""
        self.values[name] = value
        editor = self.editors[name]
        editor.show_value(value)
        if name in FILES and isinstance(editor.control, QLineEdit):
            editor.control.end(False)  # a path's end says more than its start
        self._only_for_text()

    def _take(self, name: str, value: Any) -> None:
        self.values[name] = value
        self._only_for_text()
        self.edited.emit(name, value)

    def _only_for_text(self) -> None:
        ending = Path(str(self.values["path"])).suffix.lower()
        self.editors["delimiter"].setEnabled(ending in TEXT_ENDINGS or not ending)

    def _unfold(self, shown: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        for name in FOLDED_FIELDS:
            self.editors[name].setVisible(shown)
            self.labels[name].setVisible(shown)

    def offer(self, choices: Sequence[str]) -> None:
        """Let one choose from the sheets, or the dimensions, that the file has several of."""
        ending = Path(str(self.values["path"])).suffix.lower()
        for name, endings in OFFERED.items():
            known = list(choices) if ending in endings and len(choices) > 1 else []
            value = self.values[name]
            editor = self.editors[name]
            assert isinstance(editor, ChoiceEditor)
            editor.offer(dict.fromkeys(["", *known, *([value] if value else [])], ""))
            editor.show_value(value)
            for widget in (editor, self.labels[name]):
                widget.setVisible(bool(known or value))

    def tell(self, sentence: str, key: str) -> None:
        """Say what is wrong under the field that mends it; nothing is wrong without a sentence."""
        name = key.removeprefix("task.")
        name = name if name in self.editors else "path"
        for label in self.problems.values():
            label.hide()
            label.setText("")
        for other, editor in self.editors.items():
            editor.set_invalid(bool(sentence) and other == name)
        if sentence:
            self.more.setChecked(self.more.isChecked() or name in FOLDED_FIELDS)
            self.problems[name].setText(self.plain_words(sentence))
            self.problems[name].show()

    def problem(self) -> str:
        """The sentence that is shown; empty when all is well."""
        return next((p.text() for p in self.problems.values() if p.text()), "")

    def plain_words(self, sentence: str) -> str:
        """The sentence with the titles a person sees instead of dotted keys."""
        for name, spec in self.specs.items():
            sentence = sentence.replace(f"task.{name}", spec.title)
        return sentence
