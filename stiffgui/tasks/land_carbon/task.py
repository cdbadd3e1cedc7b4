"""The climate experiment's task: 15 parameters of the land-carbon model to its 10 outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np

from stiffgui.settings import setting
from stiffgui.tasks.base import (
    Array,
    Data,
    DrawnTask,
    data_seed,
    standardised,
    test_samples,
    training_samples,
)
from stiffgui.tasks.cache import cached
from stiffgui.tasks.land_carbon.quantities import INPUTS, OUTPUTS
from stiffgui.tasks.land_carbon.simulation import AVERAGED_YEARS, YEARS, run

VERSION = 1  # of the model's equations: an older result that was kept is not used


class LandCarbon(DrawnTask):
    """Reduced land-carbon model

    15 uncertain parameters to 10 carbon fluxes and pools of a deciduous forest, means over the
    last five simulated years. Inputs are uniform in their ranges and reach the network scaled to
    [-1, 1]; outputs are standardised with the training set. The simulation takes a few seconds
    and is kept for the next time.
    """

    standardises: ClassVar[bool] = True

    kind: Literal["land-carbon"] = "land-carbon"
    train_samples: int = training_samples(1996)
    test_samples: int = test_samples(500)
    seed: int = data_seed("the parameters that are drawn. All trials see the same data")
    years: int = setting(
        YEARS,
        title="Years",
        unit="years",
        help="Length of the simulation; outputs are means over its last five years.",
        ge=AVERAGED_YEARS,
        le=500,
        advanced=True,
    )

    @property
    def outputs(self) -> int:
        return len(OUTPUTS)

    def domain(self) -> Array:
        return np.tile([-1.0, 1.0], (len(INPUTS), 1))

    def prepare(self, tell: Callable[[str], None]) -> None:
        self._samples(tell)

    def data(self) -> Data:
        sizes = self.train_samples, self.test_samples
        x, y = 2.0 * self._draws() - 1.0, self._samples(None)
        parts = zip(np.split(x, np.cumsum(sizes)), np.split(y, np.cumsum(sizes)), strict=True)
        train, test, kept = parts
        names, units = tuple(OUTPUTS), tuple(OUTPUTS.values())
        data = standardised(*train, *test, tuple(INPUTS), names, units, kept)
        low, high = _ends()
        return replace(data, input_shift=(low + high) / 2, input_scale=(high - low) / 2)

    def _draws(self) -> Array:
        """Training, test and validation points in the unit cube, from streams of their own."""
        streams = (*self.streams(2), self.validation_stream())
        sizes = self.train_samples, self.test_samples, self.validation_samples
        pairs = zip(streams, sizes, strict=True)
        return np.concatenate([stream.random((size, self.inputs)) for stream, size in pairs])

    def _samples(self, tell: Callable[[str], None] | None) -> Array:
        """Outputs of all members together, in their own units."""
        unit = self._draws()
        low, high = _ends()
        parameters = low + (high - low) * unit

        def simulate() -> Array:
            last = [-1]

            def progress(fraction: float) -> None:
                tenth = int(10 * fraction)
                if tell is not None and tenth > last[0]:
                    last[0] = tenth
                    tell(f"simulating {len(unit)} members of the land-carbon model: {10 * tenth} %")

            return run(dict(zip(INPUTS, parameters.T, strict=True)), self.years, progress)

        return cached("land-carbon", (VERSION, self.years), parameters, simulate, len(OUTPUTS))


def _ends() -> tuple[Array, Array]:
    """Lower and upper end of every input in its own unit [15]."""
    low, high = np.array([(spec.low, spec.high) for spec in INPUTS.values()], dtype=np.float64).T
    return low, high
