"""A run as a surrogate: predictions of new rows in the user's own units, with their spread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError, nearest
from stiffgui.runs.samples import Samples
from stiffgui.tasks.one_hot import columns_of, encoded, encoded_names
from stiffgui.tasks.table.columns import listed
from stiffgui.tasks.table.numbers import LARGEST, as_numbers

if TYPE_CHECKING:
    import pandas as pd

    from stiffgui.runs.snapshot import Snapshot

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Epoch = int | Literal["best", "last"]
SPREADS = 2  # deviations on either side of the mean whose coverage is told
ROUNDING = 1e-12  # of a range: from own units to the network's and back
ASKED = 0.95  # the share of values for which the width that holds them is told


@dataclass(frozen=True)
class Prediction:
    """Of rows [B]: mean and spread [B, o] over the trials, in the outputs' own units.

    The spread is the standard deviation over trials (n - 1), NaN of a single one: how much networks
    that begin elsewhere disagree, not the whole error. `outside` [B, d]: which inputs lie beyond
    the training rows.
    """

    mean: Array
    spread: Array
    outside: Flags
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]

    @property
    def extrapolates(self) -> str:
        """How many rows lie beyond the training rows, in words; empty where none does."""
        count, rows = int(self.outside.any(1).sum()), len(self.outside)
        lie = "lies" if count == 1 else "lie"
        return f"{count} of {rows} rows {lie} outside of the training rows' range" if count else ""

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html())

    def to_frame(self) -> pd.DataFrame:
        """A row each: every output, its spread as NAME_spread, and in `outside` the names of
        inputs beyond the training rows."""
        import pandas as pd

        columns: dict[str, Any] = {}
        for k, name in enumerate(self.output_names):
            columns |= {name: self.mean[:, k], f"{name}_spread": self.spread[:, k]}
        names = np.array(self.input_names)
        outside = ["; ".join(names[row]) for row in self.outside]
        return pd.DataFrame(columns | {"outside": outside})


@dataclass(frozen=True)
class Coverage:
    """How far spreads tell errors, on validation rows: which `share` of values lies within
    `SPREADS` spreads of the mean, and within how many spreads a share of `ASKED` lies."""

    rows: int
    share: float
    spreads: float


def _check_columns(wanted: Iterable[str], given: Sequence[str]) -> None:
    """Raise InputError for columns that are missing, or stand twice."""
    missing = [name for name in wanted if name not in given]
    if missing:
        hint = nearest(missing[0], given)
        if len(missing) > 1:
            raise InputError(
                f"there are no columns {listed(missing)}, which are inputs: give columns of these "
                f"names.{hint}"
            )
        raise InputError(
            f"there is no column {listed(missing)}, which is an input: give a column of that "
            f"name.{hint}"
        )
    for name in wanted:
        if given.count(name) > 1:
            raise InputError(f"column {name!r} stands twice: leave one of them.")


class Surrogate:
    """The networks of one epoch at some `trials`, positions in the batch (`Run.surrogate`).

    `samples` are the run's; `chosen_by` says how the epoch was chosen, where it was; `begins` is
    that of the run (`begins_at`).
    """

    def __init__(
        self,
        snapshot: Snapshot,
        samples: Samples,
        trials: Sequence[int],
        chosen_by: str = "",
        begins: int = 0,
    ) -> None:
        self.snapshot = snapshot
        self.data = samples.data
        self.trials = list(trials)
        self.chosen_by = chosen_by
        self.begins = begins
        self._ends = samples.low, samples.high

    def __repr__(self) -> str:
        names = f"{', '.join(self.data.input_names)} -> {', '.join(self.data.output_names)}"
        return f"<Surrogate of epoch {self.epoch}, {len(self.trials)} networks: {names}>"

    @property
    def epoch(self) -> int:
        """That of the networks."""
        return self.snapshot.epoch

    @property
    def ends(self) -> tuple[Array, Array]:
        """Least and greatest value of every input [d] in the training rows, own units."""
        low, high = (self.data.inputs_in_own_units(end) for end in self._ends)
        return low, high

    @cached_property
    def medians(self) -> Array:
        """Of every input [d] in the training rows that are kept, own units."""
        return self.data.inputs_in_own_units(np.median(self.data.x_train, axis=0))

    def rows(self, inputs: Any) -> Array:
        """Rows [B, d] in own units: of a DataFrame the columns with the inputs' names, whatever
        their order, categories as text; else an array [B, d] (or one row [d]) in the order of the
        inputs.

        Raises InputError for columns that are missing, for what is no finite number, and for
        numbers that are too large.
        """
        names = self.data.input_names
        if hasattr(inputs, "columns"):
            inputs = self._by_name(inputs)
        try:
            values = np.atleast_2d(np.asarray(inputs, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise InputError(f"the rows hold something that is not a number: {error}.") from None
        if values.ndim != 2 or values.shape[1] != len(names):
            raise InputError(
                f"rows must have {len(names)} inputs ({', '.join(names)}), in this order, not the "
                f"shape {np.shape(inputs)}."
            )
        bad = ~np.isfinite(values)
        if bad.any():
            row, column = np.argwhere(bad)[0]
            raise InputError(
                f"row {row + 1} has no finite number for input {names[column]!r} (its cell may be "
                f"empty): correct it, or leave the row out."
            )
        huge = np.argwhere(np.abs(values) > LARGEST)
        if len(huge):
            row, column = huge[0]
            raise InputError(
                f"row {row + 1} has a value beyond {LARGEST:g} for input {names[column]!r}, too "
                f"large to be standardised: correct it, or leave the row out."
            )
        return values

    def _by_name(self, frame: pd.DataFrame) -> Any:
        """The inputs of a table, categories encoded."""
        given = [str(name) for name in frame.columns]
        categories = dict(self.data.input_categories)
        columns: dict[str, tuple[str, ...]] = {}  # and the categories that they are to hold
        for name in columns_of(self.data.input_names, self.data.input_categories):
            made = encoded_names(name, categories.get(name, ()))
            apart = name not in given and set(made) & set(given)
            columns |= dict.fromkeys(made, ()) if apart else {name: categories.get(name, ())}
        _check_columns(columns, given)
        blocks = []
        for name, known in columns.items():
            column = frame.iloc[:, given.index(name)]
            if known:
                blocks.append(encoded(column, name, known))
            else:
                blocks.append(as_numbers("the rows", name, column, "row")[:, None])
        return np.concatenate(blocks, axis=1)

    def per_trial(self, inputs: Any) -> Array:
        """What the network of every trial says of rows (see `rows`): [R, B, o], own units."""
        x = self.data.inputs_learnt(self.rows(inputs))
        return self.data.in_own_units(self.snapshot.predict(x)[self.trials])

    def gradients(self, inputs: Any) -> Array:
        """dy/dx of every trial at rows (see `rows`): [R, B, o, d], own units."""
        rows, data = self.rows(inputs), self.data
        found = self.snapshot.gradients(data.inputs_learnt(rows))[self.trials]
        scale_in = 1.0 if data.input_scale is None else data.input_scale
        scale_out = 1.0 if data.output_scale is None else data.output_scale[:, None]
        return np.asarray(found * scale_out / scale_in)

    def predict(self, inputs: Any) -> Prediction:
        """Mean and spread over trials for rows, as `rows` takes them, in own units."""
        values = self.rows(inputs)
        each = self.per_trial(values)
        low, high = self.ends
        spare = ROUNDING * (high - low)
        return self._summed_up(each, (values < low - spare) | (values > high + spare))

    def _summed_up(self, each: Array, outside: Flags) -> Prediction:
        names = self.data.input_names, self.data.output_names
        with np.errstate(over="ignore", invalid="ignore"):  # far outside of the training rows
            spread = each.std(0, ddof=1) if len(each) > 1 else np.full(each.shape[1:], np.nan)
            return Prediction(each.mean(0), spread, outside, *names)

    @cached_property
    def coverage(self) -> Coverage | None:
        """Of the spread; None without validation samples, or with a single trial."""
        kept = self.data.validation
        if kept is None or len(self.trials) < 2:
            return None
        found = self.predict(self.data.inputs_in_own_units(kept[0]))
        errors = np.abs(self.data.in_own_units(kept[1]) - found.mean)
        spread = np.maximum(found.spread, np.finfo(float).tiny)
        away = errors / spread
        return Coverage(
            len(kept[0]), float((away <= SPREADS).mean()), float(np.quantile(away, ASKED))
        )

    def sentences(self, prediction: Prediction | None = None) -> list[str]:
        """What predictions rest on, and what is to be known of these, in words."""
        several = len(self.trials) > 1
        who = f"the mean of {len(self.trials)} trials" if several else "one trial (no spread)"
        chosen = f" ({self.chosen_by})" if self.chosen_by else ""
        said = [f"{who} at epoch {self.epoch}{chosen}"]
        if self.coverage is not None:
            said.append(
                f"mean ± {SPREADS} spreads holds {self.coverage.share:.0%} of the values of "
                f"{self.coverage.rows} validation rows; to hold {ASKED:.0%} it takes "
                f"{self.coverage.spreads:.1f} spreads"
            )
        if prediction is not None and prediction.extrapolates:
            said.append(prediction.extrapolates)
        return said
