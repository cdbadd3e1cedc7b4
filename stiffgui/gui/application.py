"""Starting the window: theme, folders, log, and the event loop."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import tomllib
import traceback
from datetime import datetime
from functools import partial
from importlib.resources import as_file
from pathlib import Path
from types import TracebackType
from typing import TextIO

from platformdirs import user_config_path, user_documents_path, user_log_path
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from stiffgui._resources import resource
from stiffgui._version import __version__
from stiffgui.errors import InputError
from stiffgui.gui.window import MainWindow
from stiffgui.gui.workspace import Place, Surroundings, Workspace
from stiffgui.runs.opening import kind_of_file


def _train(surroundings: Surroundings) -> Workspace:
    from stiffgui.gui.train.workspace import TrainWorkspace

    return TrainWorkspace(surroundings)


def _study(surroundings: Surroundings) -> Workspace:
    from stiffgui.gui.study.workspace import StudyWorkspace

    return StudyWorkspace(surroundings)


def _is_study(path: Path) -> bool:
    if path.suffix == ".stiff":
        return kind_of_file(path) == "study"
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # Train says what is wrong with it
        return False
    return bool(values.keys() & {"variants", "sweep"})


def _lab(surroundings: Surroundings) -> Workspace:
    from stiffgui.gui.lab.workspace import LabWorkspace

    return LabWorkspace(surroundings)


# In the order of the switch. Each is imported and built when it is first shown.
PLACES = (
    Place("Train", _train, (".stiff", ".toml"), lambda path: not _is_study(path)),
    Place("Study", _study, (".stiff", ".toml"), _is_study),
    Place("Lab", _lab),
)


def make_application() -> QApplication:
    """The QApplication with our names and plot settings (an existing one is kept)."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(sys.argv[:1])
    application.setApplicationName("stiffgui")
    application.setDesktopFileName("stiffgui")
    with as_file(resource("icons", "stiffgui.svg")) as icon:
        application.setWindowIcon(QIcon(QIcon(str(icon)).pixmap(256, 256)))
    return application


def make_window(application: QApplication, workspace: Path | None = None) -> MainWindow:
    """A window on the first workspace, coloured as the system is."""
    settings = make_settings()
    kept = settings.value("workspace")
    folder = workspace or (Path(str(kept)) if kept else user_documents_path() / "stiffgui")
    window = MainWindow(folder, settings, PLACES)
    window.apply_theme()
    application.styleHints().colorSchemeChanged.connect(window.apply_theme)
    return window


def make_settings() -> QSettings:
    """The person's window settings; a broken file is set aside, not fatal."""
    path = user_config_path("stiffgui", appauthor=False) / "window.ini"
    settings = QSettings(str(path), QSettings.Format.IniFormat)
    if settings.status() == QSettings.Status.FormatError:
        path.replace(path.with_suffix(".broken"))
        settings = QSettings(str(path), QSettings.Format.IniFormat)
    return settings


def open_window(words: list[str]) -> int:
    """Open the window, on a file if one is named, and run until it is closed."""
    for word in words:
        if not Path(word).is_file():
            raise InputError(f"{word} cannot be read: there is no such file. Check the path.")
    if sys.platform == "linux" and not _has_display():
        raise InputError(
            "there is no display to open the window on: set DISPLAY, or use the command line "
            "(`stiffgui --help`), or set QT_QPA_PLATFORM=offscreen."
        )
    sys.setswitchinterval(0.001)
    log = (user_log_path("stiffgui", appauthor=False, ensure_exists=True) / "faults.log").open("a")
    faulthandler.enable(log)
    application = make_application()
    window = make_window(application)
    sys.excepthook = partial(record_fault, window, log)
    for word in words:
        window.open_file(Path(word))
    signal.signal(signal.SIGINT, lambda *_: window.close())
    window.show()
    QTimer.singleShot(0, window.start_children)
    return application.exec()


def record_fault(
    window: MainWindow,
    log: TextIO,
    kind: type[BaseException],
    fault: BaseException,
    trace: TracebackType | None,
) -> None:
    """What nobody has caught, in the log, on standard error, and in the window."""
    sys.__excepthook__(kind, fault, trace)
    details = "".join(traceback.format_exception(kind, fault, trace))
    log.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} stiffgui {__version__}\n{details}\n")
    log.flush()
    window.say_fault(
        f"A fault of stiffgui: {fault or kind.__name__}. It is in {log.name}.", details
    )


def _has_display() -> bool:
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return any(os.environ.get(name) for name in names)
