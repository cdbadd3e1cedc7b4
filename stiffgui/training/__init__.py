"""Training: the loss, Adam and plateau schedule per trial, the trainer and its controls."""

from __future__ import annotations

from stiffgui.training.controls import Controls
from stiffgui.training.records import Event, Record
from stiffgui.training.trainer import Trainer

__all__ = ["Controls", "Event", "Record", "Trainer"]
