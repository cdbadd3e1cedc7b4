"""Files that earlier versions wrote stay readable, and go on.

`tests/files` holds them as they were written; nothing here may change them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stiffgui import InputError, open_run, open_study
from stiffgui.cli import main
from stiffgui.runs import set_note
from stiffgui.runs.maintenance import STEPS, migrate
from stiffgui.runs.migrations import MIGRATIONS, STUDY_MIGRATIONS
from stiffgui.runs.run import Run
from stiffgui.runs.schema import RUN, STUDY
from stiffgui.runs.writer import RunWriter
from stiffgui.study import StudyRecording
from stiffgui.study.summary import summary_frame

FILES = Path(__file__).parent / "files"
RUN_1, STOPPED_1, STUDY_1 = (FILES / f"{n}-v1.stiff" for n in ("run", "stopped", "study"))
SUM = {
    "run-v1.stiff": "5018a4d89bc2a1cecda21597ad39d96e31c181ccf0e1ed191d6f863b08a4ccf8",
    "stopped-v1.stiff": "2a1f9ad6e7541d0ec4c413895f1b43848b9fcf3134c396c614d2721a09060345",
    "study-v1.stiff": "33e10f82001f2f8f6f34c0ff2e0e470ce8e26e7cc1781e15ff1a86a1f58fe383",
    "run-v2.stiff": "59a5da51b76c632db605765c9d723e6e2b10ff900cc0972ddf59d89a3b2e47b5",
    "study-v2.stiff": "89279c9c6cc268850d9b327de0a95e07335c24b73a6ac61fbf0f581e25bd3202",
    "table-v2.stiff": "ba953ee46ce6aa1a8833ebf132ce7b4ef530db9b8eaf5b017c6648df20bb4340",
    "nested-v2.stiff": "828a9f1c3b71e3a45ffa5584cbca0eb7d44f6bf40317fb203833137dd5b120d1",
    "watched-v2.stiff": "e11ac1a96c7cf197353ab6ffd7090d936c8008bd7fea992d7123296f943f4772",
}
# Those of version 2: alpine02 with 12 epochs (the study: 6), 2 trials, width 4, depth 3,
# 90 training and 30 test, watch.every 4, by `train` and `run_study(Study.of_experiment(...))`.
# `table`: one of 40 rows that keeps its samples; `nested`: `study_files.nested`, 2 trials;
# `watched`: four epochs of a Recorder with Jacobians [2, 5, 3, 3].
RUN_2, STUDY_2, TABLE_2, NESTED_2, WATCHED_2 = (
    FILES / f"{n}-v2.stiff" for n in ("run", "study", "table", "nested", "watched")
)


@pytest.fixture(autouse=True)
def unchanged() -> Iterator[None]:
    """Reading leaves a file's bytes and its folder as they are."""
    yield
    for name, expected in SUM.items():
        assert hashlib.sha256((FILES / name).read_bytes()).hexdigest() == expected
    assert {p.name for p in FILES.iterdir()} == set(SUM)


def version(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def copied(path: Path, folder: Path) -> Path:
    return Path(shutil.copy(path, folder / path.name))


def read(run: Run) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    return run.series().indices, run.history


def test_a_run_opens(tmp_path: Path) -> None:
    with open_run(RUN_1) as run:
        history = run.series()
        assert history.epochs.tolist() == list(range(13)) and run.trials == 2
        assert np.isfinite(history.series["train_error"]).all()
        assert list(history.indices) == ["frobenius", "spectral-radius", "ratio-real"]
        assert history.flagged.keys() == {"ratio-real"}
        assert run.snapshot(12).predict(np.zeros((3, 2))).shape == (2, 3, 1)
        assert run.spectra == [] and not run.foreign
        with pytest.raises(InputError, match="keeps no spectrum"):
            run.spectrum(0, 1)
        assert run.last().medians["test_error"] == pytest.approx(
            np.median(history.series["test_error"][-1])
        )
        assert {"stiffness_spectral_radius", "l2_norm", "seconds"} < set(run.history)


@pytest.mark.parametrize("path", [RUN_1, STOPPED_1, STUDY_1], ids=lambda p: p.stem)
def test_files_are_shown(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(path)]) == 0
    capsys.readouterr()
    assert main(["show", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    if path is STUDY_1:
        assert [v["trials"] for v in facts["variants"]] == [2, 2]
        assert facts["variants"][0]["quantities"]["stiffness"]["median"] > 0
    else:
        assert facts["errors"]["train_error"] > 0 and facts["settings"]["training"]["trials"] == 2


@pytest.mark.parametrize("path", [RUN_1, STUDY_1], ids=lambda p: p.stem)
def test_figures_and_tables_are_exported(path: Path, tmp_path: Path) -> None:
    figures = ("errors", "stiffness", "summary")
    figures += ("layers", "spectrum", "fit") if path is RUN_1 else ("boxes",)
    for figure in figures:
        for kind in ("svg", "csv"):
            out = tmp_path / f"{figure}.{kind}"
            words = ["export", str(path), "--figure", figure, "--format", kind]
            assert main([*words, "-o", str(out)]) == 0 and out.stat().st_size
    for table in ("history", "summary"):
        out = tmp_path / f"{table}-table.csv"
        words = ["export", str(path), "--table", table, "--format", "csv", "-o", str(out)]
        assert main(words) == 0 and len(pd.read_csv(out))


def test_files_of_version_2_open() -> None:
    with open_run(RUN_2) as run:
        assert run.series().epochs[-1] == 12 and run.trials == 2 and run.ending == "finished"
        assert run.snapshot(12).predict(np.zeros((3, 2))).shape == (2, 3, 1)
    with open_study(STUDY_2) as results:
        assert results.finished and [v.trials for v in results.variants] == [2, 2, 2]
    with open_run(TABLE_2) as run:  # its table is gone
        assert len(run.data.x_train) == 28
        assert run.snapshot(6).predict(np.zeros((3, 2))).shape == (2, 3, 1)
    with open_study(NESTED_2) as results:
        assert results.finished and len(results.variants[1].chosen) == 2
    with open_run(WATCHED_2) as run:
        assert run.foreign and run.series().epochs.tolist() == [0, 1, 2, 3]
        assert run.spectrum(3, 2)
    for path in (RUN_2, STUDY_2, TABLE_2, NESTED_2, WATCHED_2):
        assert main(["show", str(path)]) == 0


def test_a_trial_is_extracted_into_a_file_of_today(tmp_path: Path) -> None:
    with open_study(STUDY_1) as results:
        out = results.extract("RES stiff", 1, tmp_path / "one.stiff")
        expected = results.variants[1].last["test_error"][1]
    assert version(out) == RUN.version
    with open_run(out) as run:
        assert run.trials == 1 and run.first_trial == 1
        assert run.series().series["test_error"][-1, 0] == expected
        assert list(run.quantities)[:2] == ["train_error", "test_error"]


def test_a_note_makes_it_a_file_of_today_with_the_same_numbers(tmp_path: Path) -> None:
    path = copied(RUN_1, tmp_path)
    with open_run(path) as run:
        before = read(run)
    set_note(path, "kept")
    assert version(path) == RUN.version and [p.name for p in tmp_path.iterdir()] == [path.name]
    with open_run(path) as run:
        assert run.note == "kept"
        after = read(run)
        assert run.quantities["train_error"].title == "Training error"
    pd.testing.assert_frame_equal(before[1], after[1], check_exact=True)
    for name, values in before[0].items():
        np.testing.assert_array_equal(values, after[0][name])


def test_a_stopped_run_goes_on_as_a_file_of_today(tmp_path: Path) -> None:
    path = copied(STOPPED_1, tmp_path)
    with open_run(path) as run:
        before = run.series()
        epoch = run.checkpoint_epoch
    more = f"training.epochs={epoch + 5}"
    assert main(["train", "--resume", str(path), "--set", more]) == 0
    assert version(path) == RUN.version
    with open_run(path) as run:
        after = run.series()
        assert run.ending == "finished" and run.snapshot_epochs[-1] == epoch + 5
    rows = int(np.searchsorted(after.epochs, epoch))
    assert after.epochs[rows:].tolist() == [epoch + 5]  # what only the stop had asked for is gone
    for name, values in before.until(epoch - 1).series.items():
        np.testing.assert_array_equal(values, after.series[name][:rows], err_msg=name)
    assert after.index_epochs[-1] == epoch + 5  # the last epoch is always measured


def test_the_window_goes_on_from_the_same_history() -> None:
    from stiffgui.session.run_entry import RunEntry

    entry = RunEntry.read(STOPPED_1, resuming=True)
    with open_run(STOPPED_1) as run:
        assert entry.history.epochs.tolist() == run.series().epochs.tolist()
        assert entry.snapshot_epochs == run.snapshot_epochs
    assert entry.state == "stopped" and entry.series() is entry.history


def test_a_study_with_a_stopped_chunk_of_an_old_version_goes_on(tmp_path: Path) -> None:
    path = copied(STUDY_1, tmp_path)
    with open_run(STOPPED_1) as run:
        epoch = run.checkpoint_epoch
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        (toml,) = database.execute("SELECT value FROM meta WHERE key = 'study'").fetchone()
        assert toml.count("epochs = 6\n") == 1
        toml = toml.replace("epochs = 6\n", f"epochs = {epoch + 5}\n")
        database.execute("UPDATE meta SET value = ? WHERE key = 'study'", (toml,))
        database.execute(
            "UPDATE chunks SET state = 'stopped', epoch = ?, run = ? WHERE number = 0",
            (epoch, STOPPED_1.read_bytes()),
        )
    recording = StudyRecording(None, path, resume=True)
    assert [chunk.number for chunk in recording.chunks] == [0]
    for _ in recording:
        pass
    assert version(path) == STUDY.version and recording.ending == "finished"
    with open_study(path) as results:
        assert results.finished and [v.trials for v in results.variants] == [2, 2]
        gone_on = results.run_of_chunk(0).series()
        assert gone_on.epochs[-1] == epoch + 5 and len(summary_frame(results))
    with contextlib.closing(sqlite3.connect(path)) as database:
        runs = dict(database.execute("SELECT number, run FROM chunks"))
    for number, expected in ((0, RUN.version), (1, 1)):  # the other's bytes are as they were
        (tmp_path / "chunk.stiff").write_bytes(runs[number])
        assert version(tmp_path / "chunk.stiff") == expected


def test_a_migration_that_fails_leaves_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copied(RUN_1, tmp_path)

    def fail(database: sqlite3.Connection) -> None:
        MIGRATIONS[1](database)
        raise sqlite3.OperationalError("the disk is full")

    monkeypatch.setitem(STEPS, "run", {1: fail})
    with pytest.raises(InputError, match="the disk is full"):
        set_note(path, "not kept")
    assert path.read_bytes() == RUN_1.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_file_is_migrated_with_its_journal_through_a_link_and_once(tmp_path: Path) -> None:
    path, link = copied(RUN_1, tmp_path), tmp_path / "link.stiff"
    link.symlink_to(path)
    os.chmod(path, 0o640)
    writing = sqlite3.connect(path)  # as a training that was killed leaves it
    writing.execute("PRAGMA journal_mode = WAL")
    writing.execute("PRAGMA wal_autocheckpoint = 0")
    writing.execute("INSERT INTO meta VALUES ('note', 'from the journal')")
    writing.commit()
    killed = tmp_path / "killed.stiff"
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{killed}{suffix}")
    with pytest.raises(InputError, match="is being written by another program"):
        writing.execute("BEGIN IMMEDIATE")
        migrate(path)
    writing.rollback()
    writing.close()
    migrate(link)
    assert link.is_symlink() and version(path) == RUN.version
    assert path.stat().st_mode & 0o777 == 0o640
    migrate(killed)
    assert not killed.with_name("killed.stiff-wal").exists()
    for each in (path, killed):
        with open_run(each) as run:
            assert run.note == "from the journal"
        content = each.read_bytes()
        migrate(each)  # nothing is left to do
        assert each.read_bytes() == content


def test_every_older_version_has_a_migration() -> None:
    assert sorted(MIGRATIONS) == list(range(1, RUN.version))
    assert sorted(STUDY_MIGRATIONS) == list(range(1, STUDY.version))


def test_a_migrated_file_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    def tables(path: Path) -> dict[str, set[str]]:
        with contextlib.closing(sqlite3.connect(path)) as database:
            names = [
                n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE sql > ''")
            ]
            return {
                n: {row[1] for row in database.execute(f"PRAGMA table_info({n})")} for n in names
            }

    old, new = copied(RUN_1, tmp_path), tmp_path / "new.stiff"
    migrate(old)
    RunWriter(new, None).close("finished")
    assert tables(old) == tables(new)


@pytest.mark.parametrize("path", [RUN_1, STUDY_1], ids=lambda p: p.stem)
def test_a_newer_version_is_refused_in_one_sentence(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = copied(path, tmp_path)
    with contextlib.closing(sqlite3.connect(newer)) as database:
        database.execute("PRAGMA user_version = 99")
    content = newer.read_bytes()
    assert main(["show", str(newer)]) == 2
    error = capsys.readouterr().err.strip()
    assert "written by a newer stiffgui (file version 99" in error and "\n" not in error
    with pytest.raises(InputError, match="newer stiffgui"):
        migrate(newer, RUN if path is RUN_1 else STUDY)
    if path is RUN_1:
        with pytest.raises(InputError, match="newer stiffgui"):
            set_note(newer, "x")
    assert newer.read_bytes() == content
