"""A recorder that measures by itself, no more often than its share of the time allows.

The training is someone else's, so that a clock says what a measurement costs; nothing that is
measured depends on it but for when, and which layers are too wide to be formed (ADR 23).
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from stiffgui.errors import InputError
from stiffgui.runs.foreign import Array, MeasuredLayer
from stiffgui.states import Ending
from stiffgui.training.cadence import EARLY, LEAST
from stiffgui.watching.maps import LayerMap
from stiffgui.watching.matrix_free import BASIS, leading
from stiffgui.watching.recorder import Recorder

FREE = 0.5  # seconds that need no share, for early epochs and once more for the last one
FORMING = 4.0  # seconds that the matrices of all layers may take, so that they are formed


class PacedRecorder(Recorder):
    """`share` of the training's time, or `every` so many epochs; `dense`: widths up to which
    matrices are formed, by default as time allows; `samples` of the probe, at most."""

    def __init__(
        self,
        out: Any,
        *,
        share: float,
        every: int | None,
        dense: int | None,
        samples: int,
        **options: Any,
    ) -> None:
        if not 0 < share <= 1:
            raise InputError(f"share: {share!r} is no share; give a number above 0, 1 at most.")
        if every is not None and every < 1:
            raise InputError(f"every: {every!r} is no number of epochs; give 1 or more.")
        if samples < 1:
            raise InputError(f"samples: {samples!r} are none; give 1 or more.")
        self.share, self.every, self.samples = share, every, samples
        self._dense_width = dense
        self._ways: tuple[bool, ...] | None = None  # which layers are formed, once it is known
        self._expected = 0.0
        self._measured_last = False
        self._state: Any = None
        self._row: tuple[float, dict[str, Array]] = (0.0, {})
        super().__init__(out, **options)

    def record(self, epoch: int, *, jacobians: Any = None, **numbers: Any) -> None:
        """Append an epoch: any numbers of it, each a curve of its name, and where it is time for it
        what is measured of the layers.

        Raises InputError as `Recorder.record`, and where the model cannot be measured.
        """
        if jacobians is not None:
            raise InputError("jacobians: they are measured here; a Recorder takes others.")
        self._measured_last = False
        super().record(epoch, **numbers)
        self._state = self.state()

    def _append(
        self,
        epoch: int,
        seconds: float,
        values: dict[str, Array],
        layers: Sequence[MeasuredLayer] | None,
        more: dict[str, Array] | None = None,
    ) -> None:
        self._row = seconds, values
        if self._due(epoch):
            self._measure(epoch)
        else:
            super()._append(epoch, seconds, values, None)

    def _measure(self, epoch: int) -> None:
        before, (seconds, values) = time.monotonic(), self._row
        beside, more, layers = self.measure(epoch)
        if beside:
            self._describe(beside)
        super()._append(epoch, seconds, values | beside, layers, more)
        self._expected, self._measured_last = time.monotonic() - before, True

    def _due(self, epoch: int) -> bool:
        if not self.measurements:
            return True
        if self.every is not None:
            return epoch % self.every == 0
        # One measurement more is left for the last epoch.
        return self._affords(2 * self._expected) or (
            epoch in EARLY and self._affords(self._expected, FREE)
        )

    def _affords(self, seconds: float, free: float = 0.0) -> bool:
        return self.spent + seconds <= free + self.share * self.seconds

    def close(self, ending: Ending = "finished") -> None:
        """End the file; of a training that came to its end the last epoch is measured, where the
        model is as it was recorded and its share of the time allows it."""
        try:
            due = self.every is not None or self._affords(self._expected, 2 * FREE)
            wanted = ending == "finished" and self._last is not None and not self._measured_last
            if self._open and wanted and due and self.state() == self._state:
                before = time.monotonic()
                self._measure(int(self._last or 0))
                self.spent += time.monotonic() - before
        finally:
            super().close(ending)

    def cost(self) -> dict[str, Any]:
        """As `Recorder.cost`, and the share that was promised."""
        return super().cost() | ({"share": self.share} if self.every is None else {})

    @abstractmethod
    def measure(self, epoch: int) -> tuple[dict[str, Array], dict[str, Array], list[MeasuredLayer]]:
        """Numbers of the epoch [1], numbers of layers [1, N] and the layers."""

    @abstractmethod
    def state(self) -> Any:
        """What changes when the model does."""

    def measured(self, maps: Sequence[LayerMap]) -> list[MeasuredLayer]:
        """Each layer as its width allows; how is decided at the first time and kept."""
        if self._ways is None:
            self._ways = self._formed(maps)
            if not all(self._ways):  # some of those can be formed of few samples
                self.samples = min(self.samples, LEAST)
                few = [each.some(slice(0, self.samples)) for each in maps]
                self._ways = self._formed(few)
        if len(maps) != len(self._ways):
            raise InputError(
                f"{self.path}: the model now calls {len(maps)} blocks on the probe, and "
                f"{len(self._ways)} at first: record it in a file of its own."
            )
        pairs = zip(maps, self._ways, strict=True)
        return [_measured(each.some(slice(0, self.samples)), formed) for each, formed in pairs]

    def _formed(self, maps: Sequence[LayerMap]) -> tuple[bool, ...]:
        if self._dense_width is None:
            return tuple(layer.worth_forming(FORMING / len(maps)) for layer in maps)
        widest = max(self._dense_width, BASIS)  # below it products tell no less than matrices
        return tuple(layer.width <= widest for layer in maps)


def _measured(layer: LayerMap, formed: bool) -> MeasuredLayer:
    if formed:
        return MeasuredLayer(layer.width, layer.step, layer.jacobians())
    tolerance = float(np.sqrt(layer.precision))
    found = leading(layer, tolerance)
    return MeasuredLayer(layer.width, layer.step, leading=found, how="matrix-free")
