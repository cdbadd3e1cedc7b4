"""Reads a run file. Needs neither torch nor Qt until a network is asked for."""

from __future__ import annotations

import json
import sqlite3
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.runs.opening import RUN, broken, open_bytes, open_file
from stiffgui.runs.schema import HISTORY
from stiffgui.stiffness import WATCHABLE
from stiffgui.stiffness.indices import network_index

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs.snapshot import Snapshot

Array = NDArray[np.float64]


@dataclass(frozen=True)
class History:
    """All records of a run: epochs [E], series [E, R], index_epochs [M], indices [M, R, N]."""

    epochs: NDArray[np.int64]
    seconds: Array
    series: dict[str, Array]
    index_epochs: NDArray[np.int64]
    indices: dict[str, Array]
    flagged: dict[str, Array]


class Run:
    """A run file opened for reading; it may still be being written.

    Raises InputError when the file is missing, is no run file, is of a newer version, or is cut
    off. Use as a context manager, or `close()`.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._read(open_file(self.path, RUN))

    @classmethod
    def of_bytes(cls, content: bytes, path: str | Path) -> Run:
        """A run from a run file's bytes, in memory; `path` names it in sentences and figures."""
        run = cls.__new__(cls)
        run.path = Path(path)
        run._read(open_bytes(content, run.path))
        return run

    def _read(self, database: sqlite3.Connection) -> None:
        self._database = database
        weakref.finalize(self, database.close)  # one that is dropped, as in a notebook, lets go too
        self.experiment = Experiment.from_toml(self._meta("experiment"), f"{self.path}")
        self.provenance: dict[str, Any] = json.loads(self._meta("provenance"))

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

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
    def name(self) -> str:
        """What figures and tables call it: the file's name without its ending."""
        return self.path.stem

    @property
    def note(self) -> str:
        """What a person has written about the run; empty when nothing."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", "note")
        return str(rows[0][0]) if rows else ""

    @property
    def trials(self) -> int:
        """R."""
        return self.experiment.training.trials

    @property
    def events(self) -> list[dict[str, Any]]:
        """Everything that happened, in order: epoch, step, kind, text, trial, key, value."""
        names = ("epoch", "step", "kind", "text", "trial", "key", "value")
        rows = self._rows(f"SELECT {', '.join(names)} FROM events ORDER BY id")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def series(self) -> History:
        """The whole history as arrays with the trial axis last but layers."""
        columns = ", ".join(HISTORY)
        rows = self._rows(f"SELECT epoch, seconds, {columns} FROM history ORDER BY epoch, trial")
        table = np.array(rows, dtype=np.float64).reshape(-1, self.trials, len(HISTORY) + 2)
        measured = self._rows("SELECT epoch, arrays FROM indices ORDER BY epoch")
        loaded = [load(blob) for _, blob in measured]
        names = [n for n in WATCHABLE if loaded and n in loaded[0]]
        return History(
            epochs=table[:, 0, 0].astype(np.int64),
            seconds=table[:, 0, 1],
            series={name: table[:, :, 2 + k] for k, name in enumerate(HISTORY)},
            index_epochs=np.array([epoch for epoch, _ in measured], dtype=np.int64),
            indices={n: np.stack([a[n] for a in loaded]) for n in names},
            flagged={
                n: np.stack([a[f"flagged.{n}"] for a in loaded])
                for n in names
                if f"flagged.{n}" in loaded[0]
            },
        )

    def last_errors(self) -> tuple[int, float, float, float]:
        """Last epoch, medians over trials of train and test error there, seconds of training.

        NaN where nothing is known. Reads one epoch only.
        """
        rows = self._rows(
            "SELECT epoch, train_error, test_error, seconds FROM history "
            "WHERE epoch = (SELECT MAX(epoch) FROM history)"
        )
        if not rows:
            return 0, np.nan, np.nan, 0.0
        table = np.array(rows, dtype=np.float64)
        medians = [
            float(np.median(known)) if (known := column[np.isfinite(column)]).size else np.nan
            for column in table.T[1:3]
        ]
        return int(table[0, 0]), medians[0], medians[1], float(table[0, 3])

    @property
    def history(self) -> pd.DataFrame:
        """A row per epoch and trial; stiffness_<index> summed over layers, NaN if not measured."""
        import pandas as pd

        h = self.series()
        epochs, trials = len(h.epochs), self.trials
        first = self.experiment.training.first_trial
        frame = {
            "trial": np.tile(np.arange(first, first + trials), epochs),
            "epoch": np.repeat(h.epochs, trials),
            **{name: values.ravel() for name, values in h.series.items()},
            "seconds": np.repeat(h.seconds, trials),
        }
        where = np.searchsorted(h.epochs, h.index_epochs)
        for name, layers in h.indices.items():
            column = np.full((epochs, trials), np.nan)
            column[where] = network_index(layers)
            frame[f"stiffness_{name.replace('-', '_')}"] = column.ravel()
        return pd.DataFrame(frame)

    @property
    def snapshot_epochs(self) -> list[int]:
        """Epochs whose networks are kept."""
        return [int(e) for (e,) in self._rows("SELECT epoch FROM snapshots ORDER BY epoch")]

    def nearest_epoch(self, epoch: int) -> int:
        """The kept epoch closest to `epoch`. Raises InputError when none is kept yet."""
        return min(self._some_epochs(), key=lambda e: abs(e - epoch))

    @property
    def last_snapshot_epoch(self) -> int:
        """The last kept epoch. Raises InputError when none is kept yet."""
        return self._some_epochs()[-1]

    def _some_epochs(self) -> list[int]:
        epochs = self.snapshot_epochs
        if not epochs:
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
        return load(rows[0][0])

    def snapshot(self, epoch: int) -> Snapshot:
        """The networks of the kept epoch nearest to `epoch` (its `.epoch` says which)."""
        from stiffgui.runs.snapshot import Snapshot

        kept = self.nearest_epoch(epoch)
        return Snapshot(self.experiment, kept, self.parameters(kept))

    def checkpoint(self) -> dict[str, NDArray[Any]] | None:
        """The state from which training can be resumed, if one was saved."""
        rows = self._rows("SELECT arrays FROM checkpoint")
        return load(rows[0][0]) if rows else None

    @property
    def checkpoint_epoch(self) -> int:
        """The epoch at which `checkpoint` was saved. Raises InputError when there is none."""
        saved = self.checkpoint()
        if saved is None:
            raise InputError(f"{self.path} holds nothing to resume from: train it anew.")
        return int(saved["counters"][0])

    def _meta(self, key: str) -> str:
        rows = self._rows("SELECT value FROM meta WHERE key = ?", key)
        if not rows:
            raise broken(self.path)
        return str(rows[0][0])

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error:
            raise broken(self.path) from None


def open_run(path: str | Path) -> Run:
    """Open a run file. Raises InputError when it is missing, damaged or newer."""
    return Run(path)
