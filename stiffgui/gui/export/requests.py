"""Export and copy of what is seen: the dialog, files, the clipboard; one for every workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from stiffgui.errors import InputError
from stiffgui.figures import Style
from stiffgui.figures.files import ENDINGS
from stiffgui.gui.export.dialog import ExportDialog
from stiffgui.gui.export.offers import Offer
from stiffgui.gui.export.remembered import remembered
from stiffgui.gui.requests import Requests
from stiffgui.gui.saving import Purpose, ask_where, check_file, deliver
from stiffgui.session.exports import Export, Preview, Report
from stiffgui.session.service import Failure
from stiffgui.session.sources import RunSource, StudySource

NOTHING = "There is nothing to export yet: press Run, or open a file."


class Exports(QObject):
    """Asks a child for figures and tables. `offers()` are those that there are just now.

    Emits `said(sentence, details)` of what is wrong and `noted(sentence)` of what is done.
    """

    said = Signal(str, str)
    noted = Signal(str)

    def __init__(
        self,
        parent: QWidget,
        requests: Requests,
        settings: QSettings,
        offers: Callable[[], Sequence[Offer]],
        nothing: str = NOTHING,
    ) -> None:
        super().__init__(parent)
        self._nothing = nothing
        self._window, self._requests, self._settings = parent, requests, settings
        self._offers = offers
        self.dialog: ExportDialog | None = None

    @property
    def waiting(self) -> bool:
        """Whether something is being written."""
        return self._requests.waits_for(Export)

    def open_dialog(self, name: str) -> None:
        """Ask for file, kind and size of the offer of that name, or of another one."""
        offers = self._offers()
        if not offers:
            self.said.emit(self._nothing, "")
            return
        if self.dialog is not None:
            self.dialog.reject()
        dialog = ExportDialog(self._window, self._settings, offers, name)
        dialog.asked.connect(lambda *words: self._write(dialog, *words))
        dialog.preview_asked.connect(lambda wanted: self._preview(dialog, wanted))
        dialog.finished.connect(lambda _: self._closed(dialog))
        self.dialog = dialog
        dialog.open()
        dialog.ask_preview()

    def _closed(self, dialog: ExportDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None
        dialog.deleteLater()

    def _write(
        self, dialog: ExportDialog, offer: Offer, kind: str, path: Path, style: Style
    ) -> None:
        def answered(written: Path) -> None:
            if self.dialog is dialog:
                dialog.accept()
            self._deliver("save", written)

        def failed(failure: Failure) -> None:
            if self.dialog is dialog:
                dialog.show_problem(_sentence(failure))
            else:
                self._failed(failure)

        self._requests.ask(offer.export(kind, path, style), answered, failed)

    def _preview(self, dialog: ExportDialog, wanted: Preview) -> None:
        def answered(content: bytes) -> None:
            if self.dialog is dialog:
                dialog.preview.show_content(content)

        def failed(failure: Failure) -> None:
            if self.dialog is dialog:
                dialog.preview.show_message(_sentence(failure))

        self._requests.ask(wanted, answered, failed, newest=True)

    def offer(self, name: str) -> Offer | None:
        """The offer of that name; what is missing is said."""
        offer = next((each for each in self._offers() if each.name == name), None)
        if offer is None:
            self.said.emit(self._nothing, "")
        return offer

    def save(self, name: str, path: Path) -> None:
        """Write what is shown at the remembered size; the file's ending says the kind."""
        offer = self.offer(name)
        if offer is None:
            return
        try:
            kind = offer.format_of(path)
            check_file(path, f".{ENDINGS.get(kind, kind)}")
        except InputError as error:
            self.said.emit(str(error), "")
        else:
            self._send("save", offer, kind, path)

    def ask_report(self, source: RunSource | StudySource, settings: Mapping[str, Any]) -> None:
        """Choose a file for the report of what is shown; `settings` of its figures."""
        start = source.named.with_name(f"{source.named.stem}-report.html")
        path = ask_where(self._window, "Report", start, HTML=".html", PDF=".pdf")
        if path is not None:
            self.noted.emit("The report is being written …")
            self.write_report(source, path, settings)

    def write_report(
        self, source: RunSource | StudySource, path: Path, settings: Mapping[str, Any]
    ) -> None:
        """Write the report, as HTML or PDF."""
        work = Report(source, path, settings)
        self._requests.ask(work, lambda made: self._deliver("save", made), self._failed)

    def copy(self, what: str, name: str) -> None:
        """Put the picture (PNG by matplotlib), its data (CSV) or a script on the clipboard."""
        offer = self.offer(name)
        if offer is None:
            return
        if what == "picture":
            self._send("picture", offer, "png", None)
        elif what == "data":
            self._send("data", offer, "csv", None)
        elif offer.shown is not None:
            QGuiApplication.clipboard().setText(
                offer.source.script(offer.shown, self._style(offer))
            )
            self.noted.emit(f"Copied a Python script that draws {offer.title}.")

    def _style(self, offer: Offer) -> Style:
        return remembered(self._settings, offer.usual_style).style

    def _send(self, purpose: Purpose, offer: Offer, kind: str, path: Path | None) -> None:
        work = offer.export(kind, path, self._style(offer))
        self._requests.ask(work, lambda made: self._deliver(purpose, made), self._failed)

    def _deliver(self, purpose: Purpose, made: Path | bytes) -> None:
        self.noted.emit(deliver(purpose, made))

    def _failed(self, failure: Failure) -> None:
        self.said.emit(_sentence(failure), failure.details)


def _sentence(failure: Failure) -> str:
    if failure.lost:
        return "The figure was not drawn: its process ended unexpectedly. Try again."
    return f"{failure.sentence[:1].upper()}{failure.sentence[1:]}"
