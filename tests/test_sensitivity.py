"""Sensitivity: closed forms of test functions, gradients against finite differences."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from stiffgui import presets, train
from stiffgui.errors import InputError
from stiffgui.figures import figure
from stiffgui.figures.picture import Bars, Curve, Image
from stiffgui.runs import Run
from stiffgui.runs.sensitivity import Sensitivity, sensitivity_of
from stiffgui.tasks import TASKS

Array = NDArray[np.float64]
pytest.importorskip("SALib")


class Known:
    """Functions [B, d] -> [B] as a surrogate with one output and a trial for each."""

    def __init__(self, ends: Sequence[tuple[float, float]], *functions: Callable[[Array], Array]):
        low, high = np.array(ends).T
        self.ends, self.functions = (low, high), functions

    def per_trial(self, inputs: Array) -> Array:
        return np.stack([function(inputs) for function in self.functions])[..., None]

    def gradients(self, inputs: Array) -> Array:
        return differences(self.per_trial, inputs)


def differences(predict: Callable[[Array], Array], x: Array, step: float = 1e-6) -> Array:
    """Central ones of [R, B, o] by every input: [R, B, o, d]."""
    steps = step * np.eye(x.shape[1])
    return np.stack([(predict(x + h) - predict(x - h)) / (2 * step) for h in steps], -1)


def found_of(known: Known, samples: int = 4096) -> Sensitivity:
    return sensitivity_of(known, [0], samples)


def test_ishigami_as_in_closed_form() -> None:
    """Ishigami & Homma (1990): with a = 7 and b = 0.1. A fourth input does nothing, a fifth is
    constant."""
    a, b, pi = 7.0, 0.1, np.pi
    function = TASKS["ishigami"]().value
    known = Known([(-pi, pi)] * 4 + [(2.0, 2.0)], lambda x: function(x[:, :3]))
    found = found_of(known, 8192)
    alone = np.array([(1 + b * pi**4 / 5) ** 2 / 2, a**2 / 8, 0.0, 0.0, 0.0])
    both = 8 * b**2 * pi**8 / 225  # of the first and the third input
    whole = a**2 / 8 + b * pi**4 / 5 + b**2 * pi**8 / 18 + 0.5
    np.testing.assert_allclose(found.first.value[:, 0], alone / whole, atol=0.01)
    total = (alone + np.array([both, 0, both, 0, 0])) / whole
    np.testing.assert_allclose(found.total.value[:, 0], total, atol=0.01)
    for measure, true in ((found.first, alone / whole), (found.total, total)):
        assert (np.abs(measure.value[:, 0] - true) <= measure.interval[:, 0] + 1e-12).all()
        assert (measure.interval[:3] > 0).all() and (measure.interval < 0.06).all()
        assert not measure.value[3:].any() and not measure.interval[4:].any()
    assert not found.gradient.value[3:].any()
    # E|dy/dx2| = 7 E|sin 2x| = 14 / pi
    slope = 14 / pi * 2 * pi / np.sqrt(whole)
    np.testing.assert_allclose(found.gradient.value[1, 0], slope, rtol=0.02)
    assert found.rows == 8192 * 6


def test_a_sum_has_no_interactions_and_its_size_does_not_matter() -> None:
    """Also of numbers far from 0, and so small that their variance is below any rounding of 1."""
    slopes, ends = np.array([3.0, -1.0, 0.5]), [(0.0, 1.0), (10.0, 14.0), (-2.0, 0.0)]
    extent = np.ptp(ends, axis=1)
    shares = np.square(slopes * extent) / np.square(slopes * extent).sum()
    deviation = np.sqrt(np.square(slopes * extent).sum() / 12)
    for size, shift in ((1.0, 0.0), (1e-9, 0.0), (1.0, 1e4)):
        known = Known(ends, lambda x, size=size, shift=shift: size * (x @ slopes) + shift)
        found = found_of(known)
        np.testing.assert_allclose(found.first.value[:, 0], shares, atol=0.02)
        np.testing.assert_allclose(found.total.value[:, 0], shares, atol=0.005)
        expected = np.abs(slopes) * extent / deviation
        np.testing.assert_allclose(found.gradient.value[:, 0], expected, rtol=1e-3)
        assert np.isnan(found.total.spread).all()  # of a single trial


def test_trials_have_a_spread_and_a_constant_has_no_sensitivity() -> None:
    ends = [(0.0, 1.0)] * 2
    found = found_of(Known(ends, lambda x: x[:, 0], lambda x: x[:, 1]))
    np.testing.assert_allclose(found.total.value[:, 0], 0.5, atol=0.01)  # of the mean
    np.testing.assert_allclose(found.total.spread[:, 0], np.std([0, 1], ddof=1), atol=0.01)
    np.testing.assert_allclose(found.gradient.spread[:, 0], np.sqrt(12 / 2), rtol=0.01)
    for nothing in (
        found_of(Known(ends, lambda x: np.full(len(x), 3.7))),
        found_of(Known([(1.0, 1.0)] * 2, lambda x: x[:, 0])),
    ):
        for measure in (nothing.first, nothing.total, nothing.gradient):
            assert not measure.value.any() and not np.nan_to_num(measure.interval).any()


def test_the_same_seed_gives_the_same_numbers() -> None:
    known = Known([(0.0, 1.0)] * 2, lambda x: x[:, 0] * x[:, 1])
    one, again, other = (sensitivity_of(known, [0], 64, seed) for seed in (0, 0, 1))
    for name in ("first", "total"):
        values = [getattr(each, name) for each in (one, again, other)]
        np.testing.assert_array_equal(values[0].value, values[1].value)
        np.testing.assert_array_equal(values[0].interval, values[1].interval)
        assert (values[0].value != values[2].value).all()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A short run of a table: four inputs of which one does nothing, three outputs, two trials."""
    folder = tmp_path_factory.mktemp("sensitivity")
    random = np.random.default_rng(0)
    x = random.uniform([0, 100, -1e-3, 0], [1, 300, 1e-3, 5], (80, 4))
    frame = pd.DataFrame(x, columns=["x_a", "x_b", "x_c", "x_d"])
    frame["y_1"], frame["y_2"] = 1e4 + 50 * x[:, 1], 1e-6 * x[:, 0]
    frame["y_3"] = x[:, 3] + x[:, 0]
    frame.to_csv(folder / "t.csv", index=False)
    settings = {
        "task.kind": "table",
        "task.path": str(folder / "t.csv"),
        "training.epochs": 150,
        "training.batch_size": 20,
        "training.trials": 2,
        "watch.every": 150,
    }
    return train(presets["alpine02"].with_settings(settings), folder / "t.stiff")


@pytest.mark.parametrize("integrator", ["euler", "rk4", "implicit-euler"])
def test_gradients_are_those_of_finite_differences(tmp_path: Path, integrator: str) -> None:
    settings = {
        "architecture.integrator": integrator,
        "training.epochs": 2,
        "training.trials": 2,
        "watch.every": 2,
    }
    run = train(presets["alpine02"].with_settings(settings), tmp_path / "a.stiff")
    surrogate = run.surrogate("last")
    x = np.random.default_rng(1).uniform(-5, 5, (7, 2))
    expected = differences(surrogate.per_trial, x)
    assert surrogate.gradients(x).shape == (2, 7, 1, 2)
    np.testing.assert_allclose(surrogate.gradients(x), expected, rtol=1e-4, atol=1e-6)


def test_gradients_of_a_table_are_in_own_units(table: Run) -> None:
    surrogate = table.surrogate("last")
    rows = surrogate.rows(surrogate.medians)
    found = surrogate.gradients(rows)
    for k, size in enumerate((1e-6, 1e-4, 1e-9, 1e-6)):
        step = size * np.eye(4)[k]
        slope = (surrogate.per_trial(rows + step) - surrogate.per_trial(rows - step)) / (2 * size)
        np.testing.assert_allclose(found[..., k], slope, rtol=1e-3, atol=1e-4 * np.ptp(found))


def test_the_figure_sorts_inputs_by_what_matters(table: Run) -> None:
    shown = figure("sensitivity", sobol_samples=256)
    frame, picture = shown.table([table]), shown.picture([table])
    assert list(frame["output"].unique()) == ["y_1", "y_2", "y_3"] and len(frame) == 12
    largest = frame.groupby("input", sort=False)["total"].max()
    assert largest.is_monotonic_decreasing and largest.index[-1] == "x_c"
    [panel] = picture.panels
    [image] = panel.of(Image)
    assert [text for _, text in panel.y.ticks] == list(largest.index)
    assert [y for y, _ in panel.y.ticks] == [3, 2, 1, 0]  # the first on top
    values = frame["total"].to_numpy().reshape(3, 4).T
    np.testing.assert_array_equal(image.values[::-1], values)
    assert "uniform over the training rows' ranges" in picture.title

    one = figure("sensitivity", sobol_samples=256, output=1)
    own, [panel] = one.table([table]), one.picture([table]).panels
    assert own["total"].is_monotonic_decreasing and own["input"][0] == "x_a"
    total, first = panel.of(Bars)
    np.testing.assert_array_equal(total.heights[::2][::-1], own["total"])
    np.testing.assert_array_equal(first.heights[::2][::-1], own["first"])
    line = next(iter(panel.of(Curve)))
    half = (line.x[1::3] - line.x[::3]) / 2
    np.testing.assert_allclose(half, own["total_interval"], rtol=1e-9)
    slopes = figure("sensitivity", sobol_samples=256, output=1, measure="gradient").picture([table])
    assert len(list(slopes.panels[0].of(Bars))) == 1


def test_what_the_figure_refuses(table: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="1000 is no power of two; choose 512 or 1024"):
        figure("sensitivity", sobol_samples=1000)
    with pytest.raises(InputError, match="no output 3"):
        figure("sensitivity", output=3).table([table])
    monkeypatch.setitem(sys.modules, "SALib", None)  # as if it were not installed
    with pytest.raises(InputError, match=r'needs SALib.*`pip install "stiffgui\[sensitivity\]"`'):
        figure("sensitivity").table([table])
