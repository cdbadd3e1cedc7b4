"""The land-carbon model against its anchors, its conservation law and its published spread."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from stiffgui._presets import presets
from stiffgui.errors import InputError
from stiffgui.tasks import LandCarbon, land_carbon
from stiffgui.tasks import cache as target_cache
from stiffgui.tasks.land_carbon.model import Ecosystem

ANCHORS = {
    "GPP": 966.10,
    "NPP": 530.26,
    "Ra": 435.84,
    "HR": 325.09,
    "NEE": -205.17,
    "LAI": 1.478,
    "leaf_root": 610.90,
    "wood": 4488.82,
    "litter": 453.73,
    "som": 1687.81,
}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(target_cache, "folder", lambda: tmp_path / "kept")
    monkeypatch.setattr(target_cache, "_memory", {})
    return tmp_path / "kept"


def test_anchors() -> None:
    frame = land_carbon.simulate({})
    assert list(frame.columns) == list(ANCHORS)
    for name, value in ANCHORS.items():
        digits = 3 if name == "LAI" else 2
        assert round(float(frame[name].iloc[0]), digits) == value


def test_carbon_is_conserved_every_day() -> None:
    draws = np.random.default_rng(3)
    inputs = {k: draws.uniform(i.low, i.high, 200) for k, i in land_carbon.INPUTS.items()}
    forest = Ecosystem(inputs)
    worst, total = 0.0, forest.pools.sum(0)
    for _ in range(8 * 365):
        flux = forest.step()
        before, total = total, forest.pools.sum(0)
        worst = max(worst, float(np.abs(total - before - flux.npp + flux.hr).max()))
        assert np.allclose(flux.gpp - flux.ra, flux.npp, rtol=0, atol=1e-12)
    assert worst < 1e-9


def test_members_do_not_touch_each_other() -> None:
    together = land_carbon.simulate({"nue": [8.0, 15.0, 22.0], "leafcn": 30.0})
    for k, nue in enumerate((8.0, 15.0, 22.0)):
        alone = land_carbon.simulate({"nue": [nue], "leafcn": [30.0]})
        np.testing.assert_allclose(together.iloc[k], alone.iloc[0], rtol=1e-12)
    assert together["GPP"].is_monotonic_increasing


@pytest.mark.slow
def test_ensemble_of_the_talks_size(cache: Path) -> None:
    told: list[str] = []
    task = LandCarbon(seed=5)
    started = time.process_time()
    task.prepare(told.append)
    print(f"2496 members x 30 years: {time.process_time() - started:.1f} s of processor time")
    assert told[-1].endswith("100 %") and len(told) >= 5
    data = task.data()
    assert data.x_train.shape == (1996, 15) and data.x_test.shape == (500, 15)
    assert np.abs(data.x_train).max() <= 1
    np.testing.assert_allclose(data.y_train.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(data.y_train.std(0), 1, atol=1e-12)
    y = data.in_own_units(np.concatenate([data.y_train, data.y_test]))
    assert np.isfinite(y).all()
    # Percentiles 5/50/95 of another sample of 2496: equal within sampling error.
    expected = {
        "GPP": (43, 905, 1394),
        "NPP": (19, 479, 762),
        "HR": (29, 296, 481),
        "NEE": (-323, -173, 8),
        "LAI": (0.07, 1.42, 3.12),
        "wood": (48, 3535, 7932),
        "som": (425, 1533, 2394),
    }
    for name, percentiles in expected.items():
        values = y[:, data.output_names.index(name)]
        found = np.percentile(values, [5, 50, 95])
        assert found == pytest.approx(percentiles, abs=0.1 * values.std()), name
    dead = float((y[:, 0] < 1).mean())
    assert 0.003 < dead < 0.02
    rows = [0, 17, 700]  # whichever block of members a row is computed in
    inputs = data.inputs_in_own_units(data.x_train[rows])
    alone = land_carbon.simulate(dict(zip(land_carbon.INPUTS, inputs.T, strict=True)))
    np.testing.assert_allclose(alone, y[rows], rtol=1e-9)


def test_result_is_kept_and_a_broken_file_is_computed_anew(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = LandCarbon(train_samples=20, test_samples=5, years=5)
    first = task.data()
    (file,) = cache.iterdir()
    for broken in (b"", b"not an npz", file.read_bytes()[:-40], None):
        if broken is not None:
            file.write_bytes(broken)
        monkeypatch.setattr(target_cache, "_memory", {})
        told: list[str] = []
        task.prepare(told.append)
        assert bool(told) == (broken is not None)  # simulated only when the file was broken
        np.testing.assert_array_equal(task.data().y_test, first.y_test)
    LandCarbon(train_samples=20, test_samples=5, years=6).data()
    LandCarbon(train_samples=20, test_samples=5, years=5, seed=1).data()
    assert len(list(cache.iterdir())) == 3


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(target_cache, "folder", lambda: tmp_path / "file")
    monkeypatch.setattr(target_cache, "_memory", {})
    assert LandCarbon(train_samples=4, test_samples=2, years=5).data().y_train.shape == (4, 10)


def test_training_members_do_not_depend_on_the_size_of_the_test_set(cache: Path) -> None:
    few = LandCarbon(train_samples=10, test_samples=2, years=5).data()
    more = LandCarbon(train_samples=10, test_samples=9, years=5).data()
    np.testing.assert_array_equal(few.x_train, more.x_train)
    np.testing.assert_array_equal(few.y_train, more.y_train)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"neu": 3}, ["'neu'", "Did you mean nue?"]),
        ({"nue": [1, 2], "fpg": [0.8, 0.9, 0.7]}, ["nue has 2", "fpg has 3"]),
        ({"nue": [15, float("nan")]}, ["nue of member 1", "nan"]),
        ({"nue": float("inf")}, ["nue of member 0", "inf"]),
        ({"slatop": [0.03, 0]}, ["slatop of member 1 is 0", "0.015 to 0.045"]),
        ({"slatop": -1}, ["above 0"]),
        ({"slatop": "wide"}, ["slatop must be a number"]),
        ({"slatop": []}, ["slatop"]),
        ({"slatop": [[1, 2]]}, ["slatop"]),
    ],
)
def test_bad_inputs(inputs: dict[str, object], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        land_carbon.simulate(inputs)
    for word in words:
        assert word in str(caught.value)


def test_too_few_years() -> None:
    with pytest.raises(InputError, match="last 5"):
        land_carbon.simulate({}, years=4)


def test_presets_are_the_talks_second_experiment() -> None:
    for name in ("climate", "climate-l2", "climate-stiff", "climate-stiff-talk"):
        e = presets[name]
        assert (e.task.inputs, e.task.outputs, e.task.training_samples) == (15, 10, 1996)
        assert (e.architecture.width, e.architecture.depth) == (50, 16)
        assert (e.training.epochs, e.training.batch_size) == (1000, 20)
        assert e.training.learning_rate == 1e-3 and e.watch.snapshots == 30
