"""Trails of eigenvalues: on their branch through crossings, whatever the order within a frame."""

from __future__ import annotations

import time
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stiffgui.stiffness.matching import trails

Complex = NDArray[np.complex128]


def followed(frames: Complex, times: list[float] | None = None) -> Complex:
    places = trails(frames, times)
    assert (np.sort(places, -1) == np.arange(frames.shape[-1])).all()  # each exactly once
    return np.take_along_axis(frames, places, -1)


def shuffled(frames: Complex, seed: int) -> Complex:
    return np.random.default_rng(seed).permuted(frames, axis=-1)


@pytest.mark.parametrize("seed", range(5))
def test_two_that_pass_through_each_other_stay_on_their_branch(seed: int) -> None:
    t = np.linspace(-1, 1, 24)  # they are nearest between two frames
    branches = np.stack([t + 0.2j * t, -t + 0.01j + 0.1j * t**2, np.full(24, 2 - 1j)], -1)
    got = followed(shuffled(branches, seed))
    start = [np.abs(got[0] - b).argmin() for b in branches[0]]
    np.testing.assert_array_equal(got[:, start], branches)
    # Without the direction the nearest one is on the other branch.
    last = np.flatnonzero(t < 0)[-1]
    assert np.abs(branches[last, 0] - branches[last + 1]).argmin() == 1


def test_the_moments_of_frames_count() -> None:
    """Networks are kept at log-spaced epochs: a trail goes as fast in time, not in frames."""
    times = [0.0, 1.0, 2.0, 4.0, 8.0]
    t = np.array(times)
    branches = np.stack([3 * t + 0j, 30 - 1.6 * t + 0.1j], -1)
    np.testing.assert_array_equal(followed(branches, times), branches)
    assert not np.array_equal(followed(branches), branches)


def test_a_pair_that_meets_on_the_real_axis_splits_there() -> None:
    """l = -1 +- sqrt(s) from s < 0 to s > 0: the eigenvalues of [[-1, s], [1, -1]]."""
    s = np.linspace(-1, 1, 41)
    frames = np.linalg.eigvals(np.stack([[[-1, v], [1, -1]] for v in s]).astype(complex))
    got = followed(frames)
    np.testing.assert_allclose(np.sort_complex(got[0] + 1), [-1j, 1j], atol=1e-12)
    np.testing.assert_allclose(np.sort_complex(got[-1] + 1), [-1, 1], atol=1e-12)
    # A trail is a half of the pair, then one of the real ones; each moves on without a turn back.
    for trail in got.T:
        before, after = trail[s < -1e-9], trail[s > 1e-9]
        assert len(set(np.sign(before.imag))) == 1 and len(set(np.sign(after.real + 1))) == 1
        assert np.abs(np.diff(trail)).max() < 0.4
    for seed in range(5):  # which of the real ones it takes does not depend on LAPACK's order
        again = followed(shuffled(frames, seed))
        assert {tuple(trail) for trail in again.T} == {tuple(trail) for trail in got.T}


@given(seed=st.integers(0, 10**6), width=st.integers(1, 7), count=st.integers(2, 8))
@settings(max_examples=40, deadline=None)
def test_trails_do_not_depend_on_the_order_within_frames(seed: int, width: int, count: int) -> None:
    random = np.random.default_rng(seed)
    shape = (count, 2, width)
    frames = random.standard_normal(shape) + 1j * random.integers(-1, 2, shape)
    first, other = followed(frames), followed(shuffled(frames, seed))
    assert np.array_equal(first[0], frames[0])  # as given
    assert np.array_equal(trails(frames), trails(frames))
    for sample in range(2):
        as_set = {tuple(trail) for trail in first[:, sample].T}
        assert as_set == {tuple(trail) for trail in other[:, sample].T}
    alone = followed(frames[:, 1])  # a sample is followed as if it were alone
    assert np.array_equal(alone, first[:, 1])


@pytest.mark.parametrize("width", [2, 4, 6])
def test_a_frame_is_assigned_by_the_smallest_sum_of_distances(width: int) -> None:
    random = np.random.default_rng(width)
    frames = random.standard_normal((2, width)) + 1j * random.standard_normal((2, width))
    best = min(
        (np.abs(frames[0] - frames[1][list(order)]).sum(), order)
        for order in permutations(range(width))
    )
    assert trails(frames)[1].tolist() == list(best[1])


def test_smooth_paths_of_matrices_are_followed() -> None:
    """Trails of A + t B move no farther than their eigenvalues do: at most cond(V) ||B|| dt."""
    random = np.random.default_rng(3)
    first, change = random.standard_normal((2, 4, 12, 12)) / 12**0.5
    frames = np.linalg.eigvals(first + np.linspace(0, 0.2, 201)[:, None, None, None] * change)
    got = followed(frames)
    greedy = np.abs(frames[1:, :, :, None] - frames[:-1, :, None, :]).min(-1).max()
    assert np.abs(np.diff(got, axis=0)).max() < 2 * greedy


def test_unknown_eigenvalues_and_bad_frames() -> None:
    frames = np.array([[1, 2 + 1j], [np.nan, 2], [1, 2]])
    assert trails(frames).shape == (3, 2)
    for bad in (np.ones((1, 3)), np.ones(3), np.ones((0, 3))):
        with pytest.raises(ValueError, match="two frames"):
            trails(bad)
    for times in ([0.0, 1.0], [0.0, 1.0, 1.0], [2.0, 1.0, 0.0]):
        with pytest.raises(ValueError, match="rising times"):
            trails(frames, times)


@pytest.mark.slow
def test_a_frame_of_fifty_eigenvalues_and_sixteen_samples_takes_less_than_a_painted_one() -> None:
    random = np.random.default_rng(0)
    first, change = random.standard_normal((2, 16, 50, 50)) / 50**0.5
    frames = np.linalg.eigvals(first + np.linspace(0, 1, 11)[:, None, None, None] * change)
    trails(frames[:2])
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        trails(frames)
        seconds.append(time.perf_counter() - begun)
    assert min(seconds) / 10 < 0.005
