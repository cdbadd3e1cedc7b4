"""Branching: a run that starts from a kept network of another run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stiffgui import InputError, open_run, presets, train
from stiffgui.runs import WarmStart, refine
from stiffgui.session.service import Answer, Failure, Request, answers
from stiffgui.session.training import Train
from stiffgui.training import Controls

SMALL = presets["alpine02"].with_settings(
    {"training.epochs": 4, "training.trials": 2, "watch.every": 1, "task.train_samples": 90}
)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("origin") / "first.stiff"
    train(SMALL, path).close()
    return path


def test_a_branch_starts_from_the_kept_weights(first: Path, tmp_path: Path) -> None:
    changed = SMALL.with_settings({"training.learning_rate": 0.01, "regularizer": "l2"})
    with open_run(first) as run:
        kept, errors = run.parameters(3), run.series().series["train_error"][3]
    with train(changed, tmp_path / "b.stiff", warm_start=WarmStart(first, 3)) as run:
        for name, values in run.parameters(0).items():
            np.testing.assert_array_equal(values, kept[name])
        np.testing.assert_allclose(run.series().series["train_error"][0], errors, rtol=1e-6)
        assert run.provenance["branched_from"] == {"run": "first", "epoch": 3}
        assert run.provenance["torch"]
        event = run.events[0]
        assert (event["kind"], event["epoch"], event["value"]) == ("branched", 0, 3.0)
        assert event["text"] == "starts from epoch 3 of first"
        assert run.series().epochs[-1] == 4
        assert run.experiment == changed and run.ending == "finished"


def test_fewer_trials_go_on_from_the_first_ones(first: Path, tmp_path: Path) -> None:
    one = SMALL.with_settings({"training.trials": 1, "training.epochs": 1})
    with (
        train(one, tmp_path / "b.stiff", warm_start=WarmStart(first, 4)) as run,
        open_run(first) as old,
    ):
        np.testing.assert_array_equal(
            run.parameters(0)["layers.weight"], old.parameters(4)["layers.weight"][:1]
        )


def test_another_depth_begins_with_interpolated_layers(first: Path, tmp_path: Path) -> None:
    deeper = SMALL.with_settings({"architecture.depth": 20, "training.epochs": 1})
    with (
        train(deeper, tmp_path / "b.stiff", warm_start=WarmStart(first, 4)) as run,
        open_run(first) as old,
    ):
        _, wanted = refine(old.experiment, old.parameters(4), 20)
        found = run.parameters(0)
        np.testing.assert_array_equal(found["layers.weight"], wanted["layers.weight"])
        np.testing.assert_array_equal(found["lift.weight"], old.parameters(4)["lift.weight"])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"architecture.width": 7}, "architecture.width = 20"),
        ({"architecture.activation": "relu", "architecture.width": 7}, "activation = tanh"),
        ({"task.dimension": 3}, "task.dimension = 2"),
        ({"training.trials": 3}, "at most"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_written(
    first: Path, tmp_path: Path, changes: dict[str, int], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        train(SMALL.with_settings(changes), tmp_path / "b.stiff", warm_start=WarmStart(first, 3))
    assert not list(tmp_path.iterdir())


def test_the_message_that_starts_a_branch(first: Path, tmp_path: Path) -> None:
    work = Train(SMALL, tmp_path / "b.stiff", warm_start=WarmStart(first, 2))
    *bundles, ending = answers(Request(1, work), Controls())
    assert ending == Answer(1, "finished")
    items = [item for bundle in bundles for item in bundle.value.items]  # type: ignore[union-attr]
    assert items[0].kind == "branched"
    bad = Train(SMALL, tmp_path / "c.stiff", warm_start=WarmStart(tmp_path / "no.stiff", 2))
    (failure,) = answers(Request(1, bad), Controls())
    assert isinstance(failure, Failure) and "no.stiff cannot be read" in failure.sentence
