"""What is added by a file and a line is found everywhere outside of the window."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stiffgui import open_run, open_study, run_study, train
from stiffgui.cli import main
from stiffgui.figures import figure
from stiffgui.training import Record
from tests.plugin import plugged_in
from tests.small import small
from tests.study_files import tiny


@pytest.fixture(autouse=True)
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    plugged_in(monkeypatch)


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    path = tmp_path / "a.stiff"
    train(small(training__trials=2, training__epochs=4), path).close()
    return path


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The help of a command, in one line without boxes."""
    assert main([*words, "--help"]) == 0
    return re.sub(r"[\s│]+", " ", capsys.readouterr().out)


def exported(tmp_path: Path, *words: str) -> pd.DataFrame:
    out = tmp_path / "x.csv"
    assert main([*words, "-o", str(out), "--force"]) == 0
    return pd.read_csv(out)


def test_a_number_is_recorded_stored_and_shown(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records: list[Record] = []

    def keep(item: object) -> None:
        if isinstance(item, Record):
            records.append(item)

    train(small(training__epochs=2), tmp_path / "b.stiff", progress=keep).close()
    assert all(record.values["gradient_norm"].shape == (1,) for record in records)
    with open_run(run_file) as run:
        stored = run.series().series["gradient_norm"]
        assert stored.shape == (5, 2) and (stored[1:] > 0).all()
        assert np.array_equal(run.history["gradient_norm"].to_numpy().reshape(5, 2), stored)
    assert main(["show", str(run_file), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["errors"]["gradient_norm"] == pytest.approx(np.median(stored[-1]))
    assert main(["show", str(run_file)]) == 0
    assert "gradient_norm" in capsys.readouterr().out
    assert "gradient_norm" in exported(tmp_path, "export", str(run_file), "--table", "history")
    summary = exported(tmp_path, "export", str(run_file), "--table", "summary")
    assert "gradient_norm" in set(summary["quantity"])


def test_a_number_is_drawn(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(run_file), "--figure", "errors"]
    assert set(exported(tmp_path, *words)["series"]) == {"train", "test", "gradient_norm"}
    chosen = exported(tmp_path, *words, "--quantity", "gradient_norm", "--quantity", "l2_norm")
    assert set(chosen["series"]) == {"gradient_norm", "l2_norm"}
    with open_run(run_file) as run:
        labels = [item.label for item in figure("errors").picture([run]).panels[0].items]
    assert "gradient" in labels
    assert "Default: validation_error, train_error, test_error, gradient_norm." in help_of(
        capsys, "export"
    )
    assert main([*words, "--quantity", "gradient", "-o", str(tmp_path / "y.csv")]) == 2
    assert "Did you mean gradient_norm?" in capsys.readouterr().err


def test_a_number_is_reported_of_a_study(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "s.stiff"
    run_study(tiny(trials=2), path).close()
    with open_study(path) as results:
        panels = figure("summary", "study").picture(results).panels
        assert [panel.title for panel in panels][4] == "gradient norm"
        assert "gradient_norm" in set(figure("summary", "study").table(results)["series"])
    assert main(["show", str(path)]) == 0
    assert "|g|" in capsys.readouterr().out
    norms = exported(tmp_path, "export", str(path), "--figure", "norms")
    assert set(norms["run"]) == {"RES", "RES L2", "RES stiff"}


def test_a_figure_is_exported_with_its_own_settings(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(run_file), "--figure", "norms"]
    plain, squared = exported(tmp_path, *words), exported(tmp_path, *words, "--power", "2")
    np.testing.assert_allclose(squared["norm"], plain["norm"] ** 2)
    for kind in ("png", "svg", "pdf"):
        out = tmp_path / f"x.{kind}"
        assert main([*words, "--thick", "-o", str(out)]) == 0 and out.stat().st_size > 1000
    text = help_of(capsys, "export")
    assert "trajectories, sensitivity, norms; of a study errors, stiffness, summary" in text
    assert "boxes, front, norms" in text
    assert "--power" in text and "Power of the norm. Default: 1." in text and "--thick" in text
    assert main([*words, "--power", "9", "-o", str(tmp_path / "y.csv")]) == 2
    assert "power is 9.0; it must be a number above 0 to 4." in capsys.readouterr().err
    assert main(["export", str(run_file), "--figure", "norm", "-o", "y.csv"]) == 2
    assert "Did you mean norms?" in capsys.readouterr().err


def test_a_page_is_computed_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "decay", "--set", "rate=2", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["page"] == "decay" and facts["last"] == pytest.approx(np.exp(-2))
    assert main(["lab", "decay"]) == 0
    assert capsys.readouterr().out.splitlines() == ["It falls to 0.368.", "It falls for ever."]
    assert main(["lab", "decay", "--keys"]) == 0
    assert capsys.readouterr().out.split()[0] == "rate"
    table = exported(tmp_path, "lab", "decay", "--set", "points=5")
    np.testing.assert_allclose(table["x"], np.exp(-table["t"]))
    out = tmp_path / "x.svg"
    assert main(["lab", "decay", "--semilog", "-o", str(out)]) == 0 and out.exists()
    text = help_of(capsys, "lab")
    assert "gradients|decay" in text and "--semilog" in text
    assert main(["lab", "deca"]) == 2
    assert "Did you mean decay?" in capsys.readouterr().err


def test_without_the_plugin_nothing_of_it_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("COLUMNS", "200")
    assert "norms" not in help_of(capsys, "export") and "decay" not in help_of(capsys, "lab")
