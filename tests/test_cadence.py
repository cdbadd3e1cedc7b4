"""Watching keeps to its share of the operations, and to what is asked: counted, epoch by epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from stiffgui import Experiment, presets
from stiffgui.stiffness import WATCHABLE
from stiffgui.training import Record, Trainer, cadence, operations
from stiffgui.training.cadence import (
    ERRORS,
    FIRST,
    FREE,
    LEAST,
    Cadence,
    cadence_of,
    former,
    log_spaced,
    probe_samples,
)
from tests.small import small

PENALTIES: tuple[dict[str, Any], ...] = (
    {"regularizer": "none"},
    {"regularizer": "l2"},
    {"regularizer": "stiffness"},
    {"regularizer": "stiffness", "regularizer.proxy": "gelfand", "regularizer.every": 3},
    {"regularizer": "kinetic"},
)
NAMES = [name for name in WATCHABLE if name != "analytic"]  # which knows narrow layers only


@some.composite
def experiments(draw: Any) -> Experiment:
    """Trainings of every size, of up to 1500 epochs so that each can be looked at."""
    sizes = some.one_of(some.integers(2, 200), some.integers(2, 20_000))
    multiples = some.one_of(some.integers(1, 20), some.integers(1, 300))
    train = draw(sizes)
    changes = {
        "task.train_samples": train,
        "task.test_samples": draw(sizes),
        "architecture.width": draw(some.integers(2, 512)),
        "architecture.depth": draw(some.integers(1, 60)),
        "training.epochs": draw(some.integers(1, 1500)),
        "training.batch_size": draw(some.integers(1, train)),
        "watch.errors_every": draw(multiples),
        "watch.every": draw(multiples),
        "watch.probe": draw(some.integers(1, 500)),
        "watch.share": draw(some.floats(1e-4, 1)),
        "watch.snapshots": draw(some.integers(2, 400)),
        "watch.indices": tuple(draw(some.lists(some.sampled_from(NAMES), max_size=4, unique=True))),
    }
    return presets["alpine02"].with_settings(changes | draw(some.sampled_from(PENALTIES)))


def recorded(found: Cadence, experiment: Experiment) -> list[int]:
    """The epochs that leave a record, as the trainer says."""
    last = experiment.training.epochs
    kept = found.kept(log_spaced(last, experiment.watch.snapshots), last)
    return [e for e in range(last + 1) if found.records(e) or e in kept or e == last]


def measured(found: Cadence, experiment: Experiment) -> list[int]:
    last = experiment.training.epochs
    return [e for e in range(last + 1) if found.measures(e) or e == last]


def costs(found: Cadence, experiment: Experiment) -> tuple[float, float]:
    """Operations of an evaluation of errors, and of a measurement of indices."""
    indices = operations.indices(experiment, found.samples) if experiment.watch.indices else 0.0
    return operations.errors(experiment), indices


@settings(max_examples=300, deadline=None)
@given(experiments(), some.sampled_from([FREE, 1e8, 1e6, 1.0]))
def test_watching_keeps_to_its_share_up_to_any_epoch(experiment: Experiment, free: float) -> None:
    """Also where less is free: then the share alone decides."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cadence, "FREE", free)
        found = cadence_of(experiment)
    last = experiment.training.epochs
    of_errors, of_indices = costs(found, experiment)
    done = np.zeros(last + 1)
    done[recorded(found, experiment)] += of_errors
    done[measured(found, experiment)] += of_indices
    if experiment.watch.share == 1 or found == former(experiment):
        assert experiment.watch.share == 1 or done.sum() <= free * (1 + 1e-9)
        return
    trained = operations.epoch(experiment) * np.arange(last)
    more = max(free, FIRST * of_errors) + of_errors  # epoch 0 comes before any training
    if experiment.watch.indices:
        more += free + of_indices
    allowed = experiment.watch.share * trained + more
    assert (np.cumsum(done[:-1]) <= allowed * (1 + 1e-9)).all()


@settings(max_examples=200, deadline=None)
@given(experiments())
def test_no_rarer_than_the_share_demands(experiment: Experiment) -> None:
    found, watch = cadence_of(experiment), experiment.watch
    assert found.errors_every % watch.errors_every == 0
    most = min(watch.probe, experiment.task.training_samples)
    assert min(most, LEAST) <= found.samples <= most
    of_errors, of_indices = costs(found, experiment)
    epoch, part = operations.epoch(experiment), ERRORS if watch.indices else 1.0
    oftener = found.errors_every - watch.errors_every
    assert oftener == 0 or of_errors > part * watch.share * epoch * oftener
    if watch.indices:
        assert found.indices_every % watch.every == 0
        oftener = found.indices_every - watch.every
        share = (1 - ERRORS) * watch.share
        assert oftener == 0 or of_indices + of_errors > share * epoch * oftener


@settings(max_examples=200, deadline=None)
@given(experiments())
def test_networks_are_kept_where_there_is_a_record(experiment: Experiment) -> None:
    found, last = cadence_of(experiment), experiment.training.epochs
    wanted = log_spaced(last, experiment.watch.snapshots)
    kept = found.kept(wanted, last)
    assert {0, last} <= kept and max(kept) == last and len(kept) <= len(wanted)
    if found.own:
        assert kept == wanted
    else:
        assert all(found.records(epoch) or epoch == last for epoch in kept)
        assert all(min(k for k in kept if k >= epoch) - epoch >= 0 for epoch in wanted)


@settings(max_examples=100, deadline=None)
@given(experiments())
def test_a_penalty_changes_no_probe_sample(experiment: Experiment) -> None:
    found = {cadence_of(experiment.with_settings(penalty)).samples for penalty in PENALTIES}
    assert len(found) == 1


@settings(max_examples=100, deadline=None)
@given(experiments())
def test_it_is_read_back_equal(experiment: Experiment) -> None:
    found = cadence_of(experiment)
    assert Cadence.model_validate_json(found.model_dump_json()) == found


@given(experiments())
@settings(max_examples=50, deadline=None)
def test_a_share_of_one_is_as_asked(experiment: Experiment) -> None:
    found = cadence_of(experiment.with_settings({"watch.share": 1}))
    assert found == former(experiment) and found.own
    assert found.samples == min(experiment.watch.probe, experiment.task.training_samples)
    assert found.errors_every == experiment.watch.errors_every
    assert found.indices_every == experiment.watch.every


def test_a_short_run_is_as_asked_and_a_long_one_is_not() -> None:
    every = {"watch.every": 1, "watch.errors_every": 1, "watch.probe": 50}
    short = presets["alpine02"].with_settings({"training.epochs": 2} | every)
    assert cadence_of(short) == former(short)
    long = short.with_settings({"training.epochs": 10_000})
    found = cadence_of(long)
    assert not found.own and found.errors_every > 1 and found.samples < 50


def test_indices_that_need_every_eigenvalue_are_measured_on_fewer_samples() -> None:
    usual = presets["climate"]
    assert "mean-modulus" not in usual.watch.indices
    more = usual.with_settings({"watch.indices": (*usual.watch.indices, "mean-modulus")})
    assert LEAST <= cadence_of(more).samples < cadence_of(usual).samples


def test_errors_that_come_with_indices_are_paid_for() -> None:
    """A test set so large that an evaluation costs more than a measurement of indices."""
    changes = {"task.train_samples": 50, "task.test_samples": 20_000, "training.epochs": 10_000}
    experiment = presets["alpine02"].with_settings(changes | {"watch.probe": 4})
    found = cadence_of(experiment)
    of_errors, of_indices = costs(found, experiment)
    assert of_errors > 5 * of_indices and found.errors_every % found.indices_every
    share = (of_errors / found.errors_every + (of_errors + of_indices) / found.indices_every) / (
        operations.epoch(experiment)
    )
    assert share <= experiment.watch.share


def test_a_trainer_records_and_measures_when_it_was_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And keeps no network of another epoch. Little is free here, so that little will do."""
    monkeypatch.setattr(cadence, "FREE", 1e7)
    experiment = small(
        training__epochs=137, watch__every=10, watch__errors_every=2, watch__snapshots=30
    )
    trainer = Trainer(experiment)
    found = trainer.decided.cadence
    assert not found.own and found.first == FIRST and found.errors_every > 2
    records = [item for item in trainer if isinstance(item, Record)]
    assert [r.epoch for r in records] == recorded(found, experiment)
    assert len(records) < 60
    assert [r.epoch for r in records if r.indices] == measured(found, experiment)
    kept = found.kept(log_spaced(137, 30), 137)
    assert [r.epoch for r in records if r.keep] == sorted(kept)
    assert trainer._probe.shape == (found.samples, 2)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((14,), "14 probe samples"),
        ((1,), "1 probe sample"),
        ((14, 4, 14), "4 or 14 probe samples"),
    ],
)
def test_how_many_samples_there_were_is_one_phrase(counts: tuple[int, ...], said: str) -> None:
    assert probe_samples(*counts) == said


def test_sentences() -> None:
    one = Cadence(samples=1, first=10, errors_every=1, early=(0,), indices_every=7)
    assert one.sentence == "errors every epoch, indices every 7 epochs on 1 probe sample"
    without = presets["alpine02"].with_settings({"watch.indices": (), "training.epochs": 9999})
    found = Trainer(without).decided.sentences(without)["measured"]
    assert found == f"errors every {cadence_of(without).errors_every} epochs"
