"""Writes a run file of a training that is not stiffgui's, epoch by epoch. No torch.

Letters for shapes: N layers, B samples, w width.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any, Self

import numpy as np

from stiffgui.errors import InputError, entry
from stiffgui.runs.file_writer import Gone, NotWritten
from stiffgui.runs.foreign import Array, ForeignNetwork, MeasuredLayer
from stiffgui.runs.writer import RunWriter
from stiffgui.states import Ending
from stiffgui.stiffness import WATCHABLE
from stiffgui.training.quantities import QUANTITIES, Quantity
from stiffgui.training.records import Record
from stiffgui.training_settings import Watch
from stiffgui.watching.measured import given_layers, indices_of

USUAL: tuple[str, ...] = Watch().indices
RESERVED = ("epoch", "trial", "seconds")  # columns of the history
MOST_WAITING = 256_000_000  # bytes that may wait for a disk that is full
GROWTH = 1.1  # of the epoch, from one whose spectra stay in the file to the next; the newest does


class Recorder:
    """A run file `out` being written: use as a context manager, or `close()`.

    `step`: the step size a of the layers x + a F(x), one for all or one of each; `indices`: what is
    recorded of their Jacobians dF/dx; `names`: what layers are called; `title`: what the network
    is. `force` allows that the file exists.

    Raises InputError when it does and may not be replaced, when it cannot be written, and for an
    unknown index or a step that is not positive.
    """

    def __init__(
        self,
        out: str | Path,
        *,
        step: float | Sequence[float] = 1.0,
        indices: Sequence[str] = USUAL,
        names: Sequence[str] = (),
        title: str = "",
        force: bool = False,
    ) -> None:
        for name in indices:
            entry("index", name, WATCHABLE)
        self.steps = step_sizes(step)
        self.indices, self.title = tuple(indices), title
        self._names = tuple(names)
        self._writer = RunWriter(out, None, quantities=[QUANTITIES["seconds"]], replace=force)
        self._writer.commit()
        self.path = self._writer.path
        self._recorded: dict[str, str] = {}  # name in lower case -> name
        self._network: ForeignNetwork | None = None
        self._last: int | None = None
        self._newest: int | None = None  # epoch of the newest spectra
        self._next_kept = 0
        self._begun, self.spent = time.monotonic(), 0.0
        self.measurements = 0
        self._open, self._complained = True, False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        self.close("finished" if kind is None else "stopped")

    @property
    def seconds(self) -> float:
        """Of the training so far, without what recording took."""
        return time.monotonic() - self._begun - self.spent

    def record(self, epoch: int, *, jacobians: Any = None, **numbers: Any) -> None:
        """Append an epoch: any numbers of it, each a curve of its name, and where they were
        measured the layers' Jacobians dF/dx: [N, B, w, w], [N, w, w] or [w, w], or a sequence of
        the layers' own, whose widths may differ.

        Raises InputError for an epoch that does not come after the last one, what is no number,
        and Jacobians that are no real, finite, square matrices.
        """
        before, seconds = time.monotonic(), self.seconds
        try:
            self._check(epoch)
            values = {name: np.array([_number(name, given)]) for name, given in numbers.items()}
            self._describe(values)
            layers = None if jacobians is None else given_layers(jacobians, self.steps)
            self._append(epoch, seconds, values, layers)
        finally:
            self.spent += time.monotonic() - before

    def _append(
        self,
        epoch: int,
        seconds: float,
        values: dict[str, Array],
        layers: Sequence[MeasuredLayer] | None,
        more: dict[str, Array] | None = None,
    ) -> None:
        """`more`: numbers of layers [1, N] besides the indices."""
        if layers is None:
            self._writer.record(Record(epoch, seconds, values))
        else:
            self._describe_network(layers)
            found = indices_of(layers, self.indices)
            indices = found.values | (more or {})
            record = Record(epoch, seconds, values, indices, found.flagged, found.errors)
            self._keep(epoch, layers)
            self._writer.record(record)
            self.measurements += 1
        if self._writer.is_due:
            self._commit()
        self._last = epoch

    def _commit(self) -> None:
        """Where that fails the training goes on, and it is tried again with what comes."""
        try:
            self._writer.commit()
            self._complained = False
        except NotWritten as problem:
            if self._writer.waiting > MOST_WAITING:
                raise
            if isinstance(problem, Gone):
                with suppress(NotWritten):
                    self.path = self._writer.move()
            if not self._complained:
                warnings.warn(f"{problem} It is tried again.", stacklevel=4)
            self._complained = True

    def _keep(self, epoch: int, layers: Sequence[MeasuredLayer]) -> None:
        """Spectra of the newest epoch, and of some before."""
        if self._newest is not None:
            if self._newest >= self._next_kept:
                self._next_kept = max(self._newest + 1, int(np.ceil(GROWTH * self._newest)))
            else:
                self._writer.drop_spectra(self._newest)
        for number, layer in enumerate(layers, 1):
            self._writer.spectrum(epoch, number, 0, layer.arrays())
        self._newest = epoch

    def _describe_network(self, layers: Sequence[MeasuredLayer]) -> None:
        facts = self._facts(layers)
        if self._network is None:
            self._network = facts
            self._writer.network(facts)
        elif (facts.names, facts.widths) != (self._network.names, self._network.widths):
            raise InputError(
                f"{self.path} is of a network with the widths {list(self._network.widths)}, and "
                f"now they are {list(facts.widths)}: record it in a file of its own."
            )

    def _facts(self, layers: Sequence[MeasuredLayer]) -> ForeignNetwork:
        if self._names and len(self._names) != len(layers):
            raise InputError(
                f"names: {len(self._names)} names do not fit {len(layers)} layers; give one of "
                f"each."
            )
        return ForeignNetwork(
            title=self.title,
            names=self._names or tuple(f"layer {n}" for n in range(1, len(layers) + 1)),
            widths=tuple(layer.width for layer in layers),
            steps=tuple(layer.step for layer in layers),
            how=tuple(layer.how for layer in layers),
            samples=max(layer.samples for layer in layers),
        )

    def _check(self, epoch: int) -> None:
        if not isinstance(epoch, int | np.integer) or epoch < 0:
            raise InputError(f"epoch: {epoch!r} is no epoch; give a whole number from 0 on.")
        if self._last is not None and epoch <= self._last:
            raise InputError(
                f"epoch {epoch} was given after epoch {self._last}: record each once, in order."
            )

    def _describe(self, values: dict[str, Array]) -> None:
        """Make what is recorded under a new name a quantity of the file."""
        new = [name for name in values if name not in self._recorded.values()]
        for name in new:
            if name.casefold() in RESERVED or QUANTITIES.get(name, _ANY).per != "trial":
                raise InputError(f"{name}: this name has a meaning of its own; choose another.")
            same = self._recorded.setdefault(name.casefold(), name)  # a column takes either
            if same != name:
                raise InputError(f"{name}: there is {same} already; spell it alike.")
        if new:
            self._writer.describe([QUANTITIES.get(name) or _quantity(name) for name in new])

    def cost(self) -> dict[str, float]:
        """What recording has cost so far: seconds, seconds of training, measurements."""
        return {
            "seconds": round(self.spent, 3),
            "training_seconds": round(self.seconds, 3),
            "measurements": self.measurements,
        }

    def close(self, ending: Ending = "finished") -> None:
        """End the file: `finished`, `stopped` or `diverged`. What was recorded is there."""
        if self._open:
            self._open = False
            self._writer.note(watching=self.cost())
            self._writer.close(ending)


_ANY = Quantity("", "", "")


def _quantity(name: str) -> Quantity:
    title = name.replace("_", " ")
    return Quantity(name, title[:1].upper() + title[1:], "Recorded by the training itself")


def _number(name: str, given: Any) -> float:
    try:
        return float(given.item() if hasattr(given, "item") else given)
    except (TypeError, ValueError, RuntimeError):
        raise InputError(f"{name}: {given!r:.60} is no number; record one number of it.") from None


def step_sizes(step: float | Sequence[float]) -> tuple[float, ...]:
    """Of all layers, or of each. Raises InputError for what is no step size."""
    try:
        sizes = tuple(float(size) for size in (step if isinstance(step, Sequence) else [step]))
    except (TypeError, ValueError):
        sizes = ()
    if not sizes or not all(isfinite(size) and size > 0 for size in sizes):
        raise InputError(f"step: {step!r} is no step size; give a number above 0, or one a layer.")
    return sizes
