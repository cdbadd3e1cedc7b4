"""Which path a run takes, and why. Chosen here only; a run keeps its path to the end."""

from __future__ import annotations

from typing import NamedTuple

from stiffgui.experiment import Experiment
from stiffgui.regularizers import L2, NoPenalty, Stiffness
from stiffgui.settings import kind_of
from stiffgui.states import PathKind
from stiffgui.stiffness.gelfand import Gelfand
from stiffgui.stiffness.gelfand_sketch import GelfandSketch
from stiffgui.stiffness.spectral_radius import SpectralRadius

PATHS: dict[PathKind, str] = {
    "compiled": "compiled loops, whole epochs at a time",
    "operations": "torch, operation by operation, the gradient written out",
    "autograd": "torch, operation by operation, the gradient by autograd",
}

# Those that have compiled loops; the radius in float32, beyond which LAPACK is the measure.
_PROXIES = (GelfandSketch, Gelfand, SpectralRadius)


class Choice(NamedTuple):
    """A path, and the reason in words that follow `since`; empty for the usual one."""

    path: PathKind
    reason: str = ""

    @property
    def sentence(self) -> str:
        """One sentence for a person."""
        return f"{PATHS[self.path]}{f', since {self.reason}' if self.reason else ''}"


def choose(experiment: Experiment, where: str) -> Choice:
    """The path of a new run on this type of device (`cpu`, `cuda`)."""
    architecture, training = experiment.architecture, experiment.training
    if architecture.integrator != "euler":
        return Choice("autograd", f"its layers are steps of {architecture.integrator}")
    if where != "cpu":
        return Choice("operations", f"it runs on {where}")
    if training.end_time_jitter:
        return Choice("operations", "every batch has another end time")
    penalty = experiment.regularizer
    if type(penalty) is Stiffness:  # a class derived from it may do anything
        proxy, precision = type(penalty.proxy), training.precision
        if proxy not in _PROXIES:
            return Choice("operations", f"its penalty is {kind_of(proxy)}")
        if proxy is SpectralRadius and precision != "float32":
            return Choice("operations", f"its penalty is {kind_of(proxy)} in {precision}")
    elif type(penalty) not in (NoPenalty, L2):
        return Choice("operations", f"its penalty is {kind_of(type(penalty))}")
    return Choice("compiled")


def former(experiment: Experiment) -> PathKind:
    """The path of a run that was begun before there was a choice."""
    return "operations" if experiment.architecture.integrator == "euler" else "autograd"
