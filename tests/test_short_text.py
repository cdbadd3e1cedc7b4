"""Settings as a short text: it pastes back to the same experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stiffgui._presets import (
    from_short_text,
    is_short_text,
    of_table,
    presets,
    short_text,
    told_by,
    training_words,
)
from stiffgui.cli import main
from stiffgui.commands.experiment_arguments import read_experiment
from stiffgui.errors import InputError
from stiffgui.runs import open_run

CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "architecture.width": st.integers(2, 40),
        "architecture.horizon": st.floats(1e-3, 1e3),
        "regularizer.kind": st.sampled_from(["none", "l2", "stiffness"]),
        "training.learning_rate": st.floats(1e-6, 0.1),
        "training.device": st.sampled_from(["auto", "cpu"]),
        "watch.indices": st.lists(
            st.sampled_from(["frobenius", "singular", "condition"]), min_size=1, unique=True
        ).map(tuple),
    },
)


@settings(deadline=None)  # a busy machine is no fault
@given(st.sampled_from(list(presets)), st.sampled_from(list(presets)), CHANGES)
def test_text_reads_back(preset: str, start: str, changes: dict[str, object]) -> None:
    experiment = presets[preset].with_settings(changes)
    text = short_text(experiment, start)
    assert from_short_text(text) == experiment
    assert is_short_text(text) == (" " in text)


def test_a_command_is_text_too() -> None:
    command = "stiffgui train alpine02-l2 --set training.epochs=7 --set 'architecture.depth=3'"
    experiment = from_short_text(command)
    assert experiment.training.epochs == 7 and experiment.architecture.depth == 3
    assert short_text(experiment, "alpine02-l2").startswith("alpine02-l2 ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("alpin02 training.epochs=3", "alpine02"),
        ("alpine02 training.epoch=3", "training.epochs"),
        ("alpine02 training.epochs", "is no setting"),
        ("alpine02 'training.epochs=3", "cannot be read"),
        ("", "empty"),
        ("alpine02 training.epochs=-3", "from 1"),
    ],
)
def test_bad_text_is_told(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        from_short_text(text)


def test_the_command_line_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "alpine02 training.epochs=2 architecture.width=5"]) == 0
    with open_run(tmp_path / "alpine02.stiff") as run:
        assert run.experiment.architecture.width == 5 and run.series().epochs[-1] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"training.epochs": 7, "architecture.width": 9},
        {"task.test_fraction": 0.5, "training.trials": 3},
        {"task.test_fraction": 0.5, "training.batch_size": 5, "regularizer.kind": "stiffness"},
        {"task.relevance": "none", "task.path": "none.csv"},
        {"task.output_columns": "x_2,y_1", "task.input_columns": "x_1", "training.batch_size": 3},
    ],
)
def test_the_words_of_a_training_are_read_as_its_experiment(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    table = tmp_path / "a table.csv"
    names = ["x_1", "x_2", "y_1"]
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=names)
    frame.to_csv(table, index=False)
    gone = changes.pop("task.path", None)
    for experiment in (of_table(table).with_settings(changes), presets["climate-l2"]):
        source, *rest = training_words(experiment)
        assert set(rest[::2]) <= {"--set"} and source in (str(table), "climate-l2")
        assert read_experiment(source, rest[1::2], None) == experiment
    if gone:
        told = of_table(table).with_settings(changes)
        table.unlink()
        assert told_by(told)[0] == str(table)  # it is not read for that
        with pytest.raises(InputError, match="a table"):
            training_words(told)
