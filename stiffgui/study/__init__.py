"""Many trials of several variants: declared, trained anywhere, kept in one file, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stiffgui._lazy import attributes
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


# These need torch; reading does not.
__getattr__ = attributes(
    __name__, {"StudyRecording": "study.recording", "run_study": "study.running"}
)
