"""What a test of the window must not leave behind, and the lines where it came into being.

Learnt from napari's conftest: what can leak remembers who made it, and a test that leaves some of
it fails and names the line.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

import psutil
import PySide6.QtWidgets
from PySide6.QtCore import QEvent, QThread, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from stiffgui.child import Child
from tests.processes import children

ROOT = Path(__file__).resolve().parents[2]
OURS = (str(ROOT / "stiffgui"), str(ROOT / "tests"))
SETTLE_SECONDS = 5.0  # a child needs a moment to be gone, a single shot to be fired

_lines: WeakKeyDictionary[Any, str] = WeakKeyDictionary()  # threads and timers: started; widgets
_children: dict[int, str] = {}
_files: dict[str, str] = {}


class Leaks:
    """What there is, to be compared with what there was."""

    def __init__(self) -> None:
        self._before = {name: set(find()) for name, find in _KINDS.items()}

    def left(self) -> list[str]:
        """A line for each thing that is there and was not; after some waiting for it to go."""
        end = time.monotonic() + SETTLE_SECONDS
        while new := self._new():
            if time.monotonic() > end:
                break
            gc.collect()
            settle()
            time.sleep(0.02)
        return new

    def _new(self) -> list[str]:
        lines = []
        for name, find in _KINDS.items():
            now = find()
            if len(now) > len(self._before[name]):  # one may have taken the place of another
                new = now.keys() - self._before[name]
                lines += [f"{name} {now[key]}" for key in new]
        return lines


def settle() -> None:
    """Let Qt delete what is to be deleted, and do what is due."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    application.processEvents()


def watch() -> None:
    """From now on, remember the lines. (Cheap: a walk up the stack for each of them.)"""
    _remember(QThread, "start")
    _remember(QTimer, "start")
    for name in dir(PySide6.QtWidgets):
        kind = getattr(PySide6.QtWidgets, name)
        if isinstance(kind, type) and issubclass(kind, QWidget):
            _remember(kind, "__init__")
    begin = Child.__init__

    def begun(self: Child, *words: Any, **more: Any) -> None:
        begin(self, *words, **more)
        _children[self.process.pid or 0] = _line()

    Child.__init__ = begun  # type: ignore[method-assign]
    sys.addaudithook(_hear)


def _remember(kind: type, name: str) -> None:
    method = getattr(kind, name)

    def called(self: Any, *words: Any, **more: Any) -> Any:
        if self not in _lines:
            _lines[self] = _line(self)
        return method(self, *words, **more)

    setattr(kind, name, called)


def _hear(event: str, words: tuple[Any, ...]) -> None:
    if event in ("open", "sqlite3.connect") and isinstance(words[0], str | Path):
        line = _line()
        if line:
            path = str(words[0]).removeprefix("file:").partition("?")[0]
            _files[str(Path(path).absolute())] = line


def _line(made: object = None) -> str:
    """The innermost line of ours that is being executed, outside `made` being made; or empty."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        inside = name == "__init__" and frame.f_locals.get("self") is made
        if file.startswith(OURS) and file != __file__ and not inside:
            return f"{Path(file).relative_to(ROOT)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def _alive(kind: type, works: Callable[[Any], bool]) -> dict[Any, str]:
    found = [o for o in list(_lines) if isinstance(o, kind) and isValid(o) and works(o)]
    return {id(o): f"{o!r} of {_lines[o]}" for o in found}


def _windows() -> dict[Any, str]:
    return {
        id(w): f"{w!r} of {_lines.get(w) or 'Qt or a library'}"
        for w in QApplication.topLevelWidgets()
    }


def _processes() -> dict[Any, str]:
    return {p.pid: f"{p.pid} of {_children.get(p.pid, '?')}" for p in children()}


def _open_files() -> dict[Any, str]:
    """Those that our code has opened, not a library's own; a database counts with its journal."""
    paths = {f.path.removesuffix("-wal") for f in psutil.Process().open_files()}
    ours = {path for path in paths if path in _files and "site-packages" not in path}
    return {path: f"{path} of {_files[path]}" for path in ours}


_KINDS: dict[str, Callable[[], dict[Any, str]]] = {
    "a thread that runs:": lambda: _alive(QThread, lambda thread: thread.isRunning()),
    "a timer that is active:": lambda: _alive(QTimer, lambda timer: timer.isActive()),
    "a widget:": _windows,
    "a child:": _processes,
    "an open file:": _open_files,
}
