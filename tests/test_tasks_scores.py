"""R2 and RMSE per output against closed forms and scipy; errors of a run in own units."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stiffgui.cli import main
from stiffgui.runs import open_run
from stiffgui.runs.scores import output_scores
from stiffgui.tasks import cache
from stiffgui.tasks.base import standardised
from stiffgui.tasks.scores import r2, rmse


def test_closed_forms() -> None:
    y = np.array([[1.0, 10.0], [2.0, 20.0], [6.0, 60.0]])
    assert r2(y, y).tolist() == [1, 1] and rmse(y, y).tolist() == [0, 0]
    mean = np.broadcast_to(y.mean(0), y.shape)
    np.testing.assert_allclose(r2(y, mean), 0, atol=1e-15)
    np.testing.assert_allclose(rmse(y, mean), y.std(0))
    constant = np.ones((4, 1))
    assert np.isnan(r2(constant, constant + 1)).all() and rmse(constant, constant + 1) == 1


@settings(deadline=None)
@given(st.integers(0, 1000))
def test_least_squares_line(seed: int) -> None:
    draws = np.random.default_rng(seed)
    x, y = draws.standard_normal((2, 30))
    line = stats.linregress(x, y)
    predicted = line.intercept + line.slope * x
    assert r2(y[:, None], predicted[:, None])[0] == pytest.approx(line.rvalue**2, abs=1e-12)


def test_trials_come_first() -> None:
    draws = np.random.default_rng(0)
    y, p = draws.standard_normal((7, 3)), draws.standard_normal((4, 7, 3))
    for k in range(4):
        np.testing.assert_allclose(r2(y, p)[k], r2(y, p[k]))
        np.testing.assert_allclose(rmse(y, p)[k], rmse(y, p[k]))


@settings(deadline=None)
@given(st.floats(1e-8, 1e8), st.floats(-1e3, 1e3))
def test_standardising_is_undone(scale: float, shift: float) -> None:
    x = np.zeros((5, 1))
    y = scale * (shift + np.arange(5.0)[:, None])
    data = standardised(x, y[:4], x, y[4:], ("a",), ("b",), ("m",))
    np.testing.assert_allclose(data.in_own_units(data.y_train), y[:4], rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_allclose(data.in_own_units(data.y_test), y[4:], rtol=1e-9, atol=1e-9 * scale)
    assert data.unit(0) == "m"


def test_show_of_several_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "kept")
    monkeypatch.setattr(cache, "_memory", {})
    run = tmp_path / "a.stiff"
    changes = {"task.train_samples": 60, "task.test_samples": 20, "task.years": 5}
    changes |= {"training.epochs": 2, "training.trials": 3, "architecture.depth": 2}
    words = [word for k, v in changes.items() for word in ("--set", f"{k}={v}")]
    assert main(["train", "climate", *words, "--out", str(run)]) == 0
    assert "simulating 80 members" in capsys.readouterr().err
    assert main(["show", str(run), "--json"]) == 0
    outputs = json.loads(capsys.readouterr().out)["outputs"]
    assert [o["name"] for o in outputs][:2] == ["GPP", "NPP"] and outputs[5]["unit"] == "m²/m²"
    with open_run(run) as opened:
        data, last = opened.experiment.task.data(), opened.snapshot(2)
        scores = output_scores(opened)
    predicted, target = data.in_own_units(last.predict(data.x_test)), data.in_own_units(data.y_test)
    for k, (told, score) in enumerate(zip(outputs, scores, strict=True)):
        errors = [np.sqrt(np.mean((p[:, k] - target[:, k]) ** 2)) for p in predicted]
        shares = [1 - e**2 / target[:, k].var() for e in errors]
        assert told["test_rmse"] == pytest.approx(np.median(errors)) == score.test_rmse
        assert told["test_r2"] == pytest.approx(np.median(shares)) == score.test_r2
    assert main(["show", str(run)]) == 0
    table = capsys.readouterr().out
    assert "test R²" in table and "gC/m²/y" in table
