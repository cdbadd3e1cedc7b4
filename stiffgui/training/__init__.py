"""Training: the loss, Adam and plateau schedule per trial, the trainer and its controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stiffgui.training.controls import Controls
from stiffgui.training.records import Event, Record

if TYPE_CHECKING:
    from stiffgui.training.trainer import Trainer

__all__ = ["Controls", "Event", "Record", "Trainer"]


def __getattr__(name: str) -> Any:
    if name == "Trainer":  # needs torch; records do not
        from stiffgui.training.trainer import Trainer

        return Trainer
    raise AttributeError(f"module 'stiffgui.training' has no attribute {name!r}")
