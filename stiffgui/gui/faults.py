"""The boundary for faults: what nobody caught ends in a log and in one dialog, and work goes on."""

from __future__ import annotations

import faulthandler
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    Qt,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from stiffgui.errors import InputError
from stiffgui.fault_log import log_folder, record

MOST_LETTERS = 20_000  # of details in the dialog; the log has all
SEVERE = QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg
SAVED = (
    "Trainings go on in processes of their own, and what they have recorded is in their files. "
    "The window goes on, too; if it behaves oddly, close it and open it again."
)


class Faults(QObject):
    """Takes over what Python and Qt say of faults from `watch` to `leave`.

    One dialog over `parent` shows them; another fault while it is open adds to it, and one that was
    shown before is only counted in the log.
    """

    happened = Signal(str, str)  # sentence, details; from any thread

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.dialog: QMessageBox | None = None
        self.known: set[str] = set()  # where the faults that were shown have been
        self._before: tuple[Any, ...] = ()
        self._crashes: Any = None
        self.happened.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def watch(self) -> None:
        """Take over; a crash of the last time is told now."""
        self._before = sys.excepthook, threading.excepthook, qInstallMessageHandler(self._of_qt)
        sys.excepthook = self._of_python
        threading.excepthook = lambda fault: self._of_python(
            fault.exc_type, fault.exc_value, fault.exc_traceback
        )
        path = log_folder() / "crash.log"
        crash = path.read_text("utf-8", "replace") if path.is_file() else ""
        if crash:
            path.write_text("")
        self._crashes = path.open("a")  # another window may have it open, too
        faulthandler.enable(self._crashes)
        if crash:
            self._tell("stiffgui ended unexpectedly the last time", crash)

    def leave(self) -> None:
        """Give back what `watch` took."""
        if self._before:
            sys.excepthook, threading.excepthook, handler = self._before
            qInstallMessageHandler(handler)
            faulthandler.disable()
            self._crashes.close()
            self._before = ()

    def _of_python(
        self, kind: type[BaseException], fault: BaseException | None, trace: Any
    ) -> None:
        if not issubclass(kind, Exception):  # Ctrl+C and the like
            self._before[0](kind, fault, trace)
            return
        details = "".join(traceback.format_exception(kind, fault, trace))
        said = f"{fault}" if isinstance(fault, InputError) else f"{kind.__name__}: {fault}"
        last = traceback.extract_tb(trace)[-1:]
        self._tell(said, details, f"{kind.__name__} {last}")

    def _of_qt(self, kind: QtMsgType, _: QMessageLogContext, text: str) -> None:
        if kind in SEVERE:
            self._tell(f"Qt: {text}", text)
        elif kind == QtMsgType.QtWarningMsg:
            record(f"Qt: {text}")

    def _tell(self, sentence: str, details: str, place: str = "") -> None:
        where = record(details)
        if (place or details) not in self.known:
            self.known.add(place or details)
            self.happened.emit(sentence, f"{details}\nThe log: {where}")

    def _show(self, sentence: str, details: str) -> None:
        if self.dialog is not None:
            details = f"{self.dialog.detailedText()}\n{details}"
            self.dialog.setDetailedText(details[:MOST_LETTERS])
            return
        parent = self.parent()
        assert isinstance(parent, QWidget)
        box = self.dialog = QMessageBox(parent)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("A fault of stiffgui")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"A fault of stiffgui: {sentence[:300]}")
        box.setInformativeText(f"{SAVED}\n\nThe log is in {log_folder()}.")
        box.setDetailedText(details[:MOST_LETTERS])
        box.setModal(False)
        copy = box.addButton("Copy details", QMessageBox.ButtonRole.ActionRole)
        copy.clicked.disconnect()  # it does not close the dialog
        copy.clicked.connect(self._copier(box))
        box.addButton(QMessageBox.StandardButton.Close)
        box.setDefaultButton(QMessageBox.StandardButton.Close)
        box.finished.connect(self._closed)
        box.show()

    def _copier(self, box: QMessageBox) -> Callable[[], None]:
        return lambda: QGuiApplication.clipboard().setText(f"{box.text()}\n{box.detailedText()}")

    def _closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
