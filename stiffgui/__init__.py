"""stiffgui: numerical stiffness of residual networks, measured, penalised and compared, live.

The public names resolve when first used, so that `import stiffgui` loads neither Qt nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stiffgui._presets import presets
    from stiffgui.errors import InputError
    from stiffgui.experiment import Experiment
    from stiffgui.runs import Run, open_run, train

__version__ = "0.1.0"
__all__ = ["Experiment", "InputError", "Run", "open_run", "presets", "train"]

_HOMES = {
    "Experiment": "stiffgui.experiment",
    "InputError": "stiffgui.errors",
    "Run": "stiffgui.runs",
    "open_run": "stiffgui.runs",
    "presets": "stiffgui._presets",
    "train": "stiffgui.runs",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'stiffgui' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value  # also replaces a submodule of the same name
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
