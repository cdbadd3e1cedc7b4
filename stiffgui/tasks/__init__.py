"""What is learnt. To add a task: one file with a class deriving from `Task`, and its name here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Discriminator

from stiffgui.settings import kind_of
from stiffgui.tasks.alpine02 import Alpine02
from stiffgui.tasks.annulus import Annulus
from stiffgui.tasks.base import Data, Task
from stiffgui.tasks.functions import FUNCTIONS
from stiffgui.tasks.land_carbon import LandCarbon
from stiffgui.tasks.reflection import Reflection
from stiffgui.tasks.robertson import Robertson
from stiffgui.tasks.table import Table

_CLASSES: tuple[type[Task], ...] = (
    Alpine02,
    LandCarbon,
    Table,
    *FUNCTIONS,
    Reflection,
    Annulus,
    Robertson,
)
TASKS: dict[str, type[Task]] = {kind_of(t): t for t in _CLASSES}

if TYPE_CHECKING:
    AnyTask = Task
else:
    AnyTask = Annotated[Union[_CLASSES], Discriminator("kind")]  # noqa: UP007 (from a tuple)

__all__ = [
    "TASKS",
    "Alpine02",
    "Annulus",
    "AnyTask",
    "Data",
    "LandCarbon",
    "Reflection",
    "Table",
    "Task",
]
