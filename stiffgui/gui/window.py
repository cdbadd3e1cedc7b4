"""The main window: a shell around workspaces; menus, the switch, messages, theme, closing."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDesktopServices,
    QKeyEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLabel,
    QMainWindow,
    QMessageBox,
    QSizePolicy,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from stiffgui._resources import resource
from stiffgui._version import __version__
from stiffgui.errors import one_of
from stiffgui.fault_log import log_folder
from stiffgui.gui import theme as theme_module
from stiffgui.gui.actions import fill_menus, make_actions
from stiffgui.gui.closing import Choice, ask_how_to_close
from stiffgui.gui.file_drop import FileDrop
from stiffgui.gui.keyboard import Keyboard
from stiffgui.gui.palette import Palette
from stiffgui.gui.recent import RecentFiles
from stiffgui.gui.shortcuts import Shortcuts
from stiffgui.gui.tab_order import go_on, stops
from stiffgui.gui.theme import Theme
from stiffgui.gui.toasts import Toasts
from stiffgui.gui.workspace import Place, Surroundings, Workspace
from stiffgui.matrices import ENDINGS as MATRICES
from stiffgui.session.reading import SECONDS, ReadKind
from stiffgui.tasks.table import ENDINGS

if TYPE_CHECKING:
    from stiffgui.gui.train.workspace import TrainWorkspace


PRESENTER_SCALE = 2.0  # of text and lines


class MainWindow(QMainWindow):
    """Shows one workspace of `places` at a time; the first one at once, the others when asked
    for. `folder` keeps the runs.
    """

    def __init__(self, folder: Path, settings: QSettings, places: Sequence[Place]) -> None:
        super().__init__()
        self.setWindowTitle("stiffgui")
        self.folder, self.settings, self.places = folder, settings, tuple(places)
        self.built: dict[str, Workspace] = {}
        self.keyboard = Keyboard(
            self,
            lambda: self.current.main_view(),
            lambda: self.toasts.escape() or self.current.escape(),
        )
        self._make_pages()
        self._own: dict[str, Callable[[], object]] = {
            "import_table": self.import_table,
            "workspace": self.ask_folder,
            "quit": self.close,
            "theme_system": lambda: self.choose_theme("system"),
            "theme_light": lambda: self.choose_theme("light"),
            "theme_dark": lambda: self.choose_theme("dark"),
            "presenter": self.toggle_presenter,
            "palette": lambda: Palette(self._found(), self.current.look_up, self).open(),
            "message": self.toasts.take_focus,
            "documentation": self.open_documentation,
            "shortcuts": lambda: Shortcuts(self).open(),
            "log": self.open_log,
            "about": self.about,
        }
        self.acts = make_actions(self, self._do)
        self._menus = fill_menus(self.menuBar(), self.acts)
        self.recent = RecentFiles(settings, self)
        self.recent.chosen.connect(self.open_file)
        self._menus["&File"].insertMenu(self.acts["library"], self.recent)
        self._theme: Theme | None = None
        self._presents = False
        self._place = ""  # what is shown
        self._started = self._left_in_background = False
        self._make_toolbar()
        self.resize(1280, 800)
        geometry = self.settings.value("geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        room = self.screen().availableGeometry()  # at 200 % there may be less than there was
        self.resize(self.size().boundedTo(room.size()))
        if not room.contains(self.geometry()):
            self.move(room.topLeft())
        self.show_place(self.places[0].title)
        FileDrop(self).dropped.connect(self.drop)

    # ------------------------------------------------------------------ building

    def _make_pages(self) -> None:
        self.pages = QStackedWidget()
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.setCentralWidget(centre)
        self.toasts = Toasts(centre)
        self.toasts.left.connect(self.keyboard.give_back)

    def _make_toolbar(self) -> None:
        bar = QToolBar("Workspace")
        bar.setObjectName("Workspace")
        bar.setMovable(False)
        bar.toggleViewAction().setVisible(False)
        self.switch: dict[str, QAction] = {}
        self._switches: list[QWidget] = []
        if len(self.places) > 1:
            self._add_switch(bar)
        else:
            title = QLabel(f"  {self.places[0].title}")
            title.setObjectName("cardTitle")
            bar.addWidget(title)
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(spacer)
        self._bars: dict[str, QAction] = {}
        self._toolbar = bar
        self.addToolBar(bar)

    def _add_switch(self, bar: QToolBar) -> None:
        """A button and a line of the View menu for each workspace, Ctrl+1, Ctrl+2, ..."""
        group = QActionGroup(self)
        view = self._menus["&View"]
        first = view.actions()[0]
        for number, place in enumerate(self.places, 1):
            action = QAction(place.title, self)
            action.setCheckable(True)
            action.setShortcut(f"Ctrl+{number}")
            action.setToolTip(f"Show the {place.title} workspace (Ctrl+{number})")
            action.triggered.connect(lambda _=False, t=place.title: self.show_place(t))
            group.addAction(action)
            view.insertAction(first, action)
            button = QToolButton()
            button.setObjectName("switch")
            button.setDefaultAction(action)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus where it was
            bar.addWidget(button)
            self._switches.append(button)
            self.switch[place.title] = action
        view.insertSeparator(first)

    # ---------------------------------------------------------------- workspaces

    @property
    def current(self) -> Workspace:
        """The workspace that is shown."""
        found = self.pages.currentWidget()
        assert isinstance(found, Workspace)
        return found

    @property
    def train(self) -> TrainWorkspace:
        """The workspace that the window begins with."""
        found: TrainWorkspace = self.built["Train"]  # type: ignore[assignment]
        return found

    def show_place(self, title: str) -> Workspace:
        """Show a workspace; it is built now if it was never seen before."""
        workspace = self.built.get(title) or self._build(title)
        self.pages.setCurrentWidget(workspace)
        self._place = title
        self.toasts.show_those_of(title)
        for name, action in self._bars.items():
            action.setVisible(name == title)
        for name, other in self.built.items():
            for menu in other.menus():
                menu.menuAction().setVisible(name == title)
        if title in self.switch:
            self.switch[title].setChecked(True)
        self._update_actions()
        return workspace

    def _build(self, title: str) -> Workspace:
        place = next(p for p in self.places if p.title == title)
        workspace = place.make(
            Surroundings(self.folder, self.settings, self.acts, lambda: self.train.model.experiment)
        )
        self.built[title] = workspace
        self.pages.addWidget(workspace)
        if workspace.bar is not None:
            self._bars[title] = self._toolbar.addWidget(workspace.bar)
        for menu in workspace.menus():
            self.menuBar().insertMenu(self._menus["&Help"].menuAction(), menu)
        workspace.said.connect(partial(self.toasts.say, title))
        workspace.noted.connect(partial(self.toasts.note, title))
        workspace.began.connect(partial(self.toasts.clear, title))
        workspace.changed.connect(self._changed)
        workspace.asked_to_open.connect(self.open_file)
        workspace.filed.connect(self.recent.add)
        if self._theme is not None:
            workspace.set_theme(self._theme)
        if self._started:
            workspace.start()
        return workspace

    def start_children(self) -> None:
        """Let the workspaces spawn their children; once the window is painted."""
        self._started = True
        for workspace in self.built.values():
            workspace.start()
        gc.freeze()  # looking through all that was imported would be a pause of 60 ms

    def open_file(self, path: Path) -> None:
        """Open a file in the workspace that knows its kind; import a table; the first workspace
        takes any other."""
        ending = path.suffix.lower()
        if ending in ENDINGS and not any(ending in place.suffixes for place in self.places):
            self.import_table(path)
            return
        if path.is_file():
            self.recent.add(path)
        knowing = [p for p in self.places if ending in p.suffixes] or [*self.places[:1]]
        if len(knowing) == 1:
            self.show_place(knowing[0].title).open_file(path)
            return

        def found(kind: str) -> None:
            self.show_place(next(p.title for p in knowing if p.kind == kind)).open_file(path)

        self.train.reading.ask(
            ReadKind(path),
            found,
            lambda why: self.toasts.say(self._place, why.about(path), why.details),
            seconds=SECONDS,
        )

    def import_table(self, path: Path | None = None) -> None:
        """Open the import wizard, on a file if one is given."""
        if path is not None and path.is_file():
            self.recent.add(path)
        self.show_place(self.places[0].title)
        self.train.importing.open(path)

    def drop(self, paths: Sequence[Path]) -> None:
        """Open each of the files that were dropped; one sentence for those that cannot be."""
        known = {suffix for place in self.places for suffix in place.suffixes}
        strange = []
        for path in paths:
            ending = path.suffix.lower()
            if not path.is_file() or ending not in (*ENDINGS, *known):
                strange.append(path.name or str(path))
            else:
                self.open_file(path)
        if strange:
            what = strange[0] if len(strange) == 1 else f"{strange[0]} and {len(strange) - 1} more"
            self.toasts.say(
                self._place,
                f"{what} cannot be opened: drop a table ({one_of(ENDINGS)}), matrices "
                f"({one_of(MATRICES)}), settings (.toml) or a run or a study (.stiff).",
            )

    def _changed(self) -> None:
        self._update_actions()
        if self._left_in_background and self.isHidden() and not self._busy():
            self.close()

    def _busy(self) -> bool:
        return any(workspace.busy for workspace in self.built.values())

    # ------------------------------------------------------------------- actions

    def _do(self, name: str) -> None:
        """Do an action: the shell's own, or what it means in the workspace that is shown."""
        call = self._own.get(name) or self.current.calls().get(name)
        if call is not None:
            call()

    def _update_actions(self) -> None:
        if not self.pages.count():
            return
        workspace = self.current
        known = workspace.calls()
        for name, action in self.acts.items():
            if name not in self._own:
                action.setEnabled(name in known and workspace.enabled(name))

    def _found(self) -> list[QAction]:
        """The actions that the palette finds: all, those of the workspace's menus too."""
        return [*self.switch.values(), *self.acts.values(), *self.current.found()]

    def ask_folder(self) -> None:
        """Choose the folder in which runs are kept; remembered."""
        name = QFileDialog.getExistingDirectory(
            self, "Folder that keeps the runs", str(self.folder)
        )
        if name:
            self.folder = Path(name)
            self.settings.setValue("workspace", name)
            for workspace in self.built.values():
                workspace.set_folder(self.folder)

    def open_documentation(self) -> None:
        """Show the site that came with the program in a browser."""
        page = Path(str(resource("documentation", "index.html")))
        if not page.exists():
            told = "`make docs` makes it of the folder docs, which can be read as it is, too"
            self.toasts.say(self._place, f"There is no {page}: {told}.")
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(page))):
            self.toasts.say(self._place, f"No browser can be opened: the documentation is {page}.")

    def open_log(self) -> None:
        """Show the folder with the log in the system's file viewer."""
        folder = log_folder()
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.toasts.say(self._place, f"The log is in {folder}.")

    def about(self) -> None:
        """Version, licence, source."""
        QMessageBox.about(
            self,
            "About stiffgui",
            f"stiffgui {__version__}\n\nNumerical stiffness of residual networks: measured, "
            "penalised and compared, live.\n\nBSD 3-Clause licence. The method is that of Hudson, "
            "D'Elia, Najm and Sargsyan, J. Mach. Learn. Model. Comput. 4(2), 2023.\n\n"
            f"Runs are kept in {self.folder}.",
        )

    # ------------------------------------------------------------------ closing

    def ask_how_to_close(self) -> Choice:
        """What to do with the training that is running."""
        return ask_how_to_close(self)

    def leave(self) -> None:
        """Stop and save without a question: the system or a terminal ends."""
        self.hide()
        self.close()
        QApplication.quit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once while something is computed; then stop, save, and end the children."""
        if self._busy() and self.isVisible():
            choice = self.ask_how_to_close()
            if choice is not Choice.STOP:
                event.ignore()
                if choice is Choice.BACKGROUND:
                    self._left_in_background = True
                    self.hide()
                return
        self.settings.setValue("geometry", self.saveGeometry())
        self.hide()
        for workspace in self.built.values():
            workspace.close()
        event.accept()
        if self._left_in_background:
            QApplication.quit()  # the last window was hidden before: nothing else ends the loop

    def showEvent(self, event: QShowEvent) -> None:
        """No button has the focus at first: Space pauses."""
        super().showEvent(event)
        if not event.spontaneous():
            QTimer.singleShot(0, self, self.keyboard.give_back)

    def event(self, event: QEvent) -> bool:
        """Keys of what has the focus are not those of the menus."""
        if event.type() == QEvent.Type.DevicePixelRatioChange and self._theme is not None:
            self.apply_theme()
        asked = event.type() == QEvent.Type.ShortcutOverride
        if asked and isinstance(event, QKeyEvent) and self.keyboard.keeps(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.keyboard.pressed(event)

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes in the order that things have on the page now."""
        order = stops(*self._switches, *self.current.parts())
        return go_on(order, next) or super().focusNextPrevChild(next)

    # -------------------------------------------------------------------- theme

    def choose_theme(self, choice: str) -> None:
        """system, light or dark; remembered."""
        self.settings.setValue("theme", choice)
        self.apply_theme()

    def apply_theme(self) -> None:
        """Colour the window and every workspace."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        chosen = str(self.settings.value("theme", "system"))
        marks = {f"theme_{name}": name == chosen for name in ("system", "light", "dark")}
        for name, marked in (marks | {"presenter": self._presents}).items():
            self.acts[name].setCheckable(True)
            self.acts[name].setChecked(marked)
        self._theme = theme_module.apply(
            application,
            chosen,
            PRESENTER_SCALE if self._presents else 1.0,
            self.devicePixelRatioF(),
        )
        for workspace in self.built.values():
            workspace.set_theme(self._theme)

    def toggle_presenter(self) -> None:
        """Text and lines twice as large, and panels of settings away; or as before."""
        self._presents = not self._presents
        self.apply_theme()
        for workspace in self.built.values():
            workspace.present(self._presents)
