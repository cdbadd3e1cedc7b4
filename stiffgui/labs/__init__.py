"""The laboratory pages: calculations behind the neural-ODE half of the talk.

To add a page: one file with a class deriving from `Page`, and its name in `_CLASSES`.
"""

from __future__ import annotations

from stiffgui.errors import entry
from stiffgui.labs.convergence import Convergence
from stiffgui.labs.crossing import Crossing
from stiffgui.labs.gradients import TwoGradients
from stiffgui.labs.linear import Linear
from stiffgui.labs.page import Page, Result
from stiffgui.settings import kind_of

_CLASSES: tuple[type[Page], ...] = (Linear, Convergence, Crossing, TwoGradients)
PAGES: dict[str, type[Page]] = {kind_of(p): p for p in _CLASSES}


def page(name: str) -> Page:
    """The page of that name with its default settings. Raises InputError when it is unknown."""
    return entry("laboratory page", name, PAGES)()


__all__ = ["PAGES", "Page", "Result", "page"]
