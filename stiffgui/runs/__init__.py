"""A run as one file: write while training, read, resume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stiffgui._lazy import attributes
from stiffgui.runs.history import History
from stiffgui.runs.maintenance import set_note, settle
from stiffgui.runs.refining import refine
from stiffgui.runs.run import Run, open_run
from stiffgui.runs.warm_start import WarmStart

if TYPE_CHECKING:
    from stiffgui.runs.recording import Recording, train

__all__ = [
    "History",
    "Recording",
    "Run",
    "WarmStart",
    "open_run",
    "refine",
    "set_note",
    "settle",
    "train",
]


# These need torch; reading does not.
__getattr__ = attributes(__name__, dict.fromkeys(("Recording", "train"), "runs.recording"))
