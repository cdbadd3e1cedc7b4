"""The export dialog: figure, kind, size, file; it says what is wrong and what command does it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui.errors import InputError
from stiffgui.figures import FIGURES, PICTURE_FORMATS, Options, export_command

TITLES = {
    "errors": "Errors against the epoch",
    "stiffness": "Stiffness against the epoch",
    "layers": "Layers × epochs",
    "spectrum": "Eigenvalues",
    "fit": "Fit",
    "slices": "Slices: one input at a time",
    "summary": "Summary of the last epoch",
    "trajectories": "Trajectories beside the ODE",
}
KINDS = {
    "png": "PNG picture",
    "svg": "SVG drawing",
    "pdf": "PDF drawing",
    "csv": "CSV of what is drawn",
}
# Option: label, unit, least, most, decimals, tool tip.
SIZES = {
    "width": ("&Width", "mm", 20, 1000, 1, "Width of the figure"),
    "height": ("&Height", "mm", 20, 1000, 1, "Height of the figure"),
    "font": ("F&ont size", "pt", 3, 48, 1, "Size of every text in the figure"),
    "dpi": ("&Resolution", "dpi", 30, 1200, 0, "Points per inch of a PNG picture"),
}


@dataclass(frozen=True)
class Choice:
    """What the dialog asks for."""

    run: Path
    figure: str
    path: Path
    kind: str
    options: Options


class ExportDialog(QDialog):
    """Emits `asked(Choice)` and stays open until `accept` (it was written) or `tell` (it was not).

    `options_of(figure)` gives the view's options and the remembered size.
    """

    asked = Signal(object)

    def __init__(
        self,
        parent: QWidget,
        settings: QSettings,
        run: Path,
        figure: str,
        options_of: Callable[[str], Options],
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self._settings, self._run, self._options_of = settings, run, options_of
        self._may_replace: Path | None = None
        self._make_editors(figure)
        self._lay_out()
        self._connect()
        self._kind_changed()
        self.file.selectAll()
        self.file.setFocus()

    # ------------------------------------------------------------------ building

    def _make_editors(self, figure: str) -> None:
        self.figure = _chooser(
            {name: TITLES.get(name, name) for name in FIGURES}, figure, "Figure", "What to draw"
        )
        kind = str(self._settings.value("export/kind", "png"))
        self.kind = _chooser(KINDS, kind, "File kind", "PNG for screens, SVG and PDF for print")
        options = self._options_of(figure)
        self.sizes = {name: _spin_box(name, getattr(options, name)) for name in SIZES}
        self.pixels = QLabel("")
        self.pixels.setObjectName("cardNote")
        folder = Path(str(self._settings.value("export/folder", self._run.parent)))
        folder = folder if folder.is_dir() else self._run.parent
        self.file = QLineEdit(str(folder / f"{self._run.stem}-{figure}.{self.kind.currentData()}"))
        self.file.setAccessibleName("File")
        self.file.setToolTip("The file to write")
        self.browse = QPushButton("&Browse…")
        self.browse.setToolTip("Choose a folder and a name")
        self.problem = QLabel("")
        self.problem.setWordWrap(True)
        self.problem.setProperty("problem", True)
        self.problem.hide()
        self.command = QLineEdit()
        self.command.setReadOnly(True)
        self.command.setAccessibleName("The same command")
        self.command.setToolTip("Does the same in a terminal")
        self.copy = QPushButton("&Copy")
        self.copy.setToolTip("Copy the command")
        self.copy.setAccessibleName("Copy the command")
        self.buttons = QDialogButtonBox()
        self.save = self.buttons.addButton("&Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self.save.setToolTip("Write the file")
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        _row(form, "&Figure", self.figure)
        _row(form, "&Kind", self.kind)
        for name in ("width", "height", "font"):
            _row(form, SIZES[name][0], self.sizes[name])
        _row(form, SIZES["dpi"][0], self.sizes["dpi"], self.pixels)
        _row(form, "F&ile", self.file, self.browse)
        _row(form, "Command", self.command, self.copy)
        print_note = QLabel("Figures are drawn in light colours, for print.")
        print_note.setObjectName("cardNote")
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addLayout(form)
        layout.addWidget(print_note)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(520)

    def _connect(self) -> None:
        self.figure.currentIndexChanged.connect(self._figure_changed)
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.file.textChanged.connect(self._changed)
        for box in self.sizes.values():
            box.valueChanged.connect(self._changed)
        self.browse.clicked.connect(self._browse)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.command.text()))
        self.buttons.accepted.connect(self._ask)
        self.buttons.rejected.connect(self.reject)

    # ------------------------------------------------------------------ choices

    @property
    def path(self) -> Path:
        """The file named; its ending is added when it has none."""
        text = self.file.text().strip()
        path = Path(text).expanduser()
        return path if not text or path.suffix else path.with_name(f"{path.name}.{self._kind}")

    @property
    def _kind(self) -> str:
        return str(self.kind.currentData())

    @property
    def options(self) -> Options:
        """The view's options at the chosen size."""
        size: dict[str, Any] = {name: box.value() for name, box in self.sizes.items()}
        return replace(self._options_of(str(self.figure.currentData())), **size)

    def _figure_changed(self) -> None:
        path = self.path
        for name in FIGURES:
            if path.stem == f"{self._run.stem}-{name}":  # still our own suggestion
                stem = f"{self._run.stem}-{self.figure.currentData()}"
                self.file.setText(str(path.with_name(f"{stem}{path.suffix}")))
                break
        self._changed()

    def _kind_changed(self) -> None:
        path = self.path
        if path.suffix.removeprefix(".").lower() in KINDS:
            self.file.setText(str(path.with_suffix(f".{self._kind}")))
        for name, box in self.sizes.items():
            box.setEnabled(self._kind in PICTURE_FORMATS and (name != "dpi" or self._kind == "png"))
        self._changed()

    def _changed(self) -> None:
        self._may_replace = None
        self.save.setText("&Export")
        self.save.setEnabled(True)
        self.tell("")
        size = [self.sizes[n].value() / 25.4 * self.sizes["dpi"].value() for n in SIZES][:2]
        self.pixels.setText(f"{size[0]:.0f} × {size[1]:.0f} pixels" if self._kind == "png" else "")
        self._say_command()

    def _say_command(self) -> None:
        text = export_command(
            self._run,
            str(self.figure.currentData()),
            self.options,
            self.path,
            replace=self._may_replace is not None,
        )
        self.command.setText(text)
        self.command.setCursorPosition(0)

    def _browse(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self,
            "Export",
            str(self.path),
            f"{KINDS[self._kind]} (*.{self._kind})",
            options=QFileDialog.Option.DontConfirmOverwrite,  # the dialog itself asks
        )
        if name:
            self.file.setText(name)

    # ------------------------------------------------------------------ asking

    def _ask(self) -> None:
        path = self.path
        try:
            check_file(path, self._kind)
        except InputError as error:
            self.tell(str(error))
            return
        if path.exists() and self._may_replace != path:
            self._may_replace = path
            self.save.setText("&Replace")
            self._say_command()
            self.tell(f"{path.name} exists: press Replace to write over it, or name another file.")
            return
        self._remember(path)
        self.save.setEnabled(False)
        self.tell("")
        figure = str(self.figure.currentData())
        self.asked.emit(Choice(self._run, figure, path, self._kind, self.options))

    def tell(self, sentence: str) -> None:
        """What is wrong, in place; the choices stay."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        if sentence:
            self.save.setEnabled(True)

    def _remember(self, path: Path) -> None:
        self._settings.setValue("export/folder", str(path.absolute().parent))
        self._settings.setValue("export/kind", self._kind)
        for name, box in self.sizes.items():
            self._settings.setValue(f"export/{name}", box.value())


def remembered_size(settings: QSettings) -> dict[str, float]:
    """Width and height in mm, font in pt and resolution in dpi of the last export."""
    size = {}
    for name, (_, _, least, most, _, _) in SIZES.items():
        usual = float(getattr(Options(), name))
        try:
            value = float(str(settings.value(f"export/{name}", usual)))
        except ValueError:  # someone edited the settings file
            value = usual
        size[name] = value if least <= value <= most else usual
    return size


def check_file(path: Path, kind: str) -> None:
    """Raise InputError when `path` is no place for a file of this kind."""
    if not path.name:
        raise InputError("There is no file name: type one, or press Browse.")
    if path.suffix.lower() != f".{kind}":
        raise InputError(
            f"{path.name} does not end in .{kind}: change its ending, or choose another kind."
        )
    folder = path.parent
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: name a file in it.")
        if not folder.is_dir():
            raise InputError(f"The folder {folder} does not exist: make it, or choose another.")
        allowed = os.access(path if path.exists() else folder, os.W_OK)
    except (OSError, ValueError) as error:  # a name that is too long, or holds a null character
        told = getattr(error, "strerror", None) or str(error)
        raise InputError(f"This file name cannot be used: {told}. Choose another.") from None
    if not allowed:
        raise InputError(f"{path} cannot be written: choose a place where you may write.")


def _chooser(words: dict[str, str], chosen: str, name: str, tip: str) -> QComboBox:
    box = QComboBox()
    for key, text in words.items():
        box.addItem(text, key)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.setAccessibleName(name)
    box.setToolTip(tip)
    return box


def _spin_box(name: str, value: float) -> QDoubleSpinBox:
    label, unit, least, most, decimals, tip = SIZES[name]
    box = QDoubleSpinBox()
    box.setDecimals(decimals)
    box.setRange(least, most)
    box.setValue(value)
    box.setSuffix(f" {unit}")
    box.setAccessibleName(label.replace("&", ""))
    box.setToolTip(tip)
    return box


def _row(form: QFormLayout, text: str, *widgets: QWidget) -> None:
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget, 1 if widget is widgets[0] else 0)
    label = QLabel(text)
    label.setBuddy(widgets[0])
    form.addRow(label, row)
