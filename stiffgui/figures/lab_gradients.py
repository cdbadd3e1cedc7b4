"""Figure of the page `gradients`: two gradients against the step size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from stiffgui.figures.lab import PageFigure
from stiffgui.figures.lab_convergence import powers
from stiffgui.figures.picture import Axis, Curve, Item, Marker, Panel, Picture
from stiffgui.labs.gradients import GradientsResult

if TYPE_CHECKING:
    import pandas as pd

TITLES = {"dto": "discretise, then optimise", "otd": "optimise, then discretise"}


class GradientsFigure(PageFigure[GradientsResult]):
    """Two gradients

    Left the largest entry of the linear case's gradients; right relative differences."""

    beside: ClassVar[tuple[int, ...]] = (0,)

    kind: Literal["gradients"] = "gradients"

    def draw(self, result: GradientsResult) -> Picture:
        steps = Axis(label="step size dt", scale="log", ticks=powers(result.linear.sizes))
        left = Panel(
            x=steps,
            y=Axis(label="an entry of d loss / d W, linear case"),
            items=tuple(self._entries(result)),
        )
        right = Panel(
            x=steps,
            y=Axis(label="relative difference", scale="log"),
            items=tuple(self._differences(result)),
        )
        return Picture(rows=((left, right),))

    def _entries(self, result: GradientsResult) -> Iterator[Item]:
        case = result.linear
        entry = int(abs(case.dto[-1]).argmax())
        yield Marker(at=float(case.limit[entry]), across="y", label="continuous")
        for k, (name, values) in enumerate((("dto", case.dto), ("otd", case.otd))):
            y = values[:, entry]
            yield Curve(x=case.sizes, y=y, colour=k, dash=k, symbol="o", label=TITLES[name])

    def _differences(self, result: GradientsResult) -> Iterator[Item]:
        cases = {"linear": result.linear, "nonlinear": result.nonlinear}
        for k, (name, case) in enumerate(cases.items()):
            if case is not None:
                label = name if case.slope is None else f"{name}, slope {case.slope:.2f}"
                x, y = case.sizes, case.differences
                yield Curve(x=x, y=y, colour=k + 2, dash=k, symbol="o", label=label)

    def tabulate(self, result: GradientsResult) -> pd.DataFrame:
        """Case, steps, step size, relative difference, distances from the continuous gradient."""
        import pandas as pd

        cases = {"linear": result.linear, "nonlinear": result.nonlinear}
        frames = [
            pd.DataFrame(
                {
                    "case": name,
                    "steps": case.steps,
                    "step": case.sizes,
                    "relative_difference": case.differences,
                    "distance_of_dto_from_limit": case.to_limit_dto,
                    "distance_of_otd_from_limit": case.to_limit_otd,
                }
            )
            for name, case in cases.items()
            if case is not None
        ]
        return pd.concat(frames, ignore_index=True)
