"""The history of a run in memory: appended to, read back, cut, and ranked, against numpy."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stiffgui import presets
from stiffgui.runs import History, open_run
from stiffgui.runs.writer import RunWriter
from stiffgui.training.quantities import Quantity, per_trial
from stiffgui.training.records import Record

NUMBERS = st.one_of(st.floats(-1e9, 1e9), st.just(np.nan))
INDICES = ("spectral-radius", "ratio-real")


@st.composite
def recorded(draw: st.DrawFn) -> list[Record]:
    """Records of R trials and N layers at ascending epochs, some with indices."""
    trials, layers = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    epochs = sorted(draw(st.sets(st.integers(0, 500), min_size=1, max_size=40)))
    records = []
    for epoch in epochs:
        names = INDICES if draw(st.booleans()) else ()
        shape = (trials, layers)
        records.append(
            Record(
                epoch,
                draw(st.floats(0, 1e6)),
                {q.name: draw(arrays(np.float64, trials, elements=NUMBERS)) for q in per_trial()},
                {n: draw(arrays(np.float64, shape, elements=NUMBERS)) for n in names},
                {n: draw(arrays(np.float64, shape, elements=st.floats(0, 1))) for n in names[1:]},
            )
        )
    return records


def trials_of(records: list[Record]) -> int:
    return len(records[0].values["l2_norm"])


def appended(records: list[Record]) -> History:
    history = History(trials_of(records))
    for record in records:
        history.append(record)
    return history


def extended(records: list[Record]) -> History:
    """The same in two blocks."""
    history = History(trials_of(records))
    half = len(records) // 2
    for block in (records[:half], records[half:]):
        names = [q.name for q in per_trial()]
        series = {n: np.array([r.values[n] for r in block]) for n in names} if block else {}
        history.extend([r.epoch for r in block], [r.seconds for r in block], series)
    measured = [r for r in records if r.indices]
    if measured:
        history.measure(
            [r.epoch for r in measured],
            {n: np.stack([r.indices[n] for r in measured]) for n in INDICES},
            {n: np.stack([r.flagged[n] for r in measured]) for n in INDICES[1:]},
        )
    return history


def arrays_of(history: History) -> dict[str, Any]:
    groups = {"series": history.series, "index": history.indices, "flagged": history.flagged}
    named = {f"{k}.{n}": v for k, group in groups.items() for n, v in group.items()}
    plain = {"epochs": history.epochs, "seconds": history.seconds, "at": history.index_epochs}
    return plain | named


def assert_same(one: History, other: History) -> None:
    mine, theirs = arrays_of(one), arrays_of(other)
    assert mine.keys() == theirs.keys()
    for name, values in mine.items():
        np.testing.assert_array_equal(values, theirs[name], err_msg=name)


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(recorded())
def test_appended_extended_and_read_back_are_one(
    tmp_path_factory: pytest.TempPathFactory, records: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("a") / "a.stiff"
    trials = trials_of(records)
    kept = {"training.trials": trials, "task.validation_samples": 10}
    writer = RunWriter(path, presets["alpine02"].with_settings(kept))
    for record in records:
        writer.record(record)
    writer.close("finished")
    one = appended(records)
    assert_same(one, extended(records))
    with open_run(path) as run:
        assert_same(one, run.series())
        last = run.last()
    assert (last.epoch, last.seconds) == (records[-1].epoch, records[-1].seconds)
    for name in ("train_error", "penalty", *one.indices):
        np.testing.assert_array_equal(last.medians[name], one.quartiles(name)[1][1, -1])


@settings(deadline=None)
@given(recorded(), st.integers(-1, 600))
def test_until_is_the_history_of_what_lies_before(records: list[Record], epoch: int) -> None:
    cut = appended(records).until(epoch)
    before = [r for r in records if r.epoch <= epoch]
    if any(r.indices for r in before) and before:
        assert_same(cut, appended(before))
    assert cut.epochs.tolist() == [r.epoch for r in before]
    np.testing.assert_array_equal(cut.seconds, [r.seconds for r in before])


@settings(deadline=None)
@given(recorded(), st.data())
def test_quartiles_grow_as_numpy_ranks_them(records: list[Record], data: st.DataObject) -> None:
    history = History(trials_of(records))
    for record in records:
        history.append(record)
        if data.draw(st.booleans()):  # asked in between, as a window does
            history.quartiles("train_error"), history.quartiles("spectral-radius")
    for name in ("train_error", "spectral-radius"):
        epochs, ranked = history.quartiles(name)
        at, values = history.of(name)
        np.testing.assert_array_equal(epochs, at)
        if not len(epochs):
            assert ranked.shape == (3, 0)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # rows of which nothing is known
            expected = np.nanpercentile(values, (25, 50, 75), axis=1)
        np.testing.assert_allclose(ranked, expected, rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(recorded(), st.data())
def test_a_record_of_an_epoch_that_is_there_takes_its_place(
    records: list[Record], data: st.DataObject
) -> None:
    """A resumed training records the epoch anew at which it had been stopped."""
    place = data.draw(st.integers(0, len(records) - 1))
    history = appended(records)
    history.quartiles("train_error"), history.quartiles("spectral-radius")
    before = history.version
    for record in records[place:]:
        history.append(record)
    assert history.version > before
    fresh = appended(records)
    assert_same(history, fresh)
    for name in ("train_error", "spectral-radius"):
        np.testing.assert_array_equal(history.quartiles(name)[1], fresh.quartiles(name)[1])


def test_a_column_that_comes_later_is_nan_before_and_one_that_stays_out_after() -> None:
    history = History(2, [Quantity("known", "Known", "")])
    history.extend([0, 1], [0.0, 1.0], {})
    history.extend([2], [2.0], {"late": np.array([[1.0, 2.0]])})
    history.extend([3], [3.0], {"known": np.array([[3.0, 4.0]])})
    np.testing.assert_array_equal(history.series["late"][:, 0], [np.nan, np.nan, 1, np.nan])
    np.testing.assert_array_equal(history.series["known"][:, 1], [np.nan, np.nan, np.nan, 4])
    assert history.quantity("late").title == "late" and history.quantity("known").title == "Known"


def test_what_a_history_has_not_is_empty_not_an_error() -> None:
    history = History(3)
    assert history.of("spectral-radius")[1].shape == (0, 3)
    assert history.quartiles("spectral-radius")[1].shape == (3, 0)
    assert np.isnan(history.last()["train_error"]).all()
    np.testing.assert_array_equal(history.of("seconds")[1], np.empty((0, 1)))


def test_the_median_leaves_undefined_trials_out() -> None:
    history = History(2)
    values = np.array([[[1.0, 5.0], [3.0, np.nan]], [[np.nan, 2.0], [np.nan, 4.0]]])
    history.measure([0, 1], {"frobenius": values}, {})
    np.testing.assert_array_equal(history.layer_medians("frobenius"), [[2, 5], [np.nan, 3]])
    np.testing.assert_array_equal(history.network("frobenius"), [[6, 3], [2, 4]])


def test_a_long_history_keeps_every_row(tmp_path: Path) -> None:
    history = History(1)
    for epoch in range(3000):
        history.append(Record(epoch, epoch / 10, {"train_error": np.array([1.0 / (1 + epoch)])}))
    np.testing.assert_array_equal(history.series["train_error"][:, 0], 1 / (1 + np.arange(3000)))
    assert np.isnan(history.series["penalty"]).all() and history.seconds[-1] == 299.9
