"""Matrices from files and arrays: read, measured, and put into a run file of one epoch, whose
layers they are. So they are drawn, compared and exported as what was trained. No torch but for
arrays in bfloat16.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SHOWN = "stiffgui-shown-"  # begins a folder of arrays that came from a session, and will not stay
ENDINGS = (".npy", ".npz", ".safetensors", ".mtx", ".mat")


@dataclass(frozen=True)
class Progress:
    """What is being computed, and about how many seconds of all that is left, this included.
    `news`: the run file at `path` has more to show than before."""

    what: str
    seconds: float
    path: Path
    news: bool = False
