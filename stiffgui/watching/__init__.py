"""Watches networks that stiffgui does not train, in their own process: a run file comes of it.

`Recorder` takes Jacobians from anywhere and needs no torch; `watch` takes them of a torch model or
of a neural ODE's right-hand side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stiffgui._lazy import attributes
from stiffgui.watching.recorder import Recorder

if TYPE_CHECKING:
    from stiffgui.watching.watch import watch

__all__ = ["Recorder", "watch"]

__getattr__ = attributes(__name__, {"watch": "watching.watch"})
