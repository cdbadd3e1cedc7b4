"""The batched residual network. `architecture` holds settings only and needs no torch."""

from __future__ import annotations

from stiffgui.resnet.activations import ACTIVATIONS
from stiffgui.resnet.architecture import Architecture

__all__ = ["ACTIVATIONS", "Architecture"]
