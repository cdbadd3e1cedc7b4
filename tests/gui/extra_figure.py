"""A figure that somebody adds: as a module of its own, so that children can import it, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from stiffgui.figures.base import RunFigure
from stiffgui.figures.picture import Axis, Curve, Panel, Picture, one_panel
from stiffgui.figures.sources import Drawn
from stiffgui.settings import setting


class LearningRates(RunFigure):
    """Learning rates of the last run

    The learning rate of every epoch, times a factor."""

    kind: Literal["learning-rates"] = "learning-rates"

    factor: float = setting(1.0, title="Factor", help="What the rates are multiplied by.", gt=0)

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        history = runs[-1].history
        rates = self.factor * history.series["learning_rate"][:, 0]
        curve = Curve(x=history.epochs, y=rates, colour=3, dash=1, label="rate")
        return one_panel(Panel(x=Axis(label="epoch"), y=Axis(scale="log"), items=(curve,)))

    def tabulate_runs(self, runs: Sequence[Drawn]) -> Any:
        import pandas as pd

        [curve] = self.build_runs(runs).panels[0].of(Curve)
        return pd.DataFrame({"epoch": curve.x, "rate": curve.y})
