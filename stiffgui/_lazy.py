"""torch, imported when it is first used.

Settings are declared in the files that act on them (ADR 2), and the window reads those
declarations; it must not pay two seconds for torch to do so. Files below `experiment.py`
therefore write `from stiffgui._lazy import torch`; files above import torch plainly.
"""

from __future__ import annotations

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
