"""Figures and tables of a study to files and to the clipboard; the study child makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from stiffgui.gui.study.bar import EXPORTS
from stiffgui.session.messages import Exported
from stiffgui.session.study_messages import StudyExport

KINDS = {"tex": "latex"}


class StudyExports(QObject):
    """Asks the study child for exports of the `shown` file, with the view's options.

    Emits `said(sentence)`. `pending` maps the numbers of requests under way to what they are
    for: save, picture or data.
    """

    said = Signal(str)

    def __init__(
        self,
        parent: QWidget,
        ask: Callable[[Any], None],
        numbers: Iterator[int],
        shown: Callable[[], Path | None],
        options: Callable[[str], dict[str, Any]],
    ) -> None:
        super().__init__(parent)
        self._window, self._ask, self._numbers = parent, ask, numbers
        self._shown, self._options = shown, options
        self.pending: dict[int, str] = {}

    def ask(self, key: str) -> None:
        """Choose a file for an entry of EXPORTS; its ending says the format."""
        shown = self._file()
        if shown is None:
            return
        export = EXPORTS[key]
        start = shown.with_name(f"{shown.stem}-{key}{export.suffixes[0]}")
        kinds = " ".join(f"*{suffix}" for suffix in export.suffixes)
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, export.title, str(start), f"{export.title} ({kinds})"
        )
        if chosen:
            self.save(key, Path(chosen))

    def save(self, key: str, path: Path) -> None:
        """Write a figure or a table."""
        ending = path.suffix.lstrip(".").lower()
        self._send("save", key, str(path), KINDS.get(ending, ending))

    def copy(self, what: str, figure: str) -> None:
        """Put the picture, its data (CSV) or a script on the clipboard."""
        shown = self._file()
        if shown is None:
            return
        if what == "script":
            from stiffgui.figures.script import study_script

            QGuiApplication.clipboard().setText(study_script(shown.resolve(), figure))
            self.said.emit(f"Copied a Python script that draws {figure}.")
        else:
            self._send(what, figure, "", "png" if what == "picture" else "csv")

    def _file(self) -> Path | None:
        shown = self._shown()
        if shown is None:
            self.said.emit("There is nothing to export yet: press Run, or open a study file.")
        return shown

    def _send(self, purpose: str, key: str, out: str, kind: str) -> None:
        shown = self._file()
        if shown is None:
            return
        number = next(self._numbers)
        self.pending[number] = purpose
        export = EXPORTS[key]
        options = {} if export.table else self._options(export.name)
        self._ask(StudyExport(number, str(shown), export.name, out, kind, export.table, options))

    def deliver(self, message: Exported) -> None:
        """Take an answer of the study child."""
        purpose = self.pending.pop(message.number, "")
        clipboard = QGuiApplication.clipboard()
        if purpose == "picture":
            clipboard.setImage(QImage.fromData(message.content))
            self.said.emit("Copied the picture.")
        elif purpose == "data":
            clipboard.setText(message.content.decode())
            self.said.emit("Copied the data as CSV.")
        else:
            self.said.emit(f"Saved {message.path}.")
