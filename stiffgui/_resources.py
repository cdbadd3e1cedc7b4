"""Where resources are: `stiffgui/resources` in a wheel, beside the package in a checkout."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def resource(*parts: str) -> Traversable:
    """A file or folder below resources/."""
    package = files("stiffgui")
    root = package / "resources"
    if not root.is_dir():
        root = package.joinpath("..", "resources")
    return root.joinpath(*parts)
