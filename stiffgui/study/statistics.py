"""Paired comparisons without assumptions on the distribution but its symmetry.

Sources: Wilcoxon, Biometrics Bulletin 1 (1945) 80; Hodges & Lehmann, Ann. Math. Stat. 34 (1963)
598; Hollander & Wolfe, Nonparametric Statistical Methods, ch. 3; Holm, Scand. J. Stat. 6 (1979)
65. Everything is exact; nothing is drawn at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEVEL = 0.95
EXACT_UP_TO = 300  # pairs; the exact distribution needs n^3 additions


@dataclass(frozen=True)
class SignedRank:
    """`statistic`: sum of the ranks of positive differences; `p` two-sided; `n` differences that
    are not zero."""

    statistic: float
    p: float
    n: int


def signed_rank(differences: Array) -> SignedRank:
    """Wilcoxon's signed-rank test of differences [n] about 0.

    Zero differences are left out, equal ones share their mean rank; the distribution is exact
    with ties too (all 2^n signs, counted by convolution). Above `EXACT_UP_TO` pairs scipy's
    normal approximation.
    """
    from scipy.stats import rankdata, wilcoxon

    d = differences[differences != 0]
    n = len(d)
    if n == 0:
        return SignedRank(0.0, 1.0, 0)
    twice = np.rint(2 * rankdata(np.abs(d))).astype(np.int64)  # mean ranks are halves
    positive = int(twice[d > 0].sum())
    if n > EXACT_UP_TO:
        p = float(wilcoxon(d, method="approx", correction=True).pvalue)
        return SignedRank(positive / 2, p, n)
    share = _distribution(twice)
    low, high = share[: positive + 1].sum(), share[positive:].sum()
    return SignedRank(positive / 2, float(min(1.0, 2 * min(low, high))), n)


def fewest_pairs(comparisons: int = 1, level: float = LEVEL) -> int:
    """The fewest pairs with which the two-sided test can reach 1 - level after Holm's correction:
    its smallest p-value is 2/2^n. 6 pairs for one comparison, 7 for two."""
    n = 1
    while comparisons * 2.0 ** (1 - n) >= 1 - level:
        n += 1
    return n


def _distribution(weights: NDArray[np.int64]) -> Array:
    """Probability of every sum when each weight counts with probability 1/2."""
    share = np.zeros(int(weights.sum()) + 1, dtype=np.float64)
    share[0] = 1.0
    for weight in weights:
        moved = np.zeros_like(share)
        moved[weight:] = share[: len(share) - weight]
        share = 0.5 * (share + moved)
    return share


def walsh_averages(differences: Array) -> Array:
    """(d_i + d_j)/2 for i <= j, ascending: [n (n + 1) / 2]."""
    i, j = np.triu_indices(len(differences))
    return np.sort((differences[i] + differences[j]) / 2)


def hodges_lehmann(differences: Array, level: float = LEVEL) -> tuple[float, float, float]:
    """The median of the Walsh averages, and its exact interval of at least `level`.

    The interval inverts the signed-rank test: it runs from the c-th smallest to the c-th largest
    Walsh average, c the largest for which P(W < c) <= (1 - level)/2. With too few pairs for the
    level its ends are infinite.
    """
    n = len(differences)
    if n == 0:
        return float("nan"), float("-inf"), float("inf")
    averages = walsh_averages(differences)
    estimate = float(np.median(averages))
    if n > EXACT_UP_TO:
        from scipy.stats import norm

        mean, deviation = n * (n + 1) / 4, np.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        c = int(np.floor(mean - norm.ppf((1 + level) / 2) * deviation))
    else:
        below = np.cumsum(_distribution(np.arange(1, n + 1, dtype=np.int64)))
        c = int(np.searchsorted(below, (1 - level) / 2, side="right"))
    if c < 1:
        return estimate, float("-inf"), float("inf")
    return estimate, float(averages[c - 1]), float(averages[-c])


@dataclass(frozen=True)
class Resampled:
    """`mean` of differences with its interval `low` to `high`; `p` two-sided."""

    mean: float
    low: float
    high: float
    p: float


def corrected_resampled(differences: Array, ratio: float, level: float = LEVEL) -> Resampled:
    """The corrected resampled t-test: differences [n] of splits of the same rows.

    Splits share rows, so their differences are not independent: the variance of their mean is
    taken as (1/n + ratio) s^2, `ratio` the test rows over the training rows (Nadeau & Bengio,
    Machine Learning 52 (2003) 239, section 3). With fewer than two its ends are infinite.
    """
    from scipy.stats import t

    n = len(differences)
    mean = float(np.mean(differences)) if n else float("nan")
    if n < 2:
        return Resampled(mean, float("-inf"), float("inf"), 1.0)
    error = float(np.sqrt((1 / n + ratio) * np.var(differences, ddof=1)))
    half = float(t.ppf((1 + level) / 2, n - 1)) * error
    if error == 0:
        return Resampled(mean, mean, mean, float(mean == 0))
    p = float(2 * t.sf(abs(mean) / error, n - 1))
    return Resampled(mean, mean - half, mean + half, p)


def components(differences: Array, draws: NDArray[np.int64]) -> tuple[float, float]:
    """Variance of differences [n] between and within the draws [n] to which they belong.

    One-way analysis of variance with equal numbers; what is between is 0 at least. NaN where a
    draw has one difference, or there is one draw.
    """
    groups = [differences[draws == draw] for draw in np.unique(draws)]
    size = min(map(len, groups), default=0)
    if size < 2 or len(groups) < 2:
        return float("nan"), float("nan")
    within = float(np.mean([np.var(group, ddof=1) for group in groups]))
    means = np.array([group.mean() for group in groups])
    return max(0.0, float(np.var(means, ddof=1)) - within / size), within


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted so that the chance of any false finding among them stays at the level."""
    order = np.argsort(p_values, kind="stable")
    adjusted, highest = np.empty(len(p_values)), 0.0
    for rank, k in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[k]))
        adjusted[k] = highest
    return [float(p) for p in adjusted]
