"""Eigenvalues that are seen moving: exact, of what is watched, and without a trace in the run."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from stiffgui.runs import open_run
from stiffgui.runs.recording import Recording
from stiffgui.training import Controls, Frame, Record, Trainer
from stiffgui.training.controls import Watched
from tests.small import small


def watched(layers: tuple[int, ...], trial: int = 0, samples: int = 3) -> Controls:
    controls = Controls()
    controls.watch(Watched(layers, trial, samples))
    return controls


@pytest.mark.parametrize("weights", ["per-layer", "legendre"])
def test_the_first_frame_is_lapacks_of_the_network_of_its_epoch(weights: str) -> None:
    experiment = small(training__trials=2, training__epochs=1, architecture__weights__kind=weights)
    trainer = Trainer(experiment, watched((2, 5), trial=1))
    frame = next(item for item in trainer if isinstance(item, Frame))
    assert (frame.epoch, frame.trial, frame.layers) == (1, 1, (2, 5))
    from stiffgui.runs.snapshot import Snapshot

    snapshot = Snapshot(experiment, 1, trainer.parameters())
    jacobians = snapshot.jacobians(trainer.data.x_train[:3])[1, [1, 4]]
    np.testing.assert_array_equal(frame.eigenvalues, np.linalg.eigvals(jacobians))


def test_what_is_newly_watched_is_seen_at_the_next_epoch() -> None:
    controls = watched((1,))
    seen = []
    for item in Trainer(small(training__epochs=30), controls):
        if isinstance(item, Frame):
            seen.append(item.layers)
            controls.watch(Watched((len(seen) + 1,)))
        if len(seen) == 4:
            controls.stop()
    assert seen == [(1,), (2,), (3,), (4,)]


def test_layers_that_are_not_there_are_left_out() -> None:
    trainer = Trainer(small(training__epochs=1), watched((0, 3, 99)))
    frame = next(item for item in trainer if isinstance(item, Frame))
    assert frame.layers == (3,) and frame.eigenvalues.shape == (1, 3, 20)


def test_frames_come_at_most_thirty_times_a_second() -> None:
    began, frames = time.perf_counter(), 0
    for item in Trainer(small(training__epochs=400), watched((1,))):
        frames += isinstance(item, Frame)
    assert 1 <= frames <= 2 + 30 * (time.perf_counter() - began)


def test_nothing_of_it_is_recorded_and_no_number_changes(tmp_path: Path) -> None:
    experiment = small("alpine02-stiff", training__epochs=5)
    files = []
    for name, controls in (("plain", Controls()), ("watched", watched((1, 2)))):
        recording = Recording(experiment, tmp_path / f"{name}.stiff", controls)
        frames = [item for item in recording if isinstance(item, Frame)]
        assert bool(frames) == (name == "watched")
        files.append(recording.path)
    with open_run(files[0]) as plain, open_run(files[1]) as seen:
        assert not plain.events and not seen.events and not seen.spectra
        for name, values in plain.series().series.items():
            np.testing.assert_array_equal(values, seen.series().series[name])
        for name, array in plain.parameters(5).items():
            np.testing.assert_array_equal(array, seen.parameters(5)[name])


def test_records_come_as_without_frames() -> None:
    epochs = [
        [item.epoch for item in Trainer(small(), controls) if isinstance(item, Record)]
        for controls in (Controls(), watched((1,)))
    ]
    assert epochs[0] == epochs[1] == list(range(21))
