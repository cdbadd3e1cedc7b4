"""Figure of the page `convergence`: networks of growing depth, and their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.figures.style import COLOURS, DASHES, SEQUENTIAL, Options
from stiffgui.labs.convergence import ConvergenceResult

if TYPE_CHECKING:
    import pandas as pd

DEEPEST_SHOWN = 32


def draw_convergence(result: ConvergenceResult, options: Options) -> Any:
    """Left: the first component of one sample; right: error against the number of layers."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2)
    sample, component = result.most_telling()
    shown = [depth for depth in result.networks if depth <= DEEPEST_SHOWN]
    colours = plt.get_cmap(SEQUENTIAL)(np.linspace(0.85, 0.1, max(1, len(shown))))
    for depth, colour in zip(shown, colours, strict=True):
        t = np.linspace(0, result.horizon, depth + 1)
        states = result.networks[depth]
        left.plot(
            t, states[:, sample, component], ".-", ms=3, lw=0.9, color=colour, label=f"N = {depth}"
        )
    left.plot(result.times, result.ode[:, sample, component], color="#D55E00", lw=2, label="ODE")
    left.set_xlabel("t")
    left.set_ylabel(f"x{component + 1} of sample {sample + 1}")
    left.legend(loc="best", fontsize="small")
    for k, (name, errors) in enumerate(result.errors.items()):
        slope = result.slopes[name]
        said = "" if slope is None else f", slope {slope:.2f}"
        right.plot(
            result.depths, errors, marker="o", ms=3, color=COLOURS[k], ls=DASHES[k],
            label=f"{name}{said}",
        )  # fmt: skip
    right.set_xscale("log", base=2)
    right.set_yscale("log")
    right.set_xlabel("layers N")
    right.set_ylabel("|x_N − x(T)|")
    right.legend(loc="best", fontsize="small")
    return figure


def convergence_table(result: ConvergenceResult) -> pd.DataFrame:
    """Errors: integrator, depth, step, error."""
    import pandas as pd

    return pd.concat(
        [
            pd.DataFrame(
                {
                    "integrator": name,
                    "depth": result.depths,
                    "step": result.horizon / result.depths,
                    "error": errors,
                }
            )
            for name, errors in result.errors.items()
        ],
        ignore_index=True,
    )
