"""Test functions from the literature, a class each: add one here and in `FUNCTIONS`."""

from __future__ import annotations

from stiffgui.tasks.functions.base import BenchmarkFunction
from stiffgui.tasks.functions.engineering import Borehole, OtlCircuit, Piston
from stiffgui.tasks.functions.genz import (
    GenzContinuous,
    GenzCornerPeak,
    GenzDiscontinuous,
    GenzGaussian,
    GenzOscillatory,
    GenzProductPeak,
)
from stiffgui.tasks.functions.optimisation import Ackley, Alpine01, Rastrigin
from stiffgui.tasks.functions.sensitivity import Friedman1, Ishigami, SobolG

FUNCTIONS: tuple[type[BenchmarkFunction], ...] = (
    Alpine01,
    Ackley,
    Rastrigin,
    Friedman1,
    Ishigami,
    SobolG,
    GenzOscillatory,
    GenzProductPeak,
    GenzCornerPeak,
    GenzGaussian,
    GenzContinuous,
    GenzDiscontinuous,
    Borehole,
    OtlCircuit,
    Piston,
)

__all__ = ["FUNCTIONS", "BenchmarkFunction"]
