"""The paired statistics against scipy, enumeration and closed forms; and what is said of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from stiffgui import presets
from stiffgui.study import Study
from stiffgui.study.comparison import Comparison, Paired, compare
from stiffgui.study.declaration import Variant
from stiffgui.study.statistics import (
    fewest_pairs,
    hodges_lehmann,
    holm,
    signed_rank,
    walsh_averages,
)
from stiffgui.training.quantities import of_study


@given(n=st.integers(1, 40), seed=st.integers(0, 1000), shift=st.floats(-1, 1))
@settings(max_examples=60, deadline=None)
def test_signed_rank_is_scipys_without_ties(n: int, seed: int, shift: float) -> None:
    d = np.random.default_rng(seed).normal(shift, 1, n)
    ours, theirs = signed_rank(d), scipy.stats.wilcoxon(d, method="exact")
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-12)
    assert min(ours.statistic, n * (n + 1) / 2 - ours.statistic) == theirs.statistic


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=11))
@settings(max_examples=60, deadline=None)
def test_signed_rank_with_ties_and_zeros_is_the_enumeration(values: list[int]) -> None:
    d = np.array([v for v in values if v], dtype=np.float64)
    ours = signed_rank(np.array(values, dtype=np.float64))
    assert ours.n == len(d)
    if not len(d):
        assert ours.p == 1.0
        return
    ranks = scipy.stats.rankdata(np.abs(d))
    seen = ranks[d > 0].sum()
    sums = np.array([np.dot(s, ranks) for s in itertools.product((0, 1), repeat=len(d))])
    expected = 2 * min((sums <= seen + 1e-9).mean(), (sums >= seen - 1e-9).mean())
    assert ours.p == pytest.approx(min(1.0, expected), rel=1e-12)


@pytest.mark.parametrize(
    ("n", "c"), [(6, 1), (7, 3), (8, 4), (9, 6), (10, 9), (15, 26), (20, 53), (25, 90)]
)
def test_the_interval_uses_the_tabulated_critical_values(n: int, c: int) -> None:
    # c - 1 is the classical two-sided 5 % critical value: 0, 2, 3, 5, 8, 25, 52, 89.
    d = np.random.default_rng(n).normal(0.3, 1, n)
    averages = walsh_averages(d)
    estimate, low, high = hodges_lehmann(d)
    assert len(averages) == n * (n + 1) // 2
    assert (low, high) == (averages[c - 1], averages[-c])
    assert estimate == np.median(averages)


@given(n=st.integers(6, 25), seed=st.integers(0, 500))
@settings(max_examples=40, deadline=None)
def test_the_interval_holds_what_the_test_does_not_refuse(n: int, seed: int) -> None:
    d = np.random.default_rng(seed).normal(0.4, 1, n)
    _, low, high = hodges_lehmann(d)
    assert (signed_rank(d).p > 0.05) == (low <= 0 <= high)
    width = high - low
    assert signed_rank(d - (low - 0.01 * width)).p <= 0.05 < signed_rank(d - (low + high) / 2).p


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    draws = np.random.default_rng(0).normal(0.7, 1, (1000, 8))
    inside = [low <= 0.7 <= high for _, low, high in map(hodges_lehmann, draws)]
    assert 0.95 <= np.mean(inside) <= 0.975  # exactly 1 - 2 * 5 / 256 = 0.961


def test_few_pairs_give_no_interval() -> None:
    assert hodges_lehmann(np.arange(1.0, 6.0))[1:] == (-np.inf, np.inf)
    assert np.isnan(hodges_lehmann(np.zeros(0))[0])
    assert [fewest_pairs(k) for k in (1, 2, 3, 5)] == [6, 7, 7, 8]


def test_many_pairs_agree_with_the_normal_approximation() -> None:
    d = np.random.default_rng(3).normal(0.02, 1, 301)
    many, fewer = hodges_lehmann(d), hodges_lehmann(d[:300])
    np.testing.assert_allclose(many, fewer, atol=0.03)
    assert signed_rank(d).p == pytest.approx(signed_rank(d[:300]).p, abs=0.08)


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0] and holm([]) == []


class _Variant:
    """What `compare` reads of a variant."""

    def __init__(self, name: str, values: np.ndarray) -> None:
        self.name, self.trial_numbers = name, np.arange(len(values))
        self.last = dict.fromkeys(of_study("compared"), values)


def compared(mine: np.ndarray, theirs: np.ndarray) -> Paired:
    experiment = presets["alpine02"]
    named = (Variant(name="A"), Variant(name="B"))
    study = Study(experiment=experiment, variants=named, data="shared")
    both = [_Variant("A", theirs), _Variant("B", mine)]
    return compare(both, study)[0].quantities["test_error"]  # type: ignore[arg-type]


@given(n=st.integers(7, 25), seed=st.integers(0, 1000), unit=st.sampled_from([1e-9, 1.0, 1e9]))
@settings(max_examples=40, deadline=None)
def test_positive_values_are_compared_as_ratios(n: int, seed: int, unit: float) -> None:
    """Never more than 100 % lower, whatever the unit; scipy's test; equal ratios in closed form."""
    random = np.random.default_rng(seed)
    mine, theirs = unit * random.lognormal(random.normal(0, 3, (2, 1)), 2, (2, n))
    found = compared(mine, theirs)
    assert found.ratios and -found.base <= found.low <= found.difference <= found.high
    peer = scipy.stats.wilcoxon(np.log(mine) - np.log(theirs), method="exact")
    assert found.p == pytest.approx(peer.pvalue)
    same = compared(1.05 * theirs, theirs)
    np.testing.assert_allclose([same.difference, same.low, same.high], 0.05 * same.base, rtol=1e-9)


def test_values_that_may_be_zero_are_compared_by_differences() -> None:
    found = compared(np.arange(8.0), np.full(8, 10.0))
    assert not found.ratios and found.difference == pytest.approx(-6.5)


def _paired(**changes: object) -> Paired:
    values = {
        "quantity": "test_error",
        "difference": 0.01,
        "low": -0.03,
        "high": 0.05,
        "p": 0.4,
        "p_holm": 0.8,
        "pairs": 25,
        "left_out": 0,
        "base": 1.0,
        "family": 2,
    }
    return Paired(**(values | changes))  # type: ignore[arg-type]


def test_too_few_pairs_are_said_once() -> None:
    few = {name: _paired(quantity=name, pairs=3) for name in of_study("compared")}
    assert Comparison("B", "A", few).sentence == (
        "B against A: test error 1 % higher, training error 1 % higher, stiffness 1 % higher; "
        "but 3 pairs prove nothing (the test needs 7)."
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "test error: no difference seen (95 % interval -3 % to +5 %, p = 0.8, 25 pairs)"),
        (
            {"difference": -0.2, "low": -0.3, "high": -0.1, "p": 1e-4, "p_holm": 2e-4},
            "test error 20 % lower (95 % interval -30 % to -10 %, p = 0.0002, 25 pairs)",
        ),
        ({"p": 0.03, "p_holm": 0.06, "low": 0.001}, "may be chance among 2 comparisons"),
        ({"pairs": 5, "low": -np.inf, "high": np.inf}, "5 pairs prove nothing (the test needs 7)"),
        ({"pairs": 0}, "there are no pairs of finished trials"),
        ({"pairs": 1}, "test error 1 % higher, but 1 pair proves nothing (the test needs 7)"),
        ({"base": 0.0}, "-0.03 to +0.05"),
        ({"low": -2e-6, "high": 0.0}, "-2e-04 % to 0 %"),
    ],
)
def test_sentences_are_honest(changes: dict[str, object], told: str) -> None:
    assert told in _paired(**changes).sentence()
