"""All records of a run in memory: appended to while it trains, or read from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stiffgui.stiffness.indices import network_index
from stiffgui.training.quantities import QUANTITIES, Quantity, per_trial
from stiffgui.training.records import Record

Array = NDArray[np.float64]
Epochs = NDArray[np.int64]
_SECONDS, _FLAGGED, _ERROR = "seconds", "flagged.", "error."
_NOTHING: Mapping[str, Array] = {}


class History:
    """Numbers of R trials against the epoch, in arrays that double when they are full.

    `quantities` are the numbers per trial that it holds from the beginning, by default all that
    are known; others come with the blocks that bring them. What a block lacks is NaN. `version`
    rises with every change. Arrays are views: copy what is to stay as it is.
    """

    def __init__(self, trials: int, quantities: Iterable[Quantity] | None = None) -> None:
        listed = per_trial() if quantities is None else list(quantities)
        self.trials = trials
        self.version = 0
        # Without the way from a trainer's state, which does not pickle.
        self._described = {q.name: replace(q, of=None) for q in listed}
        shapes: dict[str, tuple[int, ...]] = {_SECONDS: ()}
        shapes |= {q.name: (trials,) for q in listed if q.per == "trial"}
        self._records = _Table(shapes)
        self._measured = _Table({})
        self._ranked: dict[str, _Rows] = {}

    # -------------------------------------------------------------------- what it holds

    @property
    def epochs(self) -> Epochs:
        """Recorded epochs [E], ascending."""
        return self._records.epochs

    @property
    def seconds(self) -> Array:
        """Training time at each, [E]."""
        return self._records.of(_SECONDS)

    @property
    def series(self) -> dict[str, Array]:
        """Numbers per trial: name -> [E, R]."""
        return {n: self._records.of(n) for n in self._records.names if n != _SECONDS}

    @property
    def index_epochs(self) -> Epochs:
        """Epochs at which indices were measured, [M]."""
        return self._measured.epochs

    @property
    def indices(self) -> dict[str, Array]:
        """Indices per layer: name -> [M, R, N], in the order in which they are declared."""
        there = {n for n in self._measured.names if not n.startswith((_FLAGGED, _ERROR))}
        ordered = [n for n in QUANTITIES if n in there] + sorted(there - QUANTITIES.keys())
        return {n: self._measured.of(n) for n in ordered}

    @property
    def flagged(self) -> dict[str, Array]:
        """Fractions of undefined, floored or unconverged samples: name -> [M, R, N]."""
        return {
            n.removeprefix(_FLAGGED): self._measured.of(n)
            for n in self._measured.names
            if n.startswith(_FLAGGED)
        }

    @property
    def errors(self) -> dict[str, Array]:
        """Residuals or standard errors of what was not computed exactly: name -> [M, R, N], NaN
        where it was."""
        return {
            n.removeprefix(_ERROR): self._measured.of(n)
            for n in self._measured.names
            if n.startswith(_ERROR)
        }

    def known(self, name: str) -> bool:
        """Whether a number per trial was ever recorded: of some there are none, as of the
        validation error without validation samples."""
        return name in self.series and bool(np.isfinite(self.series[name]).any())

    def quantity(self, name: str) -> Quantity:
        """What a number is: as this version declares it, or as the file that it came from does."""
        if name in QUANTITIES:
            return QUANTITIES[name]
        return self._described.get(name) or Quantity(name, name.replace("_", " "), "")

    # ----------------------------------------------------------------------- appending

    def append(self, record: Record) -> None:
        """One epoch more; one of an epoch that is there takes the place of all from there on."""
        self.extend([record.epoch], [record.seconds], _as_blocks(record.values))
        if record.indices:
            blocks = (record.indices, record.flagged, record.errors)
            self.measure([record.epoch], *(_as_blocks(block) for block in blocks))

    def extend(self, epochs: ArrayLike, seconds: ArrayLike, series: Mapping[str, Array]) -> None:
        """Rows of epochs [E], ascending: seconds [E], name -> [E, R]."""
        replaced = self._records.put(epochs, {_SECONDS: np.asarray(seconds)} | dict(series))
        if replaced:
            self._measured.cut(np.asarray(epochs)[0])
        self._forget(replaced)

    def measure(
        self,
        epochs: ArrayLike,
        indices: Mapping[str, Array],
        flagged: Mapping[str, Array],
        errors: Mapping[str, Array] = _NOTHING,
    ) -> None:
        """Measurements at epochs [M], ascending: name -> [M, R, N]."""
        marked = {f"{_FLAGGED}{name}": values for name, values in flagged.items()}
        marked |= {f"{_ERROR}{name}": values for name, values in errors.items()}
        self._forget(self._measured.put(epochs, dict(indices) | marked))

    def join(self, more: History) -> None:
        """What another history has after this one's last epoch."""
        self._described |= more._described
        if len(more.epochs):
            self.extend(more.epochs, more.seconds, more.series)
        if len(more.index_epochs):
            self.measure(more.index_epochs, more.indices, more.flagged, more.errors)

    def _forget(self, replaced: bool) -> None:
        """Quartiles are ranked anew where rows were replaced."""
        self.version += 1
        if replaced:
            self._ranked = {}

    def until(self, epoch: float) -> History:
        """A history of what lies at or before an epoch."""
        out = History(self.trials, self._described.values())
        rows = int(np.searchsorted(self.epochs, epoch, side="right"))
        out.extend(self.epochs[:rows], self.seconds[:rows], _cut(self.series, rows))
        rows = int(np.searchsorted(self.index_epochs, epoch, side="right"))
        measured = (self.indices, self.flagged, self.errors)
        out.measure(self.index_epochs[:rows], *(_cut(arrays, rows) for arrays in measured))
        return out

    def of_trial(self, trial: int) -> History:
        """The history of one trial alone."""
        out = History(1, self._described.values())
        out.extend(self.epochs, self.seconds, _of_trial(self.series, trial))
        measured = (self.indices, self.flagged, self.errors)
        out.measure(self.index_epochs, *(_of_trial(arrays, trial) for arrays in measured))
        return out

    # ------------------------------------------------------------------------- reading

    def network(self, name: str) -> Array:
        """An index of the whole network, [M, R]: its layers' as `Quantity.over` says."""
        return network_index(self._measured.of(name), self.quantity(name).over)

    def of(self, name: str) -> tuple[Epochs, Array]:
        """Epochs [K] and values [K, R] of any quantity; an index is that of the network.

        Of one that is not here there are none, [0] and [0, R].
        """
        epochs, start = self._place(name)
        return epochs, start(0)

    def quartiles(self, name: str) -> tuple[Epochs, Array]:
        """Epochs [K], and lower quartile, median, upper quartile over trials [3, K].

        Each row is ranked once, however often this is asked.
        """
        epochs, values_from = self._place(name)
        ranked = self._ranked.setdefault(name, _Rows((3,)))
        if ranked.used < len(epochs):
            ranked.extend(quartiles(values_from(ranked.used)).T)
        return epochs, ranked.values.T

    def layer_medians(self, name: str) -> Array:
        """An index of every layer, median over trials [M, N]; NaN where all are undefined."""
        return median_over_trials(self._measured.of(name))

    def last(self) -> dict[str, Array]:
        """Every number per trial at the last epoch, [R]; NaN in an empty history."""
        nothing = np.full(self.trials, np.nan)
        return {n: v[-1] if len(v) else nothing for n, v in self.series.items()}

    def medians(self) -> dict[str, float]:
        """Every number at its last epoch, median over trials; an index is that of the network.

        NaN where nothing is known.
        """
        names = (*self.series, *self.indices)
        ranked = {name: self.quartiles(name)[1][1] for name in names}
        return {name: float(values[-1]) if len(values) else nan for name, values in ranked.items()}

    def _place(self, name: str) -> tuple[Epochs, Any]:
        """The epochs of a quantity, and a function: first row -> values from there on [.., R]."""
        if name == _SECONDS:
            return self.epochs, lambda row: self.seconds[row:, None]
        if name in self._records.names:
            return self.epochs, lambda row: self._records.of(name)[row:]
        if name in self._measured.names:
            over = self.quantity(name).over
            return self.index_epochs, lambda row: network_index(self._measured.of(name)[row:], over)
        return self.epochs[:0], lambda row: np.empty((0, self.trials))


class _Rows:
    """Rows [n, *shape] that grow by doubling, NaN until they are given."""

    def __init__(self, shape: Sequence[int], dtype: Any = np.float64) -> None:
        self._array: NDArray[Any] = np.empty((16, *shape), dtype)
        self.used = 0

    @property
    def values(self) -> NDArray[Any]:
        """A view."""
        return self._array[: self.used]

    def extend(self, rows: NDArray[Any]) -> None:
        end = self.used + len(rows)
        if end > len(self._array):
            room = max(end, 2 * len(self._array)) - len(self._array)
            more = np.empty((room, *self._array.shape[1:]), self._array.dtype)
            self._array = np.concatenate([self._array, more])
        self._array[self.used : end] = rows
        self.used = end

    def blank(self, count: int) -> None:
        """Rows of NaN."""
        self.extend(np.full((count, *self._array.shape[1:]), np.nan))

    def cut(self, count: int) -> None:
        self.used = count


class _Table:
    """Columns of equal length against epochs."""

    def __init__(self, shapes: Mapping[str, Sequence[int]]) -> None:
        self._epochs = _Rows((), np.int64)
        self._columns = {name: _Rows(shape) for name, shape in shapes.items()}

    @property
    def names(self) -> Iterable[str]:
        return self._columns.keys()

    @property
    def epochs(self) -> Epochs:
        return self._epochs.values

    def of(self, name: str) -> Array:
        return self._columns[name].values

    def put(self, epochs: ArrayLike, block: Mapping[str, Array]) -> bool:
        """Rows more; whether they replace some: those from the first of their epochs on."""
        places = np.asarray(epochs, dtype=np.int64)
        if not len(places):
            self._make_room(block, 0)
            return False
        before, first = self._epochs.used, self.cut(places[0])
        self._make_room(block, first)
        self._epochs.extend(places)
        for name, column in self._columns.items():
            if name in block:
                column.extend(np.asarray(block[name]))
            else:
                column.blank(len(places))
        return first < before

    def cut(self, epoch: int) -> int:
        """Drop the rows from an epoch on; how many are left."""
        rows = int(np.searchsorted(self.epochs, epoch))
        for column in (self._epochs, *self._columns.values()):
            column.cut(rows)
        return rows

    def _make_room(self, block: Mapping[str, Array], rows: int) -> None:
        for name in [n for n in block if n not in self._columns]:
            self._columns[name] = _Rows(np.shape(block[name])[1:])
            self._columns[name].blank(rows)


def quartiles(values: NDArray[Any]) -> Array:
    """Over trials, [E, R] -> lower quartile, median, upper quartile [3, E].

    Trials without a finite value are left out; NaN where there is none.
    """
    if values.shape[1] == 1:
        return np.where(np.isfinite(values.T), values.T, np.nan).repeat(3, axis=0)
    out = np.full((3, len(values)), np.nan)
    finite = np.isfinite(values)
    whole, part = finite.all(1), finite.any(1) & ~finite.all(1)
    # nanpercentile goes row by row: only where trials are missing.
    if whole.any():
        out[:, whole] = np.percentile(values[whole], (25, 50, 75), axis=1)
    if part.any():
        out[:, part] = np.nanpercentile(
            np.where(finite[part], values[part], np.nan), (25, 50, 75), axis=1
        )
    return out


def median_over_trials(values: NDArray[Any]) -> Array:
    """[M, R, N] -> [M, N]; undefined trials are left out, NaN where all are."""
    if np.isfinite(values).all():
        trials, ordered = values.shape[1], np.sort(values, axis=1)  # np.median imports numpy.ma
        return np.asarray((ordered[:, (trials - 1) // 2] + ordered[:, trials // 2]) / 2)
    out = np.full((values.shape[0], values.shape[2]), np.nan)
    known = np.isfinite(values).any(1)
    across = np.moveaxis(np.where(np.isfinite(values), values, np.nan), 1, 2)
    out[known] = np.nanmedian(across[known], axis=-1)
    return out


def _of_trial(values: Mapping[str, Array], trial: int) -> dict[str, Array]:
    return {name: each[:, trial : trial + 1] for name, each in values.items()}


def _as_blocks(row: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays of one epoch as blocks of one row."""
    return {name: np.asarray(values)[None] for name, values in row.items()}


def _cut(arrays: Mapping[str, Array], rows: int) -> dict[str, Array]:
    return {name: values[:rows] for name, values in arrays.items()}
