"""`stiffgui repair`: what is readable of damaged runs and studies is saved, the rest is said."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from stiffgui import open_run, open_study, presets, train
from stiffgui.cli import main
from tests.soak.hostile import HARMS
from tests.test_old_files import RUN_1, STUDY_1


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "run.stiff"
    settings = {"training.epochs": 400, "training.trials": 2, "watch.every": 20}
    train(presets["alpine02"].with_settings(settings), path).close()
    return path


def pages(path: Path, table: str) -> list[int]:
    """Where the pages of a table lie that hold rows, but for the first."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        [root] = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        [size] = database.execute("PRAGMA page_size").fetchone()
    content = path.read_bytes()
    start = (root[0] - 1) * size
    assert content[start] in (2, 5), f"{table} has one page"
    cells = int.from_bytes(content[start + 3 : start + 5])
    places = [
        int.from_bytes(content[start + 12 + 2 * k : start + 14 + 2 * k]) for k in range(cells)
    ]
    below = [int.from_bytes(content[start + place : start + place + 4]) for place in places]
    return [(page - 1) * size for page in below]


def test_a_sound_file_loses_nothing(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.stiff"
    assert main(["repair", str(whole), "-o", str(out)]) == 0
    assert "nothing is lost" in capsys.readouterr().out
    with open_run(whole) as old, open_run(out) as new:
        assert new.history.equals(old.history) and new.ending == old.ending
        assert new.snapshot_epochs == old.snapshot_epochs and new.events == old.events
        epoch = old.last_snapshot_epoch
        for name, array in old.parameters(epoch).items():
            np.testing.assert_array_equal(array, new.parameters(epoch)[name])
    content = out.read_bytes()
    assert main(["repair", str(whole), "-o", str(out)]) == 2 and out.read_bytes() == content
    assert "exists" in capsys.readouterr().err


def test_what_lies_around_a_damaged_page_is_saved_and_training_goes_on(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = Path(shutil.copy(whole, tmp_path / "run.stiff")), tmp_path / "out.stiff"
    middle = pages(path, "history")
    content = bytearray(path.read_bytes())
    at = middle[len(middle) // 2]
    content[at : at + 200] = b"\xff" * 200
    path.write_bytes(content)
    assert main(["show", str(path)]) == 2
    capsys.readouterr()
    assert main(["repair", str(path), "-o", str(out)]) == 0
    assert "lost: rows of history" in capsys.readouterr().out
    assert path.read_bytes() == content
    with open_run(whole) as old, open_run(out) as new:
        before, after = old.series(), new.series()
        assert 0 < len(after.epochs) < len(before.epochs)
        assert (after.epochs[0], after.epochs[-1]) == (0, 400)
        kept = np.isin(before.epochs, after.epochs)
        for name, values in before.series.items():
            np.testing.assert_array_equal(values[kept], after.series[name])
        assert new.snapshot_epochs == old.snapshot_epochs
    assert main(["train", "--resume", str(out), "--set", "training.epochs=402"]) == 0


def test_a_table_that_is_none_is_said_to_be_lost(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = Path(shutil.copy(whole, tmp_path / "in.stiff")), tmp_path / "out.stiff"
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("ALTER TABLE history RENAME TO h2")
        database.execute("CREATE VIEW history AS SELECT * FROM h2")
    assert main(["repair", str(path), "-o", str(out)]) == 0
    told = capsys.readouterr().out
    assert "lost: all of history" in told and "nothing is lost" not in told


def test_a_damaged_header_is_made_anew(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = Path(shutil.copy(whole, tmp_path / "run.stiff")), tmp_path / "out.stiff"
    with path.open("r+b") as file:
        file.write(bytes(100))
    assert main(["repair", str(path), "-o", str(out)]) == 0
    assert "nothing is lost" in capsys.readouterr().out
    with open_run(whole) as old, open_run(out) as new:
        assert new.history.equals(old.history)


def test_a_cut_file_keeps_what_it_has(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = Path(shutil.copy(whole, tmp_path / "run.stiff")), tmp_path / "out.stiff"
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 3 // 4)
    assert main(["show", str(path)]) == 2
    assert main(["repair", str(path), "-o", str(out)]) == 0
    assert "lost: " in capsys.readouterr().out
    with open_run(out) as run:
        assert len(run.series().epochs) > 1


def test_a_batch_of_a_study_that_is_lost_is_trained_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = Path(shutil.copy(STUDY_1, tmp_path / "study.stiff")), tmp_path / "out.stiff"
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE chunks SET run = zeroblob(3000) WHERE number = 1")
    assert main(["show", str(path)]) == 2
    assert main(["repair", str(path), "-o", str(out)]) == 0
    assert "batch 1, which will be trained again" in capsys.readouterr().out
    with open_study(STUDY_1) as old, open_study(out) as new:
        assert [v.trials for v in new.variants] == [2, 0]
        for name, values in old.variants[0].last.items():
            np.testing.assert_array_equal(values, new.variants[0].last[name])
    assert main(["study", "--resume", str(out)]) == 0
    with open_study(out) as new:
        assert new.finished and [v.trials for v in new.variants] == [2, 2]


def test_a_file_of_an_earlier_version_is_saved_as_one_of_today(tmp_path: Path) -> None:
    out = tmp_path / "out.stiff"
    assert main(["repair", str(RUN_1), "-o", str(out)]) == 0
    with open_run(RUN_1) as old, open_run(out) as new:
        assert new.series().epochs.tolist() == old.series().epochs.tolist()
        np.testing.assert_equal(new.last().medians, old.last().medians)


@pytest.mark.parametrize("harm", HARMS)
def test_what_comes_of_any_damage_opens_or_is_no_file(
    harm: object, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "run.stiff", tmp_path / "out.stiff"
    for seed in range(2):
        shutil.copy(whole, path)
        with contextlib.suppress(sqlite3.Error):
            harm(path, random.Random(seed))  # type: ignore[operator]
        code = main(["repair", str(path), "-o", str(out)])
        said = capsys.readouterr()
        assert code in (0, 2), said.err
        assert out.exists() == (code == 0) and not said.err.count("\n") > 1
        if code == 0:
            assert main(["show", str(out)]) == 0, said.out
            capsys.readouterr()
        for left in tmp_path.iterdir():
            left.unlink()
