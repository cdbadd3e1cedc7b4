"""stiffgui: numerical stiffness of residual networks, measured, penalised and compared, live.

The public names resolve when first used, so that `import stiffgui` loads neither Qt nor torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stiffgui._lazy import attributes
from stiffgui._version import __version__

if TYPE_CHECKING:
    from stiffgui._presets import presets
    from stiffgui.errors import InputError
    from stiffgui.experiment import Experiment
    from stiffgui.matrices.showing import show
    from stiffgui.runs import Run, open_run, train
    from stiffgui.study import Study, open_study, run_study, studies
    from stiffgui.watching import Recorder, watch

__all__ = [
    "Experiment",
    "InputError",
    "Recorder",
    "Run",
    "Study",
    "__version__",
    "open_run",
    "open_study",
    "presets",
    "run_study",
    "show",
    "studies",
    "train",
    "watch",
]

_HOMES = {
    "Experiment": "experiment",
    "InputError": "errors",
    "Recorder": "watching",
    "Run": "runs",
    "Study": "study",
    "open_run": "runs",
    "open_study": "study",
    "presets": "_presets",
    "run_study": "study",
    "show": "matrices.showing",
    "studies": "study",
    "train": "runs",
    "watch": "watching",
}


__getattr__ = attributes(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
