"""How a figure looks in a file: its size in mm, one font size, the resolution of a PNG."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from stiffgui.figures.palette import FAINT
from stiffgui.settings import Settings, setting

LARGEST = 1000.0  # mm
MORE = 1.25
DEPRECATED = ("backend", "backend_fallback")  # settings of matplotlib that are not to be set


class Style(Settings):
    """Size and resolution of a figure; one declaration for dialog, command line and script."""

    width: float = setting(
        160.0, title="Width", help="Width of the figure.", unit="mm", ge=20, le=LARGEST
    )
    height: float = setting(
        100.0, title="Height", help="Height of the figure.", unit="mm", ge=20, le=LARGEST
    )
    font: float = setting(
        9.0, title="Font size", help="Size of every text in the figure.", unit="pt", ge=3, le=48
    )
    dpi: float = setting(
        200.0,
        title="Resolution",
        help="Points per inch of a PNG picture.",
        unit="dpi",
        ge=30,
        le=1200,
    )

    def with_room(self, rows: int, columns: int, panel: float) -> Style:
        """As large as so many panels take, in mm for each point of the font; larger where it is
        as large already."""
        across, down = columns * panel * self.font, rows * panel * self.font
        if across <= self.width and down <= self.height:
            across, down = MORE * self.width, MORE * self.height
        size = {"width": max(self.width, across), "height": max(self.height, down)}
        return self.model_copy(update={k: min(round(v), LARGEST) for k, v in size.items()})

    @property
    def inches(self) -> tuple[float, float]:
        """Width and height as matplotlib counts them."""
        return self.width / 25.4, self.height / 25.4

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of a PNG: whole ones, as matplotlib counts them."""
        across, down = self.inches
        return int(across * self.dpi), int(down * self.dpi)


@contextmanager
def styled(style: Style) -> Iterator[None]:
    """matplotlib settings of a figure: nothing of the user's own configuration leaks in."""
    import matplotlib as mpl

    if mpl.get_backend(auto_select=False) is None:  # nobody has windows: make none, either
        mpl.use("agg")
    settings = mpl.rcParamsDefault | {
        "font.size": style.font,
        "font.family": "DejaVu Sans",
        "text.parse_math": False,  # a name is no formula
        "figure.figsize": style.inches,
        "figure.constrained_layout.use": True,
        "savefig.dpi": style.dpi,
        "svg.fonttype": "none",
        "pdf.fonttype": 42,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": "medium",
        "axes.titlelocation": "left",
        "axes.axisbelow": True,
        "axes.grid": True,
        "grid.color": "#e6e6e6",
        "legend.frameon": False,
        "lines.linewidth": 1.3,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
    }
    # With equal units on both axes one of two limits has to give way: it says so every time.
    chatter = logging.getLogger("matplotlib.axes._base")
    level = chatter.level
    chatter.setLevel(logging.ERROR)
    try:
        with mpl.rc_context({k: v for k, v in settings.items() if k not in DEPRECATED}):
            yield
    finally:
        chatter.setLevel(level)
