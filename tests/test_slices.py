"""Slices: the network along one input, against its own predictions and the known target."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from stiffgui import presets, train
from stiffgui.errors import InputError
from stiffgui.figures import Style, figure, paint, styled
from stiffgui.figures.picture import Band, Curve, Marker
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
    task, surrogate = run.experiment.task, run.surrogate("last")
    surrogate.trials = [1]
    slices = slices_of(surrogate, task)
    training = task.data().x_train
    np.testing.assert_allclose(slices.held, np.median(training, axis=0))
    assert slices.spread is None
    for k in range(3):
        assert slices.x[k, [0, -1]].tolist() == [training[:, k].min(), training[:, k].max()]
        x = np.tile(np.median(training, axis=0), (len(slices.x[k]), 1))
        x[:, k] = slices.x[k]
        expected = np.prod(np.sqrt(np.abs(x)) * np.sin(x), axis=1)
        assert slices.target is not None
        np.testing.assert_allclose(slices.target[k, :, 0], expected, rtol=1e-12)
        network = run.snapshot(3).predict(x)[1]
        np.testing.assert_allclose(slices.network[k], network, rtol=1e-5, atol=1e-6)


def test_others_are_held_where_one_says(run: Run) -> None:
    """Beyond the training rows the slice goes on to there; the medians of the rest stay."""
    held = {"x1": 6.5, "x3": -1.25}
    surrogate = run.surrogate("last")
    table = figure("slices", at=held).table([run])
    row = np.array(surrogate.medians)
    row[[0, 2]] = list(held.values())
    assert table[table["input"] == "x1"]["value"].max() == 6.5
    for k, name in enumerate(("x1", "x2", "x3")):
        part = table[table["input"] == name]
        x = np.tile(row, (len(part), 1))
        x[:, k] = part["value"]
        found = surrogate.predict(x)
        np.testing.assert_allclose(part["network f(x)"], found.mean[:, 0], rtol=1e-9)
        np.testing.assert_allclose(part["spread f(x)"], found.spread[:, 0], rtol=1e-9)
    panels = figure("slices", at=held).picture([run]).panels
    across = [[m.at for m in panel.of(Marker) if m.across == "x"] for panel in panels]
    assert across == [[6.5], [row[1]], [-1.25]]
    here = {m.at for panel in panels for m in panel.of(Marker) if m.across == "y"}
    np.testing.assert_allclose(list(here), [surrogate.predict(row).mean[0, 0]])
    for at, sentence in (
        ({"y": 1}, r"at 'y=1.0': there is no input 'y'; it has x1, x2, x3"),
        (["x1=much"], r"at 'x1=much': 'much' is not a number"),
        ({"x1": float("nan")}, "at .x1=nan.: give a number of at most"),
    ):
        with pytest.raises(InputError, match=sentence):
            figure("slices", at=at).table([run])


def test_the_mean_lies_in_the_band_of_its_spread(run: Run) -> None:
    """Of all trials, where none is asked for; of one there is no band."""
    each = run.surrogate("last").per_trial(np.zeros((1, 3)))
    assert each.shape == (2, 1, 1)
    picture = figure("slices").picture([run])
    for panel in picture.panels:
        [band], [_, mean] = panel.of(Band), panel.of(Curve)
        np.testing.assert_allclose((band.low + band.high) / 2, mean.y, rtol=1e-9)
        assert (band.high > band.low).all()
    assert "mean of 2 trials" in picture.title and picture.place == (3, -1, -1)
    one = figure("slices", trial=1).picture([run])
    assert not any(list(panel.of(Band)) for panel in one.panels)
    assert "trial 1" in one.title and one.place == (3, -1, 1)
    assert "spread f(x)" not in figure("slices", trial=1).table([run])


def test_slices_of_a_table_are_in_its_own_units(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.uniform(100, 300, (60, 3))
    frame = pd.DataFrame(x, columns=["x_1", "x_2", "x_3"])
    frame["y_1"] = 1e4 + x[:, 0]
    units = pd.DataFrame([["m", "kg", "", "K"]], columns=frame.columns)
    pd.concat([units, frame]).to_csv(tmp_path / "t.csv", index=False)
    settings = {
        "task.kind": "table",
        "task.path": str(tmp_path / "t.csv"),
        "training.epochs": 200,
        "training.batch_size": 20,
        "watch.every": 200,
    }
    run = train(presets["alpine02"].with_settings(settings), tmp_path / "t.stiff")
    slices = slices_of(run.surrogate("last"), run.experiment.task)
    assert slices.target is None
    assert slices.x.min() > 99 and slices.x.max() < 301
    spans = np.ptp(slices.network[..., 0], axis=1)
    assert slices.network.min() > 9e3 and spans[0] > 5 * spans[1:].max()
    table = figure("slices").table([run])
    assert list(table.columns) == ["input", "value", "network y_1 [K]"]
    axes = [panel.x.label for panel in figure("slices").picture([run]).panels]
    assert axes == ["x_1 [m]", "x_2 [kg]", "x_3"]


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


def test_every_input_is_named_in_a_file(tmp_path: Path) -> None:
    """Rows of panels below each other have names of their own."""
    settings = SETTINGS | {"task.dimension": 7, "training.trials": 1}
    run = train(presets["alpine02"].with_settings(settings), tmp_path / "seven.stiff")
    with styled(Style(height=160)):
        drawing = paint(figure("slices").picture([run]))
        names = [axes.get_xlabel() for axes in drawing.axes]
        widths = {
            round(axes.get_subplotspec().get_position(drawing).width, 6) for axes in drawing.axes
        }
        plt.close(drawing)
    assert names == list(run.data.input_names)
    assert len(widths) == 1  # also in a row that is not full
