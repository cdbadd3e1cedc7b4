"""Importing tables: one wizard at a time, what it asks of the view child, and the files that
wait for their turn."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QWidget

from stiffgui.gui.tables.wizard import ImportWizard
from stiffgui.session.messages import InspectTable, ProposeTable, TableInspected, TableProposed


class Importing(QObject):
    """Opens the wizard; `ask` sends a request to the view child.

    Emits `imported(name, experiment)` when a table has become an experiment.
    """

    imported = Signal(str, object)

    def __init__(self, parent: QWidget, ask: Callable[[Any], None], settings: QSettings) -> None:
        super().__init__(parent)
        self._parent, self._ask, self._settings = parent, ask, settings
        self._busy = False
        self._numbers = itertools.count(1)
        self._number = 0
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
        wizard.raise_()
        wizard.activateWindow()

    def _make(self) -> None:
        wizard = ImportWizard(self._parent.window(), self._settings)
        wizard.inspect_asked.connect(self._inspect)
        wizard.propose_asked.connect(self._propose)
        wizard.imported.connect(self.imported)
        wizard.finished.connect(lambda _: self._closed(wizard))
        wizard.set_busy(self._busy)
        self.wizard = wizard
        wizard.show()

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

    def _inspect(self, path: str, delimiter: str) -> None:
        self._number = next(self._numbers)
        self._ask(InspectTable(self._number, path, delimiter))

    def _propose(self, path: str, settings: dict[str, Any]) -> None:
        self._number = next(self._numbers)
        self._ask(ProposeTable(self._number, path, settings))

    def answered(self, message: Any) -> bool:
        """Take an answer of the view child; False when it is about no table."""
        if not isinstance(message, TableInspected | TableProposed):
            return False
        if self.wizard is not None and message.number == self._number:
            if isinstance(message, TableInspected):
                self.wizard.show_preview(message)
            else:
                self.wizard.show_proposal(message)
        return True

    def lost(self) -> None:
        """The view child died: what was asked will not be answered."""
        if self.wizard is not None:
            self.wizard.lost()

    def set_busy(self, busy: bool) -> None:
        """Whether something trains, so that nothing can be imported just now."""
        self._busy = busy
        if self.wizard is not None:
            self.wizard.set_busy(busy)
