"""Plots: pictures of `stiffgui.figures` drawn with pyqtgraph."""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any


def _import_pyqtgraph() -> None:
    """Import pyqtgraph without the copies that it makes of every name of Qt.

    PySide makes a class when it is first asked for; making all of them takes a tenth of the start.
    """
    modules: dict[str, Any] = {
        name: import_module(f"PySide6.{name}") for name in ("QtCore", "QtGui", "QtWidgets")
    }
    for name, module in modules.items():
        mirror: Any = ModuleType(f"pyqtgraph.Qt.{name}")
        mirror.__getattr__ = partial(getattr, module)
        sys.modules[mirror.__name__] = mirror
        module.__dir__ = list  # nothing to copy
    try:
        import_module("pyqtgraph")
    finally:
        for module in modules.values():
            del module.__dir__


if "pyqtgraph" not in sys.modules:
    _import_pyqtgraph()
import_module("pyqtgraph").setConfigOptions(antialias=True, useOpenGL=False)
