"""What is seen of frames between their epochs: as they come, or at a pace."""

from __future__ import annotations

import numpy as np

from stiffgui.gui.train.motion import MOST, TAIL, Moment, Motion
from stiffgui.training.records import Frame


def frame(epoch: int, value: float, follows: bool = True, samples: int = 2) -> Frame:
    return Frame(epoch, 0, (3,), np.full((1, samples, 4), value, np.complex128), follows)


def seen(motion: Motion, now: float) -> Moment:
    moment = motion.now(now)
    assert moment is not None
    return moment


def test_frames_that_come_quickly_are_drawn_as_they_are() -> None:
    motion = Motion(3, 0)
    for k in range(5):
        motion.take(frame(10 * k, float(k), follows=k > 0), k / 30)
        moment = seen(motion, k / 30 + 0.001)
        assert moment.computed and moment.epoch == 10 * k and (moment.values == k).all()
        assert [past[0, 0] for past in moment.past] == list(range(k))
        assert motion.now(k / 30 + 0.002) is None  # nothing new


def test_between_slow_frames_eigenvalues_are_on_their_way() -> None:
    motion = Motion(3, 0)
    motion.take(frame(0, 0.0, follows=False), 0.0)
    motion.take(frame(100, 1.0), 0.2)
    quarter = seen(motion, 0.25)
    assert (
        not quarter.computed
        and abs(quarter.epoch - 25) < 1e-9
        and np.allclose(quarter.values, 0.25)
    )
    there = seen(motion, 0.5)
    assert there.computed and there.epoch == 100 and (there.values == 1).all()


def test_a_pace_goes_through_recorded_epochs_and_ends_at_the_newest() -> None:
    motion = Motion(3, 0, pace=10.0)
    for epoch in (0, 40, 100):
        motion.take(frame(epoch, float(epoch), follows=epoch > 0), 1.0)
    for seconds, epoch in ((0.0, 0), (2.0, 20), (7.0, 70), (10.0, 100), (99.0, 100)):
        moment = motion.now(1.0 + seconds)
        if moment is not None:
            assert moment.epoch == epoch and np.allclose(moment.values, epoch)
        assert motion.behind == (epoch < 100)


def test_another_pace_goes_on_from_what_is_seen() -> None:
    motion = Motion(3, 0, pace=10.0)
    for epoch in (0, 1000):
        motion.take(frame(epoch, float(epoch), follows=epoch > 0), 0.0)
    assert seen(motion, 3.0).epoch == 30
    motion.set_pace(100.0, 3.0)
    assert seen(motion, 4.0).epoch == 130
    motion.set_pace(0.0, 4.0)
    assert seen(motion, 4.1).epoch == 1000


def test_trails_do_not_lead_over_a_break() -> None:
    motion = Motion(3, 0)
    motion.take(frame(0, 0.0, follows=False), 0.0)
    motion.take(frame(10, 1.0), 0.2)
    motion.take(frame(20, 9.0, follows=False, samples=1), 0.4)
    between = seen(motion, 0.5)  # held: nothing lies between them
    assert between.values.shape == (2, 4) and (between.values == 1).all()
    after = seen(motion, 0.7)
    assert after.values.shape == (1, 4) and after.past == ()


def test_frames_of_another_place_or_from_before_are_not_taken() -> None:
    motion = Motion(3, 0)
    motion.take(frame(10, 1.0, follows=False), 0.0)
    motion.take(frame(10, 2.0), 0.1)
    motion.take(frame(5, 2.0), 0.1)
    motion.take(Frame(20, 1, (3,), np.zeros((1, 2, 4), complex)), 0.1)
    motion.take(Frame(20, 0, (2,), np.zeros((1, 2, 4), complex)), 0.1)
    assert len(motion) == 1


def test_many_frames_are_thinned_and_tails_stay_short() -> None:
    motion = Motion(3, 0)
    for epoch in range(MOST + 10):
        motion.take(frame(epoch, float(epoch), follows=epoch > 0), epoch / 30)
    assert len(motion) <= MOST
    assert len(seen(motion, 1e6).past) == TAIL - 1
