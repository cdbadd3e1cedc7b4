"""Training: the loss, Adam and plateau schedule per trial, the trainer and its controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stiffgui._lazy import attributes
from stiffgui.training.controls import Controls
from stiffgui.training.records import Event, Frame, Item, Record

if TYPE_CHECKING:
    from stiffgui.training.trainer import Trainer

__all__ = ["Controls", "Event", "Frame", "Item", "Record", "Trainer"]


__getattr__ = attributes(__name__, {"Trainer": "training.trainer"})  # needs torch; records do not
