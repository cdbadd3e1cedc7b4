"""How large a step explicit methods could take in each layer, and which was taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.figures.base import NetworkFigure
from stiffgui.figures.layer_spectra import NetworkSpectra
from stiffgui.figures.picture import Axis, Curve, Panel, Picture, Points, one_panel
from stiffgui.figures.sources import Drawn
from stiffgui.runs.foreign import COUNTS, STABLE_STEP, STEP
from stiffgui.stiffness.stability import EXPLICIT, REGIONS, largest_steps

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Steps:
    """At the layers, or the times of a neural ODE, `places` [N]: the step that was taken, [N], and
    the largest stable one of each method, [N], NaN where nothing limits it."""

    epoch: int
    places: NDArray[np.float64]
    taken: NDArray[np.float64]
    stable: dict[str, NDArray[np.float64]]


class StableSteps(NetworkFigure):
    """Stable steps

    The largest step at which every decaying eigenvalue of a layer, at any probe sample, is stable
    under an explicit method, and the step a of the layer. Of a neural ODE the layers are times, and
    a is the step that its solver took: where it lies on the curve of its method, stability limits
    it and not accuracy."""

    kind: Literal["stable-steps"] = "stable-steps"

    def steps(self, run: Drawn) -> Steps:
        """What is drawn. Raises InputError for a trial that is not there."""
        run.check(trial=self.trial)
        epoch, layers = run.layers(self.epoch, self.trial)
        each = NetworkSpectra(layers).each
        stable = {name: largest_steps(each, name) for name in EXPLICIT}
        times = run.run.network.times if run.foreign and run.run.network is not None else ()
        places = np.array(times or range(1, len(layers) + 1), np.float64)
        return Steps(epoch, places, np.array([layer.step for layer in layers]), stable)

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        run = runs[-1]
        found = self.steps(run)
        of_time = run.foreign and bool(run.run.network and run.run.network.times)
        curves = [
            Curve(x=found.places, y=values, colour=k + 1, dash=k + 1, label=REGIONS[name].title)
            for k, (name, values) in enumerate(found.stable.items())
        ]
        if of_time:  # that of the solver's own method first, where a legend has little room
            own = REGIONS.get(run.run.network.solver)
            curves.sort(key=lambda curve: own is None or curve.label != own.title)
        label = f"step of {run.run.network.solver}" if of_time else "step size a"
        taken = Points(x=found.places, y=found.taken, colour=0, size=4.0, label=label)
        panel = Panel(
            x=Axis(label="t" if of_time else "layer", whole=not of_time),
            y=Axis(label="largest stable step (time)", scale="log"),
            items=(taken, *curves),
        )
        title = f"epoch {run.begins + found.epoch} · trial {self.trial}"
        place, note = (found.epoch, -1, self.trial), self._note(run, found) if of_time else ""
        return one_panel(panel, title=title, note=note, place=place, legend_below=True)

    def _note(self, run: Drawn, found: Steps) -> str:
        """What the solver could do."""
        rows = np.flatnonzero(run.history.epochs == found.epoch)
        counts = {
            n: run.history.series[n][row] for row in rows for n in COUNTS if n in run.history.series
        }
        stable = {f"{STABLE_STEP}{name}": steps for name, steps in found.stable.items()}
        return str(run.run.network.of_solver(counts | stable | {STEP: found.taken}))

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """A row per layer or time: the step taken, and the largest stable one of each method."""
        import pandas as pd

        found = self.steps(runs[-1])
        stable = {name.replace("-", "_"): values for name, values in found.stable.items()}
        columns = {"layer": np.arange(1, len(found.places) + 1), "place": found.places}
        return pd.DataFrame(columns | {"taken": found.taken} | stable)
