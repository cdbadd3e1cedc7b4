"""Validation samples: who they are, that they are recorded, and what they decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from stiffgui import Experiment, InputError, presets
from stiffgui.runs import Recording, open_run, train
from stiffgui.tasks import TASKS
from stiffgui.tasks.table import Table
from stiffgui.tasks.table.relevance import negative_log_likelihood, relevance
from stiffgui.tasks.table.splitting import split
from stiffgui.training import Controls, Event
from tests.small import small


@pytest.mark.parametrize("kind", [kind for kind in TASKS if kind != "table"])
def test_drawn_tasks_draw_validation_samples_without_moving_the_others(kind: str) -> None:
    sizes = {"task.kind": kind, "task.train_samples": 12, "task.test_samples": 6}
    base = presets["alpine02"].with_settings({"training.batch_size": 4} | sizes)
    before = base.task.data()
    task = base.with_settings({"task.validation_samples": 5}).task
    after = task.data()
    assert before.validation is None and base.task.validated == 0 and task.validated == 5
    for name in ("x_train", "y_train", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    assert after.validation is not None
    x, y = after.validation
    assert x.shape == (5, task.inputs) and y.shape == (5, task.outputs)
    domain = task.domain()
    assert domain is not None and (x >= domain[:, 0]).all() and (x <= domain[:, 1]).all()
    known = task.function(x)
    if known is not None:
        np.testing.assert_allclose(y, known, rtol=1e-12, atol=1e-12)
    assert not {*map(tuple, x)} & {*map(tuple, after.x_test), *map(tuple, after.x_train)}


@given(
    st.integers(3, 200),
    st.integers(0, 99),
    st.floats(0.01, 0.99),
    st.one_of(st.just(0.0), st.floats(0.01, 0.99)),
)
def test_rows_are_split_into_parts_that_share_none(
    rows: int, seed: int, test: float, validation: float
) -> None:
    parts = split(rows, seed, test, validation)
    assert sorted(np.concatenate(parts).tolist()) == list(range(rows))
    assert len(parts.train) >= 2 and len(parts.test) >= 1
    assert validation or not len(parts.validation)
    # Whoever asks for no validation rows gets what earlier versions split.
    order = np.random.default_rng(seed).permutation(rows)
    assert parts.test.tolist() == order[: len(parts.test)].tolist()


@given(st.lists(st.integers(1, 30), min_size=4, max_size=40), st.integers(0, 99))
def test_groups_stay_together_and_parts_are_as_near_as_groups_allow(
    sizes: list[int], seed: int
) -> None:
    parts = split(tuple(sizes), seed, 0.2, 0.1)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(sizes)))
    assert len(parts.train) >= 2 and len(parts.validation) >= 1 and len(parts.test) >= 1
    order = np.concatenate([parts.test, parts.validation, parts.train])
    summed = np.cumsum(np.array(sizes)[order])
    misses = np.abs(summed[: len(sizes) - 3] - 0.2 * sum(sizes))
    assert abs(summed[len(parts.test) - 1] - 0.2 * sum(sizes)) == misses.min()


def table(tmp_path: Path, **more: Any) -> Table:
    draws = np.random.default_rng(1)
    x = draws.uniform(-1, 1, (120, 3))
    frame = pd.DataFrame(x, columns=["x_a", "x_b", "x_c"])
    frame["y"] = np.sin(3 * x[:, 0]) + 0.3 * x[:, 1]
    frame["site"] = [f"s{k // 6}" for k in range(120)]
    frame.to_csv(tmp_path / "t.csv", index=False)
    named = {"input_columns": "x_*", "output_columns": "y"}
    return Table(path=str(tmp_path / "t.csv"), **named, **more)


def test_rows_of_a_group_lie_on_one_side(tmp_path: Path) -> None:
    task = table(tmp_path, group_column="site", validation_fraction=0.2)
    data = task.data()
    assert data.validation is not None
    frame = pd.read_csv(tmp_path / "t.csv").set_index("x_a")
    sites = []
    for x in (data.x_train, data.validation[0], data.x_test):
        own = data.inputs_in_own_units(x)[:, 0]
        places = np.abs(frame.index.to_numpy()[None] - own[:, None]).argmin(1)
        sites.append(set(frame["site"].iloc[places]))
    assert not sites[0] & sites[1] and not sites[0] & sites[2] and not sites[1] & sites[2]
    assert (task.training_samples, task.validated, task.test_samples) == (72, 24, 24)
    assert task.columns[0] == ("x_a", "x_b", "x_c")


@pytest.mark.parametrize(
    ("column", "words"),
    [("sit", "no column is named 'sit'.*Did you mean site"), ("y", "'y' is an output")],
)
def test_a_bad_group_column_is_refused(tmp_path: Path, column: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        table(tmp_path, group_column=column)


def test_too_few_groups_are_refused(tmp_path: Path) -> None:
    task = table(tmp_path, validation_fraction=0.1)
    frame = pd.read_csv(task.path)
    frame["site"] = np.arange(len(frame)) % 3
    frame.to_csv(task.path, index=False)
    with pytest.raises(InputError, match="has 3 different values: at least 4 are needed"):
        table_of_few = Table.model_validate(task.model_dump() | {"group_column": "site"})
        table_of_few.data()


def test_the_likelihood_is_that_of_scikit_learn_and_its_gradient_that_of_differences() -> None:
    draws = np.random.default_rng(0)
    x, y = draws.standard_normal((30, 4)), draws.standard_normal((30, 2))
    logs = draws.normal(0, 0.4, 6)
    value, gradient = negative_log_likelihood(logs, x, y)
    kernel = ConstantKernel(np.exp(2 * logs[4])) * RBF(np.exp(logs[:4])) + WhiteKernel(
        np.exp(2 * logs[5])
    )
    peer = GaussianProcessRegressor(kernel, optimizer=None, alpha=1e-10).fit(x, y)
    constant = 2 * 30 / 2 * np.log(2 * np.pi)
    assert value == pytest.approx(-peer.log_marginal_likelihood_value_ - constant, rel=1e-9)
    differences = approx_fprime(logs, lambda at: negative_log_likelihood(at, x, y)[0], 1e-7)
    np.testing.assert_allclose(gradient, differences, rtol=1e-4, atol=1e-4)


def test_inputs_that_do_not_matter_hardly_reach_the_network(tmp_path: Path) -> None:
    task = table(tmp_path, relevance="gaussian-process")
    data = task.data()
    spread = data.x_train.std(0)
    assert spread[0] > 3 * spread[1] > 15 * spread[2]
    assert np.square(spread).mean() == pytest.approx(task.input_scale**2, rel=1e-9)
    own = data.inputs_in_own_units(data.x_train)
    np.testing.assert_allclose(data.inputs_learnt(own), data.x_train, rtol=1e-9, atol=1e-12)
    # Test rows have no say.
    frame = pd.read_csv(task.path)
    places = split(120, task.seed, task.test_fraction, 0.0).test
    frame.loc[places, "y"] = 100.0
    frame.to_csv(tmp_path / "other.csv", index=False)
    other = Table(
        path=str(tmp_path / "other.csv"),
        input_columns="x_*",
        output_columns="y",
        relevance="gaussian-process",
    ).data()
    np.testing.assert_array_equal(other.input_scale, data.input_scale)


def test_more_rows_than_a_fit_can_take_are_thinned() -> None:
    draws = np.random.default_rng(0)
    x = draws.standard_normal((1200, 2))
    found = relevance(x, np.sin(x[:, :1]))
    assert found[0] > 10 * found[1]


def with_validation(**more: Any) -> Experiment:
    return small(task__validation_samples=50, watch__errors_every=1, **more)


def test_validation_errors_are_recorded_and_are_those_of_the_kept_networks(tmp_path: Path) -> None:
    with train(with_validation(training__trials=2), tmp_path / "a.stiff") as run:
        history = run.series()
        x, y = run.data.validation or pytest.fail("no validation samples")
        predicted = run.snapshot(20).predict(x)
        expected = np.sqrt(np.square(predicted - y).mean((1, 2)))
        np.testing.assert_allclose(history.series["validation_error"][-1], expected, rtol=1e-5)
        assert run.quantities["validation_error"].title == "Validation error"
    with train(small(), tmp_path / "b.stiff") as run:
        assert not run.series().known("validation_error")


def test_training_stops_early_and_says_where_it_was_best(tmp_path: Path) -> None:
    # A rate that is far too large: errors soon rise.
    experiment = with_validation(
        training__epochs=400, training__learning_rate=0.2, training__early_stopping=7
    )
    events = []
    recording = Recording(experiment, tmp_path / "a.stiff")
    events = [item for item in recording if isinstance(item, Event)]
    assert recording.ending == "finished"
    with open_run(tmp_path / "a.stiff") as run:
        history = run.series()
        errors = history.series["validation_error"][:, 0]
        best = int(history.epochs[errors.argmin()])
        assert history.epochs[-1] == best + 7 < 400
    [early] = [event for event in events if event.kind == "early"]
    assert early.text == f"ends: no validation error below that of epoch {best}"
    # Nothing is left to do when it is resumed.
    again = Recording(experiment, tmp_path / "a.stiff", resume=True)
    assert [item for item in again if not isinstance(item, Event)] == []
    assert again.trainer.epoch == best + 7


def test_a_resumed_run_stops_early_where_an_unbroken_one_does(tmp_path: Path) -> None:
    experiment = with_validation(
        training__epochs=400, training__learning_rate=0.2, training__early_stopping=30
    )
    with train(experiment, tmp_path / "a.stiff") as run:
        ended = int(run.series().epochs[-1])
    controls = Controls()
    for item in Recording(experiment, tmp_path / "b.stiff", controls):
        if getattr(item, "epoch", 0) >= 15:
            controls.stop()
    resumed = Recording(experiment, tmp_path / "b.stiff", resume=True)
    for _ in resumed:
        pass
    assert resumed.trainer.epoch == ended < 400


def test_stopping_early_needs_validation_samples(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"set task\.validation_samples, or training\.early"):
        small(training__early_stopping=5)
    task = table(tmp_path)
    with pytest.raises(InputError, match=r"set task\.validation_fraction"):
        Experiment.of({"task": task, "training": {"early_stopping": 5, "batch_size": 4}})


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 5))
def test_validation_samples_change_nothing_that_is_trained(seed: int) -> None:
    from stiffgui.training import Trainer

    plain, held = (small(task__validation_samples=n, training__seed=seed) for n in (0, 30))
    for a, b in zip(*(list(Trainer(e)) for e in (plain, held)), strict=True):
        np.testing.assert_array_equal(a.values["train_error"], b.values["train_error"])
