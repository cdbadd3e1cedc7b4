"""Settings: TOML round trips, changes by key, and the sentence for every bad input."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stiffgui._presets import presets
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment, all_keys, checked
from stiffgui.resnet.activations import ACTIVATIONS
from stiffgui.stiffness import PROXIES, WATCHABLE

WATCHED = set(WATCHABLE) - {"analytic"}  # which exists up to width 4 only
ROOT = Path(__file__).parents[1]
KINDS: list[dict[str, Any]] = [
    {"regularizer": "none"},
    {"regularizer": "l2"},
    *(
        {"regularizer": "stiffness", "regularizer.proxy": proxy}
        | ({"architecture.width": 4} if proxy == "analytic" else {})
        for proxy in PROXIES
    ),
]


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    return Experiment().with_settings(
        {
            "task.dimension": draw(st.integers(1, 10)),
            "task.noise": draw(st.floats(0, 100)),
            "architecture.width": draw(st.integers(1, 512)),
            "architecture.activation": draw(st.sampled_from(sorted(ACTIVATIONS))),
            "architecture.horizon": draw(st.floats(0, 1000, exclude_min=True)),
            "training.epochs": draw(st.integers(1, 10_000_000)),
            "training.batch_size": draw(st.integers(1, 900)),
            "training.learning_rate": draw(st.floats(0, 10, exclude_min=True)),
            "training.epsilon": draw(st.floats(0, 1, exclude_min=True)),
            "training.plateau.factor": draw(st.floats(0, 1, exclude_min=True)),
            "watch.indices": tuple(draw(st.sets(st.sampled_from(sorted(WATCHED))))),
            **draw(st.sampled_from(KINDS)),
        }
    )


@given(experiments())
@settings(max_examples=50, deadline=None)
def test_toml_round_trip(experiment: Experiment) -> None:
    assert Experiment.from_toml(experiment.to_toml()) == experiment
    assert Experiment.of(experiment.model_dump(mode="json")) == experiment
    assert checked(experiment.model_dump(mode="python")) == (experiment, {})
    assert Experiment().with_settings(experiment.flat()) == experiment


@given(experiments(), experiments())
@settings(max_examples=25, deadline=None)
def test_differences_lead_from_one_to_the_other(mine: Experiment, theirs: Experiment) -> None:
    assert mine.differences(mine) == {}
    there = set(theirs.flat())
    changes = {k: v[1] for k, v in mine.differences(theirs).items() if k in there}
    assert mine.with_settings(theirs.flat()) == theirs
    assert set(mine.differences(theirs)) >= set(changes)


@pytest.mark.parametrize("changes", KINDS)
def test_every_kind_and_every_spec_has_title_and_help(changes: dict[str, Any]) -> None:
    experiment = Experiment().with_settings(changes)
    specs = experiment.specs()
    assert [s.key for s in specs] == list(experiment.flat())
    assert set(experiment.flat()) <= set(all_keys())
    for spec in specs:
        assert spec.title and spec.title != spec.key, spec.key
        assert spec.help, spec.key
        assert spec.type in {"integer", "number", "text", "flag", "choice", "choices"}
        if spec.type in ("choice", "choices"):
            assert spec.choices
        if spec.type in ("integer", "number"):
            assert spec.lower is not None
            assert spec.bounds
        if spec.key != "regularizer.kind":
            assert spec.group == spec.key.split(".")[0]


def test_choosing_a_kind_gives_that_kinds_defaults() -> None:
    stiff = Experiment().with_settings({"regularizer": "stiffness"})
    assert stiff.flat()["regularizer.weight"] == 1e-3
    assert stiff.flat()["regularizer.proxy.kind"] == "gelfand-sketch"
    l2 = stiff.with_settings({"regularizer.kind": "l2"})
    assert l2.flat()["regularizer.weight"] == 1e-5
    assert "regularizer.proxy.kind" not in l2.flat()
    chosen = stiff.with_settings({"regularizer.weight": "0.5"})
    assert chosen.with_settings({"regularizer": "l2"}).flat()["regularizer.weight"] == 0.5
    assert chosen.with_settings({"regularizer": "none"}).regularizer.weight == 0.0
    assert stiff.with_settings({"regularizer": "none"}) == Experiment()


def test_the_order_of_changes_does_not_matter() -> None:
    changes = {
        "regularizer.proxy.squarings": 3,
        "regularizer.proxy": "gelfand",
        "regularizer": "stiffness",
    }
    forwards = Experiment().with_settings(changes)
    backwards = Experiment().with_settings(dict(reversed(changes.items())))
    assert forwards == backwards
    assert forwards.flat()["regularizer.proxy.squarings"] == 3


def test_text_is_converted() -> None:
    changed = Experiment().with_settings(
        {
            "training.epochs": "300",
            "training.learning_rate": "1e-2",
            "watch.indices": "singular, frobenius",
        }
    )
    assert changed.training.epochs == 300
    assert changed.training.learning_rate == 0.01
    assert changed.watch.indices == ("singular", "frobenius")


BAD: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"training.epoch": 3}, "training.epoch", ["Did you mean training.epochs?"]),
    ({"epochs": 3}, "epochs", ["Did you mean training.epochs?"]),
    ({"zzz": 3}, "zzz", ["not a setting"]),
    ({"training": 5}, "training", ["training.epochs"]),
    ({"training.epochs.x": 5}, "training.epochs.x", ["not a setting"]),
    ({"training.epochs": 0}, "training.epochs", ["is 0", "whole number from 1 to 10000000"]),
    ({"training.epochs": 2.5}, "training.epochs", ["2.5", "whole number"]),
    ({"training.epochs": "many"}, "training.epochs", ["'many'", "whole number"]),
    ({"training.epochs": True}, "training.epochs", ["true", "whole number"]),
    ({"training.epochs": None}, "training.epochs", ["None", "whole number"]),
    ({"training.epochs": [1]}, "training.epochs", ["[1]", "whole number"]),
    ({"training.seed": 2**31}, "training.seed", [str(2**31 - 1)]),
    ({"training.learning_rate": 0}, "training.learning_rate", ["above 0"]),
    ({"training.learning_rate": True}, "training.learning_rate", ["a number above 0"]),
    ({"training.learning_rate": float("nan")}, "training.learning_rate", ["nan"]),
    ({"training.learning_rate": float("inf")}, "training.learning_rate", ["inf"]),
    ({"training.beta1": 1}, "training.beta1", ["to below 1"]),
    ({"training.plateau.factor": 2}, "training.plateau.factor", ["above 0 to 1"]),
    ({"training.device": "gpu"}, "training.device", ["auto, cpu or cuda"]),
    ({"training.batch_size": 901}, "training.batch_size", ["901", "900"]),
    ({"task.train_samples": 44}, "training.batch_size", ["45", "44"]),
    ({"task": "alpine"}, "task.kind", ["'alpine'", "Did you mean alpine02?"]),
    ({"regularizer": "stifness"}, "regularizer.kind", ["Did you mean stiffness?"]),
    ({"regularizer": 5}, "regularizer", ["none, l2, stiffness"]),
    ({"regularizer.weight": 1}, "regularizer.weight", ["only when regularizer.kind is l2, "]),
    (
        {"regularizer.proxy": "gelfand"},
        "regularizer.proxy.kind",
        ["only when regularizer.kind is stiffness"],
    ),
    (
        {"regularizer": "stiffness", "regularizer.proxy.squarings": 2},
        "regularizer.proxy.squarings",
        ["only when regularizer.proxy.kind is gelfand"],
    ),
    (
        {"regularizer": "stiffness", "regularizer.proxy": "gelfnd"},
        "regularizer.proxy.kind",
        ["Did you mean gelfand?"],
    ),
    ({"architecture.activation": "tan"}, "architecture.activation", ["Did you mean tanh?"]),
    ({"architecture.lift": "identity"}, "architecture.lift", ["architecture.width to 2"]),
    (
        {"architecture.lift": "augment", "architecture.width": 1},
        "architecture.lift",
        ["at least 2"],
    ),
    ({"watch.indices": "frobenius,singulr"}, "watch.indices", ["Did you mean singular?"]),
    ({"watch.indices": "frobenius,frobenius"}, "watch.indices", ["twice"]),
    ({"watch.indices": 3}, "watch.indices", ["must be", "frobenius"]),
]


@pytest.mark.parametrize(("changes", "key", "words"), BAD)
def test_bad_changes(changes: dict[str, Any], key: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        Experiment().with_settings(changes)
    assert_told(caught.value, key, words)


def assert_told(error: InputError, key: str | None, words: list[str]) -> None:
    sentence = str(error)
    assert error.key == key
    assert "\n" not in sentence
    for word in [*words, *([key.removesuffix(".kind")] if key else [])]:
        assert word in sentence


BAD_TOML: list[tuple[str, str | None, list[str]]] = [
    ("a =", None, ["not TOML"]),
    ("[training]\nepochs = 3\nseed == 4\n", None, ["not TOML", "line 3"]),
    ("[training]\nepoch = 3", "training.epoch", ["Did you mean training.epochs?"]),
    ("foo = 1", "foo", ["not a setting"]),
    ("training = 5", "training", ["is 5", "table"]),
    ("regularizer = 5", "regularizer", ["is 5", "table"]),
    ("[task]\nkind = 'x'", "task.kind", ["choose alpine02"]),
    ("[regularizer]\nweight = 1", "regularizer.kind", ["missing", "none, l2, stiffness"]),
    ("[regularizer]\nkind = ['l2']", "regularizer.kind", ["none, l2, stiffness"]),
    ("[regularizer]\nkind = 'none'\nweight = 1", "regularizer.weight", ["only when"]),
    ("[regularizer]\nkind = 'l2'\nweight = -1", "regularizer.weight", ["from 0"]),
    (
        "[regularizer]\nkind='stiffness'\n[regularizer.proxy]\nkind='gelfand'\nsquarings=13",
        "regularizer.proxy.squarings",
        ["is 13", "from 1 to 12"],
    ),
    (
        "[regularizer]\nkind='stiffness'\n[regularizer.proxy]\nkind='gelfand'\npower=3",
        "regularizer.proxy.power",
        ["only when regularizer.proxy.kind is gelfand-sketch"],
    ),
    ("[training]\nepochs = true", "training.epochs", ["whole number"]),
    ("[training]\nbatch_size = 901", "training.batch_size", ["900"]),
    ("[watch]\nindices = ['x']", "watch.indices", ["'x'", "frobenius"]),
]


@pytest.mark.parametrize(("text", "key", "words"), BAD_TOML)
def test_bad_toml(text: str, key: str | None, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        Experiment.read(path)
    assert_told(caught.value, key, [*words, str(path)])


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        Experiment.read(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b"title = '\xe9'")
    with pytest.raises(InputError, match="UTF-8"):
        Experiment.read(tmp_path / "latin.toml")


def test_problems_names_every_key_at_once() -> None:
    values = Experiment().changed_values({"training.epochs": 0, "architecture.width": -1})
    _, found = checked(values)
    assert set(found) == {"training.epochs", "architecture.width"}


@given(st.text(max_size=30), st.one_of(st.none(), st.integers(), st.text(max_size=5)))
@settings(max_examples=100, deadline=None)
def test_any_key_and_value_is_either_taken_or_told(key: str, value: object) -> None:
    try:
        Experiment().with_settings({key: value})
    except InputError as error:
        assert str(error)


@given(st.sampled_from(all_keys()), st.one_of(st.none(), st.booleans(), st.floats(), st.text()))
@settings(max_examples=200, deadline=None)
def test_any_value_of_a_known_key_is_either_taken_or_told(key: str, value: object) -> None:
    try:
        changed = Experiment().with_settings({key: value})
    except InputError as error:
        assert error.key is not None
        assert error.key in str(error)
    else:
        assert Experiment.from_toml(changed.to_toml()) == changed


def test_presets() -> None:
    assert len(presets) == len(list(presets)) >= 4
    for name, experiment in presets.items():
        assert presets.title(name)
        assert presets.summary(name)
        assert Experiment.from_toml(experiment.to_toml()) == experiment
    assert presets["alpine02"].architecture.width == 20
    assert presets["alpine02-stiff-talk"].flat()["regularizer.proxy.squarings"] == 10
    with pytest.raises(InputError, match=r"Did you mean alpine02\?"):
        presets["alpine2"]


@pytest.mark.parametrize("module", ["stiffgui.experiment", "stiffgui._presets"])
def test_settings_load_no_heavy_library(module: str) -> None:
    code = (
        f"import sys, {module}; from stiffgui._presets import presets; presets['alpine02'].specs();"
        "print([m for m in ('torch', 'PySide6', 'pandas', 'matplotlib', 'scipy') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_settings_are_read_as_editors_and_shells_write_them(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.toml"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path.write_text(f"{mark}{presets['alpine02'].to_toml()}", encoding)
    assert Experiment.read(path) == presets["alpine02"]
