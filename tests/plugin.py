"""A plugin as CONTRIBUTING.md describes additions: a recorded number, a figure, and a page of the
laboratory with its figure. `plugged_in(monkeypatch)` adds the one line that each of them needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pytest

from stiffgui.figures import FIGURES, Drawn, Figure, Picture
from stiffgui.figures.base import RunFigure
from stiffgui.figures.lab import PageFigure
from stiffgui.figures.picture import Axis, Curve, Panel, one_panel
from stiffgui.labs import PAGES, Page, Result
from stiffgui.settings import setting
from stiffgui.training.quantities import QUANTITIES, InStudy, Quantity

# ------------------------------------------------------------------------- a recorded number


def gradient_norm(trainer: Any) -> np.ndarray:
    """[R]: norm of Adam's mean gradient."""
    parts = [block.flatten(1) for block in trainer.state.mean.blocks.values()]
    return np.asarray(sum(p.double().square().sum(1) for p in parts).sqrt().cpu().numpy())  # type: ignore[union-attr]


GRADIENT_NORM = Quantity(
    "gradient_norm",
    "Gradient norm",
    "Norm of the mean gradient",
    of=gradient_norm,
    label="gradient",
    logarithmic=True,
    figure="errors",
    study=InStudy("gradient_norm", "|g|", "norm of the mean gradient", in_table=9, as_panel=9),
)


# ------------------------------------------------------------------------- a figure


class Norms(RunFigure):
    """Norms of the parameters

    A power of the L2 norm of every epoch."""

    kind: Literal["norms"] = "norms"
    sources: ClassVar[tuple[str, ...]] = ("runs", "study")

    power: float = setting(1.0, title="Power", help="Power of the norm.", gt=0, le=4)
    thick: bool = setting(False, title="Thick", help="Draw thick lines.")

    def _curve(self, run: Drawn) -> tuple[Any, Any]:
        epochs, (_, median, _) = run.history.quartiles("l2_norm")
        return epochs.astype(np.float64), median**self.power

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        items = []
        for run in runs:
            x, y = self._curve(run)
            width = 3.0 if self.thick else 1.3
            items.append(Curve(x=x, y=y, colour=run.colour, label=run.name, width=width))
        x_axis = Axis(label="epoch", whole=True)
        return one_panel(Panel(x=x_axis, y=Axis(label="norm"), items=tuple(items)))

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        frames = []
        for run in runs:
            x, y = self._curve(run)
            frames.append(pd.DataFrame({"run": run.name, "epoch": x, "norm": y}))
        return pd.concat(frames, ignore_index=True)


# ------------------------------------------------------------------------- a laboratory page


@dataclass(frozen=True, kw_only=True)
class DecayResult(Result):
    """exp(-rate t) at times [n]."""

    times: np.ndarray
    states: np.ndarray

    def values(self) -> dict[str, Any]:
        return {"last": self.states[-1]}

    def sentences(self) -> tuple[str, str]:
        return f"It falls to {self.states[-1]:.3g}.", "It falls for ever."


class Decay(Page):
    """Decay

    The simplest ODE that is stable."""

    kind: Literal["decay"] = "decay"
    sliders: ClassVar[dict[str, tuple[float, float]]] = {"rate": (0.1, 5.0)}
    first: ClassVar[tuple[str, ...]] = ("points",)

    rate: float = setting(1.0, title="Rate", help="Rate of the decay.", gt=0, le=100)
    points: int = setting(20, title="Points", help="Number of moments.", ge=2, le=1000)

    def results(self) -> Iterator[DecayResult]:
        times = np.linspace(0.0, 1.0, self.points)
        yield DecayResult(times=times, states=np.exp(-self.rate * times))


class DecayFigure(PageFigure[DecayResult]):
    """Decay

    x over t."""

    kind: Literal["decay"] = "decay"

    semilog: bool = setting(False, title="Semilogarithmic", help="A logarithmic axis of x.")

    def draw(self, result: DecayResult) -> Picture:
        curve = Curve(x=result.times, y=result.states, label="x", symbol="o")
        y = Axis(label="x", scale="log" if self.semilog else "linear")
        return one_panel(Panel(x=Axis(label="t"), y=y, items=(curve,)))

    def tabulate(self, result: DecayResult) -> pd.DataFrame:
        return pd.DataFrame({"t": result.times, "x": result.states})


# ------------------------------------------------------------------------- one line each


def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add all of it, until the test is over: what one line in the package would do for each."""
    monkeypatch.setitem(QUANTITIES, GRADIENT_NORM.name, GRADIENT_NORM)
    monkeypatch.setitem(PAGES, Decay.name(), Decay)
    figures: tuple[type[Figure], ...] = (Norms, DecayFigure)
    for figure in figures:
        for source in figure.sources:
            monkeypatch.setitem(FIGURES[source], figure.name(), figure)
