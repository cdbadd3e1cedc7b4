"""The reduced land-carbon model: `simulate` for its numbers, `LandCarbon` to learn them."""

from __future__ import annotations

from stiffgui.tasks.land_carbon.quantities import INPUTS, OUTPUTS, Input
from stiffgui.tasks.land_carbon.simulation import simulate
from stiffgui.tasks.land_carbon.task import LandCarbon

__all__ = ["INPUTS", "OUTPUTS", "Input", "LandCarbon", "simulate"]
