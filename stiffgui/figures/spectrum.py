"""Eigenvalues of one layer's Jacobian, or of all layers, at one epoch, on the probe samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError
from stiffgui.figures.base import Limits4, NetworkFigure
from stiffgui.figures.layer_spectra import LayerSpectra, NetworkSpectra, spectrum_of
from stiffgui.figures.picture import (
    Axis,
    Bars,
    ColourScale,
    Contours,
    Item,
    Marker,
    Panel,
    Picture,
    Points,
    one_panel,
)
from stiffgui.figures.plane import Plane, axes
from stiffgui.figures.sources import Drawn
from stiffgui.settings import setting
from stiffgui.stiffness import WATCHABLE
from stiffgui.stiffness.stability import REGIONS
from stiffgui.training.cadence import probe_samples

if TYPE_CHECKING:
    import pandas as pd

BARS = 28
MOST_PANELS = 24  # small planes that can be told apart
ROW = 5  # of them side by side
RADIUS_PROXIES = ("gelfand", "gelfand-sketch", "power")
SAMPLES = "probe samples"  # of the picture's numbers, how many they are means over
LEADING = "leading"  # of these numbers, that they are known by products with J alone
NUMBERS = {  # what is known of an eigenvalue: column of the table -> what a pointer tells
    "modulus": "modulus",
    "time_scale": "time scale 1/|Re λ|",
    "condition": "condition",
    "error": "error by rounding",
}


class LayerFigure(NetworkFigure):
    """What the pictures of a layer's eigenvalues have in common."""

    layer: int = setting(1, title="Layer", help="The layer whose Jacobian is shown, from 1.", ge=1)

    def layers(self, depth: int) -> tuple[int, ...]:
        """Those of the layers 1..depth that are shown."""
        return (self.layer,)

    def spectra(self, run: Drawn) -> LayerSpectra:
        """What is shown of a run. Raises InputError for a layer or trial that is not there."""
        run.check(self.layer, self.trial)
        epoch, every = run.layers(self.epoch, self.trial)
        numbers = self.layers(len(every))
        shown = tuple(every[number - 1] for number in numbers)
        try:
            spectra = tuple(spectrum_of(layer) for layer in shown)
        except ValueError:
            raise InputError(
                f"{run.path}: not every Jacobian that is asked for is finite at epoch {epoch}; "
                f"choose another layer or epoch."
            ) from None
        at = numbers.index(self.layer)
        called = tuple(map(run.called, range(1, len(every) + 1)))
        return LayerSpectra(
            spectra, shown, NetworkSpectra(every), numbers, called, at, epoch, run.begins
        )

    def where(self, shown: LayerSpectra) -> str:
        """Which layer, epoch and trial, and of how many samples, in a line."""
        layers = shown.called[self.layer - 1] if len(shown.layers) == 1 else "all layers"
        samples = probe_samples(shown.samples)
        kept = [layer.leading for layer in shown.measured if layer.leading is not None]
        only = "" if all(each.whole for each in kept) else " · leading eigenvalues only"
        epoch = shown.begins + shown.epoch
        return f"{layers} · epoch {epoch} · {samples} · trial {self.trial}{only}"


class PlaneFigure(LayerFigure):
    """What the pictures in the complex plane have in common."""

    region: str = setting(
        "explicit-euler",
        title="Stability region",
        help="The method whose stability region |R(aλ)| ≤ 1 is shaded.",
        choices={name: method.title for name, method in REGIONS.items()},
    )
    scaled: bool = setting(
        False, title="Axes aλ", help="Eigenvalues times the step size a = T/N on both axes."
    )
    layer_index: str = setting(
        "spectral-radius",
        title="Index of the layers",
        help="The index that is told of every layer.",
        choices={name: index.title for name, index in WATCHABLE.items()},
        hidden=True,
    )

    def plane(self, step: float) -> Plane:
        """The plane that is chosen; `step` is a = T/N."""
        return Plane(self.region, step, self.scaled)

    def of_layers(self, shown: LayerSpectra) -> NDArray[Any]:
        """The chosen index of every layer at every sample, [N, B]."""
        return shown.every.index(self.layer_index)


class EveryLayer(LayerFigure):
    """What can show all layers at once."""

    all_layers: bool = setting(False, title="All layers", help="The eigenvalues of every layer.")

    def layers(self, depth: int) -> tuple[int, ...]:
        return tuple(range(1, depth + 1)) if self.all_layers else super().layers(depth)


class Spectrum(EveryLayer, PlaneFigure):
    """Eigenvalues

    The eigenvalues of a layer's Jacobian in the complex plane, over a method's stability region."""

    kind: Literal["spectrum"] = "spectrum"

    colour_by: Literal["sample", "layer"] | None = setting(
        None, title="Colour", help="What the colour of a point stands for."
    )
    contours: bool = setting(
        False,
        title="Contours",
        help="Pseudospectrum of the layer at the first probe sample: on each line the smallest "
        "singular value of zI − J is the number written on it, where there is room.",
    )
    box: Limits4 | None = setting(
        None,
        title="Box",
        help="Where contours are drawn: X0,X1,Y0,Y1; else around the eigenvalues.",
        hidden=True,
    )

    @property
    def work(self) -> str:
        part = " of what is in view" if self.box is not None else ""
        return f"the pseudospectrum{part}" if self.contours else super().work

    @property
    def coloured_by(self) -> str:
        """What the colour of a point stands for."""
        return self.colour_by or ("layer" if self.all_layers else "sample")

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        run = runs[-1]
        shown = self.spectra(run)
        plane = self.plane(shown.step)
        points, region = self._points(run, shown, plane), plane.shaded()
        facts: dict[str, Any] = {
            "headline": self._headline(shown, plane),
            "numbers": {} if run.few else self._numbers(shown, plane),
            "layers": tuple(self.of_layers(shown).mean(-1).tolist()),
            "place": (shown.epoch, self.layer, self.trial),
            "legend_below": True,
        }
        every = shown.every.values  # of all layers, so that layers compare
        if self.all_layers:
            rows, left_out = self._small_planes(shown, plane, points)
            title = f"{self.where(shown)}{left_out} · coloured by {self.coloured_by}"
            return Picture(rows=rows, flows=True, title=title, **facts)
        contours, only = self._contours(run, shown)
        circle, rings = plane.marks(shown.values)
        panel = plane.panel(every, (region, *axes(), circle, points, rings, *contours))
        note = self.where(shown)
        if contours:
            note += (
                " · contours of sample 1, ε = "
                + ", ".join(f"{level:.2g}" for level in contours[0].levels)
                + only
            )
        return one_panel(plane.inset(panel, points, region), title=note, **facts)

    def _headline(self, shown: LayerSpectra, plane: Plane) -> str:
        """Which layer's radius, mean over samples, is largest, and how many eigenvalues of all
        layers are amplified."""
        radii = shown.every.radius
        largest = int(np.nanargmax(radii))
        share = shown.every.amplified(plane)
        known = "" if shown.every.is_whole else " that are known"
        whose = "all layers' eigenvalues" if len(radii) > 1 else "its eigenvalues"
        return (
            f"{shown.called[largest]} has the largest mean radius, {radii[largest]:#.3g}; "
            f"{share:.0%} of {whose}{known} unstable"
        ).replace("%", " %")

    def _small_planes(
        self, shown: LayerSpectra, plane: Plane, points: Points
    ) -> tuple[tuple[tuple[Panel, ...], ...], str]:
        """A plane of every layer, in rows; of a deep network as many as can be told apart."""
        depth = len(shown.layers)
        chosen = np.unique(np.linspace(0, depth - 1, min(depth, MOST_PANELS)).round().astype(int))
        assert points.colours is not None
        bare = replace(points, colours=replace(points.colours, bar=False))
        every, panels = shown.every.values, []
        for place in chosen.tolist():
            part = np.asarray(points.places.layer) == shown.layers[place]
            own = plane.of_step(shown.measured[place].step)
            items = (own.shaded(), *axes(), _part(bare, part))
            panels.append(plane.panel(every, items, f"layer {shown.layers[place]}"))
        rows = tuple(tuple(panels[k : k + ROW]) for k in range(0, len(panels), ROW))
        return rows, f" · {len(chosen)} of {depth} drawn" if len(chosen) < depth else ""

    def _points(self, run: Drawn, shown: LayerSpectra, plane: Plane) -> Points:
        places = shown.places(run, self.trial)
        by_layer = self.coloured_by == "layer"
        shades = np.asarray(places.layer if by_layer else np.asarray(places.sample) + 1)
        high = run.depth if by_layer else run.probe_count
        colours = ColourScale(label=self.coloured_by, low=1.0, high=float(max(high, 2)), whole=True)
        numbers = {NUMBERS[name]: column for name, column in shown.numbers.items()}
        return plane.points(shown.values, colours, shades, numbers=numbers, places=places)

    def _contours(self, run: Drawn, shown: LayerSpectra) -> tuple[list[Contours], str]:
        """Contours where they are asked for, and what they are only."""
        large = shown.measured[shown.at].jacobians is None
        if not self.contours or (large and run.few):
            return [], ""
        from stiffgui.stiffness import pseudospectrum, pseudospectrum_of_factor

        unit, box = self.plane(shown.step).unit, self.box or next(iter(self.limits), None)
        if box is not None:
            box = (box[0] / unit, box[1] / unit, box[2] / unit, box[3] / unit)
        factor = run.run.factor(self.layer) if large else {}
        if factor:
            found = pseudospectrum_of_factor(factor, box)
        else:
            found = pseudospectrum(self._formed(shown)[0], box=box)
        x, y, levels = unit * found.real, unit * found.imag, found.levels()
        only = f", at most: projected on {found.vectors} Krylov vectors" if found.vectors else ""
        return [Contours(x=x, y=y, values=found.smallest, levels=levels)], only

    def _numbers(self, shown: LayerSpectra, plane: Plane) -> dict[str, float]:
        """Indices of the layer, mean over samples, exact and by proxies of the radius; and the
        largest relative error of each, as `Index.error` bounds it; and the radius of the layer
        where it is largest."""
        from stiffgui.stiffness.matrices import Matrices
        from stiffgui.stiffness.watched import residual

        spectra, numbers = shown.spectra[shown.at], exact_numbers(shown, plane)
        numbers |= {"largest radius": float(np.nanmax(shown.every.radius))}
        numbers[SAMPLES] = float(shown.samples)
        leading = shown.measured[shown.at].leading
        if leading is not None and not leading.whole:
            for name, (values, errors) in leading.indices(shown.step).items():
                numbers[f"error {name}"] = float(np.nanmax(errors / values, initial=0.0))
            return numbers | {LEADING: 1.0}
        if leading is not None:
            return numbers
        eigen = spectra.eigenvalues, spectra.conditions
        matrices = Matrices(self._formed(shown), eigen, shown.step)
        numbers |= {f"proxy {n}": _mean(WATCHABLE[n].value(matrices)) for n in RADIUS_PROXIES}
        for name in spectra.indices:
            error = WATCHABLE[name].error
            if error is not None and (name != "unstable" or self.region == "explicit-euler"):
                known = np.isfinite(spectra.indices[name])
                numbers[f"error {name}"] = float(np.where(known, error(matrices), 0).max())
        return numbers | {"power residual": _mean(residual(matrices))}

    def _formed(self, shown: LayerSpectra) -> NDArray[np.float64]:
        """The chosen layer's matrices. Raises InputError where they are too large to be formed."""
        jacobians = shown.measured[shown.at].jacobians
        if jacobians is None:
            raise InputError(
                f"layer {self.layer} is too wide for its matrices to be formed, so that only "
                f"what leads in them is known: choose another layer, or leave the contours out."
            )
        return jacobians

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """A row per sample and eigenvalue; with all layers a column says which.

        `euler_unstable` belongs to explicit Euler; another method has a column of its own.
        attrs: epoch, layer, trial, step_size.
        """
        import pandas as pd

        run = runs[-1]
        shown = self.spectra(run)
        places, values = shown.places(run, self.trial), shown.values
        layer = {"layer": places.layer} if self.all_layers else {}
        euler = replace(self.plane(shown.step), region="explicit-euler")
        unstable = {"euler_unstable": euler.amplified(values)}
        if self.region != "explicit-euler":
            amplified = self.plane(shown.step).amplified(values)
            unstable[f"{self.region.replace('-', '_')}_unstable"] = amplified
        sample = {"sample": places.sample, "real": values.real, "imag": values.imag}
        frame = pd.DataFrame(layer | sample | shown.numbers | unstable)
        frame.attrs.update(
            epoch=shown.epoch, layer=self.layer, trial=self.trial, step_size=shown.step
        )
        return frame


class TimeScales(EveryLayer):
    """Time scales

    How the time scales 1/|Re λ| of the eigenvalues are distributed: decaying modes below, growing
    ones on top of them; the line is the step size a = T/N."""

    kind: Literal["time-scales"] = "time-scales"

    def _bars(self, shown: LayerSpectra) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Edges [BARS + 1] of the time scales, and how many modes decay and grow in each."""
        real = shown.values.real[shown.values.real != 0]
        scales = -np.log10(np.abs(real))
        low, high = (float(scales.min()), float(scales.max())) if len(scales) else (0.0, 1.0)
        edges = np.linspace(low, max(high, low + 1e-3), BARS + 1)
        decaying, growing = (np.histogram(scales[c], edges)[0] for c in (real < 0, real > 0))
        return 10**edges, decaying, growing

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        shown = self.spectra(runs[-1])
        edges, decaying, growing = self._bars(shown)
        nothing = np.zeros(BARS)
        items: tuple[Item, ...] = (
            Bars(edges=edges, heights=decaying, base=nothing, colour=2, label="decaying"),
            Bars(edges=edges, heights=growing, base=decaying, colour=1, label="growing"),
            Marker(at=shown.step, label="step size a"),
        )
        ends = (min(edges[0], shown.step), max(edges[-1], shown.step))
        panel = Panel(
            x=Axis(
                label="time scale 1/|Re λ| (time)",
                scale="log",
                limits=(ends[0] / 1.2, ends[1] * 1.2),
            ),
            y=Axis(label="eigenvalues"),
            items=items,
        )
        return one_panel(panel, title=self.where(shown))

    def tabulate_runs(self, runs: Sequence[Drawn]) -> pd.DataFrame:
        """A row per bar: from, to, decaying, growing."""
        import pandas as pd

        edges, decaying, growing = self._bars(self.spectra(runs[-1]))
        ends = {"time_scale_from": edges[:-1], "time_scale_to": edges[1:]}
        return pd.DataFrame(ends | {"decaying": decaying, "growing": growing})


def exact_numbers(shown: LayerSpectra, plane: Plane) -> dict[str, float]:
    """Indices of the chosen layer, mean over samples; of them `unstable` for the plane's method."""
    spectra = shown.spectra[shown.at]
    numbers = {name: _mean(values) for name, values in spectra.indices.items()}
    unstable = float(plane.amplified(spectra.eigenvalues).mean())
    return numbers | {"departure": _mean(spectra.departure), "unstable": unstable}


def _part(points: Points, rows: NDArray[Any]) -> Points:
    """Some of the points."""
    places = points.places
    layer, sample = np.asarray(places.layer)[rows], np.asarray(places.sample)[rows]
    return replace(
        points,
        x=points.x[rows],
        y=points.y[rows],
        values=None if points.values is None else points.values[rows],
        numbers={name: column[rows] for name, column in points.numbers.items()},
        places=replace(places, layer=layer, sample=sample),
    )


def _mean(values: Any) -> float:
    known = np.asarray(values)[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
