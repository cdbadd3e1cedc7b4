"""Other methods beside a run: fitted to its training rows, tested on its test rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from stiffgui._presets import of_table
from stiffgui.cli import main
from stiffgui.runs import baselines, train
from stiffgui.tasks import Data

pytest.importorskip("sklearn")


def data_of(y: NDArray[np.float64], x: NDArray[np.float64]) -> Data:
    half = len(x) // 2
    names = tuple(f"x{k}" for k in range(x.shape[1]))
    parts = {"x_train": x[:half], "x_test": x[half:], "y_train": y[:half], "y_test": y[half:]}
    return Data(**parts, input_names=names, output_names=("sum", "wave"))


def test_what_a_method_can_say_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum is linear, a wave of one input is not: ridge knows the one, a process both."""
    x = np.random.default_rng(0).uniform(-2, 2, (160, 3)) * [1.0, 100.0, 1e-3]
    y = np.stack([x @ [1.0, 0.02, 500.0], np.cos(1.5 * x[:, 0])], 1)
    found = dict(baselines.baseline_scores(data_of(y, x)))
    assert list(found) == list(baselines.BASELINES)
    assert found["ridge"][0] > 0.999 and found["ridge"][1] < 0.3
    assert found["gradient boosting"][1] > 0.9
    assert (found[baselines.PROCESS] > 0.999).all()

    monkeypatch.setattr(baselines, "PROCESS_ROWS", 40)
    title, scores = list(baselines.baseline_scores(data_of(y, x)))[-1]
    assert title == "Gaussian process (40 rows)" and (scores > 0.99).all()


def test_show_has_them_beside_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = np.random.default_rng(1).uniform(0, 1, (80, 2))
    frame = pd.DataFrame(x, columns=["a", "b"]).assign(y=3 * x[:, 0] - x[:, 1])
    frame.to_csv(tmp_path / "t.csv", index=False)
    small = {"training.epochs": 2, "training.trials": 1, "architecture.width": 4}
    train(of_table(tmp_path / "t.csv").with_settings(small), tmp_path / "r.stiff").close()
    assert main(["show", str(tmp_path / "r.stiff"), "--baselines"]) == 0
    printed = capsys.readouterr().out
    assert all(title in printed for title in baselines.BASELINES)
    assert main(["show", str(tmp_path / "r.stiff"), "--baselines", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["baselines"]
    assert found["ridge"][0] == pytest.approx(1, abs=1e-3)
