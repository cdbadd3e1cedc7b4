"""Many trials of several variants: declared, trained anywhere, kept in one file, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stiffgui.study.declaration import Study, Variant
from stiffgui.study.library import studies
from stiffgui.study.results import StudyResults, open_study
from stiffgui.study.sweep import Axis, Sweep

if TYPE_CHECKING:
    from stiffgui.study.recording import StudyRecording

__all__ = [
    "Axis",
    "Study",
    "StudyRecording",
    "StudyResults",
    "Sweep",
    "Variant",
    "open_study",
    "studies",
]


def __getattr__(name: str) -> Any:
    if name == "StudyRecording":  # needs torch; reading does not
        from stiffgui.study.recording import StudyRecording

        return StudyRecording
    raise AttributeError(f"module 'stiffgui.study' has no attribute {name!r}")
