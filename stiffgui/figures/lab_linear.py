"""Figure of the page `linear`: components over time, and where the steps lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui.figures.style import COLOURS, DASHES, Options
from stiffgui.labs.linear import LinearResult
from stiffgui.stiffness.stability import REGIONS

if TYPE_CHECKING:
    import pandas as pd


def draw_linear(result: LinearResult, options: Options) -> Any:
    """Left: the watched component; right: step times eigenvalue and explicit Euler's region."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, width_ratios=(1.7, 1))
    c = result.component
    exact = np.abs(result.exact[:, c])
    left.plot(result.times, exact, color="#999999", lw=3, alpha=0.6, label="exact")
    for k, (name, path) in enumerate(result.paths.items()):
        euler = name.endswith("Euler")
        late = path.times[1:] - path.times[:-1] > 0.5 * max(result.steps)
        marked = np.flatnonzero(late) + 1 if euler else np.arange(0, len(path.times), 4)
        left.plot(
            path.times,
            np.abs(path.states[:, c]),
            color=COLOURS[k],
            ls=DASHES[k],
            marker="o" if euler else "x",
            ms=3,
            markevery=marked.tolist(),
            lw=1,
            label=f"{name}, {path.steps} steps",
        )
    left.set_yscale("log")
    top = max((float(np.nanmax(np.abs(p.states[:, c]))) for p in result.paths.values()), default=1)
    left.set_ylim(1e-8, max(top, 1.0) * 5)
    left.set_xlabel("t")
    left.set_ylabel(f"|x{c + 1}|")
    left.legend(loc="best", fontsize="small")
    curve = REGIONS["explicit-euler"].boundary(1.0, 361)
    right.fill(curve.real, curve.imag, color="#0072B2", alpha=0.12, lw=0)
    right.plot(curve.real, curve.imag, color="#555555", ls="--", lw=0.8, label="explicit Euler")
    for step, marker in zip(result.steps, ("o", "s"), strict=True):
        z = step * result.eigenvalues
        right.plot(z.real, z.imag, marker, mfc="none", label=f"dt = {step:.3g}")
    right.set_aspect("equal", adjustable="datalim")
    right.set_xlabel("Re dt λ")
    right.set_ylabel("Im dt λ")
    right.legend(loc="best", fontsize="small")
    return figure


def linear_table(result: LinearResult) -> pd.DataFrame:
    """Every method's states: method, t, x1, x2, .."""
    import pandas as pd

    paths = {"exact": (result.times, result.exact)}
    paths |= {name: (path.times, path.states) for name, path in result.paths.items()}
    frames = []
    for name, (times, states) in paths.items():
        columns = {f"x{k + 1}": states[:, k] for k in range(states.shape[1])}
        frames.append(pd.DataFrame({"method": name, "t": times, **columns}))
    return pd.concat(frames, ignore_index=True)
