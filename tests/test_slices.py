"""Slices: the network along one input, against its own predictions and the known target."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stiffgui import presets, train
from stiffgui.errors import InputError
from stiffgui.figures import figure
from stiffgui.figures.slices import slices_of
from stiffgui.runs import Run

SETTINGS = {
    "task.dimension": 3,
    "training.epochs": 3,
    "training.trials": 2,
    "watch.every": 3,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("slices") / "three.stiff"
    return train(presets["alpine02"].with_settings(SETTINGS), path)


def test_others_are_held_at_their_medians(run: Run) -> None:
    task, snapshot = run.experiment.task, run.snapshot(3)
    slices = slices_of(run, snapshot, 1)
    training = task.data().x_train
    np.testing.assert_allclose(slices.middle, np.median(training, axis=0))
    for k in range(3):
        assert slices.x[k, [0, -1]].tolist() == [training[:, k].min(), training[:, k].max()]
        x = np.tile(np.median(training, axis=0), (len(slices.x[k]), 1))
        x[:, k] = slices.x[k]
        expected = np.prod(np.sqrt(np.abs(x)) * np.sin(x), axis=1)
        assert slices.target is not None
        np.testing.assert_allclose(slices.target[k, :, 0], expected, rtol=1e-12)
        np.testing.assert_allclose(slices.network[k], snapshot.predict(x)[1], rtol=1e-5, atol=1e-6)


def test_slices_of_a_table_are_in_its_own_units(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.uniform(100, 300, (60, 3))
    frame = pd.DataFrame(x, columns=["x_1", "x_2", "x_3"])
    frame["y_1"] = 1e4 + x[:, 0]
    frame.to_csv(tmp_path / "t.csv", index=False)
    settings = {
        "task.kind": "table",
        "task.path": str(tmp_path / "t.csv"),
        "training.epochs": 200,
        "training.batch_size": 20,
        "watch.every": 200,
    }
    run = train(presets["alpine02"].with_settings(settings), tmp_path / "t.stiff")
    slices = slices_of(run, run.snapshot(200), 0)
    assert slices.target is None
    assert slices.x.min() > 99 and slices.x.max() < 301
    spans = np.ptp(slices.network[..., 0], axis=1)
    assert slices.network.min() > 9e3 and spans[0] > 5 * spans[1:].max()
    table = figure("slices").table([run])
    assert list(table.columns) == ["input", "value", "network y_1"]


def test_one_input_is_asked_for_by_its_name(run: Run) -> None:
    whole, one = (figure("slices", along=along).table([run]) for along in ("", "x2"))
    pd.testing.assert_frame_equal(
        whole[whole["input"] == "x2"].reset_index(drop=True), one, check_dtype=False
    )
    assert len(figure("slices", along="x2").picture([run]).panels) == 1
    assert len(figure("slices").picture([run]).panels) == 3
    with pytest.raises(InputError, match=r"no input 'x22': it has x1, x2, x3\. Did you mean x2\?"):
        figure("slices", along="x22").table([run])
    with pytest.raises(InputError, match="no output 1"):
        figure("slices", output=1).table([run])
