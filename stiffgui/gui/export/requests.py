"""Export and copy of figures: the dialog, files, the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from stiffgui.figures import Options, figure_script
from stiffgui.gui.export.dialog import Choice, ExportDialog, remembered_size
from stiffgui.gui.requests import Ask
from stiffgui.gui.saving import Purpose, deliver
from stiffgui.session.exports import ExportFigure
from stiffgui.session.service import Failure

Shown = Callable[[str], tuple[list[Path], dict[str, Any]] | None]


class Exports(QObject):
    """Asks the view child for figures. `shown(figure)` gives the run files that it
    draws, the shown one last, and view options.

    Emits `said(sentence, details)`.
    """

    said = Signal(str, str)

    def __init__(self, parent: QWidget, ask: Ask, settings: QSettings, shown: Shown) -> None:
        super().__init__(parent)
        self._window, self._ask, self._settings, self._shown = parent, ask, settings, shown
        self.dialog: ExportDialog | None = None

    def open_dialog(self, figure: str) -> None:
        """Ask for file, kind and size."""
        shown = self._what_is_shown(figure)
        if shown is None:
            return
        if self.dialog is not None:
            self.dialog.reject()
        dialog = ExportDialog(self._window, self._settings, shown[0][-1], figure, self._options)
        dialog.asked.connect(lambda choice: self._chosen(choice, dialog))
        dialog.finished.connect(lambda _: self._closed(dialog))
        self.dialog = dialog
        dialog.open()

    def _closed(self, dialog: ExportDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None
        dialog.deleteLater()

    def _chosen(self, choice: Choice, dialog: ExportDialog) -> None:
        shown = self._shown(choice.figure)
        runs = shown[0] if shown is not None else [choice.run]
        work = ExportFigure(tuple(runs), choice.figure, choice.path, choice.kind, choice.options)

        def answered(export: Path | bytes) -> None:
            if self.dialog is dialog:
                dialog.accept()
            self.said.emit(deliver("save", export), "")

        def failed(failure: Failure) -> None:
            if self.dialog is dialog:
                dialog.tell(_sentence(failure))
            else:
                self._failed(failure)

        self._ask(work, answered, failed)

    def save(self, figure: str, path: Path) -> None:
        """Write what is shown at the remembered size; the file's ending says the kind."""
        shown = self._what_is_shown(figure)
        if shown is not None:
            kind = path.suffix.removeprefix(".").lower() or "png"
            self._send("save", shown[0], figure, path, kind, self._options(figure))

    def copy(self, what: str, figure: str) -> None:
        """Put the picture (PNG by matplotlib), its data (CSV) or a script on the clipboard."""
        shown = self._what_is_shown(figure)
        if shown is None:
            return
        options = self._options(figure)
        if what == "script":
            QGuiApplication.clipboard().setText(
                figure_script(shown[0][-1].resolve(), figure, options)
            )
            self.said.emit(f"Copied a Python script that draws {figure}.", "")
        else:
            purpose: Purpose = "picture" if what == "picture" else "data"
            kind = "png" if purpose == "picture" else "csv"
            self._send(purpose, shown[0], figure, None, kind, options)

    def _what_is_shown(self, figure: str) -> tuple[list[Path], dict[str, Any]] | None:
        shown = self._shown(figure)
        if shown is None:
            self.said.emit("There is nothing to export yet: press Run, or open a run file.", "")
        return shown

    def _options(self, figure: str) -> Options:
        shown = self._shown(figure)
        words: dict[str, Any] = shown[1] if shown is not None else {}
        return Options(**(words | remembered_size(self._settings)))

    def _send(
        self,
        purpose: Purpose,
        runs: list[Path],
        figure: str,
        path: Path | None,
        kind: str,
        options: Options,
    ) -> None:
        work = ExportFigure(tuple(runs), figure, path, kind, options)
        self._ask(work, lambda export: self.said.emit(deliver(purpose, export), ""), self._failed)

    def _failed(self, failure: Failure) -> None:
        self.said.emit(_sentence(failure), failure.details)


def _sentence(failure: Failure) -> str:
    if failure.lost:
        return "The figure was not drawn: its process ended unexpectedly. Try again."
    return failure.sentence
