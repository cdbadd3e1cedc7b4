"""Importing tables: one wizard at a time, and the files that wait for their turn."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, QTimer, Signal
from PySide6.QtWidgets import QWidget

from stiffgui.gui.requests import Requests
from stiffgui.gui.tables.wizard import ImportWizard


class Importing(QObject):
    """Opens the wizard, which asks a child by `requests`.

    Emits `imported(name, experiment)` when a table has become an experiment.
    """

    imported = Signal(str, object)

    def __init__(self, parent: QWidget, requests: Requests, settings: QSettings) -> None:
        super().__init__(parent)
        self._parent, self._requests, self._settings = parent, requests, settings
        self._busy = False
        self._waiting: deque[Path] = deque()
        self.wizard: ImportWizard | None = None

    def open(self, path: Path | None = None) -> None:
        """Open the wizard on a file; if it is open with one, the file waits for its turn."""
        if self.wizard is None:
            self._make()
        wizard = self.wizard
        assert wizard is not None
        if path is not None:
            if wizard.form.values["path"]:
                self._waiting.append(path)
            else:
                wizard.choose(path)
        # Being made and being drawn take a tenth of a second each: what waits comes between.
        QTimer.singleShot(0, self._show)

    def _show(self) -> None:
        if self.wizard is not None:
            self.wizard.show()
            self.wizard.raise_()
            self.wizard.activateWindow()

    def _make(self) -> None:
        wizard = ImportWizard(self._parent.window(), self._settings, self._requests)
        wizard.imported.connect(self.imported)
        wizard.finished.connect(lambda _: self._closed(wizard))
        wizard.set_busy(self._busy)
        self.wizard = wizard

    def _closed(self, wizard: ImportWizard) -> None:
        if self.wizard is wizard:
            self.wizard = None
        wizard.deleteLater()
        if self._waiting:
            self.open(self._waiting.popleft())

    def close(self) -> None:
        """Close the wizard, and forget the files that wait."""
        self._waiting.clear()
        if self.wizard is not None:
            self.wizard.reject()

    def set_busy(self, busy: bool) -> None:
        """Whether something trains, so that nothing can be imported just now."""
        self._busy = busy
        if self.wizard is not None:
            self.wizard.set_busy(busy)
