"""Reads a run file. Needs neither torch nor Qt until a network is asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cached_property
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.runs.foreign import ForeignNetwork, MeasuredLayer, PerhapsForeign, sentences
from stiffgui.runs.history import Array, History
from stiffgui.runs.opening import FileReader, broken
from stiffgui.runs.samples import Samples
from stiffgui.runs.schema import columns, described, has_table, quoted
from stiffgui.states import PathKind
from stiffgui.training.decisions import Decisions, former
from stiffgui.training.quantities import Quantity, per_trial
from stiffgui.training.records import Event, begins_at

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs.snapshot import Snapshot
    from stiffgui.runs.surrogate import Surrogate
    from stiffgui.tasks import Data

# How steps were taken, as checkpoints of one earlier version number it.
FORMER_PATHS: tuple[PathKind, ...] = ("compiled", "operations", "autograd")


class Last(NamedTuple):
    """The end of a run: epoch, seconds of training, and medians as `History.medians`."""

    epoch: int
    seconds: float
    medians: dict[str, float]


class Run(FileReader, PerhapsForeign):
    """A run file opened for reading; `content` are its bytes, where it is in memory."""

    def __init__(self, path: str | Path, content: bytes | None = None) -> None:
        super().__init__(Path(path), content)
        text = self._meta("experiment", "")
        self._experiment = Experiment.from_toml(text, f"{self.path}") if text else None

    def _in_words(self) -> str:
        what = "other code" if self.foreign else self.experiment.task.kind
        return f"{what}, trials: {self.trials}, {self.state} at epoch {self.last().epoch}"

    def _frame(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame({"median of the last epoch": self.last().medians})

    @property
    def watched_in_words(self) -> list[str]:
        """What is known of a network of other code, and what watching it cost."""
        return sentences(self.network, self.series(), self.provenance.get("watching"))

    @property
    def network(self) -> ForeignNetwork | None:
        """What is known of a foreign network; None of one's own, or where nothing is known."""
        text = self._meta("network", "") if self.foreign else ""
        try:
            return ForeignNetwork.model_validate_json(text) if text else None
        except ValidationError:
            raise broken(self.path) from None

    @property
    def depth(self) -> int:
        """N. Raises InputError of a foreign network of which nothing is known."""
        network = self.network
        return self.experiment.architecture.depth if network is None else network.depth

    @cached_property
    def decided(self) -> Decisions:
        """What was decided for this training when it began. Raises InputError when it is of a
        foreign network, or damaged."""
        text = self._meta("decisions", "")
        try:
            return Decisions.model_validate_json(text) if text else self._formerly()
        except ValidationError:
            raise broken(self.path) from None

    def _formerly(self) -> Decisions:
        """Of a file that has none: what was then done."""
        saved = (self.checkpoint() or {}).get("path")
        return former(self.experiment, None if saved is None else FORMER_PATHS[int(saved[0])])

    @property
    def probe_count(self) -> int:
        """On how many training samples indices and spectra are taken."""
        network = self.network
        return self.decided.cadence.samples if network is None else network.samples

    def probe_samples(self) -> Array:
        """The training samples [B, d] on which indices and spectra are taken, wherever shown."""
        return self.data.x_train[: self.probe_count]

    @cached_property
    def samples(self) -> Samples | None:
        """The samples that the file keeps; None where the settings alone make them, or an earlier
        version wrote it. Raises InputError when it is damaged."""
        rows = self._has("samples") and self._rows("SELECT arrays FROM samples")
        try:
            return Samples.from_bytes(rows[0][0]) if rows else None
        except ValueError:
            raise broken(self.path) from None

    @property
    def data(self) -> Data:
        """Its samples: those in the file, of a large table the first of each part, else the
        task's. Raises InputError when they are not in the file and cannot be made."""
        return self.experiment.task.data() if self.samples is None else self.samples.data

    @property
    def experiment_now(self) -> Experiment:
        """The experiment with the changes that were made while it trained."""
        changes = {e["key"]: e["value"] for e in self.events if e["kind"] == "change"}
        return self.experiment.with_settings(changes)

    @property
    def ending(self) -> str:
        """`finished`, `stopped`, `diverged`, or `running` (also after a crash)."""
        return self._meta("ending")

    @property
    def state(self) -> str:
        """As `ending`, but `interrupted` where it says `running` and nobody writes it."""
        if self.ending != "running":
            return self.ending
        writer = self.writer
        return "running" if writer is not None and writer.alive else "interrupted"

    @property
    def note(self) -> str:
        """What a person has written about the run; empty when nothing."""
        return self._meta("note", "")

    @property
    def trials(self) -> int:
        """R."""
        return self.experiment.training.trials if not self.foreign else self._count("trials")

    @property
    def first_trial(self) -> int:
        """The number of the first trial; the others count on from it."""
        own = not self.foreign
        return self.experiment.training.first_trial if own else self._count("first_trial")

    def _count(self, key: str) -> int:
        text = self._meta(key)
        if not (text.isascii() and text.isdigit() and len(text) < 6):
            raise broken(self.path)
        return int(text)

    @cached_property
    def quantities(self) -> dict[str, Quantity]:
        """What the file says of its numbers, by name: also of those this version does not know."""
        try:
            return described(self._database)
        except (sqlite3.Error, TypeError, ValueError, AttributeError):
            raise broken(self.path) from None

    @property
    def events(self) -> list[dict[str, Any]]:
        """Everything that happened, in order: epoch, step, kind, text, trial, key, value."""
        names = ("epoch", "step", "kind", "text", "trial", "key", "value")
        rows = self._rows(f"SELECT {', '.join(names)} FROM events ORDER BY id")
        kinds = (int, int, str, str, int | None, str | None, float | int | None)
        if not all(all(map(isinstance, row, kinds)) for row in rows):
            raise broken(self.path)
        return [dict(zip(names, row, strict=True)) for row in rows]

    @property
    def begins(self) -> int:
        """What is added to its epochs where they are told, see `begins_at`."""
        return begins_at(Event(**event) for event in self.events)

    def series(self, after: int | None = None) -> History:
        """The history, or what lies after an epoch. What an older file lacks is NaN; what a newer
        one added is there."""
        with self.at_one_moment():
            return self._read_history("" if after is None else f"WHERE epoch > {after:d}")

    def last(self) -> Last:
        """The last epoch's numbers. Reads that epoch and the last measurement only."""
        with self.at_one_moment():
            history = self._read_history("WHERE epoch = (SELECT MAX(epoch) FROM {})")
        if not len(history.epochs):
            return Last(0, 0.0, history.medians())
        return Last(int(history.epochs[0]), float(history.seconds[0]), history.medians())

    def _read_history(self, where: str = "") -> History:
        """What lies where a statement with the name of a table says."""
        try:
            return self._history(where)
        except (ValueError, TypeError, IndexError, OverflowError):  # no such numbers or arrays
            raise broken(self.path) from None

    def _history(self, where: str) -> History:
        known = {} if self.foreign else {q.name: q for q in per_trial()}
        history, names = History(self.trials, (known | self.quantities).values()), self._columns()
        within = where.format("history")
        table = self._table(names, f"FROM history {within} ORDER BY epoch, trial")
        table = table.reshape(-1, self.trials, len(names) + 2)
        series = {name: table[:, :, 2 + k] for k, name in enumerate(names)}
        history.extend(table[:, 0, 0], table[:, 0, 1], series)
        within, errors = where.format("indices"), {}
        if self._has("errors"):
            for epoch, blob in self._rows(f"SELECT epoch, arrays FROM errors {within}"):
                errors[epoch] = {name: values[None] for name, values in self._load(blob).items()}
        for epoch, blob in self._rows(f"SELECT epoch, arrays FROM indices {within} ORDER BY epoch"):
            arrays = {name: values[None] for name, values in self._load(blob).items()}
            marked = {n[8:]: arrays.pop(n) for n in list(arrays) if n.startswith("flagged.")}
            history.measure([epoch], arrays, marked, errors.get(epoch, {}))
        return history

    @property
    def history(self) -> pd.DataFrame:
        """A row per epoch and trial; stiffness_<index> of the network, NaN if not measured."""
        import pandas as pd

        h = self.series()
        epochs, trials = len(h.epochs), self.trials
        first = self.first_trial
        frame = {
            "trial": np.tile(np.arange(first, first + trials), epochs),
            "epoch": np.repeat(h.epochs, trials),
            **{name: values.ravel() for name, values in h.series.items()},
            "seconds": np.repeat(h.seconds, trials),
        }
        where = np.searchsorted(h.epochs, h.index_epochs)
        for name in h.indices:
            column = np.full((epochs, trials), np.nan)
            column[where] = h.network(name)
            frame[h.quantity(name).column] = column.ravel()
        return pd.DataFrame(frame)

    @property
    def snapshot_epochs(self) -> list[int]:
        """Epochs whose networks are kept."""
        return [e for (e,) in self._rows("SELECT epoch FROM snapshots ORDER BY epoch")]

    @property
    def kept_epochs(self) -> list[int]:
        """Epochs that can be looked at: of kept networks, of a foreign one of kept spectra."""
        return sorted({e for e, _, _ in self.spectra}) if self.foreign else self.snapshot_epochs

    def nearest_epoch(self, epoch: int) -> int:
        """The kept epoch closest to `epoch`. Raises InputError when none is kept yet."""
        return min(self._some_epochs(), key=lambda e: abs(e - epoch))

    @property
    def last_snapshot_epoch(self) -> int:
        """The last kept epoch; of a foreign network the last one whose spectra are kept. Raises
        InputError when none is kept yet."""
        return self._some_epochs()[-1]

    def _some_epochs(self) -> list[int]:
        epochs = self.kept_epochs
        if not epochs:
            _ = self.experiment  # of a foreign network there will never be one: says so
            raise InputError(f"{self.path} holds no network yet: let it train for an epoch.")
        return epochs

    def parameters(self, epoch: int) -> dict[str, NDArray[Any]]:
        """Stored parameter arrays [R, ...] of a kept epoch."""
        rows = self._rows("SELECT arrays FROM snapshots WHERE epoch = ?", epoch)
        if not rows:
            raise InputError(
                f"{self.path} keeps no network of epoch {epoch}; the nearest kept is "
                f"{self.nearest_epoch(epoch)}."
            )
        arrays, experiment = self._load(rows[0][0]), self.experiment
        task = experiment.task
        shapes = experiment.architecture.shapes(task.inputs, task.outputs)
        expected = {name: (self.trials, *shape) for name, shape in shapes.items()}
        if {name: array.shape for name, array in arrays.items()} != expected:
            raise broken(self.path)
        return arrays

    def snapshot(self, epoch: int) -> Snapshot:
        """The networks of the kept epoch nearest to `epoch` (its `.epoch` says which)."""
        from stiffgui.runs.snapshot import Snapshot

        experiment, nearest = self.experiment, self.nearest_epoch(epoch)
        return Snapshot(experiment, nearest, self.parameters(nearest))

    def surrogate(self, epoch: int | Literal["best", "last"] = "best") -> Surrogate:
        """Its networks as a surrogate, which takes and gives own units.

        `epoch`: a number (the nearest kept one is taken), `last`, or `best`: the kept epoch with
        the least validation error, median over trials; without validation samples the last.
        Trials that had diverged are left out. Raises InputError when no network is kept, or all
        had.
        """
        chosen_by = ""
        if isinstance(epoch, str):
            found = self._best_epoch() if epoch == "best" else None
            chosen_by = "least validation error of those kept" if found is not None else "the last"
            epoch = self.last_snapshot_epoch if found is None else found
        return self.surrogate_of(self.snapshot(epoch), chosen_by)

    def surrogate_of(self, snapshot: Snapshot, chosen_by: str = "") -> Surrogate:
        """As `surrogate`, of networks at hand."""
        from stiffgui.runs.surrogate import Surrogate

        samples = self.samples or Samples.of(self.data)
        alive = self._alive(snapshot.epoch)
        return Surrogate(snapshot, samples, alive, chosen_by, self.begins)

    def _best_epoch(self) -> int | None:
        """The kept epoch with the least validation error; None without any."""
        history = self.series()
        if not history.known("validation_error"):
            return None
        rows = np.isin(history.epochs, self.snapshot_epochs)
        errors = history.series["validation_error"][rows]
        rated = np.isfinite(errors).any(1)
        if not rated.any():
            return None
        medians = np.nanmedian(errors[rated], axis=1)
        return int(history.epochs[rows][rated][medians.argmin()])

    def _alive(self, epoch: int) -> list[int]:
        """Positions of the trials that had not diverged. Raises InputError when there are none."""
        lost = [e["trial"] for e in self.events if e["kind"] == "diverged" and e["epoch"] <= epoch]
        alive = [trial for trial in range(self.trials) if trial not in lost]
        if not alive:
            raise InputError(
                f"{self.path}: every trial had diverged at epoch {epoch}: choose an earlier epoch, "
                f"or train with a smaller training.learning_rate."
            )
        return alive

    def checkpoint(self) -> dict[str, NDArray[Any]] | None:
        """The state from which training can be resumed, if one was saved."""
        rows = self._rows("SELECT arrays FROM checkpoint")
        return self._load(rows[0][0]) if rows else None

    def saved_checkpoint(self) -> dict[str, NDArray[Any]]:
        """As `checkpoint`. Raises InputError when there is none."""
        saved = self.checkpoint()
        if saved is None:
            raise InputError(f"{self.path} holds nothing to resume from: train it anew.")
        return saved

    @property
    def checkpoint_epoch(self) -> int:
        """The epoch at which `checkpoint` was saved. Raises InputError when there is none."""
        return int(self.saved_checkpoint()["counters"][0])

    def spectrum(self, epoch: int, layer: int, trial: int = 0) -> dict[str, NDArray[Any]]:
        """The arrays kept of a layer (from 1 on) of a trial's network, each layer in its own width.

        Raises InputError when there are none.
        """
        there = self._has("spectra")
        where = "WHERE epoch = ? AND layer = ? AND trial = ?"
        rows = there and self._rows(f"SELECT arrays FROM spectra {where}", epoch, layer, trial)
        if not rows:
            raise InputError(
                f"{self.path} keeps no spectrum of epoch {epoch}, layer {layer}, trial {trial}."
            )
        return self._load(rows[0][0])

    def stored_layers(self, epoch: int, trial: int = 0) -> list[MeasuredLayer] | None:
        """What the file keeps of every layer at the probe samples, so that it is drawn without a
        network. None where it does not keep that of all."""
        kept = [layer for e, layer, r in self.spectra if (e, r) == (epoch, trial)]
        if len(kept) < self.depth:
            return None
        step = nan if self.foreign else self.experiment.architecture.step_size
        each = [self.spectrum(epoch, layer, trial) for layer in kept]
        try:
            return [MeasuredLayer.of(arrays, step) for arrays in each]
        except (KeyError, TypeError, ValueError, IndexError):  # other arrays than these
            return None

    def factor(self, layer: int) -> dict[str, NDArray[Any]]:
        """What is kept of a large matrix for its pseudospectrum; nothing of others."""
        there = self._has("factors")
        rows = there and self._rows("SELECT arrays FROM factors WHERE layer = ?", layer)
        return self._load(rows[0][0]) if rows else {}

    @property
    def spectra(self) -> list[tuple[int, int, int]]:
        """Epoch, layer and trial of every spectrum that is kept."""
        if not self._has("spectra"):
            return []
        return self._rows("SELECT epoch, layer, trial FROM spectra ORDER BY epoch, layer, trial")

    def _load(self, blob: Any) -> dict[str, NDArray[Any]]:
        """Arrays of real numbers. Raises InputError where there are none."""
        try:
            arrays = load(blob)
        except (SafetensorError, TypeError, ValueError, KeyError):
            raise broken(self.path) from None
        if any(array.dtype.kind not in "fiu" for array in arrays.values()):
            raise broken(self.path)
        return arrays

    def _columns(self) -> list[str]:
        """Names of the numbers per trial that the file has columns of."""
        there = columns(self._database)
        return [q.name for q in self.quantities.values() if q.per == "trial" and q.name in there]

    def _has(self, table: str) -> bool:
        return has_table(self._database, table)

    def _table(self, names: Sequence[str], where: str) -> Array:
        """Epoch, seconds and columns [rows, 2 + columns] of the history; NaN where nothing is."""
        rows = self._rows(f"SELECT epoch, seconds{_listed(names)} {where}")
        try:
            return np.array(rows, dtype=np.float64).reshape(len(rows), 2 + len(names))
        except (TypeError, ValueError):
            raise broken(self.path) from None


def _listed(names: Iterable[str]) -> str:
    """Columns of the history after epoch and seconds, for a statement."""
    return "".join(f", {quoted(name)}" for name in names)


def open_run(path: str | Path) -> Run:
    """Open a run file. Raises InputError when it is missing, damaged or newer."""
    return Run(path)
