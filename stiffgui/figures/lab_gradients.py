"""Figure of the page `gradients`: two gradients against the step size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stiffgui.figures.style import COLOURS, DASHES, Options
from stiffgui.labs.gradients import GradientsResult

if TYPE_CHECKING:
    import pandas as pd

TITLES = {"dto": "discretise, then optimise", "otd": "optimise, then discretise"}


def draw_gradients(result: GradientsResult, options: Options) -> Any:
    """Left: the largest entry of the linear case's gradients; right: differences, log-log."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2)
    case = result.linear
    entry = int(abs(case.dto[-1]).argmax())
    for k, (name, values) in enumerate((("dto", case.dto), ("otd", case.otd))):
        left.plot(
            case.sizes, values[:, entry], "o", ls=DASHES[k], ms=3, color=COLOURS[k],
            label=TITLES[name],
        )  # fmt: skip
    left.axhline(case.limit[entry], color="#555555", lw=0.8, label="continuous")
    left.set_xscale("log", base=2)
    left.set_xlabel("step size dt")
    left.set_ylabel("an entry of d loss / d W, linear case")
    left.legend(loc="best", fontsize="small")
    cases = {"linear": case} | ({"nonlinear": result.nonlinear} if result.nonlinear else {})
    for k, (name, each) in enumerate(cases.items()):
        said = "" if each.slope is None else f", slope {each.slope:.2f}"
        right.plot(
            each.sizes, each.differences, "o", ls=DASHES[k], ms=3, color=COLOURS[k + 2],
            label=f"{name}{said}",
        )  # fmt: skip
    right.set_xscale("log", base=2)
    right.set_yscale("log")
    right.set_xlabel("step size dt")
    right.set_ylabel("relative difference")
    right.legend(loc="best", fontsize="small")
    return figure


def gradients_table(result: GradientsResult) -> pd.DataFrame:
    """Case, steps, step size, relative difference, distances from the continuous gradient."""
    import pandas as pd

    cases = {"linear": result.linear, "nonlinear": result.nonlinear}
    return pd.concat(
        [
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
        ],
        ignore_index=True,
    )
