"""Export and copy of figures: the dialog, the requests under way, the clipboard."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget

from stiffgui.figures import Options, figure_script
from stiffgui.gui.export.dialog import Choice, ExportDialog, remembered_size
from stiffgui.session.messages import Export, Exported, Failed

Shown = Callable[[str], tuple[list[Path], dict[str, Any]] | None]


class Exports(QObject):
    """Asks the view child for figures. `shown(figure)` gives the run files that it
    draws, the shown one last, and view options.

    Emits `said(sentence, details)`. `pending` maps the numbers of requests under way to what
    they are for: save, picture or data.
    """

    said = Signal(str, str)

    def __init__(
        self, parent: QWidget, ask: Callable[[Any], None], settings: QSettings, shown: Shown
    ) -> None:
        super().__init__(parent)
        self._window, self._ask, self._settings, self._shown = parent, ask, settings, shown
        self.pending: dict[int, str] = {}
        # Downwards, so that no export has the number of a Look.
        self._numbers = itertools.count(-1, -1)
        self.dialog: ExportDialog | None = None
        self._dialog_number: int | None = None

    def open_dialog(self, figure: str) -> None:
        """Ask for file, kind and size."""
        shown = self._what_is_shown(figure)
        if shown is None:
            return
        if self.dialog is not None:
            self.dialog.reject()
        dialog = ExportDialog(self._window, self._settings, shown[0][-1], figure, self._options)
        dialog.asked.connect(self._chosen)
        dialog.finished.connect(lambda _: self._closed(dialog))
        self.dialog = dialog
        dialog.open()

    def _closed(self, dialog: ExportDialog) -> None:
        if self.dialog is dialog:
            self.dialog = self._dialog_number = None
        dialog.deleteLater()

    def _chosen(self, choice: Choice) -> None:
        shown = self._shown(choice.figure)
        runs = shown[0] if shown is not None else [choice.run]
        self._dialog_number = self._send(
            "save", runs, choice.figure, str(choice.path), choice.kind, choice.options
        )

    def save(self, figure: str, path: Path) -> None:
        """Write what is shown at the remembered size; the file's ending says the kind."""
        shown = self._what_is_shown(figure)
        if shown is not None:
            kind = path.suffix.removeprefix(".").lower() or "png"
            self._send("save", shown[0], figure, str(path), kind, self._options(figure))

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
            kind = "png" if what == "picture" else "csv"
            self._send(what, shown[0], figure, "", kind, options)

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
        self, purpose: str, runs: list[Path], figure: str, path: str, kind: str, options: Options
    ) -> int:
        number = next(self._numbers)
        self.pending[number] = purpose
        self._ask(Export(number, [str(run) for run in runs], figure, path, kind, asdict(options)))
        return number

    def answered(self, message: Any) -> bool:
        """Take an answer of the view child; False when it belongs to no export."""
        purpose = self.pending.pop(message.number, None)
        if purpose is None:
            return False
        ours = self.dialog if message.number == self._dialog_number else None
        if isinstance(message, Failed):
            if ours is not None:
                ours.tell(message.sentence)
            else:
                self.said.emit(message.sentence, message.details)
        elif isinstance(message, Exported):
            if ours is not None:
                ours.accept()
            self._deliver(purpose, message)
        return True

    def lost(self) -> None:
        """The view child died: nothing that is under way will come."""
        for number in list(self.pending):
            sentence = "The figure was not drawn: its process ended unexpectedly. Try again."
            self.answered(Failed(sentence, number=number))

    def _deliver(self, purpose: str, message: Exported) -> None:
        clipboard = QGuiApplication.clipboard()
        if purpose == "save":
            self.said.emit(f"Saved {message.path}", "")
        elif purpose == "picture":
            clipboard.setImage(QImage.fromData(message.content))
            self.said.emit("Copied the picture.", "")
        else:
            clipboard.setText(message.content.decode())
            self.said.emit("Copied the data as CSV.", "")
