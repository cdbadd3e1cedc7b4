"""States of a network over time, and its own ODE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from stiffgui.errors import InputError
from stiffgui.figures.base import NetworkFigure
from stiffgui.figures.picture import Axis, Curve, Item, Panel, Picture
from stiffgui.figures.sources import Drawn
from stiffgui.settings import setting

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.labs.trajectories import Trajectories as States


LINES = "dots: network · broad lines: its ODE"


class Trajectories(NetworkFigure):
    """Trajectories beside the ODE

    The states of some samples from layer to layer, beside the ODE of the same weights, a colour for
    each sample. How far they end apart is the root mean square over them of the difference's
    2-norm."""

    kind: Literal["trajectories"] = "trajectories"

    component: int = setting(
        0,
        title="Component",
        help="Component of the states, from 1; 0: two principal components.",
        ge=0,
    )
    samples: int = setting(
        5, title="Samples", help="The first training samples, so many.", ge=1, le=100
    )

    def _found(self, run: Drawn) -> tuple[States, int]:
        from stiffgui.labs.trajectories import trajectories_of

        run.check(trial=self.trial)
        width = run.experiment.architecture.width
        if self.component > width:
            raise InputError(
                f"{run.path} has no component {self.component}: choose one from 1 to {width}, or "
                f"0 for principal components."
            )
        snapshot = run.snapshot(self.epoch)
        x = run.data.x_train[: self.samples]
        return trajectories_of(snapshot, self.trial, x), snapshot.epoch

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        """Dots and thin lines: the network; broad lines: its ODE. A colour for each sample."""
        found, epoch = self._found(runs[-1])
        names, network, ode = found.coordinates(self.component)
        panels = []
        for k, name in enumerate(names):
            items: list[Item] = []
            for sample in range(network.shape[1]):
                x, y = found.ode_times, ode[:, sample, k]
                items.append(Curve(x=x, y=y, colour=sample, width=3.5, alpha=0.35))
                x, y = found.times, network[:, sample, k]
                look: dict[str, Any] = {"colour": sample, "dash": sample, "symbol": "o"}
                items.append(Curve(x=x, y=y, width=0.9, **look))
            panels.append(Panel(x=Axis(label="t"), y=Axis(label=name), items=tuple(items)))
        distance = found.distance()
        apart = f" · they end {distance:.3g} apart" if np.isfinite(distance) else ""
        return Picture(
            rows=tuple((panel,) for panel in panels),
            title=f"{LINES} · epoch {runs[-1].begins + epoch} · trial {self.trial}",
            note=found.problem or f"{LINES}{apart}",
            place=(epoch, -1, self.trial),
        )

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """Every component: source, sample, t, x1, x2, .."""
        import pandas as pd

        found, _ = self._found(runs[-1])
        frames = []
        for source, times, states in (
            ("network", found.times, found.network),
            ("ode", found.ode_times, found.ode),
        ):
            moments, samples, width = states.shape
            columns = {f"x{c + 1}": states[:, :, c].T.ravel() for c in range(width)}
            place = {
                "source": source,
                "sample": np.repeat(np.arange(samples), moments),
                "t": np.tile(times, samples),
            }
            frames.append(pd.DataFrame(place | columns))
        return pd.concat(frames, ignore_index=True)
