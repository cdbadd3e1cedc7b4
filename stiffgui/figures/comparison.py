"""Two networks beside each other: a layer's eigenvalues at A and at B, and what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError
from stiffgui.figures.layer_spectra import LayerSpectra
from stiffgui.figures.numerals import minus
from stiffgui.figures.picture import (
    Axis,
    ColourScale,
    Curve,
    Image,
    Item,
    Panel,
    Picture,
    Points,
    ends_of,
    one_panel,
)
from stiffgui.figures.plane import A, B, Plane, axes
from stiffgui.figures.sources import Drawn
from stiffgui.figures.spectrum import NUMBERS, PlaneFigure, exact_numbers
from stiffgui.settings import setting
from stiffgui.stiffness import WATCHABLE

if TYPE_CHECKING:
    import pandas as pd

NO_PAIRS = -1
SIDES, SAME = " | ", "A and B are the same"


@dataclass(frozen=True)
class Side:
    """A or B: the figure that chose it, its run, and its spectra."""

    name: str
    figure: PlaneFigure
    run: Drawn
    shown: LayerSpectra

    @property
    def plane(self) -> Plane:
        """Its own plane: step sizes may differ."""
        return self.figure.plane(self.shown.step)

    @property
    def values(self) -> NDArray[np.complex128]:
        """Its eigenvalues [B, w]."""
        return self.shown.spectra[self.shown.at].eigenvalues

    @property
    def where(self) -> tuple[str, ...]:
        """Of what it is, in words."""
        return (self.run.name, *self.figure.where(self.shown).split(" · "))

    def told_from(self, other: Side) -> str:
        """Its name, and in which words it differs from the other side."""
        own = [mine for mine, its in zip(self.where, other.where, strict=True) if mine != its]
        return f"{self.name}: {', '.join(own)}" if own else self.name


class Comparison(PlaneFigure):
    """Eigenvalues A | B

    The eigenvalues of two layers: at two epochs, or of two runs, A the first of them and B the
    last."""

    kind: Literal["comparison"] = "comparison"
    one_run: ClassVar[bool] = False

    pinned_epoch: int | None = setting(
        None,
        title="Epoch of A",
        help="The nearest stored epoch; by default the first of a run that is compared with "
        "itself, the last of another one.",
        ge=0,
    )
    pinned_layer: int | None = setting(
        None, title="Layer of A", help="From 1; by default that of B.", ge=1
    )
    pinned_trial: int | None = setting(
        None, title="Trial of A", help="Position in the batch; by default that of B.", ge=0
    )
    layout: Literal["one plane", "side by side", "difference"] = setting(
        "one plane",
        title="Layout",
        help="A filled and B hollow in one plane with lines between eigenvalues that belong "
        "together, two planes with the same axes, or the index of the layers at B less that at A, "
        "of every layer at every probe sample.",
    )

    def sides(self, runs: Sequence[Drawn]) -> tuple[Side, Side]:
        """A and B. Raises InputError for a layer or a trial that is not there."""
        alone = len(runs) == 1 and self.pinned_epoch is None
        pinned = {"epoch": 0 if alone else self.pinned_epoch}
        pinned |= {"layer": self.pinned_layer} if self.pinned_layer is not None else {}
        pinned |= {"trial": self.pinned_trial} if self.pinned_trial is not None else {}
        first = self.model_copy(update=pinned)
        run = replace(runs[0], network=None, few=runs[-1].few)
        return Side(A, first, run, first.spectra(run)), Side(
            B, self, runs[-1], self.spectra(runs[-1])
        )

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        a, b = self.sides(runs)
        words = a.told_from(b), b.told_from(a)
        both = SAME if words == (A, B) else SIDES.join(words)
        facts: dict[str, Any] = {
            "title": " · ".join([both, *_in_common(a, b)]),
            "headline": _headline(a, b),
            "numbers": {
                f"{side.name} {name}": number
                for side in (a, b)
                for name, number in exact_numbers(side.shown, side.plane).items()
            },
            "layers": tuple(self.of_layers(b.shown).mean(-1).tolist()),
            "place": (b.shown.epoch, self.layer, self.trial),
            "legend_below": True,
        }
        if self.layout == "difference":
            return one_panel(self._difference(a, b), **facts)
        colours = a.run.colour, b.run.colour + (a.run.colour == b.run.colour)
        points = [_points(*each) for each in zip((a, b), colours, words, strict=True)]
        every = np.concatenate([a.plane.unit * a.values.ravel(), b.plane.unit * b.values.ravel()])
        limits = replace(b.plane, scaled=False).panel(every, ())
        if self.layout == "side by side":
            planes = [
                _plane(side, (each,), limits, each.label)
                for side, each in zip((a, b), points, strict=True)
            ]
            return Picture(rows=(tuple(planes),), locked=True, **facts)
        panel = _plane(b, (*_lines(a, b), *points), limits)
        return one_panel(b.plane.inset(panel, points[1], b.plane.shaded()), **facts)

    def _difference(self, a: Side, b: Side) -> Panel:
        """The index at B less that at A, layers by samples."""
        before, after = self.of_layers(a.shown), self.of_layers(b.shown)
        if len(before) != len(after):
            raise InputError(
                f"a difference needs networks of one depth, not {len(before)} and {len(after)} "
                f"layers: choose another layout."
            )
        samples = min(before.shape[1], after.shape[1])
        change = after[:, :samples] - before[:, :samples]
        most = float(np.nanmax(np.abs(change), initial=0.0)) or 1.0  # the same network twice
        title = f"{WATCHABLE[self.layer_index].title}, B − A"
        image = Image(
            x=np.arange(1, samples + 1),
            y=np.arange(1, len(change) + 1),
            values=change,
            colours=ColourScale(label=title, low=-most, high=most, map="diverging"),
        )
        return Panel(
            x=Axis(label="probe sample", whole=True, limits=ends_of(image.x_edges)),
            y=Axis(label="layer", whole=True, limits=ends_of(image.y_edges)),
            items=(image,),
            grid=False,
        )

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """A row per eigenvalue of A and of B; those with the same `pair` belong together, -1 where
        the networks have no eigenvalues in common."""
        import pandas as pd

        a, b = self.sides(runs)
        pairs, frames = _pairs(a, b), []
        for side, order in zip((a, b), pairs or (None, None), strict=True):
            samples, width = side.values.shape
            pair = np.full(side.values.shape, NO_PAIRS)
            if order is not None:
                np.put_along_axis(pair[: len(order)], order, np.arange(width), -1)
            columns = {
                "side": side.name,
                "run": side.run.name,
                "epoch": side.shown.epoch,
                "layer": side.figure.layer,
                "trial": side.figure.trial,
                "sample": np.repeat(np.arange(samples), width),
                "pair": pair.ravel(),
                "real": side.values.real.ravel(),
                "imag": side.values.imag.ravel(),
            }
            frames.append(pd.DataFrame(columns | side.shown.numbers))
        return pd.concat(frames, ignore_index=True)


def _headline(a: Side, b: Side) -> str:
    """How the layer's radius, mean over samples, and its unstable share have changed."""
    radii = [float(np.abs(side.values).max(-1).mean()) for side in (a, b)]
    shares = [float(side.plane.amplified(side.values).mean()) for side in (a, b)]
    change = f" ({radii[1] / radii[0] - 1:+.0%})" if radii[0] else ""
    text = (
        f"mean radius {A} {radii[0]:#.3g} → {B} {radii[1]:#.3g}{change}; "
        f"unstable {A} {shares[0]:.0%} → {B} {shares[1]:.0%}"
    )
    return minus(text.replace("%", " %"))


def _in_common(a: Side, b: Side) -> list[str]:
    return [mine for mine, its in zip(a.where, b.where, strict=True) if mine == its]


def _points(side: Side, colour: int, label: str) -> Points:
    """A filled, B hollow."""
    drawn = side.plane.unit * side.shown.values
    return Points(
        x=drawn.real,
        y=drawn.imag,
        colour=colour,
        size=4.0,
        filled=side.name == A,
        label=label,
        group=side.name,
        numbers={NUMBERS[name]: column for name, column in side.shown.numbers.items()},
        places=side.shown.places(side.run, side.figure.trial),
    )


def _plane(side: Side, items: tuple[Item, ...], limits: Panel, title: str = "") -> Panel:
    """The side's plane within given limits."""
    circle, _ = side.plane.marks(side.shown.values)
    circle = replace(circle, label=f"{side.name}: {circle.label}")
    panel = side.plane.panel(
        side.shown.values, (side.plane.shaded(), *axes(), circle, *items), title
    )
    x, y = limits.x.limits, limits.y.limits
    return replace(panel, x=replace(panel.x, limits=x), y=replace(panel.y, limits=y))


def _pairs(a: Side, b: Side) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Places [samples, w] in A and in B of what belongs together; None for other widths."""
    from stiffgui.stiffness.matching import trails

    samples = min(len(a.values), len(b.values))
    if a.values.shape[1] != b.values.shape[1]:
        return None
    first, second = trails([a.values[:samples], b.values[:samples]])
    return first, second


def _lines(a: Side, b: Side) -> list[Curve]:
    """From each eigenvalue of A to the one of B that belongs to it."""
    pairs = _pairs(a, b)
    if pairs is None:
        return []
    ends = [
        side.plane.unit * np.take_along_axis(side.values[: len(order)], order, -1).ravel()
        for side, order in zip((a, b), pairs, strict=True)
    ]
    line = np.stack([*ends, np.full(len(ends[0]), complex(np.nan, np.nan))], axis=-1).ravel()
    return [Curve(x=line.real, y=line.imag, colour="faint", alpha=0.35)]
