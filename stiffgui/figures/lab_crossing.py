"""Figure of the page `crossing`: trajectories of three networks, and their errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from stiffgui.figures.lab import PageFigure
from stiffgui.figures.picture import (
    Axis,
    ColourScale,
    Curve,
    Item,
    Marker,
    Panel,
    Picture,
    Points,
    Shade,
)
from stiffgui.labs.crossing import CrossingResult, Trained

if TYPE_CHECKING:
    import pandas as pd

TARGETS = ColourScale(label="target", low=-1, high=1, map="signed", bar=False)
SHADES = 9  # colours of trajectories, from the least target to the largest


class CrossingFigure(PageFigure[CrossingResult]):
    """Crossing and augmentation

    Trajectories of three networks coloured by the target, and their errors beneath."""

    beside: ClassVar[tuple[int, ...]] = (3,)
    size: ClassVar[tuple[float, float] | None] = (240.0, 140.0)  # titles tell three numbers

    kind: Literal["crossing"] = "crossing"

    def draw(self, result: CrossingResult) -> Picture:
        above = tuple(_trajectories(name, n, result) for name, n in result.networks.items())
        below = Panel(
            x=Axis(label="epoch", whole=True),
            y=Axis(label="RMSE", scale="log"),
            items=tuple(self._errors(result)),
        )
        return Picture(rows=(above, (below,)), heights=(1.5, 1))

    def _errors(self, result: CrossingResult) -> Iterator[Item]:
        for k, (name, network) in enumerate(result.networks.items()):
            epochs = network.epochs.astype(np.float64)
            yield Curve(x=epochs, y=network.errors, colour=k, dash=k, label=name)
        if result.bound is not None:
            yield Marker(at=result.bound, across="y", label="best increasing function")

    def tabulate(self, result: CrossingResult) -> pd.DataFrame:
        """Trajectories: network, sample, layer, t, x1, x2, .. and the sample's target."""
        import pandas as pd

        frames = []
        for name, network in result.networks.items():
            layers, samples, width = network.trajectories.shape
            columns = {f"x{k + 1}": network.trajectories[:, :, k].T.ravel() for k in range(width)}
            frame = {
                "network": name,
                "sample": np.repeat(np.arange(samples), layers),
                "target": np.repeat(result.targets, layers),
                "layer": np.tile(np.arange(layers), samples),
                "t": np.tile(np.linspace(0, result.horizon, layers), samples),
            }
            frames.append(pd.DataFrame(frame | columns))
        return pd.concat(frames, ignore_index=True)


def _trajectories(name: str, network: Trained, result: CrossingResult) -> Panel:
    """x over t, or in the plane; trajectories of like targets are one interrupted curve."""
    states, flat = network.trajectories, network.width == 1
    t = np.linspace(0, result.horizon, len(states))
    across = np.repeat(t[:, None], states.shape[1], 1) if flat else states[..., 0]
    up = states[..., 0 if flat else 1]
    shades = np.round((np.clip(result.targets, -1, 1) + 1) / 2 * (SHADES - 1))
    items: list[Item] = []
    for shade in np.unique(shades):
        chosen = shades == shade
        share = 2 * shade / (SHADES - 1) - 1
        x, y = (_joined(values[:, chosen].T) for values in (across, up))
        items.append(Curve(x=x, y=y, colour=Shade(TARGETS, float(share)), width=0.8))
    ends = {"x": across[-1], "y": up[-1], "values": result.targets, "colours": TARGETS}
    items.append(Points(**ends, size=3))
    return Panel(
        x=Axis(label="t" if flat else "x₁"),
        y=Axis(label="x" if flat else "x₂"),
        items=tuple(items),
        title=f"{name}, N = {network.depth}: RMSE\N{NO-BREAK SPACE}{network.error:.2g}",
    )


def _joined(rows: np.ndarray) -> np.ndarray:
    """Rows [m, n] one after the other, NaN between them."""
    return np.concatenate([rows, np.full((len(rows), 1), np.nan)], axis=1).ravel()
