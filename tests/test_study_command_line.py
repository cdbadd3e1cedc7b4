"""`stiffgui study`, and show and export of study files: real files, exit codes, one line for bad
input."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stiffgui import open_study
from stiffgui.cli import main
from stiffgui.figures import TABLE_FORMATS
from stiffgui.study import StudyRecording
from tests.study_files import TINY, numbers, tiny


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies")
    (folder / "tiny.toml").write_text(TINY, "utf-8")
    path = folder / "study.stiff"
    assert main(["study", str(folder / "tiny.toml"), "--out", str(path)]) == 0
    return path


def test_what_a_study_will_be_is_said_before_it_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny.toml").write_text(TINY, "utf-8")
    words = ["study", str(tmp_path / "tiny.toml"), "--set", "training.device=cpu"]
    words += ["--out", str(tmp_path / "study.stiff")]
    assert main(words) == 0
    told = capsys.readouterr().err
    before, _, after = told.partition("batch 1: ")
    assert "\nsteps: compiled loops, whole epochs at a time\nmeasured: " in before
    assert "\ntime: " in before
    assert "time: " not in after
    assert main(words) == 0  # all is done: nothing is to come
    assert "time: " not in capsys.readouterr().err


def test_show(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(study_file), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["kind"] == "study" and facts["finished"]
    assert [v["trials"] for v in facts["variants"]] == [8, 8, 8]
    stiff = facts["variants"][2]["quantities"]["stiffness"]
    with open_study(study_file) as results:
        table = results.history.query("variant == 'RES stiff' and epoch == 6")
        low, median, high = np.percentile(table["stiffness_spectral_radius"], (25, 50, 75))
    assert (stiff["lower_quartile"], stiff["median"]) == pytest.approx((low, median))
    assert stiff["upper_quartile"] == pytest.approx(high)
    assert facts["comparisons"][1]["quantities"]["stiffness"]["difference"] < 0
    assert main(["show", str(study_file)]) == 0
    told = capsys.readouterr().out
    assert "the talk's, other data" in told and "17 903" in told
    assert facts["comparisons"][0]["sentence"] in told


@pytest.mark.parametrize("name", ["summary", "errors", "stiffness", "boxes"])
@pytest.mark.parametrize(
    ("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("csv", None)]
)
def test_every_figure(
    study_file: Path, tmp_path: Path, name: str, kind: str, start: bytes | None
) -> None:
    out = tmp_path / f"{name}.{kind}"
    assert main(["export", str(study_file), "--figure", name, "-o", str(out)]) == 0
    if start is None:
        table = pd.read_csv(out)
        assert {"RES", "RES L2", "RES stiff"} == set(table.get("variant", table.get("run")))
    else:
        assert out.read_bytes().startswith(start) and out.stat().st_size > 2000


@pytest.mark.parametrize("name", ["history", "summary", "comparison"])
@pytest.mark.parametrize("kind", list(TABLE_FORMATS))
def test_every_table(study_file: Path, tmp_path: Path, name: str, kind: str) -> None:
    out = tmp_path / f"t.{kind}"
    assert main(["export", str(study_file), "--table", name, "--format", kind, "-o", str(out)]) == 0
    text = out.read_bytes()
    assert len(text) > 100
    if kind == "csv" and name == "summary":
        table = pd.read_csv(out)
        assert table["source"].tolist()[:2] == ["this study", "the talk's, other data"]
        assert table["seconds_per_trial"][1] == 17903
    if kind == "latex" and name == "summary":
        assert b"RES L2 & 8/8 &" in text and b"17 903" in text
    if kind == "markdown" and name == "summary":
        assert b"| RES L2 | 8/8 |" in text and b"17 903" in text


def test_the_same_words_again_find_it_finished(
    study_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = numbers(study_file)
    toml = str(study_file.with_name("tiny.toml"))
    assert main(["study", toml, "--out", str(study_file)]) == 0
    assert "6 of 6" in capsys.readouterr().err
    pd.testing.assert_frame_equal(numbers(study_file), before, check_exact=True)


def test_a_preset_and_an_experiment_are_studied_in_three_variants(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["presets", "--toml", "alpine02-l2"]) == 0
    (tmp_path / "mine.toml").write_text(capsys.readouterr().out, "utf-8")
    for source in ("alpine02-l2", str(tmp_path / "mine.toml")):
        assert main(["study", source, "--trials", "7", "--toml"]) == 0
        said = capsys.readouterr()
        assert "RES, RES L2 and RES stiff" in said.err
        assert said.out.count("[[variants]]") == 3 and "trials = 7" in said.out
    assert main(["presets"]) == 0
    assert "climate-talk" in capsys.readouterr().out


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def _newer(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_cut, "cut off"),
        (_newer, "newer"),
        (_empty, "is not a"),
        (Path.unlink, "cannot be read"),
    ],
)
def test_bad_study_files(
    study_file: Path,
    tmp_path: Path,
    damage: object,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "b.stiff"
    shutil.copy(study_file, path)
    damage(path)  # type: ignore[operator]
    assert main(["show", str(path)]) == 2
    _one_line(capsys, told, "b.stiff")


def test_runs_and_studies_are_told_apart(
    study_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--resume", str(study_file)]) == 2
    _one_line(capsys, "is a study, not a run")
    with open_study(study_file) as results:
        run = results.extract("RES", 0, tmp_path / "run.stiff")
    assert main(["show", str(run)]) == 0
    capsys.readouterr()
    assert main(["study", "--resume", str(run)]) == 2
    _one_line(capsys, "is a run, not a study")


def test_another_study_is_not_written_over(
    study_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.stiff"
    shutil.copy(study_file, path)
    toml = str(study_file.with_name("tiny.toml"))
    words = ["study", toml, "--out", str(path), "--set", "training.epochs=2"]
    assert main(words) == 2
    _one_line(capsys, "another study", "training.epochs", "--force")
    assert path.read_bytes() == study_file.read_bytes()
    assert main([*words, "--force"]) == 0
    with open_study(path) as results:
        assert results.study.experiment.training.epochs == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["study"], "name a study"),
        (["study", "climat"], "Did you mean climate?"),
        (["study", "nowhere.toml"], "cannot be read"),
        (["study", "alpine02", "--trials", "0"], "from 1 to"),
        (["study", "alpine02", "--set", "training.epoch=3"], "Did you mean training.epochs?"),
        (["study", "alpine02", "--set", "variants=3"], "a part of the study"),
        (["study", "alpine02", "--set", "training.device=cuda"], "no usable CUDA"),
        (["study", "alpine02", "--out", "nowhere/a.stiff"], "does not exist"),
        (["study", "alpine02", "--workers", "0"], "from 1 to 256"),
        (["study", "alpine02", "--workers", "2", "--dask", "tcp://a:1"], "exclude each other"),
        (["study", "alpine02", "--dask", "nonsense"], "no Dask scheduler could be reached"),
        (["study", "alpine02", "--dask", "tcp://127.0.0.1:9"], "no Dask scheduler could be"),
        (["study", "alpine02", "--resume", "x.stiff"], "as it is"),
        (["study", "--resume", "x.stiff"], "cannot be read"),
    ],
)
def test_bad_words(
    words: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import stiffgui.study.executors.dask_cluster as dask_cluster

    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 1.0)
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    _one_line(capsys, told)
    assert list(tmp_path.iterdir()) == []


def test_bad_exports(study_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "x.png")
    assert main(["export", str(study_file), "--figure", "layers", "-o", out]) == 2
    _one_line(capsys, "errors, stiffness, summary, boxes or front")
    path = tmp_path / "empty.stiff"
    recording = StudyRecording(tiny(), path)
    assert main(["show", str(path)]) == 0  # also while it is being written
    assert "0/8" in capsys.readouterr().out
    recording.close()
    assert main(["export", str(path), "--figure", "summary", "-o", out]) == 2
    _one_line(capsys, "no finished trials yet")
    assert main(["show", str(path)]) == 0
    assert "not finished" in capsys.readouterr().out


def _one_line(capsys: pytest.CaptureFixture[str], *told: str) -> None:
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("stiffgui: ")
    for words in told:
        assert words in error
