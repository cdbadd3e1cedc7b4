"""What is learnt. To add a task: one file with a class deriving from `Task`, and its name here."""

from __future__ import annotations

from stiffgui.tasks.alpine02 import Alpine02
from stiffgui.tasks.base import Data, Task

AnyTask = Alpine02

__all__ = ["Alpine02", "AnyTask", "Data", "Task"]
