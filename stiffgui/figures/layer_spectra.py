"""What is shown of layers' eigenvalues: of those that are looked at, and of all of a network.

Letters for shapes: N layers, B samples, w width; of a layer too wide to be formed, w stands for
the eigenvalues that lead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.figures.picture import Places
from stiffgui.figures.sources import Drawn
from stiffgui.runs.foreign import Array, Leading, MeasuredLayer
from stiffgui.stiffness import WATCHABLE

if TYPE_CHECKING:
    from stiffgui.figures.plane import Plane
    from stiffgui.stiffness.matrices import Matrices
    from stiffgui.stiffness.spectrum import Spectrum

Values = NDArray[np.complex128]


@dataclass(frozen=True)
class NetworkSpectra:
    """All layers of a network, in order."""

    layers: Sequence[MeasuredLayer]

    @cached_property
    def _matrices(self) -> tuple[Matrices, ...]:
        """One stack [N, B, w, w], where the layers are of one width and step size; else [B, w, w]
        of each that has any."""
        from stiffgui.stiffness.matrices import Matrices

        formed = [
            Matrices(np.where(np.isfinite(each.jacobians), each.jacobians, 0.0), step=each.step)
            for each in self.layers
            if each.jacobians is not None
        ]
        shapes = {m.jacobians.shape for m in formed}
        if len(formed) == len(self.layers) and len(shapes) == len({m.step for m in formed}) == 1:
            together = np.stack([m.jacobians for m in formed])
            return (Matrices(together, step=formed[0].step),)
        return tuple(formed)

    @property
    def _is_stack(self) -> bool:
        return len(self._matrices) == 1 and self._matrices[0].jacobians.ndim == 4

    def _each(
        self, of_matrices: Callable[[Matrices], Any], of_leading: Callable[[Leading, float], Any]
    ) -> list[NDArray[Any]]:
        """Something of every layer, by what is known of it; NaN where J is not finite."""
        if self._is_stack:
            found = list(of_matrices(self._matrices[0]))
        else:
            formed = iter(self._matrices)
            found = [
                of_matrices(next(formed))
                if each.leading is None
                else of_leading(each.leading, each.step)
                for each in self.layers
            ]
        return [
            values if each.is_finite else np.full_like(values, np.nan)
            for each, values in zip(self.layers, found, strict=True)
        ]

    @cached_property
    def each(self) -> list[Values]:
        """Eigenvalues of every layer, [B, w] each."""
        return self._each(lambda m: m.eigenvalues, lambda leading, _: leading.eigenvalues)

    @property
    def values(self) -> Values:
        """All of them that are known, [n]."""
        flat = np.concatenate([values.ravel() for values in self.each])
        return np.asarray(flat[np.isfinite(flat)])

    @property
    def is_whole(self) -> bool:
        """Whether all eigenvalues are known."""
        return all(each.leading is None or each.leading.whole for each in self.layers)

    @property
    def radius(self) -> Array:
        """|l_1| of every layer, mean over samples [N]."""
        return np.asarray(self.index("spectral-radius").mean(-1))

    def index(self, name: str) -> Array:
        """An index of every layer at every sample, [N, B]; NaN where it is not known."""
        index = WATCHABLE[name]

        def of_leading(leading: Leading, step: float) -> Array:
            unknown = np.full(len(leading.frobenius), np.nan)
            return np.asarray(leading.indices(step).get(name, (unknown, unknown))[0])

        if index.needs == "layers" and not self._is_stack:
            return np.full((len(self.layers), len(self.each[0])), np.nan)
        return np.array(self._each(index.value, of_leading))

    def amplified(self, plane: Plane) -> float:
        """Which share of all eigenvalues the method amplifies in its layer's step."""
        pairs = zip(self.layers, self.each, strict=True)
        found = [plane.of_step(layer.step).amplified(values).ravel() for layer, values in pairs]
        known = np.isfinite(np.concatenate([values.ravel() for values in self.each]))
        return float(np.concatenate(found)[known].mean()) if known.any() else 0.0


@dataclass(frozen=True)
class LayerSpectra:
    """Spectra of some layers [L] at the probe samples, eigenvalues [B, w] each, and where from.

    `measured` are these layers, `every` all of the network; `at` is the place of the chosen one.
    """

    spectra: tuple[Spectrum, ...]
    measured: tuple[MeasuredLayer, ...]
    every: NetworkSpectra
    layers: tuple[int, ...]
    called: tuple[str, ...]  # all of the network
    at: int
    epoch: int
    begins: int  # of the run

    @property
    def step(self) -> float:
        """a of the chosen layer."""
        return self.measured[self.at].step

    @property
    def samples(self) -> int:
        """B."""
        return len(self.spectra[self.at].eigenvalues)

    def places(self, run: Drawn, trial: int) -> Places:
        """Where each eigenvalue comes from, in the order of `values`."""
        shapes = [spectra.eigenvalues.shape for spectra in self.spectra]
        samples = [np.repeat(np.arange(count), width) for count, width in shapes]
        pairs = zip(self.layers, shapes, strict=True)
        layers = [np.full(count * width, layer) for layer, (count, width) in pairs]
        return Places(
            run=run.name,
            epoch=self.epoch,
            layer=np.concatenate(layers),
            trial=trial,
            sample=np.concatenate(samples),
        )

    @property
    def values(self) -> Values:
        """All eigenvalues, [n]."""
        return np.concatenate([spectra.eigenvalues.ravel() for spectra in self.spectra])

    @property
    def numbers(self) -> dict[str, Array]:
        """The columns of NUMBERS, [n] each."""

        def column(of: str) -> Array:
            return np.concatenate([getattr(spectra, of).ravel() for spectra in self.spectra])

        return {
            "modulus": np.abs(self.values),
            "time_scale": column("time_scales"),
            "condition": column("conditions"),
            "error": column("errors"),
        }


def spectrum_of(layer: MeasuredLayer) -> Spectrum:
    """The spectrum of a layer; of one that is not kept all of it or what leads in it, with
    residuals for errors. Raises ValueError when its Jacobians are not finite."""
    from stiffgui.stiffness import spectrum
    from stiffgui.stiffness.spectrum import Spectrum

    if layer.jacobians is not None:
        return spectrum(layer.jacobians, layer.step)
    leading = layer.leading
    assert leading is not None
    unknown = np.full(leading.eigenvalues.shape, np.nan)
    squares = np.square(leading.frobenius) - np.square(np.abs(leading.eigenvalues)).sum(-1)
    with np.errstate(divide="ignore"):
        time_scales = 1 / np.abs(leading.eigenvalues.real)
    return Spectrum(
        eigenvalues=leading.eigenvalues,
        conditions=unknown if leading.conditions is None else leading.conditions,
        errors=leading.residuals,
        time_scales=time_scales,
        departure=np.sqrt(np.maximum(squares, 0)) if leading.whole else unknown[:, 0],
        indices={name: values for name, (values, _) in leading.indices(layer.step).items()},
    )
