"""What is said of studies: penalties that were set or chosen, predictions worth nothing, slips."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from stiffgui import InputError
from stiffgui.cli import main
from stiffgui.runs.scores import OutputScore
from stiffgui.study import Study, run_study
from stiffgui.study.method import method
from stiffgui.study.scores import study_warnings
from tests.study_files import tiny
from tests.test_study_growing import nested


def test_the_method_says_chosen_and_set_weights() -> None:
    study = nested()
    assert "that set in the study" not in method(study)
    both = method(
        Study.of(
            study.model_dump()
            | {
                "variants": [
                    *study.model_dump()["variants"],
                    {"name": "fixed", "settings": {"regularizer.kind": "l2"}},
                ]
            }
        )
    )
    assert "weight was chosen in every trial" in both
    assert "The weight of fixed is that set in the study." in both
    assert method(tiny()).endswith(
        "Weights of penalties are those set in the study, the same for all pairs."
    )


def test_variants_that_predict_nothing_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "s.stiff"
    run_study(tiny(training__epochs="1", training__learning_rate="1e-8"), path).close()
    assert main(["show", str(path)]) == 0
    said = "no variant predicts f(x) better than the mean of the test rows would"
    out = capsys.readouterr().out
    assert said in out
    assert main(["show", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outputs_warnings"][0].startswith(said)


def test_variants_among_others_are_named() -> None:
    values = dict.fromkeys([field.name for field in fields(OutputScore)][2:], 0.9)
    good, bad = (OutputScore("f", "", **values | {"test_r2": r2}) for r2 in (0.9, -0.1))
    [said] = study_warnings({"A": [good], "B": [bad], "C": [bad], "D": []})
    assert said.startswith("f is predicted by B and C no better than the mean of the test rows")


def test_a_weight_that_is_no_number_is_said_with_its_variant() -> None:
    text = "experiment = 'alpine02'\n[[variants]]\nname='a'\n[[variants]]\nname='b'\n"
    with pytest.raises(InputError) as caught:
        Study.from_toml(text + "weights = [0.1, 'a']\n")
    assert (
        str(caught.value)
        == "settings: variant 'b': variants.1.weights.1 is 'a'; it must be a number."
    )


def test_trials_a_draw_of_shared_data_do_nothing_which_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.toml").write_text(tiny(trials="2", per_draw="2", training__epochs="1").to_toml())
    assert main(["study", str(tmp_path / "s.toml"), "--out", str(tmp_path / "s.stiff")]) == 0
    assert "per_draw is 2, which does nothing: set data to redrawn" in capsys.readouterr().err
