"""torch, and names of the package, imported when they are first used.

Settings are declared in the files that act on them (ADR 2), and the window reads those
declarations; it must not pay two seconds for torch to do so. Files below `experiment.py`
therefore write `from stiffgui._lazy import torch`; files above import torch plainly.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch as torch
else:

    class _Torch:
        def __getattr__(self, name: str) -> Any:
            import torch as real

            value = getattr(real, name)
            setattr(self, name, value)
            return value

    torch = _Torch()


def attributes(module: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's `__getattr__` (PEP 562): names that are imported when first used, from their
    homes below stiffgui."""

    def __getattr__(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        value = getattr(import_module(f"stiffgui.{homes[name]}"), name)
        setattr(sys.modules[module], name, value)  # also replaces a submodule of the same name
        return value

    return __getattr__
