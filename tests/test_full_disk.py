"""A disk that is full while a run is written: one sentence, and what was written is read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from stiffgui import open_run
from stiffgui.errors import InputError
from stiffgui.runs.recording import Recording
from tests.small import small


def limited(recording: Recording, pages: int) -> None:
    """Let the file have no more pages: SQLite says then what it says of a full disk."""
    recording._writer._database.execute(f"PRAGMA max_page_count = {pages}")


def test_what_was_committed_stays_and_is_read(tmp_path: Path) -> None:
    recording = Recording(small(training__epochs=5000), tmp_path / "a.stiff")
    limited(recording, 40)
    with pytest.raises(InputError, match=r"the disk is full.*make room.*--resume"):
        for _ in recording:
            pass
    with open_run(tmp_path / "a.stiff") as run:
        assert run.ending == "running" and len(run.series().epochs) > 0


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
