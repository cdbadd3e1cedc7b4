"""Formulas as outlines: mathtext made into SVG, which is sharp at every size."""

from __future__ import annotations

import numpy as np

EDGE = 1.0  # around a formula, points


def formula_svg(text: str, size: float = 12.0) -> str:
    """An SVG image of mathtext such as `$x' = A\\,x$`, `size` points high letters, filled with
    `currentColor`: what shows it says which one that is."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path
    from matplotlib.textpath import TextPath

    path = TextPath((0, 0), text, size=size, prop=FontProperties(math_fontfamily="dejavuserif"))
    letters = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
    drawn = [
        "Z" if code == Path.CLOSEPOLY else letters[code] + " ".join(f"{v:.2f}" for v in places)
        for places, code in path.iter_segments()
        for places in [np.asarray(places) * np.resize([1, -1], len(places))]
    ]
    box = path.get_extents()
    width, height = box.width + 2 * EDGE, box.height + 2 * EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.2f}pt" height="{height:.2f}pt" '
        f'viewBox="{box.x0 - EDGE:.2f} {-box.y1 - EDGE:.2f} {width:.2f} {height:.2f}">'
        f'<path fill="currentColor" d="{"".join(drawn)}"/></svg>'
    )
