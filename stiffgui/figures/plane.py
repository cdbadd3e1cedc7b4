"""How eigenvalues stand in the complex plane over a method's stability region: standing still, and
moving from one network to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.figures.picture import (
    Axis,
    ColourScale,
    Curve,
    Item,
    Limits,
    Marker,
    Panel,
    Picture,
    Points,
    Region,
)
from stiffgui.stiffness.stability import REGIONS

Values = NDArray[np.complex128]
A, B = "A", "B"  # groups of points: those of a network that stays, those of another
FAINTEST, CLEAREST = 0.1, 0.6  # of the oldest and the youngest part of a trail


@dataclass(frozen=True)
class Plane:
    """`region` is the method's name, `step` is a = T/N; with `scaled` axes an eigenvalue λ is
    drawn at aλ."""

    region: str
    step: float
    scaled: bool = False

    @property
    def unit(self) -> float:
        """What an eigenvalue is multiplied by to be drawn."""
        return self.step if self.scaled else 1.0

    def of_step(self, step: float) -> Plane:
        """The same of a layer with another step size."""
        return self if step == self.step else replace(self, step=step)

    @property
    def name(self) -> str:
        """What stands on its axes."""
        return "aλ" if self.scaled else "λ"

    def amplified(self, values: Values) -> NDArray[np.bool_]:
        """Which eigenvalues the method amplifies."""
        return np.asarray(REGIONS[self.region].amplification(self.step * values) > 1)

    def panel(self, every: Values, items: tuple[Item, ...], title: str = "") -> Panel:
        """A plane whose limits show `every` eigenvalue."""
        x, y = view_of(self.unit * every)
        return Panel(
            x=Axis(label=self._label("Re"), limits=x),
            y=Axis(label=self._label("Im"), limits=y),
            items=items,
            title=title,
            equal=True,
        )

    def _label(self, part: str) -> str:
        return f"{part} {self.name}" + ("" if self.scaled else " (1/time)")

    def is_of(self, picture: Picture) -> bool:
        """Whether that is a picture of one layer with these axes."""
        return len(picture.panels) == 1 and picture.panels[0].x.label == self._label("Re")

    def shaded(self) -> Region:
        """The stability region."""
        method = REGIONS[self.region]
        curve = self.unit * method.boundary(self.step, 361)
        label = f"{method.title}, {method.formula} = 1"
        return Region(x=curve.real, y=curve.imag, inverse=method.inverse, label=label)

    def points(self, values: Values, colours: ColourScale, shades: Any, **facts: Any) -> Points:
        """A dot for each eigenvalue [n], coloured by its shade [n]."""
        drawn = self.unit * values
        told = np.asarray(shades, np.float64)
        return Points(x=drawn.real, y=drawn.imag, values=told, colours=colours, size=3.0, **facts)

    def marks(self, values: Values) -> tuple[Curve, Points]:
        """The circle of all that is as large as the largest, and rings around what the method
        amplifies; both are empty where there is nothing."""
        known = values[np.isfinite(values)]
        radius = self.unit * float(np.abs(known).max(initial=0.0))
        circle = radius * np.exp(1j * np.linspace(0, 2 * np.pi, 181))
        label = f"largest |{self.name}| {radius:#.3g} of any sample"
        outside = self.unit * known[self.amplified(known)]
        return (
            Curve(x=circle.real, y=circle.imag, colour="faint", dash=3, label=label),
            Points(
                x=outside.real,
                y=outside.imag,
                colour=1,
                size=5.0,
                filled=False,
                label="unstable" if len(outside) else "",
            ),
        )

    def inset(self, panel: Panel, points: Points, region: Region) -> Panel:
        """The panel with the whole region, the points and what is in view in it, in the upper
        corner where that covers fewer of them."""
        bare = Points(x=points.x, y=points.y, size=1.0, colour=0)
        every = [*region.x, *points.x, *(panel.x.limits or ())]
        x = np.nanmin(every), np.nanmax(every)
        top = np.nanmax([*region.y, *points.y, *(panel.y.limits or ())])
        spare = 0.06 * max(x[1] - x[0], 2 * top)
        small = Panel(
            x=Axis(limits=(float(x[0] - spare), float(x[1] + spare))),
            y=Axis(limits=(float(-top - spare), float(top + spare))),
            items=(replace(region, label=""), bare),
            equal=True,
            legend=False,
            grid=False,
        )
        (x0, x1), (_, y1) = panel.x.limits or (0, 1), panel.y.limits or (0, 1)
        high = points.y > y1 / 3
        left, right = (points.x < x0 + (x1 - x0) / 4), (points.x > x1 - (x1 - x0) / 4)
        at_left = bool((high & left).sum() < (high & right).sum() / 2)
        return replace(panel, inset=small, inset_left=at_left)

    def moved(self, picture: Picture, values: Values, past: Sequence[Values], note: str) -> Picture:
        """The picture of one layer's plane with other eigenvalues [B, w] in it, and with trails
        through those `past` [B, w], the oldest first, that lead there."""
        (panel,) = picture.panels
        region = next(panel.of(Region))
        fixed = [points for points in panel.of(Points) if points.group == A]
        before = next(points for points in panel.of(Points) if points.group != A)
        count, width = values.shape
        flat, samples = values.ravel(), np.repeat(np.arange(count), width)
        shades = None
        if before.colours is not None and before.values is not None:
            by_layer = before.colours.label == "layer"
            shades = np.broadcast_to(before.values[:1], flat.shape) if by_layer else samples + 1.0
        points = replace(
            before,
            x=self.unit * flat.real,
            y=self.unit * flat.imag,
            values=shades,
            numbers={"modulus": np.abs(flat)},
            places=replace(before.places, layer=picture.place[1], sample=samples),
            label=f"{before.group}: as it trains" if before.group else before.label,
        )
        circle, rings = self.marks(flat)
        if before.group:
            circle = replace(circle, label=f"{before.group}: {circle.label}")
        marks = [circle] if fixed else [circle, rings]
        items = (region, *axes(), *fixed, points, *marks, *self._trails([*past, values]))
        now = replace(panel, items=items)
        if panel.inset is not None:  # its limits stay
            small = self.inset(now, points, region).inset
            assert small is not None
            items = (*panel.inset.items[:1], *small.items[1:])  # the region as it was
            now = replace(now, inset=replace(panel.inset, items=items))
        return replace(picture, rows=((now,),), title=note)

    def _trails(self, path: Sequence[Values]) -> list[Curve]:
        """A line from each eigenvalue to where it went, the older the fainter."""
        parts = list(pairwise(path))
        out = []
        for age, (here, there) in enumerate(parts, 1):
            line = np.full((here.size, 3), complex(np.nan, np.nan))
            line[:, 0], line[:, 1] = self.unit * here.ravel(), self.unit * there.ravel()
            alpha = FAINTEST + (CLEAREST - FAINTEST) * age / len(parts)
            out.append(Curve(x=line.real.ravel(), y=line.imag.ravel(), colour="faint", alpha=alpha))
        return out


@cache
def axes() -> tuple[Marker, Marker]:
    """Re = 0 and Im = 0."""
    return Marker(at=0.0, quiet=True), Marker(at=0.0, across="y", quiet=True)


def view_of(values: NDArray[Any]) -> tuple[Limits, Limits]:
    """Limits that show every eigenvalue, 0, and their mirror images."""
    least = 0.1 * max(float(np.abs(values).max()), 1e-9)
    left, right = min(float(values.real.min()), -least), max(float(values.real.max()), least)
    top = max(float(values.imag.max()), least)
    spare = 0.12 * max(right - left, 2 * top)
    return (left - spare, right + spare), (-top - spare, top + spare)
