"""Lab: the pages of the neural-ODE half, computed live in a child process of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from stiffgui.figures.script import page_command
from stiffgui.gui.child_thread import ChildThread
from stiffgui.gui.export.offers import Offer
from stiffgui.gui.export.requests import Exports
from stiffgui.gui.lab.page import LabPage
from stiffgui.gui.requests import Requests
from stiffgui.gui.theme import Theme
from stiffgui.gui.workspace import Surroundings, Workspace
from stiffgui.labs import PAGES, Result
from stiffgui.session.lab import ComputePage, Typeset
from stiffgui.session.service import Failure
from stiffgui.training.ready import Readiness

POLL_MS = 100  # a picture is drawn at most so often
NOTHING = "There is nothing to export yet: wait until the page has a picture."


class _Pages(dict[str, LabPage]):
    """Pages by name, each made when it is asked for."""

    def __init__(self, make: Callable[[str], LabPage]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> LabPage:
        page = self[name] = self._make(name)
        return page


class LabWorkspace(Workspace):
    """A tab for each page; the shown one is computed whenever a setting changes."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__()
        self.settings = surroundings.settings
        self.requests = Requests(ChildThread("The laboratory's process", daemon=False))
        self.exports = Exports(self, self.requests, self.settings, self._offers, NOTHING)
        self.exports.noted.connect(self.noted)
        self.exports.said.connect(lambda text, details: self.said.emit(text, details, None))
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self.requests.poll)
        self.computing: LabPage | None = None
        self._number = 0  # of the request that computes it
        self.pages = _Pages(self._make)
        self._theme: Theme | None = None
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("Pages of the laboratory")
        self.tabs.setObjectName("pages")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.stack = QStackedWidget()
        for kind in PAGES.values():
            self.tabs.addTab(kind.title())
        self.stack.setCurrentWidget(self.pages[next(iter(PAGES))])
        self.tabs.currentChanged.connect(self._shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 6)
        layout.setSpacing(6)
        layout.addWidget(self.tabs)
        layout.addWidget(self.stack, 1)

    def _make(self, name: str) -> LabPage:
        """The page of that name."""
        page = LabPage(PAGES[name]())
        page.wanted.connect(lambda _: self._compute(page))
        page.cancelled.connect(self._cancel)
        page.card.export_asked.connect(self.ask_export)
        page.card.copy_asked.connect(lambda what: self.exports.copy(what, name))
        if self._theme is not None:
            page.set_theme(self._theme)
        self.stack.addWidget(page)
        if self._poll.isActive():  # else it is done at the start
            self._typeset(page)
        return page

    @property
    def current(self) -> LabPage:
        """The page that is shown."""
        found = self.stack.currentWidget()
        assert isinstance(found, LabPage)
        return found

    def show_page(self, name: str) -> None:
        """Show the page of that name (of `stiffgui.labs.PAGES`)."""
        self.tabs.setCurrentIndex(list(PAGES).index(name))

    def _shown(self, index: int) -> None:
        self.stack.setCurrentWidget(self.pages[list(PAGES)[index]])
        self._cancel()
        if not self.current.is_complete:
            self._compute(self.current)

    # ---------------------------------------------------------------- computing

    def start(self) -> None:
        self.requests.thread_.start()
        self._poll.start()
        self._compute(self.current)
        for page in self.pages.values():
            self._typeset(page)

    def _typeset(self, page: LabPage) -> None:
        work = Typeset(page.page.formulas)
        self.requests.ask(work, page.formulas.show_images, lambda failure: None)

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

    def _show_result(self, page: LabPage, result: Readiness | Result) -> None:
        if isinstance(result, Readiness):
            page.show_progress(0.0, result.sentence)
            return
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

    def _offers(self) -> list[Offer]:
        """What can be exported: the shown page first, then the others that are computed."""
        pages = [self.current, *(p for p in self.pages.values() if p is not self.current)]
        return [offer for page in pages if (offer := page.offer) is not None]

    def ask_export(self) -> None:
        """Open the export dialog on the shown page."""
        self.exports.open_dialog(self.current.name)

    def copy_command(self) -> None:
        """Put the command that computes the shown page on the clipboard."""
        QGuiApplication.clipboard().setText(page_command(self.current.page))
        self.noted.emit("Copied the command.")

    # -------------------------------------------------------------------- shell

    def calls(self) -> Mapping[str, Callable[[], object]]:
        return {
            "export": self.ask_export,
            "stop": self._cancel,
            "copy_command": self.copy_command,
        }

    def enabled(self, name: str) -> bool:
        return self.computing is not None if name == "stop" else True

    def main_view(self) -> QWidget:
        return self.current.card.plot or self

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for page in self.pages.values():
            page.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the child."""
        self._poll.stop()
        self.requests.close()
        super().closeEvent(event)
