"""How a figure looks in a file: its size in mm, one font, letters, the resolution of a PNG."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from stiffgui.errors import InputError, nearest, one_of
from stiffgui.figures.palette import FAINT
from stiffgui.settings import Settings, setting

LARGEST = 1000.0  # mm
LONGEST = 230.0  # mm that a page of a journal holds, with room for a caption
MORE = 1.25
USUAL_FAMILY = "DejaVu Sans"
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
    auto_height: bool = setting(
        False,
        title="Height as needed",
        help="As high as the panels need at this width, in columns that fit it, and in pages where "
        "that is more than a page holds; the height is not used then.",
    )
    page: int = setting(
        1,
        title="Page",
        help="Which page is written, where the panels take several.",
        ge=1,
    )
    family: str = setting(
        USUAL_FAMILY,
        title="Font",
        help="An installed font, by its name; PDF holds it, SVG names it.",
        min_length=1,
    )
    letters: bool = setting(
        False, title="Panel letters", help="a, b, c above the panels, where there are several."
    )
    heading: bool = setting(
        True,
        title="Heading",
        help="The lines above the panels that say what is seen; captions say it, too.",
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


# Name -> what it sets: the columns that most journals have.
JOURNALS: Mapping[str, Mapping[str, Any]] = {
    name: {
        "width": width,
        "font": 7.0,
        "auto_height": True,
        "letters": True,
        "heading": False,
        "dpi": 300.0,
    }
    for name, width in (("one-column", 85.0), ("two-columns", 180.0))
}


def of_journal(name: str | None) -> dict[str, Any]:
    """What a journal's columns set, nothing without a name. Raises InputError for an unknown."""
    if name is None:
        return {}
    if name not in JOURNALS:
        raise InputError(
            f"journal {name!r} is not known; choose {one_of(JOURNALS)}.{nearest(name, JOURNALS)}",
            "journal",
        )
    return dict(JOURNALS[name])


def installed(family: str) -> str:
    """The font of that name. Raises InputError, with the nearest, where it is not installed."""
    from matplotlib.font_manager import fontManager

    names = sorted({font.name for font in fontManager.ttflist})
    if family not in names:
        raise InputError(
            f"the font {family!r} is not installed for figures; choose one such as "
            f"{one_of(names[:3])}.{nearest(family, names)}",
            "family",
        )
    return family


@contextmanager
def styled(style: Style) -> Iterator[None]:
    """matplotlib settings of a figure: nothing of the user's own configuration leaks in."""
    import matplotlib as mpl

    if mpl.get_backend(auto_select=False) is None:  # nobody has windows: make none, either
        mpl.use("agg")
    settings = mpl.rcParamsDefault | {
        "font.size": style.font,
        "font.family": installed(style.family),
        "text.parse_math": False,  # a name is no formula
        "figure.figsize": style.inches,
        "figure.constrained_layout.use": True,
        "savefig.dpi": style.dpi,
        "svg.fonttype": "none",
        "svg.hashsalt": "stiffgui",  # names in it are the same each time
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
