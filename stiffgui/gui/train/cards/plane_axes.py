"""The axes of the plane of eigenvalues: locked for a run, around the region, or of each picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from stiffgui.figures.picture import Panel, Picture, Points, Region
from stiffgui.gui.plots.panel_view import Limits4
from stiffgui.gui.plots.picture_view import PictureView

SPARE = 0.05  # of the region and the points, around both


class PlaneAxes:
    """Those of what `view` shows. `growth`: by how much a run's eigenvalues are expected to grow,
    or have been larger, than in the first picture of it; axes that are locked have room for that.
    """

    def __init__(self, view: PictureView, growth: Callable[[Picture], float]) -> None:
        self._view, self._growth = view, growth
        self._locked_for: tuple[str, str] | None = None
        self._of_few = False  # they are locked for few samples, until all are there
        self._locked: Limits4 = (-1.0, 1.0, -1.0, 1.0)

    def lock_for(self, picture: Picture) -> bool:
        """Axes of another run, or in another unit, are locked anew; whether it is another run."""
        points = next(picture.panels[0].of(Points), None)
        if points is None:
            return False
        whose = (points.places.run, picture.panels[0].x.label)
        of_all = self._of_few and bool(picture.numbers) and not self._view.views[0].is_zoomed
        if whose == self._locked_for and not of_all:
            return False
        self._of_few = not picture.numbers
        another = self._locked_for is None or whose[0] != self._locked_for[0]
        self._locked_for = whose
        self.lock(picture)
        return another

    def lock(self, picture: Picture) -> None:
        """Lock them for a picture, with room for what is expected."""
        growth = self._growth(picture)
        left, right, low, high = limits_of(picture.panels[0])
        self._locked = growth * left, growth * right, growth * low, growth * high
        self._view.reset_view()

    def fit(self, picture: Picture) -> None:
        """Lock them for what is there now."""
        self._locked = limits_of(picture.panels[0])
        self._view.reset_view()

    def framed(self, picture: Picture, which: str) -> Picture:
        """The picture within the axes that are chosen: `lock`, `region` or `points`."""
        if which == "points" or not is_plane(picture):
            return picture
        limits = self._locked if which == "lock" else _whole(picture.panels)
        return picture.within([limits] * len(picture.panels))

    def points_outside(self) -> int:
        """How many points are out of view."""
        count = 0
        for view in self._view.views:
            for points in view.panel.of(Points):
                if points.numbers:  # not the rings around some of them
                    (x0, x1), (y0, y1) = view.box.viewRange()
                    x, y = points.x, points.y
                    count += int(((x < x0) | (x > x1) | (y < y0) | (y > y1)).sum())
        return count


def is_plane(picture: Picture) -> bool:
    """A difference has axes of its own."""
    return all(panel.equal for panel in picture.panels)


def limits_of(panel: Panel) -> Limits4:
    """Those that the picture came with."""
    x, y = panel.x.limits, panel.y.limits
    assert x is not None and y is not None
    return *x, *y


def _whole(panels: Sequence[Panel]) -> Limits4:
    """Limits that show the whole region, and all points."""
    items = [item for panel in panels for item in panel.items if isinstance(item, Points | Region)]
    x, y = (np.concatenate([getattr(item, name) for item in items]) for name in "xy")
    spare = SPARE * float(max(np.ptp(x), np.ptp(y)))
    return x.min() - spare, x.max() + spare, y.min() - spare, y.max() + spare
