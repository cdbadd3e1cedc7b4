"""What Python shows of runs, studies and networks, and that other processes can have them."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import stiffgui
from stiffgui import open_run, open_study, presets, train

FILES = Path(__file__).parent / "files"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> stiffgui.Run:
    path = tmp_path_factory.mktemp("runs") / "<b>.stiff"
    changes = {"training.epochs": 6, "training.trials": 2}
    return train(presets["alpine02"].with_settings(changes), out=path)


def test_a_run_says_what_it_is(run: stiffgui.Run) -> None:
    assert repr(run) == f"<Run {run.path}: alpine02, trials: 2, finished at epoch 6>"
    html = run._repr_html_()
    assert "&lt;b&gt;.stiff" in html and "<b>" not in html and "train_error" in html
    with open_run(run.path) as another:
        pass
    assert repr(another).endswith(": closed, or not to be read any more>")


def test_a_study_says_what_it_is() -> None:
    path = FILES / "study-v2.stiff"
    with open_study(path) as study:
        assert repr(study).startswith(f"<StudyResults {path}: RES") and "RES" in study._repr_html_()
        back = pickle.loads(pickle.dumps(study))
        assert back.study == study.study
        back.close()


def test_runs_and_networks_are_pickled(run: stiffgui.Run) -> None:
    back = pickle.loads(pickle.dumps(run))
    assert back.history.equals(run.history)
    back.close()
    kept = run.snapshot(6)
    assert repr(kept).startswith("<Snapshot of epoch 6: networks: 2, 2 inputs, width 20, depth 10")
    x = np.random.default_rng(0).normal(size=(5, 2))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(kept)).predict(x), kept.predict(x))
    surrogate = pickle.loads(pickle.dumps(run.surrogate("last")))
    assert repr(surrogate) == "<Surrogate of epoch 6, 2 networks: x1, x2 -> f(x)>"
    assert surrogate.predict(x)._repr_html_().count("<tr") == 6
    content = stiffgui.Run(run.path, run.path.read_bytes())
    assert pickle.loads(pickle.dumps(content)).history.equals(run.history)


def test_what_is_shipped_says_its_names() -> None:
    assert "alpine02" in repr(presets) and "climate" in repr(stiffgui.studies)
    assert (Path(stiffgui.__file__).parent / "py.typed").exists()
