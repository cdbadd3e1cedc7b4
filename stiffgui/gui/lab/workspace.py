"""Lab: the pages of the neural-ODE half, computed live in a child process of their own."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QTabBar, QVBoxLayout

from stiffgui.errors import InputError
from stiffgui.gui.child_thread import ChildThread
from stiffgui.gui.export.dialog import check_file, remembered_size
from stiffgui.gui.lab.page import LabPage
from stiffgui.gui.requests import Requests
from stiffgui.gui.saving import Purpose, deliver
from stiffgui.gui.theme import Theme
from stiffgui.gui.workspace import Surroundings, Workspace
from stiffgui.labs import PAGES, Page, Result
from stiffgui.session.lab import ComputePage, ExportPage
from stiffgui.session.service import Failure

POLL_MS = 100  # a picture is drawn at most so often
FILTERS = "PNG (*.png);;SVG (*.svg);;PDF (*.pdf);;CSV, the numbers (*.csv)"


class LabWorkspace(Workspace):
    """A tab for each page; the shown one is computed whenever a setting changes."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__()
        self.settings = surroundings.settings
        self.requests = Requests(ChildThread("The laboratory's process"))
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self.requests.poll)
        self.computing: LabPage | None = None
        self._number = 0  # of the request that computes it
        self.pages: dict[str, LabPage] = {}
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("Pages of the laboratory")
        self.tabs.setObjectName("pages")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.stack = QStackedWidget()
        for name, kind in PAGES.items():
            page = self.pages[name] = LabPage(kind())
            page.wanted.connect(lambda _, p=page: self._compute(p))
            page.cancelled.connect(self._cancel)
            page.card.export_asked.connect(lambda _, p=page: self.ask_export(p))
            page.card.copy_asked.connect(lambda what, _, p=page: self.copy(p, what))
            self.tabs.addTab(kind.title())
            self.stack.addWidget(page)
        self.tabs.currentChanged.connect(self._shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 6)
        layout.setSpacing(6)
        layout.addWidget(self.tabs)
        layout.addWidget(self.stack, 1)

    @property
    def current(self) -> LabPage:
        """The page that is shown."""
        found = self.stack.currentWidget()
        assert isinstance(found, LabPage)
        return found

    def show_page(self, name: str) -> None:
        """Show the page of that name (of `stiffgui.labs.PAGES`)."""
        self.tabs.setCurrentIndex(list(self.pages).index(name))

    def _shown(self, index: int) -> None:
        self.stack.setCurrentIndex(index)
        self._cancel()
        if not self.current.is_complete:
            self._compute(self.current)

    # ---------------------------------------------------------------- computing

    def start(self) -> None:
        self.requests.thread_.start()
        self._poll.start()
        self._compute(self.current)

    def _compute(self, page: LabPage) -> None:
        """Ask for a page; whatever was asked before does not count any more."""
        self.computing = page
        page.begin()
        self._number = self.requests.ask(
            ComputePage(page.page),
            lambda _: self._finish(),
            self._failed,
            lambda result: self._show_result(page, result),
            newest=True,
        )
        self.changed.emit()

    def _show_result(self, page: LabPage, result: Result) -> None:
        page.show_result(result)
        if result.progress >= 1:
            self._finish()

    def _cancel(self) -> None:
        self.requests.drop(self._number)
        if self.computing is not None:
            self.computing.show_progress(None, "cancelled")
        self._finish()

    def _finish(self) -> None:
        self.computing = None
        self.changed.emit()

    def _failed(self, failure: Failure) -> None:
        if self.computing is not None:
            self.computing.fail(failure.sentence)
        if failure.details:
            self.said.emit(failure.sentence, failure.details, None)
        self._finish()

    # ------------------------------------------------------------------- export

    def ask_export(self, page: LabPage | None = None) -> None:
        """Choose a file and write the page's picture, or its numbers as CSV."""
        page = page or self.current
        folder = Path(str(self.settings.value("export/folder", Path.home())))
        name, _ = QFileDialog.getSaveFileName(
            self, "Export", str(folder / f"{page.name}.png"), FILTERS
        )
        if name:
            self.save(page, Path(name))

    def save(self, page: LabPage, path: Path) -> None:
        """Write a page's picture at the remembered size; the file's ending says the kind."""
        kind = path.suffix.removeprefix(".").lower()
        try:
            if kind not in ("png", "svg", "pdf", "csv"):
                raise InputError(f"{path.name} does not end in .png, .svg, .pdf or .csv: add it.")
            check_file(path, kind)
        except InputError as error:
            self.said.emit(str(error), "", None)
            return
        self.settings.setValue("export/folder", str(path.parent))
        self._export(page, "save", path, kind)

    def copy(self, page: LabPage, what: str) -> None:
        """Put the picture, its data or a script on the clipboard."""
        if what == "script":
            QGuiApplication.clipboard().setText(script(page.page))
            self.said.emit(f"Copied a Python script that draws {page.name}.", "", None)
        elif what == "picture":
            self._export(page, "picture", None, "png")
        else:
            self._export(page, "data", None, "csv")

    def copy_command(self) -> None:
        """Put the command that computes the shown page on the clipboard."""
        QGuiApplication.clipboard().setText(command(self.current))
        self.said.emit("Copied the command.", "", None)

    def _export(self, page: LabPage, purpose: Purpose, path: Path | None, kind: str) -> None:
        self.requests.ask(
            ExportPage(page.page, path, kind, remembered_size(self.settings)),
            lambda made: self.said.emit(deliver(purpose, made), "", None),
            lambda failure: self.said.emit(failure.sentence, failure.details, None),
        )

    # -------------------------------------------------------------------- shell

    def calls(self) -> Mapping[str, Callable[[], object]]:
        return {
            "export": self.ask_export,
            "stop": self._cancel,
            "copy_command": self.copy_command,
        }

    def enabled(self, name: str) -> bool:
        return self.computing is not None if name == "stop" else True

    def set_theme(self, theme: Theme) -> None:
        for page in self.pages.values():
            page.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the child."""
        self._poll.stop()
        self.requests.close()
        super().closeEvent(event)


def _settings(page: Page) -> dict[str, Any]:
    settings = page.model_dump()
    settings.pop("kind")
    return settings


def command(page: LabPage) -> str:
    """The command that computes the page."""
    words = ["stiffgui", "lab", page.name]
    for key, value in page.options().items():
        words += ["--set", f"{key}={value}"]
    return shlex.join(words)


def script(page: Page) -> str:
    """A Python script that computes the page and draws its picture."""
    name = page.kind  # type: ignore[attr-defined]
    return f'''"""Computes and draws the page "{name}" of stiffgui's laboratory."""

from pathlib import Path

from stiffgui.figures.lab import export_lab
from stiffgui.labs import page

chosen = page({name!r}).with_settings({_settings(page)!r})
result = chosen.last()  # numbers as attributes; result.numbers() as plain values
print(result.numbers())
export_lab(chosen, result, Path("{name}.pdf"), "pdf", replace=True)
'''
