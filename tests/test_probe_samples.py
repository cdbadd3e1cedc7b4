"""Whoever says what indices are means over says over how many samples: of the run itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from stiffgui import Experiment, open_run, open_study, run_study, train
from stiffgui.cli import main
from stiffgui.figures import figure
from stiffgui.figures.picture import Picture
from stiffgui.figures.report import write_report
from stiffgui.runs import Run
from stiffgui.runs.recording import Recording
from stiffgui.runs.writer import RunWriter
from stiffgui.stiffness import layer_indices
from stiffgui.study import StudyRecording
from stiffgui.study.results import StudyResults
from stiffgui.study.summary import facts, summary_frame
from stiffgui.training import Record
from stiffgui.training.decisions import Decisions, decide
from stiffgui.training.quantities import drawn_in
from tests.small import small
from tests.study_files import tiny

ASKED, MEASURED, OTHER = 16, 5, 9


def on(samples: int, experiment: Experiment) -> Decisions:
    """What is decided, but for the number of samples."""
    decided = decide(experiment, "cpu")
    fewer = decided.cadence.model_copy(update={"samples": samples})
    return decided.model_copy(update={"cadence": fewer})


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Run]]:
    """Two runs that were measured on fewer samples than their settings ask for."""
    folder = tmp_path_factory.mktemp("runs")
    experiment = small(training__epochs=3, training__trials=2, watch__probe=ASKED)
    paths = [folder / "other.stiff", folder / "fewer.stiff"]
    for path, samples in zip(paths, (OTHER, MEASURED), strict=True):
        for _ in Recording(experiment, path, decided=on(samples, experiment)):
            pass
    with open_run(paths[0]) as other, open_run(paths[1]) as fewer:
        yield [other, fewer]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudyResults]:
    path = tmp_path_factory.mktemp("study") / "s.stiff"
    with run_study(tiny(trials=4), path) as results:
        yield results


def note(name: str, source: object, kind: str = "runs") -> str:
    picture = figure(name, kind).picture(source)
    assert isinstance(picture, Picture)
    return picture.note or picture.title


def test_what_was_measured_is_the_mean_over_them(runs: list[Run]) -> None:
    run = runs[-1]
    probe = run.experiment.task.data().x_train[:MEASURED]
    np.testing.assert_array_equal(run.probe_samples(), probe)
    recorded = run.series().indices["spectral-radius"][-1]
    expected, _ = layer_indices(run.snapshot(3).jacobians(probe), ["spectral-radius"])
    np.testing.assert_allclose(recorded, expected["spectral-radius"], rtol=1e-7)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("stiffness", f"median, quartiles · 2 trials · mean over {MEASURED} probe samples"),
        ("layers", f"mean over {MEASURED} probe samples, median of 2 trials"),
        ("spectrum", f"layer 1 · epoch 3 · {MEASURED} probe samples · trial 0"),
        ("time-scales", f"layer 1 · epoch 3 · {MEASURED} probe samples · trial 0"),
        ("summary", f"indices: mean over {MEASURED} probe samples"),
    ],
)
def test_figures_say_it(name: str, said: str, runs: list[Run]) -> None:
    assert note(name, runs[-1:]) == said


def test_several_runs_say_each_number(runs: list[Run]) -> None:
    assert note("stiffness", runs).endswith(f"mean over {MEASURED} or {OTHER} probe samples")
    assert "probe" not in note("errors", runs)


def test_the_table_of_eigenvalues_has_them(runs: list[Run]) -> None:
    assert figure("spectrum").table(runs[-1:])["sample"].nunique() == MEASURED
    assert figure("spectrum").picture(runs[-1:]).numbers["probe samples"] == MEASURED


def test_a_report_says_it(runs: list[Run], tmp_path: Path) -> None:
    write_report(runs[-1:], tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text("utf-8")
    over = f"mean over {MEASURED} probe samples"
    assert f"outputs; indices summed over layers if not said otherwise, {over}." in text
    assert f"{over}. Of run" in text  # below Stiffness
    assert f"; {MEASURED} probe samples; trial 0." in text  # below Eigenvalues
    assert "{" not in text.split("</style>")[1].split("<h3>")[0]


def test_a_command_line_says_it(
    runs: list[Run], study: StudyResults, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(runs[-1].path)]) == 0
    assert f"on {MEASURED} probe samples\n" in capsys.readouterr().out
    assert main(["show", str(study.path)]) == 0
    assert "summed over layers, mean over 4 probe samples\n" in capsys.readouterr().out
    assert main(["show", str(study.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["variants"][0]["probe_samples"] == 4


def test_figures_and_tables_of_a_study_say_it(study: StudyResults) -> None:
    assert note("stiffness", [study.variants[0]]).endswith("mean over 4 probe samples")
    assert note("boxes", study, "study") == "stiffness: mean over 4 probe samples"
    text = "exact spectral radius, summed over layers, mean over 4 probe samples"
    assert text in note("summary", study, "study").split("; ")
    assert {fact["probe_samples"] for fact in facts(study)} == {4}
    own = summary_frame(study).query("source == 'this study'")
    assert own["probe_samples"].tolist() == [4, 4, 4]


def test_a_study_that_has_just_begun_does_not_know(tmp_path: Path) -> None:
    StudyRecording(tiny(), tmp_path / "s.stiff").close()
    with open_study(tmp_path / "s.stiff") as results:
        assert [fact["probe_samples"] for fact in facts(results)] == [None] * 3


def test_a_foreign_network_says_no_number(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "f.stiff", None, quantities=drawn_in("errors"))
    error, index = np.ones(1), {"spectral-radius": np.ones((1, 2))}
    writer.record(Record(0, 0.0, {"train_error": error, "test_error": error}, index))
    writer.close("finished")
    with open_run(tmp_path / "f.stiff") as run:
        assert note("layers", [run]) == "mean over samples"


def test_a_run_is_trained_by_the_function_too(tmp_path: Path) -> None:
    """As asked where it is short: the settings are the truth there."""
    with train(small(training__epochs=1, watch__probe=ASKED), tmp_path / "a.stiff") as run:
        assert note("layers", [run]) == f"mean over {ASKED} probe samples"
