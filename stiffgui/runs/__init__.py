"""A run as one file: write while training, read, resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name in ("Recording", "train"):  # these need torch; reading does not
        from stiffgui.runs import recording

        return getattr(recording, name)
    raise AttributeError(f"module 'stiffgui.runs' has no attribute {name!r}")
