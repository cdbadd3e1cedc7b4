"""How much each output depends on each input: Sobol indices and gradients of a surrogate.

Inputs are drawn independently and uniformly over the ranges of the training rows, so that what is
found is of the surrogate on that box, whatever the rows' own distribution. Sources: Saltelli et
al. (2010), Comput. Phys. Commun. 181, 259 (estimators, as SALib has them); Sobol & Kucherenko
(2009), Math. Comput. Simul. 79, 3009 (gradients).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import need_library

Array = NDArray[np.float64]
Numbers = NDArray[np.intp]
CONFIDENCE = 0.95  # of SALib's intervals
RESAMPLES = 100  # of its bootstrap
GRADIENT_ROWS = 1024  # the first rows of the sample, at most
CHUNK = 4096  # rows that are predicted together
FLAT = 1e-12  # of its size: an output that varies less is constant


class Predictor(Protocol):
    """What is looked at, a `Surrogate`: see there."""

    @property
    def ends(self) -> tuple[Array, Array]: ...
    def per_trial(self, inputs: Array) -> Array: ...
    def gradients(self, inputs: Array) -> Array: ...


@dataclass(frozen=True)
class Measure:
    """Of inputs by outputs [d, o]: the value for the mean over trials, its standard deviation over
    the values of single trials (NaN of one), and half the width of its interval."""

    value: Array
    spread: Array
    interval: Array


@dataclass(frozen=True)
class Sensitivity:
    """`first`: the share of an output's variance that an input explains alone; `total`: with all
    its interactions. `gradient`: the mean of |dy/dx|, times the input's range, over the output's
    deviation. 0 for what is constant. `rows`: how many were predicted."""

    first: Measure
    total: Measure
    gradient: Measure
    rows: int


def sensitivity_of(
    surrogate: Predictor, outputs: Sequence[int], samples: int, seed: int = 0
) -> Sensitivity:
    """The sensitivities of some outputs, from samples x (d + 2) predictions; `samples` is a power
    of two. Raises InputError without SALib."""
    need_library("SALib", "sensitivity", "sensitivity")
    low, high = surrogate.ends
    varying = np.flatnonzero(high > low)
    if not len(varying):
        nothing = np.zeros((len(low), len(outputs)))
        none = Measure(nothing, nothing, nothing)
        return Sensitivity(none, none, none, 0)
    rows = _sample(low, high, varying, samples, seed)
    parts = np.split(rows, range(CHUNK, len(rows), CHUNK))
    y = np.concatenate([surrogate.per_trial(part)[..., outputs] for part in parts], axis=1)
    mean = y.mean(0)
    each = [_indices(one, samples, len(varying)) for one in y]
    first, total = (
        Measure(*(_placed(part, varying, len(low)) for part in (value, _spread(alone), half)))
        for value, alone, half in zip(
            _indices(mean, samples, len(varying)),
            zip(*each, strict=True),
            _intervals(mean, samples, len(varying), seed),
            strict=True,
        )
    )
    begun = rows.reshape(samples, -1, len(low))[:GRADIENT_ROWS, 0]
    return Sensitivity(first, total, _gradients(surrogate, begun, y, outputs), len(rows))


def _sample(low: Array, high: Array, varying: Numbers, samples: int, seed: int) -> Array:
    """Saltelli's design over the inputs that vary [samples (d + 2), d], the others where they
    are."""
    from SALib.sample import sobol

    problem = _problem(len(varying), np.stack([low[varying], high[varying]], 1).tolist())
    drawn = sobol.sample(problem, samples, calc_second_order=False, seed=seed)
    rows = np.tile(low, (len(drawn), 1))
    rows[:, varying] = drawn
    return rows


def _problem(inputs: int, bounds: list[list[float]]) -> dict[str, object]:
    names = [f"x{k}" for k in range(inputs)]
    return {"num_vars": inputs, "names": names, "bounds": bounds}


def _standardised(y: Array) -> Array:
    """With mean 0 and deviation 1 over the first axis; 0 where it is constant."""
    centred, deviation = y - y.mean(0), y.std(0)
    flat = deviation <= FLAT * np.abs(y).max(0)
    return np.asarray(np.where(flat, 0.0, centred / np.where(flat, 1.0, deviation)))


def _indices(y: Array, samples: int, inputs: int) -> tuple[Array, Array]:
    """First and total indices [d, o] of outputs [samples (d + 2), o]."""
    from SALib.analyze.sobol import first_order, total_order

    parts = _standardised(y).reshape(samples, inputs + 2, -1)
    a, mixed, b = parts[:, 0], parts[:, 1:-1], parts[:, -1]
    if not parts.any():
        nothing = np.zeros((inputs, parts.shape[2]))
        return nothing, nothing
    first = [first_order(a, mixed[:, k], b) for k in range(inputs)]
    total = [total_order(a, mixed[:, k], b) for k in range(inputs)]
    return np.stack(first), np.stack(total)


def _intervals(y: Array, samples: int, inputs: int, seed: int) -> tuple[Array, Array]:
    """Half the widths of SALib's bootstrapped intervals of both indices [d, o]."""
    from SALib.analyze import sobol

    problem = _problem(inputs, [[0.0, 1.0]] * inputs)
    first, total = np.zeros((2, inputs, y.shape[1]))
    scaled = _standardised(y)
    for k in np.flatnonzero(scaled.any(0)):
        found = sobol.analyze(
            problem,
            scaled[:, k],
            calc_second_order=False,
            num_resamples=RESAMPLES,
            conf_level=CONFIDENCE,
            seed=seed + 1,  # 0 would be none
        )
        first[:, k], total[:, k] = found["S1_conf"], found["ST_conf"]
    return first, total


def _gradients(surrogate: Predictor, rows: Array, y: Array, outputs: Sequence[int]) -> Measure:
    """Of the mean over trials, and of each, with its own deviation over the sample y [R, B, o]."""
    low, high = surrogate.ends
    each = surrogate.gradients(rows)[:, :, outputs]
    value = _scaled(each.mean(0), high - low, y.mean(0))
    alone = [_scaled(one, high - low, own) for one, own in zip(each, y, strict=True)]
    return Measure(value, _spread(alone), np.full_like(value, np.nan))


def _scaled(gradients: Array, extent: Array, y: Array) -> Array:
    """mean |dy/dx| [d, o] of gradients [B, o, d], times ranges [d], over deviations of y [B, o]."""
    deviation = y.std(0)
    flat = deviation <= FLAT * np.abs(y).max(0)
    mean = np.abs(gradients).mean(0).T * extent[:, None]
    return np.asarray(np.where(flat, 0.0, mean / np.where(flat, 1.0, deviation)))


def _spread(each: Sequence[Array]) -> Array:
    values = np.stack(each)
    return values.std(0, ddof=1) if len(each) > 1 else np.full_like(values[0], np.nan)


def _placed(values: Array, varying: Numbers, inputs: int) -> Array:
    """Rows of the inputs that vary among all [inputs, o]; 0 for the others."""
    every = np.zeros((inputs, values.shape[1]))
    every[varying] = values
    return every
