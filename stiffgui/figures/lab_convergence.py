"""Figure of the page `convergence`: networks of growing depth, and their errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from stiffgui.figures.lab import PageFigure
from stiffgui.figures.numerals import minus
from stiffgui.figures.picture import Axis, Curve, Panel, Picture
from stiffgui.labs.convergence import TITLES, ConvergenceResult

if TYPE_CHECKING:
    import pandas as pd

DEEPEST_SHOWN = 32


class ConvergenceFigure(PageFigure[ConvergenceResult]):
    """ResNet to neural ODE

    Left one component of one sample over time; right errors against the number of layers; below
    the steps of the reference."""

    beside: ClassVar[tuple[int, ...]] = (0, 2)

    kind: Literal["convergence"] = "convergence"

    def draw(self, result: ConvergenceResult) -> Picture:
        sample, component = result.most_telling()
        left = Panel(
            x=Axis(label="t"),
            y=Axis(label=f"component {component + 1} of sample {sample + 1}"),
            items=tuple(self._paths(result, sample, component)),
        )
        right = Panel(
            x=Axis(label="layers N", scale="log", ticks=powers(result.depths)),
            y=Axis(label="RMS error at t = T", scale="log"),
            items=tuple(self._errors(result)),
        )
        x, y = np.repeat(result.step_times, 2)[1:-1], np.repeat(np.diff(result.step_times), 2)
        below = Panel(
            x=Axis(label="t", limits=(0.0, result.horizon)),
            y=Axis(label="step dt", limits=(0.0, 1.1 * float(y.max(initial=1e-12)))),
            items=(Curve(x=x, y=y, colour="faint", width=1.5, label=result.solver),),
            title=f"Steps of the reference, {result.solver}",
            legend=False,
        )
        return Picture(rows=((left, right), (below,)), heights=(2.2, 1))

    def _paths(self, result: ConvergenceResult, sample: int, component: int) -> Iterator[Curve]:
        ode = result.ode[:, sample, component]
        yield Curve(x=result.times, y=ode, colour="faint", width=4, alpha=0.6, label="ODE")
        shown = [depth for depth in result.networks if depth <= DEEPEST_SHOWN]
        for k, depth in enumerate(shown):
            t = np.linspace(0, result.horizon, depth + 1)
            x = result.networks[depth][:, sample, component]
            yield Curve(x=t, y=x, colour=k, dash=k, width=0.9, symbol="o", label=f"N = {depth}")

    def _errors(self, result: ConvergenceResult) -> Iterator[Curve]:
        for k, (name, errors) in enumerate(result.errors.items()):
            slope = result.slopes[name]
            label = (
                TITLES[name] if slope is None else f"{TITLES[name]}, slope {minus(f'{slope:.2f}')}"
            )
            depths = result.depths.astype(np.float64)
            yield Curve(x=depths, y=errors, colour=k, dash=k, symbol="o", label=label)

    def tabulate(self, result: ConvergenceResult) -> pd.DataFrame:
        """Errors: integrator, depth, step, error."""
        import pandas as pd

        frames = [
            pd.DataFrame(
                {
                    "integrator": name,
                    "depth": result.depths,
                    "step": result.horizon / result.depths,
                    "error": errors,
                }
            )
            for name, errors in result.errors.items()
        ]
        return pd.concat(frames, ignore_index=True)


def powers(numbers: object, most: int = 9) -> tuple[tuple[float, str], ...]:
    """Ticks at doubling numbers, every second or third of them where there are many."""
    whole = np.unique(np.asarray(numbers, np.float64))
    whole = whole[:: -(-len(whole) // most)]
    return tuple((float(n), _short(float(n))) for n in whole)


def _short(number: float) -> str:
    """A number, or the part of one that it is: 1/128 is shorter than 0.00781."""
    parts = round(1 / number)
    return f"1/{parts}" if parts > 1 and abs(parts * number - 1) < 1e-9 else f"{number:.3g}"
