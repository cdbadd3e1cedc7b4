"""Figure of the page `linear`: components over time, and where the steps lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from stiffgui.figures.lab import PageFigure
from stiffgui.figures.picture import Axis, Curve, Item, Panel, Picture, Points, Region
from stiffgui.labs.linear import LinearResult
from stiffgui.stiffness.stability import REGIONS

if TYPE_CHECKING:
    import pandas as pd

LOWEST = 1e-8  # of the watched component that is drawn


class LinearFigure(PageFigure[LinearResult]):
    """Stiff system

    Left the watched component; right step times eigenvalue and explicit Euler's region."""

    beside: ClassVar[tuple[int, ...]] = (1,)

    kind: Literal["linear"] = "linear"

    def draw(self, result: LinearResult) -> Picture:
        component = f"|x{'₁₂₃₄'[result.component]}|"
        watched = [np.abs(path.states[:, result.component]) for path in result.paths.values()]
        top = max((float(np.nanmax(values)) for values in watched), default=1.0)
        left = Panel(
            x=Axis(label="t"),
            y=Axis(label=component, scale="log", limits=(LOWEST, max(top, 1.0) * 5)),
            items=tuple(self._paths(result)),
        )
        right = Panel(
            x=Axis(label="Re dt λ"),
            y=Axis(label="Im dt λ"),
            items=tuple(self._steps(result)),
            equal=True,
        )
        return Picture(rows=((left, right),), widths=(1.7, 1))

    def _paths(self, result: LinearResult) -> Iterator[Item]:
        c = result.component
        exact = np.abs(result.exact[:, c])
        yield Curve(x=result.times, y=exact, colour="faint", width=3.5, alpha=0.6, label="exact")
        for k, (name, path) in enumerate(result.paths.items()):
            euler = name.endswith("Euler")
            late = np.flatnonzero(np.diff(path.times) > 0.5 * max(result.steps)) + 1
            yield Curve(
                x=path.times,
                y=np.abs(path.states[:, c]),
                colour=k,
                dash=k,
                symbol="o" if euler else "x",
                marked=late if euler else np.arange(0, len(path.times), 4),
                width=1,
                label=f"{name}, {path.steps} steps",
            )

    def _steps(self, result: LinearResult) -> Iterator[Item]:
        curve = REGIONS["explicit-euler"].boundary(1.0, 361)
        yield Region(x=curve.real, y=curve.imag, label="explicit Euler")
        symbols: tuple[Literal["o", "s"], ...] = ("o", "s")
        for k, (step, symbol) in enumerate(zip(result.steps, symbols, strict=True)):
            z = step * result.eigenvalues
            label = f"dt = {step:.3g}"
            yield Points(
                x=z.real, y=z.imag, colour=k, symbol=symbol, size=5, filled=False, label=label
            )

    def tabulate(self, result: LinearResult) -> pd.DataFrame:
        """Every method's states: method, t, x1, x2, .."""
        import pandas as pd

        paths = {"exact": (result.times, result.exact)}
        paths |= {name: (path.times, path.states) for name, path in result.paths.items()}
        frames = []
        for name, (times, states) in paths.items():
            columns = {f"x{k + 1}": states[:, k] for k in range(states.shape[1])}
            frames.append(pd.DataFrame({"method": name, "t": times, **columns}))
        return pd.concat(frames, ignore_index=True)
