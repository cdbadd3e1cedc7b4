"""Figures of many panels: their usual size grows, a size that was chosen is kept or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stiffgui._presets import of_table
from stiffgui.cli import main
from stiffgui.figures import drawn, figure
from stiffgui.runs import open_run, train


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 32 inputs and 10 outputs."""
    folder = tmp_path_factory.mktemp("many")
    x = np.random.default_rng(0).uniform(0, 1, (40, 32))
    table = pd.DataFrame(x, columns=[f"x_parameter_{k}" for k in range(32)])
    for k in range(10):
        table[f"y_quantity_{k}_mean"] = x[:, k] + 1e-5 * x[:, k + 1]
    table.to_csv(folder / "t.csv", index=False)
    few = {"training.epochs": 1, "training.trials": 2, "task.relevance": "none"}
    train(of_table(folder / "t.csv", {}).with_settings(few), folder / "r.stiff").close()
    return folder / "r.stiff"


@pytest.mark.parametrize("name", ["slices", "fit"])
def test_the_usual_size_grows_with_the_panels(name: str, path: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.svg"
    assert main(["export", str(path), "--figure", name, "-o", str(out)]) == 0
    assert out.stat().st_size > 10_000


def test_a_chosen_size_that_is_too_small_is_refused_with_one_that_does(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(path), "--figure", "slices", "-o", str(tmp_path / "a.svg")]
    assert main([*words, "--height", "100"]) == 2
    said = capsys.readouterr().err
    assert "choose a smaller font or a figure of 225 x 315 mm." in said
    assert main([*words, "--width", "225", "--height", "315"]) == 0


def test_an_output_can_be_named(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(path), "--figure", "fit", "-o"]
    out = tmp_path / "a.svg"
    assert main([*words, str(out), "--output", "y_quantity_3_mean"]) == 0
    assert main([*words, str(tmp_path / "b.svg"), "--output", "3"]) == 0
    texts = [(tmp_path / f"{k}.svg").read_text() for k in "ab"]
    assert all("true y_quantity_3_mean" in text for text in texts)
    capsys.readouterr()
    assert main([*words, str(tmp_path / "c.svg"), "--output", "y_quantity_3_men"]) == 2
    assert "Did you mean y_quantity_3_mean?" in capsys.readouterr().err


def test_slices_say_which_of_several_outputs_they_show(path: Path) -> None:
    with open_run(path) as run:
        picture = figure("slices", output=2).picture(drawn([run]))
    assert "output y_quantity_2_mean, one of 10" in picture.title
