"""Reads a study file, also while it is being written. Needs neither torch nor Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError, nearest, one_of
from stiffgui.experiment import Experiment
from stiffgui.runs.extract import extract_trial
from stiffgui.runs.history import Array, Epochs, History
from stiffgui.runs.opening import FileReader
from stiffgui.runs.run import Run
from stiffgui.runs.schema import STUDY
from stiffgui.states import State
from stiffgui.study.declaration import Study
from stiffgui.study.picking import Candidate, Picked, candidate, picked
from stiffgui.study.plan import Chunk
from stiffgui.study.schema import DONE, chunk_columns
from stiffgui.training.quantities import Quantity, of_study

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ChunkState:
    """A chunk and how far it is: waiting, stopped, finished or diverged."""

    chunk: Chunk
    state: State
    epoch: int
    seconds: float
    worker: str

    @property
    def done(self) -> bool:
        return self.state in DONE


class VariantResults:
    """What has been trained of one variant: the finished chunks, joined along the trials.

    It can be drawn like a run: `name`, `experiment`, `trials`, `series()`. `weights` are those of
    which each trial has taken one, none where the weight was set.
    """

    def __init__(
        self,
        name: str,
        experiment: Experiment,
        chunks: Sequence[ChunkState],
        runs: Sequence[Run],
        weights: Sequence[float] = (),
    ) -> None:
        self.name, self.experiment, self.weights = name, experiment, tuple(weights)
        self.chunks = [c for c in chunks if c.done]
        self.planned = sum(c.chunk.count for c in chunks) // max(1, len(weights))
        self.runs = runs
        done = [(c.chunk, c.seconds, run) for c, run in zip(self.chunks, runs, strict=True)]
        self.picked = picked(done, max(1, len(weights)))

    @property
    def trials(self) -> int:
        """How many trials are done."""
        return sum(part.count for part in self.picked)

    @property
    def trial_numbers(self) -> NDArray[np.int64]:
        """Their numbers [R], ascending."""
        numbers = [number for part in self.picked for number in part.trials]
        return np.array(numbers, dtype=np.int64)

    @property
    def chosen(self) -> Array:
        """The weight that every trial has taken [R]; empty where the weight was set."""
        return np.array([self.weights[p.chunk.candidate] for p in self.picked if self.weights])

    def of_candidate(self, candidate: int) -> list[Run]:
        """The runs of one of the weights, in trials' order."""
        parts = zip(self.chunks, self.runs, strict=True)
        return [run for state, run in parts if state.chunk.candidate == candidate]

    @property
    def front(self) -> list[Candidate]:
        """What each of its weights gave, in their order; of a set one as well."""
        if not self.weights:
            return [candidate(None, 0, [part.history for part in self.picked])]
        return [
            candidate(
                weight,
                int((self.chosen == weight).sum()),
                [run.series() for run in self.of_candidate(k)],
            )
            for k, weight in enumerate(self.weights)
        ]

    @property
    def probe_count(self) -> int:
        """On how many training samples indices are taken: of its first chunk; 0 before."""
        return self.runs[0].probe_count if self.runs else 0

    @property
    def batch_seconds(self) -> float:
        """Training time of all batches of the variant together."""
        return float(sum(c.seconds for c in self.chunks))

    def series(self) -> History:
        """The histories of all finished chunks as one, the trials side by side."""
        return self._history

    @cached_property
    def _history(self) -> History:
        return joined([part.history for part in self.picked])

    @cached_property
    def last(self) -> dict[str, Array]:
        """Column of every quantity -> its last value per trial [R]; NaN of a diverged trial."""
        return {
            column: np.concatenate([np.zeros(0), *(_last(quantity, p) for p in self.picked)])
            for column, quantity in of_study("in_table").items()
        }

    @property
    def diverged(self) -> NDArray[np.int64]:
        """Numbers of the trials whose loss became NaN or infinite."""
        return self.trial_numbers[~np.isfinite(self.last["test_error"])]


class StudyResults(FileReader):
    """A study file opened for reading; `refresh()` sees what has come in since."""

    KIND = STUDY

    def __init__(self, path: str | Path) -> None:
        super().__init__(Path(path))
        self.study = Study.from_toml(self._meta("study"), f"{self.path}")
        self._runs: dict[int, Run] = {}
        self.refresh()

    def _in_words(self) -> str:
        names = [variant.name for variant in self.study.variants]
        return f"{', '.join(names)}; trials: {self.study.trials}"

    def _frame(self) -> pd.DataFrame:
        import pandas as pd

        known = {v.name: v.last for v in self.variants if v.trials}
        return pd.DataFrame({n: pd.DataFrame(last).median() for n, last in known.items()}).T

    def judge(self, **settings: object) -> None:
        """Compare by other settings than those of the file (`JUDGED`; None: the file's). Raises
        InputError."""
        given = {name: value for name, value in settings.items() if value is not None}
        self.study = self.study.with_settings(given)

    def close(self) -> None:
        for run in self._runs.values():
            run.close()
        super().close()

    def refresh(self) -> None:
        """Read which chunks are done by now."""
        rows = self._rows(
            f"SELECT {chunk_columns(self._database)}, state, epoch, seconds, worker FROM chunks "
            "ORDER BY number"
        )
        self.chunks = [
            ChunkState(Chunk(*row[:5]), row[5], row[6] or 0, row[7] or 0.0, row[8] or "")
            for row in rows
        ]
        for state in self.chunks:
            if state.done and state.chunk.number not in self._runs:
                self._runs[state.chunk.number] = self.run_of_chunk(state.chunk.number)
        self.__dict__.pop("variants", None)

    @property
    def finished(self) -> bool:
        """Whether every chunk is done."""
        return all(chunk.done for chunk in self.chunks)

    @cached_property
    def variants(self) -> list[VariantResults]:
        """Every variant with what is done of it, in the study's order."""
        out = []
        for k, variant in enumerate(self.study.all_variants):
            chunks = sorted(
                (c for c in self.chunks if c.chunk.variant == k),
                key=lambda c: (c.chunk.first, c.chunk.candidate),
            )
            runs = [self._runs[c.chunk.number] for c in chunks if c.done]
            whole = self.study.experiment_of(k)
            out.append(VariantResults(variant.name, whole, chunks, runs, variant.weights))
        return out

    @property
    def history(self) -> pd.DataFrame:
        """A row per variant, epoch and trial, as `Run.history`, of all finished chunks.

        Where variants choose a weight for each trial, a row per weight, too: `weight` (NaN where it
        was set), and whether it is the `chosen` one.
        """
        import pandas as pd

        choose = any(variant.weights for variant in self.study.all_variants)
        frames = []
        for chunk in self.chunks:
            if chunk.done:
                frame = self._runs[chunk.chunk.number].history
                variant = self.variants[chunk.chunk.variant]
                if choose:
                    weight = variant.weights[chunk.chunk.candidate] if variant.weights else np.nan
                    taken = dict(zip(variant.trial_numbers, variant.chosen, strict=False))
                    own = [not variant.weights or taken.get(t) == weight for t in frame["trial"]]
                    frame.insert(1, "weight", weight)
                    frame.insert(2, "chosen", own)
                frame.insert(0, "variant", variant.name)
                frames.append(frame)
        if not frames:
            raise InputError(f"{self.path} has no finished trials yet: let it train on.")
        return pd.concat(frames, ignore_index=True)

    def run_of_chunk(self, number: int) -> Run:
        """The run of one chunk, opened in memory. Raises InputError when there is none yet."""
        rows = self._rows("SELECT run FROM chunks WHERE number = ?", number)
        if not rows or rows[0][0] is None:
            raise InputError(f"{self.path} has nothing of chunk {number} yet: let it train on.")
        return Run(self.path, rows[0][0])

    def extract(self, variant: str, trial: int, path: str | Path, *, replace: bool = False) -> Path:
        """Write one trial as a run file of its own, which opens in the Train view.

        Raises InputError for an unknown variant or trial, one that is not done, or when `path`
        exists (unless `replace`) or cannot be written.
        """
        numbers = {v.name: k for k, v in enumerate(self.study.all_variants)}
        if variant not in numbers:
            raise InputError(
                f"variant {variant!r} is not known; choose {one_of(numbers)}."
                f"{nearest(variant, numbers)}"
            )
        found = self.variants[numbers[variant]]
        for part in found.picked:
            if trial in part.trials:
                return extract_trial(part.run, trial - part.chunk.first, path, replace=replace)
        for state in self.chunks:
            chunk = state.chunk
            mine = chunk.variant == numbers[variant]
            if mine and chunk.first <= trial < chunk.first + chunk.count and not state.done:
                raise InputError(
                    f"trial {trial} of {variant!r} is not done yet ({state.state}): let the "
                    f"study train on."
                )
        raise InputError(
            f"trial {trial} is not in the study: give a whole number from 0 to "
            f"{self.study.trials - 1}."
        )


def open_study(path: str | Path) -> StudyResults:
    """Open a study file. Raises InputError when it is missing, damaged or newer."""
    return StudyResults(path)


def _last(quantity: Quantity, part: Picked) -> Array:
    """The last value of a quantity in each trial of a part; NaN where it was not measured then."""
    count = part.count
    if quantity.per == "run":
        return np.full(count, part.seconds / count)
    epochs, values = part.history.of(quantity.name)
    measured = len(epochs) and epochs[-1] == part.history.epochs[-1]
    return values[-1] if measured else np.full(count, np.nan)


def joined(histories: Sequence[History]) -> History:
    """Histories of the same experiment with other trials, as one: trials side by side.

    An epoch is kept when every history that reaches it recorded it; one that ended earlier
    because all its trials diverged is NaN from there on. Seconds add up.
    """
    out = History(sum(h.trials for h in histories))
    if not histories:
        return out
    epochs = _common([h.epochs for h in histories])
    lasts = [np.minimum(np.searchsorted(h.epochs, epochs), len(h.epochs) - 1) for h in histories]
    seconds = np.sum([h.seconds[k] for h, k in zip(histories, lasts, strict=True)], axis=0)
    out.extend(epochs, seconds, _side_by_side([(h.epochs, h.series) for h in histories], epochs))
    epochs = _common([h.index_epochs for h in histories])
    out.measure(
        epochs,
        _side_by_side([(h.index_epochs, h.indices) for h in histories], epochs),
        _side_by_side([(h.index_epochs, h.flagged) for h in histories], epochs),
    )
    return out


def _common(each: Sequence[Epochs]) -> Epochs:
    """Epochs that stand in every list that reaches them."""
    every = np.unique(np.concatenate(each))
    for own in each:
        every = every[np.isin(every, own) | (every > own.max(initial=-1))]
    return every


def _side_by_side(
    parts: Sequence[tuple[Epochs, dict[str, Array]]], epochs: Epochs
) -> dict[str, Array]:
    """What all parts have, by name: [E, R_k, ...] of each at `epochs`, joined along R."""
    names = [n for n in parts[0][1] if all(n in values for _, values in parts)]
    return {
        n: np.concatenate([_at(epochs, own, values[n]) for own, values in parts], axis=1)
        for n in names
    }


def _at(epochs: Epochs, own: Epochs, values: Array) -> Array:
    """Values of a history's own epochs at `epochs`; NaN past its end."""
    block = np.full((len(epochs), *values.shape[1:]), np.nan)
    inside = np.isin(epochs, own)
    block[inside] = values[np.searchsorted(own, epochs[inside])]
    return block
