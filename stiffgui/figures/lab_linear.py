"""Figure of the page `linear`: components over time, where the steps lie, and how long they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from stiffgui.figures.lab import PageFigure
from stiffgui.figures.picture import Axis, Curve, Item, Marker, Panel, Picture, Points, Region
from stiffgui.labs.linear import LinearResult
from stiffgui.labs.linear_solutions import Path
from stiffgui.stiffness.stability import REGIONS

if TYPE_CHECKING:
    import pandas as pd

LOWEST = 1e-8  # of the watched component that is drawn
HIGHEST = 1e4  # so many times the exact solution's largest value


class LinearFigure(PageFigure[LinearResult]):
    """Stiff system

    Left the watched component; right step times eigenvalue and explicit Euler's region; below the
    length of every step."""

    beside: ClassVar[tuple[int, ...]] = (1, 2)

    kind: Literal["linear"] = "linear"

    def draw(self, result: LinearResult) -> Picture:
        component = f"|x{'₁₂₃₄'[result.component]}|"
        watched = [np.abs(path.states[:, result.component]) for path in result.paths.values()]
        known = np.abs(result.exact[:, result.component])
        usual = max(float(np.max(known, initial=0.0, where=np.isfinite(known))), 1.0)
        top = np.clip(max(float(np.nanmax(values)) for values in watched), usual, HIGHEST * usual)
        time = Axis(label="t", scale="log", limits=(result.times[1], result.times[-1]))
        left = Panel(
            x=time,
            y=Axis(label=component, scale="log", limits=(LOWEST, 5 * float(top))),
            items=tuple(self._paths(result)),
        )
        right = Panel(
            x=Axis(label="Re dt λ"),
            y=Axis(label="Im dt λ"),
            items=tuple(self._steps(result)),
            equal=True,
        )
        below = Panel(
            x=time,
            y=Axis(label="step dt", scale="log", limits=_limits(result)),
            items=tuple(self._lengths(result)),
            title="Steps of the same methods; the line: the longest with explicit Euler stable",
            legend=False,
        )
        return Picture(rows=((left, right), (below,)), widths=(1.7, 1), heights=(1.7, 1))

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
                label=f"{name}, {_came(path)}",
            )

    def _lengths(self, result: LinearResult) -> Iterator[Item]:
        for k, (name, path) in enumerate(result.paths.items()):
            if name != "implicit Euler":  # it has explicit Euler's
                x, y = np.repeat(path.times, 2)[1:-1], np.repeat(np.diff(path.times), 2)
                yield Curve(x=x, y=y, colour=k, dash=k, width=1, label=name)
        if result.largest_step is not None:
            yield Marker(at=result.largest_step, across="y")

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


def _came(path: Path) -> str:
    """How far a method came."""
    if path.gave_up is not None:
        return f"gave up at {path.gave_up:.3g}"
    return f"{path.steps} steps"


def _limits(result: LinearResult) -> tuple[float, float]:
    """Of the steps that end within the picture."""
    paths = result.paths.values()
    seen = [np.diff(path.times)[path.times[1:] > result.times[1]] for path in paths]
    every = np.concatenate([*seen, [result.steps[0], result.largest_step or result.steps[0]]])
    return float(every.min()) / 2, float(every.max()) * 2
