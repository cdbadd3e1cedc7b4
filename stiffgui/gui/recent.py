"""The files that were opened or trained last, as a menu; kept per user."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings, Signal
from PySide6.QtWidgets import QMenu, QWidget

from stiffgui.gui.keyboard import without_keys

KEY = "recent"
MOST = 10


class RecentFiles(QMenu):
    """Emits `chosen(path)`. Files that are gone are not offered."""

    chosen = Signal(object)

    def __init__(self, settings: QSettings, parent: QWidget) -> None:
        super().__init__("Open recent", parent)
        self._settings = settings
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)

    def paths(self) -> list[Path]:
        """The newest first."""
        kept = self._settings.value(KEY, [])
        names = [kept] if isinstance(kept, str) else kept  # a list of one comes back as its text
        return [Path(str(name)) for name in names] if isinstance(names, list) else []

    def add(self, path: Path) -> None:
        """Keep a file as the newest."""
        path = path.absolute()
        others = [other for other in self.paths() if other != path]
        self._settings.setValue(KEY, [str(p) for p in (path, *others)][:MOST])

    def fill(self) -> None:
        """One line for each file that is still there."""
        self.clear()
        there = [path for path in self.paths() if path.is_file()]
        for path in there:
            action = self.addAction(without_keys(path.name))
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, path=path: self.chosen.emit(path))
        if there:
            self.addSeparator()
            forget = self.addAction("Forget these")
            forget.setToolTip("Empty this list; the files stay")
            forget.triggered.connect(lambda: self._settings.remove(KEY))
        else:
            self.addAction("No file was opened or trained yet").setEnabled(False)
