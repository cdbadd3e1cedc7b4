"""Which eigenvalue of the plane is selected, and the ring around it wherever it goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from stiffgui.figures.picture import Points
from stiffgui.figures.plane import A
from stiffgui.gui.plots.panel_view import PanelView
from stiffgui.gui.plots.picture_view import PictureView
from stiffgui.gui.train.view_state import Selected

Values = NDArray[np.complex128]


class PlaneSelection:
    """The selected eigenvalue of the planes that a view shows; A has none."""

    def __init__(self, view: PictureView) -> None:
        self._view = view
        self.one: Selected | None = None

    def at(self, panel: int, x: float, y: float) -> Selected | None:
        """The eigenvalue at a place of a panel."""
        found = self._view.views[panel].point_at(x, y)
        if found is None or not _is_eigenvalues(found[0]):
            return None
        return _selected(*found)

    def largest_of(self, sample: int) -> Selected | None:
        """The largest eigenvalue of a sample, of those that are seen."""
        found = [
            _selected(points, row)
            for view in self._view.views
            for points in _eigenvalues(view)
            for row in np.flatnonzero(_samples(points) == sample).tolist()
        ]
        return max(found, key=lambda one: abs(one.value), default=None)

    def draw(self, past: Sequence[Values] = ()) -> None:
        """Ring it where it is by now; `past` are those in its plane before, point by point."""
        for view in self._view.views:
            way: list[complex] = []
            for points in _eigenvalues(view):
                row = self._row(points)
                if row is not None and self.one is not None:
                    self.one = _selected(points, row)
                    way = [*(complex(before.flat[row]) for before in past), self.one.value]
            view.mark([at.real for at in way], [at.imag for at in way])

    def _row(self, points: Points) -> int | None:
        """Of its sample and layer the point that is nearest to where it was."""
        if self.one is None:
            return None
        layers = np.broadcast_to(points.places.layer, points.x.shape)
        there = (_samples(points) == self.one.sample) & (layers == self.one.layer)
        apart = np.abs(points.x + 1j * points.y - self.one.value)
        return int(np.where(there, apart, np.inf).argmin()) if there.any() else None


def _is_eigenvalues(points: Points) -> bool:
    """Not A, nor rings around some of them."""
    return bool(points.numbers) and points.group != A


def _eigenvalues(view: PanelView) -> Iterator[Points]:
    return filter(_is_eigenvalues, view.panel.of(Points))


def _samples(points: Points) -> NDArray[np.intp]:
    return np.broadcast_to(points.places.sample, points.x.shape)


def _selected(points: Points, row: int) -> Selected:
    value = complex(points.x[row], points.y[row])
    return Selected(points.sample_of(row), points.layer_of(row), value)
