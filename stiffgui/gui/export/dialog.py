"""The export dialog: figure, kind, size, file, and how it will look; it says what is wrong."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui.errors import InputError
from stiffgui.figures import PICTURE_FORMATS, Style, figure_from
from stiffgui.figures.files import ENDINGS, beside
from stiffgui.figures.style import JOURNALS, USUAL_FAMILY, of_journal
from stiffgui.gui.export.offers import Offer, suggested
from stiffgui.gui.export.preview import PreviewLabel
from stiffgui.gui.export.remembered import remember, remembered
from stiffgui.gui.saving import NAMELESS, check_file
from stiffgui.settings import Spec, specs

PREVIEW_MILLISECONDS = 150  # of quiet before a preview is asked for
COMMAND_LINES = 5  # in sight
MNEMONICS = {"width": "&Width", "height": "&Height", "font": "F&ont size", "dpi": "&Resolution"}
SIZES = "integer", "number"  # what has a field for numbers
JOURNAL_TEXT = {"one-column": "Journal, one column", "two-columns": "Journal, two columns"}
Value = QDoubleSpinBox | QCheckBox | QComboBox


class ExportDialog(QDialog):
    """Emits `asked(offer, kind, path, style)` and stays open until `accept` (it was written) or
    `show_problem` (it was not); and `preview_asked(Preview)` whenever the picture is another.
    """

    asked = Signal(object, str, object, object)
    preview_asked = Signal(object)

    def __init__(
        self, parent: QWidget, settings: QSettings, offers: Sequence[Offer], chosen: str
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self._settings, self.offers = settings, list(offers)
        self._may_replace: Path | None = None
        self._drawn: tuple[Style, Style, str, Path] | None = None
        figure = next((offer for offer in self.offers if offer.name == chosen), self.offers[0])
        self._usual = figure.usual_style
        last = remembered(settings, self._usual)
        self._folder = last.folder or self.offers[0].source.named.parent
        self._make_editors(figure.name, last.style)
        self._lay_out()
        self.resize(min(900, parent.window().width()), 510)
        self._connect()
        self._fill_kinds(last.kind)
        self._suggest()
        self._changed()
        self.show_problem(" ".join(last.problems))
        self.file.selectAll()
        self.file.setFocus()

    # ------------------------------------------------------------------ building

    def _make_editors(self, chosen: str, style: Style) -> None:
        self._preview_timer = QTimer(self, singleShot=True, interval=PREVIEW_MILLISECONDS)
        self.figure, self.kind = QComboBox(), QComboBox()
        for offer in self.offers:
            self.figure.addItem(offer.title, offer.name)
        self.figure.setCurrentIndex(self.figure.findData(chosen))
        for box, name, tip in (
            (self.figure, "Figure", "What to draw"),
            (self.kind, "File kind", "PNG for screens, SVG and PDF for print, CSV for the data"),
        ):
            box.setAccessibleName(name)
            box.setToolTip(tip)
        self.editors = {s.key: _editor(s, getattr(style, s.key)) for s in specs(style)}
        self.sizes = {k: e for k, e in self.editors.items() if isinstance(e, QDoubleSpinBox)}
        self.journal = QComboBox()
        self.journal.addItem("Own sizes", "")
        for name, sets in JOURNALS.items():
            self.journal.addItem(f"{JOURNAL_TEXT[name]}, {sets['width']:g} mm", name)
        self.journal.setAccessibleName("Size for a journal")
        self.journal.setToolTip("Sets width, font size, height, letters, heading and resolution")
        self.columns = QLineEdit()
        self.columns.setAccessibleName("Columns")
        self.columns.setPlaceholderText("Columns: all")
        self.columns.setToolTip("Names of columns, in their order, with commas between")
        self.caption = QCheckBox("with &caption")
        self.caption.setAccessibleName("Caption")
        self.caption.setToolTip("What is seen and how it was made, for a paper: a .txt file")
        self.pixels = QLabel("")
        self.pixels.setObjectName("cardNote")
        self.file = QLineEdit()
        self.file.setAccessibleName("File")
        self.file.setToolTip("The file to write")
        self.browse = QPushButton("&Browse…")
        self.browse.setToolTip("Choose a folder and a name")
        self.problem = QLabel("")
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setProperty("problem", True)
        self.command = QPlainTextEdit()
        self.command.setReadOnly(True)
        self.command.setTabChangesFocus(True)
        self.command.setFixedHeight(COMMAND_LINES * self.fontMetrics().lineSpacing() + 12)
        self.command.setAccessibleName("The same command")
        self.command.setToolTip("Does the same in a terminal")
        self.copy = QPushButton("&Copy")
        self.copy.setToolTip("Copy the command")
        self.copy.setAccessibleName("Copy the command")
        self.buttons = QDialogButtonBox()
        self.save = self.buttons.addButton("&Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self.save.setToolTip("Write the file")
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.preview = PreviewLabel()
        self.preview.resized.connect(self._preview_timer.start)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        _row(form, "&Figure", self.figure)
        _row(form, "&Kind", self.kind, self.caption, self.columns)
        _row(form, "&Journal", self.journal)
        more: dict[str, tuple[QWidget, ...]] = {"dpi": (self.pixels,)}
        more["height"] = (self.editors["auto_height"],)
        more["page"] = self.editors["letters"], self.editors["heading"]
        for name, box in self.editors.items():
            if not isinstance(box, QCheckBox):
                text = MNEMONICS.get(name, box.accessibleName())
                _row(form, text, box, *more.get(name, ()))
        _row(form, "F&ile", self.file, self.browse)
        _row(form, "Command", self.command, self.copy)
        self.print_note = QLabel("Figures are drawn in light colours, for print.")
        self.print_note.setObjectName("cardNote")
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addLayout(form)
        left.addWidget(self.print_note)
        left.addWidget(self.problem)
        left.addStretch(1)
        beside = QHBoxLayout()
        beside.setSpacing(14)
        beside.addLayout(left, 1)
        beside.addWidget(self.preview, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(beside, 1)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(520)

    def _connect(self) -> None:
        self.figure.currentIndexChanged.connect(self._figure_changed)
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.file.textChanged.connect(self._changed)
        self.columns.textChanged.connect(self._changed)
        self.caption.toggled.connect(self._changed)
        self.journal.activated.connect(self._take_journal)
        for box in self.editors.values():
            _change_of(box).connect(self._changed)
        self.browse.clicked.connect(self._browse)
        self.copy.clicked.connect(
            lambda: QGuiApplication.clipboard().setText(self.command.toPlainText())
        )
        self.buttons.accepted.connect(self._ask)
        self.buttons.rejected.connect(self.reject)
        self._preview_timer.timeout.connect(self.ask_preview)

    # ------------------------------------------------------------------- choices

    @property
    def offer(self) -> Offer:
        """What is chosen."""
        chosen = self.offers[self.figure.currentIndex()]
        columns = self.columns.text().strip()
        named = (columns,) if columns and chosen.shown is None else ()
        return replace(chosen, columns=named, caption=self.caption.isChecked())

    @property
    def chosen_kind(self) -> str:
        """The format that is chosen."""
        return str(self.kind.currentData())

    @property
    def style_(self) -> Style:
        """Size, font and resolution that are chosen."""
        return figure_from(Style, {name: _value(box) for name, box in self.editors.items()})

    @property
    def path(self) -> Path:
        """The file named; its ending is added when it has none. Raises InputError for a text
        that is no file's name."""
        text = self.file.text().strip()
        try:
            path = Path(text).expanduser()
            named = path.name not in ("", "..")
            bare = named and not path.suffix and not os.path.isdir(path)
            return path.with_suffix(self._ending) if bare else path
        except (ValueError, RuntimeError) as error:
            reason = str(error).rstrip(".")
            raise InputError(f"This file name cannot be used: {reason}. Choose another.") from None

    @property
    def _ending(self) -> str:
        return f".{ENDINGS.get(self.chosen_kind, self.chosen_kind)}"

    def _fill_kinds(self, wanted: str) -> None:
        self.kind.blockSignals(True)
        self.kind.clear()
        for name, text in self.offer.formats.items():
            self.kind.addItem(text, name)
        self.kind.setCurrentIndex(max(0, self.kind.findData(wanted)))
        self.kind.blockSignals(False)
        self._enable_sizes()

    def _enable_sizes(self) -> None:
        drawn = self.chosen_kind in PICTURE_FORMATS
        free = {"dpi": self.chosen_kind == "png"}
        free["height"] = not _value(self.editors["auto_height"])
        free["page"] = not free["height"]
        self.journal.setEnabled(drawn)
        self.caption.setVisible(drawn)
        self.columns.setVisible(self.offer.shown is None)
        for name, box in self.editors.items():
            box.setEnabled(drawn and free.get(name, True))
        self.print_note.setVisible(drawn)

    def _figure_changed(self) -> None:
        ours = self._is_suggested()
        self._fill_kinds(self.chosen_kind)
        self._take_usual_sizes()
        if ours:
            self._suggest()
        self._changed()

    def _take_usual_sizes(self) -> None:
        """A size that was usual for the last figure becomes what is usual for this one."""
        before, self._usual = self._usual, self.offer.usual_style
        for name, box in self.editors.items():
            if _value(box) == getattr(before, name):
                _show(box, getattr(self._usual, name))

    def _take_journal(self) -> None:
        """What a journal's columns set; without one what is usual."""
        name = self.journal.currentData()
        sets = of_journal(name or None) or self._usual.model_dump(exclude={"family"})
        for key, value in sets.items():
            _show(self.editors[key], value)

    def _kind_changed(self) -> None:
        self._enable_sizes()
        with_ending = Path(self.file.text().strip() or "x")
        known = {f".{ENDINGS.get(kind, kind)}" for kind in self.offer.formats}
        if with_ending.suffix.lower() in known:
            self.file.setText(str(with_ending.with_suffix(self._ending)))
        self._changed()

    @property
    def _is_named(self) -> bool:
        return bool(self.file.text().strip())

    def _is_suggested(self) -> bool:
        """Whether the file is still our own suggestion."""
        name = Path(self.file.text().strip() or "x").stem
        return any(name == suggested(o, "png", self._folder).stem for o in self.offers)

    def _suggest(self) -> None:
        self.file.setText(str(suggested(self.offer, self.chosen_kind, self._folder)))

    def _changed(self) -> None:
        self._may_replace = None
        self.save.setText("&Export")
        self.show_problem("" if self._is_named else NAMELESS)
        self.save.setEnabled(self._is_named)
        across, down = self.style_.pixels
        high = "" if self.style_.auto_height else f" × {down}"
        self.pixels.setText(f"{across}{high} pixels")
        self._enable_sizes()
        self.pixels.setVisible(self.chosen_kind == "png")
        self._write_command()
        self._preview_timer.start()

    def _write_command(self) -> None:
        try:
            path = self.path
        except InputError:
            path = Path(f"figure{self._ending}")
        replace = self._may_replace is not None
        command = self.offer.command(self.chosen_kind, self.style_, path, replace)
        self.command.setPlainText(command)

    def _browse(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self,
            "Export",
            self.file.text(),
            f"{self.kind.currentText()} (*{self._ending})",
            options=QFileDialog.Option.DontConfirmOverwrite,  # the dialog itself asks
        )
        if name:
            self.file.setText(name)

    # -------------------------------------------------------------------- asking

    def ask_preview(self) -> None:
        """Ask for the picture as it would be written."""
        self._preview_timer.stop()
        style = self.style_
        wanted = self.offer.preview(style, self.preview.pixels_of(style.width / style.height))
        if wanted is None:
            self.preview.show_message("A table: numbers, no picture.")
        else:
            self.preview_asked.emit(wanted)

    def _ask(self) -> None:
        try:
            path = self.path
            check_file(path, self._ending)
        except InputError as error:
            self.show_problem(str(error))
            return
        files = [path, *([beside(path)] if self.offer.captions(self.chosen_kind) else [])]
        there = next((file for file in files if file.exists()), None)
        if there is not None and self._may_replace != path:
            self._may_replace = path
            self.save.setText("&Replace")
            self._write_command()
            self.show_problem(
                f"{there.name} exists: press Replace to write over it, or name another file."
            )
            return
        self._drawn = self.style_, self._usual, self.chosen_kind, path
        self.save.setEnabled(False)
        self.show_problem("")
        self.asked.emit(self.offer, self.chosen_kind, path, self.style_)

    def accept(self) -> None:
        """It was written: only what could be drawn is remembered."""
        if self._drawn is not None:
            remember(self._settings, *self._drawn)
        super().accept()

    def show_problem(self, sentence: str) -> None:
        """What is wrong, in place; the choices stay."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        if sentence:
            self.save.setEnabled(self._is_named)


def _editor(spec: Spec, value: Any) -> Value:
    if spec.type in SIZES:
        return _spin_box(spec, value)
    box: QCheckBox | QComboBox
    if spec.type == "flag":
        box = QCheckBox(spec.title)
    else:
        box = QComboBox()
        box.addItems(sorted({*QFontDatabase.families(), USUAL_FAMILY, value}))
        box.setMinimumContentsLength(12)
        box.setSizeAdjustPolicy(box.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setAccessibleName(spec.title)
    box.setToolTip(spec.help)
    _show(box, value)
    return box


def _value(box: Value) -> Any:
    if isinstance(box, QDoubleSpinBox):
        return box.value() if box.decimals() else round(box.value())
    return box.isChecked() if isinstance(box, QCheckBox) else box.currentText()


def _show(box: Value, value: Any) -> None:
    if isinstance(box, QDoubleSpinBox):
        box.setValue(value)
    elif isinstance(box, QCheckBox):
        box.setChecked(value)
    else:
        box.setCurrentText(value)


def _change_of(box: Value) -> Any:
    if isinstance(box, QDoubleSpinBox):
        return box.valueChanged
    return box.toggled if isinstance(box, QCheckBox) else box.currentTextChanged


def _spin_box(spec: Spec, value: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(0 if spec.key in ("dpi", "page") else 1)
    box.setRange(spec.lower or 0, spec.upper or 1e6)
    box.setValue(value)
    box.setSuffix(f" {spec.unit}" if spec.unit else "")
    box.setAccessibleName(spec.title)
    bounds = f"{spec.bounds[:1].upper()}{spec.bounds[1:]} {spec.unit}".strip()
    box.setToolTip(f"{spec.help} {bounds}.")
    return box


def _row(form: QFormLayout, text: str, *widgets: QWidget) -> None:
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget, 1 if widget is widgets[0] else 0)
    label = QLabel(text)
    label.setBuddy(widgets[0])
    form.addRow(label, row)
