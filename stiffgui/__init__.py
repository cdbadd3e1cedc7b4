"""stiffgui: numerical stiffness of residual networks, measured, penalised and compared, live.

The public names resolve when first used, so that `import stiffgui` loads neither Qt nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from stiffgui._version import __version__

if TYPE_CHECKING:
    from stiffgui._presets import presets
    from stiffgui.errors import InputError
    from stiffgui.experiment import Experiment
    from stiffgui.runs import Run, open_run, train
    from stiffgui.study import Study, open_study, run_study, studies

__all__ = [
    "Experiment",
    "InputError",
    "Run",
    "Study",
    "__version__",
    "open_run",
    "open_study",
    "presets",
    "run_study",
    "studies",
    "train",
]

_HOMES = {
    "Experiment": "stiffgui.experiment",
    "InputError": "stiffgui.errors",
    "Run": "stiffgui.runs",
    "Study": "stiffgui.study",
    "open_run": "stiffgui.runs",
    "open_study": "stiffgui.study",
    "presets": "stiffgui._presets",
    "run_study": "stiffgui.study",
    "studies": "stiffgui.study",
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
