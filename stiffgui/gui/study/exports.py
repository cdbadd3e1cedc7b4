"""Figures and tables of a study to files and to the clipboard; the study child makes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from stiffgui.gui.requests import Ask
from stiffgui.gui.saving import Purpose, deliver
from stiffgui.gui.study.bar import EXPORTS
from stiffgui.session.service import Failure
from stiffgui.session.studies import ExportStudy

KINDS = {"tex": "latex"}


class StudyExports(QObject):
    """Asks the study child for exports of the `shown` file, with the view's options.

    Emits `said(sentence, details)`.
    """

    said = Signal(str, str)

    def __init__(
        self,
        parent: QWidget,
        ask: Ask,
        shown: Callable[[], Path | None],
        options: Callable[[str], dict[str, Any]],
    ) -> None:
        super().__init__(parent)
        self._window, self._ask = parent, ask
        self._shown, self._options = shown, options

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
        self._send("save", key, path, KINDS.get(ending, ending))

    def copy(self, what: str, figure: str) -> None:
        """Put the picture, its data (CSV) or a script on the clipboard."""
        shown = self._file()
        if shown is None:
            return
        if what == "script":
            from stiffgui.figures.script import study_script

            QGuiApplication.clipboard().setText(study_script(shown.resolve(), figure))
            self.said.emit(f"Copied a Python script that draws {figure}.", "")
        elif what == "picture":
            self._send("picture", figure, None, "png")
        else:
            self._send("data", figure, None, "csv")

    def _file(self) -> Path | None:
        shown = self._shown()
        if shown is None:
            self.said.emit("There is nothing to export yet: press Run, or open a study file.", "")
        return shown

    def _send(self, purpose: Purpose, key: str, out: Path | None, kind: str) -> None:
        shown = self._file()
        if shown is None:
            return
        export = EXPORTS[key]
        options = {} if export.table else self._options(export.name)
        work = ExportStudy(shown, export.name, out, kind, export.table, options)
        self._ask(work, lambda made: self.said.emit(deliver(purpose, made), ""), self._failed)

    def _failed(self, failure: Failure) -> None:
        self.said.emit(failure.sentence, failure.details)
