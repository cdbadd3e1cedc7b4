"""Eigenvalues of one layer's Jacobian, or of all layers, at one epoch, on the probe samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.figures.base import NetworkFigure
from stiffgui.figures.picture import (
    Axis,
    Bars,
    ColourScale,
    Contours,
    Item,
    Limits,
    Marker,
    Panel,
    Picture,
    Places,
    Points,
    Region,
    one_panel,
)
from stiffgui.figures.sources import Drawn
from stiffgui.settings import setting
from stiffgui.stiffness.stability import REGIONS
from stiffgui.training.cadence import probe_samples

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.stiffness.spectrum import Spectrum as Spectra

BARS = 28
RADIUS_PROXIES = ("gelfand", "gelfand-sketch", "power")
SAMPLES = "probe samples"  # of the picture's numbers, how many they are means over
NUMBERS = {  # what is known of an eigenvalue: column of the table -> what a pointer tells
    "modulus": "modulus",
    "time_scale": "time scale 1/|Re λ|",
    "condition": "condition",
    "error": "error by rounding",
}


@dataclass(frozen=True)
class LayerSpectra:
    """Spectra of layers [L] at the probe samples [B]: eigenvalues [L, B, w], and where from.

    jacobians [L, B, w, w]; step is a = T/N.
    """

    spectra: Spectra
    jacobians: NDArray[Any]
    layers: tuple[int, ...]
    epoch: int
    step: float

    def places(self, run: Drawn, trial: int) -> Places:
        """Where each eigenvalue comes from, in the order of `values`."""
        count, samples, width = self.spectra.eigenvalues.shape
        return Places(
            run=run.name,
            epoch=self.epoch,
            layer=np.repeat(self.layers, samples * width),
            trial=trial,
            sample=np.tile(np.repeat(np.arange(samples), width), count),
        )

    @property
    def values(self) -> NDArray[Any]:
        """All eigenvalues [L B w]."""
        return self.spectra.eigenvalues.ravel()

    @property
    def numbers(self) -> dict[str, NDArray[Any]]:
        """The columns of NUMBERS, each [L B w]."""
        return {
            "modulus": np.abs(self.values),
            "time_scale": self.spectra.time_scales.ravel(),
            "condition": self.spectra.conditions.ravel(),
            "error": self.spectra.errors.ravel(),
        }


class EigenvalueFigure(NetworkFigure):
    """What the pictures of eigenvalues have in common."""

    layer: int = setting(1, title="Layer", help="The layer whose Jacobian is shown, from 1.", ge=1)
    all_layers: bool = setting(False, title="All layers", help="The eigenvalues of every layer.")

    def spectra(self, run: Drawn) -> LayerSpectra:
        """What is shown of a run. Raises InputError for a layer or trial that is not there."""
        from stiffgui.stiffness import spectrum

        run.check(self.layer, self.trial)
        snapshot = run.snapshot(self.epoch)
        every = snapshot.jacobians(run.probe_samples())[self.trial]
        layers = tuple(range(1, len(every) + 1)) if self.all_layers else (self.layer,)
        jacobians = every[[layer - 1 for layer in layers]]
        step = run.experiment.architecture.step_size
        return LayerSpectra(spectrum(jacobians, step), jacobians, layers, snapshot.epoch, step)

    def where(self, shown: LayerSpectra) -> str:
        """Which layer, epoch and trial, and of how many samples, in a line."""
        layers = "all layers" if self.all_layers else f"layer {self.layer}"
        samples = probe_samples(shown.spectra.eigenvalues.shape[1])
        return f"{layers} · epoch {shown.epoch} · {samples} · trial {self.trial}"


class Spectrum(EigenvalueFigure):
    """Eigenvalues

    The eigenvalues of a layer's Jacobian in the complex plane, over a method's stability region."""

    kind: Literal["spectrum"] = "spectrum"

    region: str = setting(
        "explicit-euler",
        title="Stability region",
        help="The method whose stability region |R(aλ)| ≤ 1 is shaded.",
        choices={name: method.title for name, method in REGIONS.items()},
    )
    colour_by: Literal["sample", "layer"] | None = setting(
        None, title="Colour", help="What the colour of a point stands for."
    )
    contours: bool = setting(
        False,
        title="Contours",
        help="Pseudospectrum of the layer at the first probe sample: on each line the smallest "
        "singular value of zI − J is the number written on it.",
    )

    @property
    def coloured_by(self) -> str:
        """What the colour of a point stands for."""
        return self.colour_by or ("layer" if self.all_layers else "sample")

    def build_runs(self, runs: Sequence[Drawn]) -> Picture:
        run = runs[-1]
        shown = self.spectra(run)
        contours = self._contours(run, shown)
        items = (*self._region(shown), self._points(run, shown), *contours)
        x, y = _view(shown.values)
        panel = Panel(
            x=Axis(label="Re λ (1/time)", limits=x),
            y=Axis(label="Im λ (1/time)", limits=y),
            items=items,
            equal=True,
        )
        note = self.where(shown)
        if contours:
            note += " · ε = " + ", ".join(f"{level:.2g}" for level in contours[0].levels)
        numbers = self._numbers(shown)
        place = (shown.epoch, self.layer, self.trial)
        return one_panel(panel, title=note, numbers=numbers, legend_below=True, place=place)

    def _points(self, run: Drawn, shown: LayerSpectra) -> Points:
        places = shown.places(run, self.trial)
        by_layer = self.coloured_by == "layer"
        values = np.asarray(places.layer if by_layer else np.asarray(places.sample) + 1, np.float64)
        ends = (1, run.experiment.architecture.depth) if by_layer else (1, values.max())
        return Points(
            x=shown.values.real,
            y=shown.values.imag,
            values=values,
            colours=ColourScale(
                label=self.coloured_by, low=float(ends[0]), high=float(max(ends[1], ends[0] + 1))
            ),
            size=3.0,
            numbers={NUMBERS[name]: column for name, column in shown.numbers.items()},
            places=places,
        )

    def _region(self, shown: LayerSpectra) -> list[Item]:
        method = REGIONS[self.region]
        curve = method.boundary(shown.step, 361)
        label = f"{method.title}, {method.formula} = 1"
        return [Region(x=curve.real, y=curve.imag, inverse=method.inverse, label=label)]

    def _contours(self, run: Drawn, shown: LayerSpectra) -> list[Contours]:
        if not self.contours:
            return []
        from stiffgui.stiffness import pseudospectrum

        place = shown.layers.index(self.layer)
        found = pseudospectrum(shown.jacobians[place, 0])
        levels = found.levels()
        return [Contours(x=found.real, y=found.imag, values=found.smallest, levels=levels)]

    def _numbers(self, shown: LayerSpectra) -> dict[str, float]:
        """Indices of the layer, mean over samples, exact and by proxies of the radius; and the
        largest relative error of each, as `Index.error` bounds it."""
        from stiffgui.stiffness import WATCHABLE
        from stiffgui.stiffness.matrices import Matrices
        from stiffgui.stiffness.watched import residual

        at = shown.layers.index(self.layer)
        spectra = shown.spectra
        eigen = spectra.eigenvalues[at], spectra.conditions[at]
        matrices = Matrices(shown.jacobians[at], eigen, shown.step)
        unstable = REGIONS[self.region].amplification(shown.step * spectra.eigenvalues[at]) > 1
        numbers = {name: _mean(values[at]) for name, values in spectra.indices.items()}
        numbers |= {"departure": _mean(spectra.departure[at]), "unstable": float(unstable.mean())}
        numbers |= {f"proxy {n}": _mean(WATCHABLE[n].value(matrices)) for n in RADIUS_PROXIES}
        for name in spectra.indices:
            error = WATCHABLE[name].error
            if error is not None and (name != "unstable" or self.region == "explicit-euler"):
                known = np.isfinite(spectra.indices[name][at])
                numbers[f"error {name}"] = float(np.where(known, error(matrices), 0).max())
        numbers["power residual"] = _mean(residual(matrices))
        return numbers | {SAMPLES: float(len(shown.jacobians[at]))}

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
        unstable = {"euler_unstable": shown.spectra.unstable(shown.step).ravel()}
        if self.region != "explicit-euler":
            amplified = REGIONS[self.region].amplification(shown.step * values) > 1
            unstable[f"{self.region.replace('-', '_')}_unstable"] = amplified
        sample = {"sample": places.sample, "real": values.real, "imag": values.imag}
        frame = pd.DataFrame(layer | sample | shown.numbers | unstable)
        frame.attrs.update(
            epoch=shown.epoch, layer=self.layer, trial=self.trial, step_size=shown.step
        )
        return frame


class TimeScales(EigenvalueFigure):
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
            x=Axis(label="time scale 1/|Re λ|", scale="log", limits=(ends[0] / 1.2, ends[1] * 1.2)),
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


def _view(values: NDArray[Any]) -> tuple[Limits, Limits]:
    """Limits that show every eigenvalue, 0, and their mirror images."""
    left, right = min(float(values.real.min()), -0.1), max(float(values.real.max()), 0.1)
    top = max(float(values.imag.max()), 0.1)
    spare = 0.12 * max(right - left, 2 * top)
    return (left - spare, right + spare), (-top - spare, top + spare)


def _mean(values: Any) -> float:
    known = np.asarray(values)[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
