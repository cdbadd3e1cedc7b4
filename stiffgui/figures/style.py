"""How figures look: sizes in mm, one font size, colours safe for colour blindness."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stiffgui.errors import InputError, nearest, one_of
from stiffgui.stiffness import WATCHABLE
from stiffgui.stiffness.stability import region

# Okabe & Ito's palette without yellow (too faint on white); each series has its own dash too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 1)), (0, (1, 1)))
SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"


_BOUNDS = {
    "width": (20.0, 1000.0, "mm"),
    "height": (20.0, 1000.0, "mm"),
    "font": (4.0, 40.0, "pt"),
    "dpi": (30.0, 1200.0, "points per inch"),
}


@dataclass(frozen=True)
class Options:
    """What a figure or table shows of a run, and how large it is.

    epoch None: the last kept one. layer counts from 1, trial and output from 0. width, height in
    mm; font in points; dpi is the resolution of a PNG in points per inch. logarithmic None: the
    figure's own choice. indices: those of the run when empty. region: the method whose stability
    region a spectrum shows (`stiffgui.stiffness.stability.REGIONS`); all_layers: the spectrum of
    every layer, not of `layer` alone. Of trajectories: samples, and component from 1, 0 for two
    principal components. along: the input (its name) of slices, all of them when empty.
    """

    epoch: int | None = None
    layer: int = 1
    trial: int = 0
    width: float = 160.0
    height: float = 100.0
    font: float = 9.0
    logarithmic: bool | None = None
    indices: tuple[str, ...] = ()
    dpi: float = 200.0
    output: int = 0
    region: str = "explicit-euler"
    all_layers: bool = False
    component: int = 0
    samples: int = 5
    along: str = ""

    def __post_init__(self) -> None:
        """Raises InputError for what no figure can be drawn with."""
        for name, (low, high, unit) in _BOUNDS.items():
            value = getattr(self, name)
            if not low <= value <= high:  # NaN, too
                raise InputError(
                    f"{name} is {value:g}; it must lie between {low:g} and {high:g} {unit}."
                )
        for name, low in (("epoch", 0), ("layer", 1), ("trial", 0)):
            value = getattr(self, name)
            if value is not None and value < low:
                raise InputError(f"{name} is {value}; it must be {low} or more.")
        region(self.region)
        for name in self.indices:
            if name not in WATCHABLE:
                raise InputError(
                    f"index {name!r} is not known; choose {one_of(WATCHABLE)}."
                    f"{nearest(name, WATCHABLE)}"
                )


def plain_ticks(axis: Any) -> None:
    """Label a logarithmic axis of less than a decade 1.3, 1.4, not 1.3 x 10^0."""
    low, high = axis.get_view_interval()
    if axis.get_scale() == "log" and low > 0 and high / low < 10:
        for formatter in (axis.set_major_formatter, axis.set_minor_formatter):
            formatter(lambda value, _: f"{value:g}")


@contextmanager
def styled(options: Options) -> Iterator[None]:
    """matplotlib settings of a figure: nothing of the user's own configuration leaks in."""
    import matplotlib as mpl

    if mpl.get_backend(auto_select=False) is None:  # nobody has windows: make none, either
        mpl.use("agg")
    settings = mpl.rcParamsDefault | {
        "backend": "agg",
        "font.size": options.font,
        "font.family": "DejaVu Sans",
        "figure.figsize": (options.width / 25.4, options.height / 25.4),
        "figure.constrained_layout.use": True,
        "savefig.dpi": options.dpi,
        "svg.fonttype": "none",
        "pdf.fonttype": 42,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#e6e6e6",
        "legend.frameon": False,
        "lines.linewidth": 1.3,
    }
    deprecated = {"backend", "backend_fallback"}
    with mpl.rc_context({k: v for k, v in settings.items() if k not in deprecated}):
        yield
