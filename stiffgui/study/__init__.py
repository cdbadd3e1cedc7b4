"""Many trials of several variants: declared, trained anywhere, kept in one file, compared."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from stiffgui.study.declaration import Study, Variant
from stiffgui.study.library import studies
from stiffgui.study.results import StudyResults, open_study
from stiffgui.study.sweep import Axis, Sweep

if TYPE_CHECKING:
    from stiffgui.study.recording import StudyRecording
    from stiffgui.study.running import run_study

__all__ = [
    "Axis",
    "Study",
    "StudyRecording",
    "StudyResults",
    "Sweep",
    "Variant",
    "open_study",
    "run_study",
    "studies",
]


_TRAINING = {  # needs torch; reading does not
    "StudyRecording": "stiffgui.study.recording",
    "run_study": "stiffgui.study.running",
}


def __getattr__(name: str) -> Any:
    if name in _TRAINING:
        return getattr(import_module(_TRAINING[name]), name)
    raise AttributeError(f"module 'stiffgui.study' has no attribute {name!r}")
