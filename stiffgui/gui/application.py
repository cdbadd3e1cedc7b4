"""Starting the window: theme, folders, log, and the event loop."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib.resources import as_file
from pathlib import Path

from platformdirs import user_config_path, user_documents_path
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from stiffgui._resources import resource
from stiffgui.errors import InputError, in_short
from stiffgui.fault_log import record
from stiffgui.gui.faults import Faults
from stiffgui.gui.window import MainWindow
from stiffgui.gui.workspace import Place, Surroundings, Workspace
from stiffgui.matrices import ENDINGS as MATRICES
from stiffgui.signals import endings

MOST_SETTINGS = 1_000_000  # bytes
OBJECT = b"@Variant"
ASIDE = "set aside"  # of settings: where those are that could not be used


def _train(surroundings: Surroundings) -> Workspace:
    from stiffgui.gui.train.workspace import TrainWorkspace

    return TrainWorkspace(surroundings)


def _study(surroundings: Surroundings) -> Workspace:
    from stiffgui.gui.study.workspace import StudyWorkspace

    return StudyWorkspace(surroundings)


def _lab(surroundings: Surroundings) -> Workspace:
    from stiffgui.gui.lab.workspace import LabWorkspace

    return LabWorkspace(surroundings)


# In the order of the switch. Each is imported and built when it is first shown.
PLACES = (
    Place("Train", _train, (".stiff", ".toml", *MATRICES), "run"),
    Place("Study", _study, (".stiff", ".toml"), "study"),
    Place("Lab", _lab),
)


def make_application() -> QApplication:
    """The QApplication with our names and plot settings (an existing one is kept)."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(sys.argv[:1])
    application.setApplicationName("stiffgui")
    application.setDesktopFileName("io.github.stiffgui.stiffgui")  # of packaging/*.desktop
    with as_file(resource("icons", "stiffgui.svg")) as icon:
        application.setWindowIcon(QIcon(QIcon(str(icon)).pixmap(256, 256)))
    return application


def make_window(application: QApplication, workspace: Path | None = None) -> MainWindow:
    """A window on the first workspace, coloured as the system is."""
    settings = make_settings()
    try:
        window = _window_with(settings, workspace)
    except Exception:  # whatever the settings say: the program starts
        record(traceback.format_exc())
        settings = _anew(settings_path())
        window = _window_with(settings, workspace)
    if aside := settings.property(ASIDE):
        window.toasts.say(
            PLACES[0].title,
            f"The settings of the window could not be used and are set aside in {aside}: it begins "
            f"with the usual ones.",
        )
    window.apply_theme()
    application.styleHints().colorSchemeChanged.connect(window.apply_theme)
    return window


def _window_with(settings: QSettings, workspace: Path | None) -> MainWindow:
    kept = settings.value("workspace")
    folder = workspace or (Path(str(kept)) if kept else user_documents_path() / "stiffgui")
    return MainWindow(folder, settings, PLACES)


def settings_path() -> Path:
    """The file of the person's window settings."""
    return user_config_path("stiffgui", appauthor=False) / "window.ini"


def make_settings() -> QSettings:
    """The person's window settings; a broken file is set aside, not fatal.

    A value of a kind from which Qt would build any object is left out: an earlier version wrote
    such for the places of cards.
    """
    path = settings_path()
    try:
        if path.exists() and (not path.is_file() or path.stat().st_size > MOST_SETTINGS):
            return _anew(path)
        content = path.read_bytes() if path.exists() else b""
        if b"\0" in content or not _is_text(content):  # Qt would write over it without a word
            return _anew(path)
        if OBJECT in content:
            lines = content.splitlines(keepends=True)
            path.write_bytes(b"".join(line for line in lines if OBJECT not in line))
    except OSError:
        return _anew(path)
    settings = QSettings(str(path), QSettings.Format.IniFormat)
    is_good = settings.status() == QSettings.Status.NoError
    is_folder = "\0" not in str(settings.value("workspace"))
    return settings if is_good and is_folder else _anew(path)


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _anew(path: Path) -> QSettings:
    """Settings without a content; what was there is set aside."""
    aside = path.with_suffix(".broken")
    try:
        path.replace(aside)
    except OSError:  # it cannot be moved: leave it alone
        aside, path = path, path.with_name("window-new.ini")
    settings = QSettings(str(path), QSettings.Format.IniFormat)
    settings.setProperty(ASIDE, str(aside))
    return settings


def open_window(words: list[str], layers: Sequence[str] = ()) -> int:
    """Open the window, on files if any are named, and run until it is closed. `layers`: patterns
    that choose arrays of files of matrices."""
    for word in words:
        if not Path(word).is_file():
            what = "it is a folder" if Path(word).is_dir() else "there is no such file"
            raise InputError(f"{in_short(word)} cannot be read: {what}. Check the path.")
    if sys.platform == "linux" and not _has_display():
        raise InputError(
            "there is no display to open the window on: set DISPLAY, or use the command line "
            "(`stiffgui --help`), or set QT_QPA_PLATFORM=offscreen."
        )
    sys.setswitchinterval(0.001)
    application = make_application()
    window = make_window(application)
    faults = Faults(window)
    faults.watch()
    for word in words:
        if layers and Path(word).suffix.lower() in MATRICES:
            window.train.matrices.open(Path(word), layers)
        else:
            window.open_file(Path(word))
    for number in endings():
        signal.signal(number, lambda *_: window.leave())
    application.commitDataRequest.connect(lambda _: window.leave())
    window.show()
    QTimer.singleShot(0, window.start_children)
    try:
        return application.exec()
    finally:
        faults.leave()


def _has_display() -> bool:
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return any(os.environ.get(name) for name in names)
