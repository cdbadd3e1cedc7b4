"""Which rows are for training, which for validation and which for testing."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stiffgui.errors import InputError

Places = NDArray[np.int64]
LEFT_TO_TRAIN = 2  # rows, or groups of them


class Split(NamedTuple):
    """Places of rows; with groups of rows, of groups. The three parts are disjoint."""

    train: Places
    validation: Places
    test: Places


@lru_cache(maxsize=8)
def split(
    sizes: tuple[int, ...] | int, seed: int, test_fraction: float, validation_fraction: float
) -> Split:
    """Drawn by `seed`: of so many rows, or of groups of these sizes, which stay together.

    Test rows are the first of a random order, then come those for validation: that share of all
    rows, rounded; one row (or group) to test at least, and two to train. Of groups, each part is
    as near to its share as whole groups allow. Raises InputError for fewer than three groups,
    four where some are for validation.
    """
    random = np.random.default_rng(seed)
    if isinstance(sizes, int):
        order = random.permutation(sizes)
        test = _within(sizes * test_fraction, sizes - LEFT_TO_TRAIN)
        rest = sizes - LEFT_TO_TRAIN - test
        kept = _within(sizes * validation_fraction, rest) if validation_fraction else 0
        return Split(order[test + kept :], order[test : test + kept], order[:test])
    needed = LEFT_TO_TRAIN + 1 + bool(validation_fraction)
    if len(sizes) < needed:
        raise InputError(
            f"task.group_column has {len(sizes)} different values: at least {needed} are needed to "
            f"keep groups of rows apart; leave it empty or choose another column.",
            "task.group_column",
        )
    order = random.permutation(len(sizes))
    summed = np.cumsum(np.array(sizes)[order])
    test = _nearest(summed, test_fraction * summed[-1], 1, len(sizes) - needed + 1)
    end = test
    if validation_fraction:
        wanted = summed[test - 1] + validation_fraction * summed[-1]
        end = _nearest(summed, wanted, test + 1, len(sizes) - LEFT_TO_TRAIN)
    return Split(order[end:], order[test:end], order[:test])


def _within(wanted: float, most: int) -> int:
    return min(max(round(wanted), 1), most)


def _nearest(summed: NDArray[np.int64], wanted: float, least: int, most: int) -> int:
    """How many groups, from least to most, sum up nearest to what is wanted."""
    return least + int(np.abs(summed[least - 1 : most] - wanted).argmin())
