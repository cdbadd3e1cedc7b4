"""How long a training takes, said before it begins: counts by hand, turns, and what is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stiffgui import presets
from stiffgui.experiment import Experiment
from stiffgui.study import Study
from stiffgui.study.library import studies
from stiffgui.study.plan import plan
from stiffgui.study.progress_estimate import Progresses, sentences
from stiffgui.training import duration, operations
from stiffgui.training.decisions import decide

RATE = 1e9


def small(**changes: Any) -> Experiment:
    """Width 3, depth 2, batches of 5, one input, one output."""
    settings = {
        "task.dimension": 1,
        "task.train_samples": 20,
        "architecture.width": 3,
        "architecture.depth": 2,
        "training.batch_size": 5,
        "training.device": "cpu",
    }
    changed = {key.replace("__", "."): value for key, value in changes.items()}
    return presets["alpine02"].with_settings(settings | changed)


STIFF = {
    "regularizer__kind": "stiffness",
    "regularizer__fraction": 1.0,
    "regularizer__every": 1,
}
PLAIN = 3 * 2 * 5 * 9 + 2 * 5 * 3 * 1 + 3 * 5 * 3 * 1  # layers, lift, read-out
SKETCH = 2 * 5 * (2 + 1 + 2) * 9  # of k = 2: forward, backward, of the gradient


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, PLAIN),
        ({"regularizer__kind": "l2"}, PLAIN),
        ({"architecture__lift": "augment"}, PLAIN - 2 * 5 * 3),
        (STIFF | {"regularizer__proxy__power": 2}, PLAIN + SKETCH),
        (STIFF | {"regularizer__proxy__power": 2, "regularizer__every": 3}, PLAIN + SKETCH / 3),
        (
            STIFF | {"regularizer__proxy__power": 2, "regularizer__fraction": 0.3},
            PLAIN + SKETCH / 2.5,
        ),
        (
            STIFF | {"regularizer__proxy__kind": "gelfand", "regularizer__proxy__squarings": 4},
            PLAIN + 2 * 5 * 3 * 4 * 27,
        ),
        (STIFF | {"regularizer__proxy__kind": "spectral-radius"}, None),
        ({"regularizer__kind": "condition"}, None),
    ],
)
def test_products_are_those_counted_by_hand(
    changes: dict[str, Any], expected: float | None
) -> None:
    found = operations.products(small(**changes))
    assert found == (None if expected is None else pytest.approx(expected))


def test_weights_that_are_functions_are_made_and_differentiated() -> None:
    experiment = small(architecture__weights__kind="legendre", architecture__weights__degree=1)
    assert experiment.architecture.coefficients == 2
    assert operations.products(experiment) == PLAIN + 2 * 2 * 2 * (9 + 3)


@pytest.mark.parametrize(
    ("trials", "parts", "threads", "expected"),
    [(1, 1, 4, 1), (1, 4, 2, 0.5), (1, 4, 3, 0.5), (5, 4, 1, 5), (5, 1, 2, 3), (25, 1, 4, 7)],
)
def test_trials_take_turns_and_so_do_parts_of_one(
    trials: int, parts: int, threads: int, expected: float
) -> None:
    assert duration.turns(trials, parts, threads) == expected


@pytest.fixture
def rate(monkeypatch: pytest.MonkeyPatch) -> float:
    """A machine of a known speed."""
    monkeypatch.setattr(duration, "rate_here", lambda numbers: RATE)
    return RATE


def _seconds(experiment: Experiment, begun: int = 0, threads: int = 1) -> float:
    found = duration.seconds(experiment, decide(experiment, "cpu"), begun, threads)
    assert found is not None
    return found


def test_seconds_scale_as_the_work_does(rate: float) -> None:
    whole = {"training.epochs": 1000, "regularizer.fraction": 1.0}
    once = presets["climate-stiff"].with_settings(whole)
    seconds = _seconds(once)
    steps = 1000 * operations.epoch(once) / rate
    assert steps < seconds < 1.3 * steps  # watching has its share
    assert _seconds(once, begun=750) == pytest.approx(seconds / 4)
    many = once.with_settings({"training.trials": 6})
    assert _seconds(many) == pytest.approx(6 * seconds, rel=0.01)
    assert _seconds(many, threads=3) == pytest.approx(2 * seconds, rel=0.01)
    assert _seconds(once, threads=3) == pytest.approx(seconds, rel=0.01)  # one part, one thread
    longer = _seconds(once.with_settings({"training.epochs": 4000}))
    assert longer == pytest.approx(4 * seconds, rel=0.1)
    wider = once.with_settings({"architecture.width": 100})
    assert _seconds(wider) > 2 * seconds


def test_nothing_is_said_of_the_time_of_torchs_path(rate: float) -> None:
    experiment = small(architecture__integrator="rk4")
    said = duration.sentences(experiment, decide(experiment, "cpu"))
    assert said.keys() == {"steps", "measured"} and "rk4" in said["steps"]
    experiment = small()
    assert "time" in duration.sentences(experiment, decide(experiment, "cpu"))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "less than a second"),
        (1.26, "about 1.3 s"),
        (11.7, "about 12 s"),
        (37, "about 40 s"),
        (89.9, "about 90 s"),
        (100, "about 1.7 min"),
        (4000, "about 70 min"),
        (9000, "about 2.5 h"),
        (200_000, "about 2.3 days"),
    ],
)
def test_a_person_is_told_no_more_digits_than_there_are(seconds: float, text: str) -> None:
    assert duration.about(seconds) == text


def test_a_rate_is_kept_and_a_training_corrects_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duration, "_file", lambda numbers: tmp_path / f"{numbers}.rate")
    assert duration.known("float32") is None
    (tmp_path / "float32.rate").write_text("nan")
    assert duration.known("float32") is None
    experiment = presets["alpine02"].with_settings({"training.threads": 1})
    decided = decide(experiment, "cpu")
    epoch = operations.epoch(experiment) + duration.BETWEEN
    duration.learn(experiment, decided, 10, 0.5)  # too short to say anything
    assert duration.known("float32") is None
    duration.learn(experiment, decided, 1000, 2.0)
    assert duration.known("float32") == pytest.approx(500 * epoch)
    duration.learn(experiment, decided, 16_000, 2.0)  # sixteen times as fast: counts a quarter
    assert duration.known("float32") == pytest.approx(1000 * epoch)
    assert duration.known("float64") is None


def test_the_machine_is_measured_from_real_steps() -> None:
    assert 1e8 < duration.measure("float32", seconds=0.02) < 1e13


def test_a_study_is_what_is_left_of_its_chunks(rate: float) -> None:
    changes = {"training.epochs": 1000, "training.threads": 1, "data": "shared"}
    study = studies["alpine02"].with_settings(changes)  # a chunk of five trials for each variant
    waiting: Progresses = [(chunk, "waiting", 0) for chunk in plan(study)]
    each = [_seconds(study.experiment_of(k)) for k in range(3)]
    said = sentences(study, waiting)
    assert said == {
        "steps": "compiled loops, whole epochs at a time",
        "measured": decide(study.experiment_of(0), "cpu").cadence.sentence,
        "penalty of RES stiff": "on 5 of 45 samples at every step",
        "networks": "15 of 15 to train; the file takes 1.8 MB and more",
        "time": duration.about(sum(each)),
    }
    done: Progresses = [(c, "finished" if c.variant < 2 else "stopped", 500) for c in plan(study)]
    assert sentences(study, done)["time"] == duration.about(each[2] / 2)
    assert "time" not in sentences(study, waiting, here=False)
    # Processes: as many at once as there are processors, and not faster than the longest chunk.
    assert sentences(study, waiting, workers=100)["time"] == duration.about(
        max(sum(each) / min(100, duration_processors()), *each)
    )


def duration_processors() -> int:
    from stiffgui.kernels.threads import processors

    return processors()


def test_variants_on_another_path_are_named(rate: float) -> None:
    study = Study.of(
        {
            "experiment": "alpine02",
            "variants": [
                {"name": "RES"},
                {"name": "RK4", "settings": {"architecture.integrator": "rk4"}},
            ],
            "trials": 2,
        }
    )
    said = sentences(study, [(chunk, "waiting", 0) for chunk in plan(study)])
    assert said.keys() == {"time", "networks"} | {
        f"{what} of {v}" for what in ("steps", "measured") for v in ("RES", "RK4")
    }
    assert said["time"] == "not known beforehand where torch takes the steps"
    trained = [(chunk, "finished" if chunk.variant else "waiting", 0) for chunk in plan(study)]
    assert sentences(study, trained)["time"].startswith(("less", "about"))
    assert "rk4" in said["steps of RK4"]
