"""A disk that is full, and files that go, while a run is written: nothing is lost."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from stiffgui import open_run
from stiffgui.errors import InputError
from stiffgui.runs.recording import Recording
from stiffgui.training import Event, Record
from stiffgui.watching import Recorder
from tests.small import small
from tests.soak.trials import numbers, unlike


def limited(recording: Recording, pages: int) -> None:
    """Let the file have no more pages: SQLite says then what it says of a full disk."""
    recording._writer._database.execute(f"PRAGMA max_page_count = {pages}")


def undisturbed(folder: Path, epochs: int = 800) -> list[int]:
    """The recorded epochs of the training when nothing goes wrong."""
    folder.mkdir()
    recording = Recording(small(training__epochs=epochs), folder / "whole.stiff")
    return [item.epoch for item in recording if isinstance(item, Record)]


def alike(path: Path, other: Path) -> bool:
    """Whether a run that was held once has all of one that was not, to the bit."""
    with open_run(path) as run:
        assert run.ending == "finished" and [e["kind"] for e in run.events].count("held") == 2
    return not unlike(numbers(path), numbers(other))


def test_training_waits_for_room_and_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    undisturbed(tmp_path / "whole")
    recording = Recording(small(training__epochs=800), tmp_path / "a.stiff")
    limited(recording, 40)
    held: list[str] = []
    for item in recording:
        if isinstance(item, Event) and item.kind == "held":
            held.append(item.text)
            if len(held) == 1:
                assert "the disk is full. Training waits" in item.text
                with open_run(tmp_path / "a.stiff") as run:
                    assert run.state == "running" and run.checkpoint_epoch >= 0
                threading.Timer(1.2, limited, (recording, 10**6)).start()
    assert len(held) == 2 and "is written again, after" in held[1]
    assert alike(tmp_path / "a.stiff", tmp_path / "whole" / "whole.stiff")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("only root of a Linux may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_on_a_disk_of_three_megabytes(tmp_path: Path, disk: Path) -> None:
    undisturbed(tmp_path / "whole", 400)
    filler, place, held = disk / "filler", disk / "a.stiff", list[str]()
    recording = Recording(small(training__epochs=400), place)
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - 60_000))
    for item in recording:
        if isinstance(item, Event) and item.kind == "held":
            held.append(item.text)
            if len(held) == 1:
                assert "the disk is full. Training waits" in item.text
                threading.Timer(1.2, filler.unlink).start()
    assert len(held) == 2 and "is written again, after" in held[1]
    assert alike(place, tmp_path / "whole" / "whole.stiff")


def test_a_start_that_a_full_disk_refuses_leaves_nothing(disk: Path) -> None:
    (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free))
    with pytest.raises(InputError, match=r"a\.stiff cannot be written: the disk is full"):
        list(Recording(small(), disk / "a.stiff"))
    assert [path.name for path in disk.iterdir()] == ["filler"]


def test_told_to_stop_it_keeps_what_was_committed(tmp_path: Path) -> None:
    recording = Recording(small(training__epochs=5000), tmp_path / "a.stiff")
    limited(recording, 40)
    with pytest.raises(InputError, match=r"the disk is full.*make room.*--resume"):
        for item in recording:
            if isinstance(item, Event) and item.kind == "held":
                recording.controls.stop()
    with open_run(tmp_path / "a.stiff") as run:
        assert run.state == "interrupted" and len(run.series().epochs) > 0
        epoch = run.checkpoint_epoch
    assert not list(tmp_path.glob("*-lock"))
    again = Recording(small(training__epochs=epoch + 5), tmp_path / "a.stiff", resume=True)
    list(again)
    assert again.ending == "finished"


def test_a_loop_of_somebodys_own_goes_on_without_room(tmp_path: Path) -> None:
    with Recorder(tmp_path / "a.stiff") as recorder:
        database = recorder._writer._database
        recorder.record(0, loss=1.0, jacobians=np.eye(300))
        recorder._commit()
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
        recorder.record(1, loss=1.0, jacobians=np.eye(300))
        with pytest.warns(UserWarning, match=r"the disk is full.*tried again"):
            recorder._commit()
        recorder.record(2, loss=1.0)
        recorder._commit()  # says nothing twice
        database.execute("PRAGMA max_page_count = 1000000")
    with open_run(tmp_path / "a.stiff") as run:
        assert run.series().epochs.tolist() == [0, 1, 2] and run.ending == "finished"


def test_a_file_that_goes_is_written_anew(tmp_path: Path) -> None:
    place = tmp_path / "a.stiff"
    epochs = undisturbed(tmp_path / "whole")
    recording, told = Recording(small(training__epochs=800), place), []
    for item in recording:
        if isinstance(item, Record) and item.epoch == 40:
            place.unlink()
        if isinstance(item, Event):
            told.append(item)
    [moved] = [event for event in told if event.kind == "moved"]
    assert moved.text.endswith(f"it goes on as {tmp_path / 'a-2.stiff'}.")
    assert recording.path == tmp_path / "a-2.stiff" and not place.exists()
    with open_run(recording.path) as run:
        assert run.ending == "finished" and run.series().epochs.tolist() == epochs
    assert [p.name for p in tmp_path.glob("a*")] == ["a-2.stiff"]


def test_a_file_that_takes_its_place_is_left_alone(tmp_path: Path) -> None:
    place, other = tmp_path / "a.stiff", tmp_path / "other"
    other.write_text("of somebody else")
    recording = Recording(small(training__epochs=800), place)
    for item in recording:
        if isinstance(item, Record) and item.epoch == 40:
            other.replace(place)
    assert place.read_text() == "of somebody else"
    with open_run(recording.path) as run:
        assert run.series().epochs[-1] == 800 and recording.path.name == "a-2.stiff"


def test_a_folder_that_goes_is_waited_for(tmp_path: Path) -> None:
    epochs, folder = undisturbed(tmp_path / "whole"), tmp_path / "folder"
    folder.mkdir()
    recording, told = Recording(small(training__epochs=800), folder / "a.stiff"), []
    for item in recording:
        if isinstance(item, Record) and item.epoch == 40:
            shutil.rmtree(folder)
        if isinstance(item, Event) and item.kind in ("held", "moved"):
            told.append(item.kind)
            folder.mkdir(exist_ok=True)
    assert told == ["held", "moved", "held"]
    with open_run(recording.path) as run:
        assert run.ending == "finished" and run.series().epochs.tolist() == epochs


def test_a_file_whose_rest_is_in_its_journal_is_no_damaged_one(tmp_path: Path) -> None:
    recording = Recording(small(training__epochs=3), tmp_path / "a.stiff")
    for _ in recording:
        pass
    path, copy = tmp_path / "a.stiff", tmp_path / "left"
    copy.mkdir()
    # As a process leaves it that dies while its pages are in the journal.
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    database.execute("CREATE TABLE more (text)")
    database.executemany("INSERT INTO more VALUES (?)", [("x" * 1000,)] * 500)
    database.commit()
    size = path.stat().st_size
    for end in ("", "-wal"):
        (copy / f"a.stiff{end}").write_bytes(path.with_name(f"a.stiff{end}").read_bytes())
    database.close()
    left = copy / "a.stiff"
    # The header knows of the pages that only the journal has.
    header = bytearray(left.read_bytes())
    header[28:32] = (10_000).to_bytes(4, "big")
    left.write_bytes(bytes(header[:size]))
    with open_run(left) as run:
        assert run.ending == "finished" and len(run.series().epochs) == 4
    left.with_name("a.stiff-wal").unlink(missing_ok=True)
    left.with_name("a.stiff-shm").unlink(missing_ok=True)
    left.write_bytes(bytes(header[:size]))
    with pytest.raises(InputError, match="cut off or damaged"):
        open_run(left)
