"""One process writes a file, others can name it, and one that died is taken over from."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from stiffgui import open_run, open_study, presets, train
from stiffgui.cli import main
from stiffgui.errors import InputError
from stiffgui.runs.maintenance import set_note
from stiffgui.runs.opening import is_regular
from stiffgui.runs.recording import Recording
from stiffgui.session.following import Position, news
from stiffgui.training import Controls
from stiffgui.watching.recorder import Recorder
from stiffgui.writer_lock import SILENT_SECONDS, WriterLock, lock_of, writer_of
from tests.writers import elsewhere, in_terminal, recording

SMALL = presets["alpine02"].with_settings({"training.epochs": 5, "training.trials": 1})


def test_who_writes_is_said_and_nobody_else_may(tmp_path: Path) -> None:
    path = tmp_path / "run.stiff"
    with recording(path) as process:
        writer = writer_of(path)
        assert writer is not None and writer.alive and writer.is_here
        assert writer.process == process.pid and writer.host == platform.node()
        assert abs(writer.since - time.time()) < 60
        for attempt in (
            lambda: Recording(SMALL, path, replace=True),
            lambda: Recorder(path, force=True),
            lambda: set_note(path, "a note"),
        ):
            with pytest.raises(InputError, match=rf"process {process.pid}, since .*wait until"):
                attempt()
        with open_run(path) as run:
            assert run.state == run.ending == "running" and run.writer == writer
    writer = writer_of(path)
    assert writer is not None and not writer.alive
    with open_run(path) as run:
        assert run.state == "interrupted"
    train(SMALL, path, force=True).close()  # takes over
    assert os.listdir(tmp_path) == ["run.stiff"] and writer_of(path) is None


def test_two_trainings_of_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.stiff"
    first = iter(Recording(SMALL, path))
    next(first)
    for words in (["--resume", str(path)], ["alpine02", "--out", str(path), "--force"]):
        assert main(["train", *words]) == 2
        assert "is being written by" in capsys.readouterr().err
    assert len(list(first)) > 4
    with open_run(path) as run:
        assert run.ending == "finished" and run.series().epochs.tolist() == [0, 1, 2, 3, 4, 5]


LONG = ("--set", "training.epochs=1000000")
FIRST = {
    "training": ("train", "alpine02", *LONG),
    "study": ("study", "alpine02", "--trials", "2", *LONG),
}
SECOND = {
    "train over it": ("train", "alpine02", "--force", "--out", "FILE"),
    "study over it": ("study", "alpine02", "--force", "--out", "FILE"),
    "go on with a training": ("train", "--resume", "FILE"),
    "go on with a study": ("study", "--resume", "FILE"),
    "let a study grow": ("study", "--out", "FILE", "--trials", "3"),
}
OTHERS = {("training", "go on with a study"), ("training", "let a study grow")}
OTHERS |= {("study", "go on with a training")}  # it is no such file: that is said


@pytest.mark.slow
@pytest.mark.parametrize("first", FIRST)
def test_two_writers_in_every_combination(
    first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.stiff"
    with in_terminal(path, *FIRST[first]) as process:
        before = epochs_of(path) if first == "training" else []
        for second, words in SECOND.items():
            assert main([str(path) if word == "FILE" else word for word in words]) == 2, second
            told = capsys.readouterr().err
            assert ((first, second) in OTHERS) or f"process {process.pid}" in told, (second, told)
            assert str(path) in told and process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 3
    if first == "training":
        assert epochs_of(path)[: len(before)] == before
        with open_run(path) as run:
            assert run.ending == "stopped"
    else:
        with open_study(path) as study:
            assert study.study.trials == 2


def epochs_of(path: Path) -> list[int]:
    """The recorded ones of a training."""
    with open_run(path) as run:
        return list(run.series().epochs)


def test_a_writer_on_another_host_is_believed_while_it_shows_signs_of_life(tmp_path: Path) -> None:
    path = tmp_path / "run.stiff"
    with recording(path) as process:
        while not len(open_run(path).series().epochs):
            time.sleep(0.1)
        process.send_signal(signal.SIGSTOP)
        process.kill()
        process.wait()
    elsewhere(path)
    with open_run(path) as run:  # its journal is read without SQLite's shared memory
        assert run.state == "running" and run.writer is not None and not run.writer.is_here
        assert len(run.series().epochs)
    with pytest.raises(InputError, match="on another, process"):
        WriterLock(path)
    long_ago = time.time() - SILENT_SECONDS - 1
    os.utime(lock_of(path), (long_ago, long_ago))
    assert open_run(path).state == "interrupted"
    WriterLock(path).release()


def test_a_lock_that_a_power_failure_left_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "run.stiff"
    for rest in (b"", b"no database at all, but long enough to be looked at" * 40):
        lock_of(path).write_bytes(rest)
        assert writer_of(path) is None
        with WriterLock(path):
            assert writer_of(path) is not None
        assert not lock_of(path).exists()


@pytest.mark.parametrize(
    "epochs", [20_000, pytest.param(1_800_000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_every_record_is_seen_once(tmp_path: Path, epochs: int) -> None:
    path = tmp_path / "run.stiff"
    seen: list[int] = []
    measured = 0
    with recording(path, 0.0, epochs) as process:
        position = Position(path, -1, 0, writer_of(path))
        while True:
            new = news(position)
            assert not new.complaint and not new.anew and new.history is not None
            seen += new.history.epochs.tolist()
            measured += len(new.history.index_epochs)
            loss = new.history.series.get("loss")
            assert loss is None or loss[:, 0].tolist() == new.history.epochs.tolist()
            position = Position(path, max(seen, default=-1), 0, new.writer or position.writer)
            if new.state != "running":
                break
            time.sleep(0.05)
        assert process.wait() == 0
    assert new.state == "finished" and seen == list(range(epochs)) and measured == epochs // 50


def test_a_run_that_goes_on_from_an_earlier_epoch_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "run.stiff"
    train(SMALL, path).close()
    before = Position(path, 5, 0, None)
    assert news(before).state == "finished" and not news(before).anew
    more = SMALL.with_settings({"training.epochs": 8})
    again = iter(Recording(more, path, resume=True))
    next(again)
    new = news(before)
    assert new.anew and new.history is not None and new.history.epochs[0] == 0
    list(again)


def test_a_journal_that_comes_and_goes_is_no_reason_to_refuse_a_file(tmp_path: Path) -> None:
    path = tmp_path / "r.stiff"
    train(SMALL, path).close()
    both = "import os,sys\nwhile True:\n os.close(os.open(sys.argv[1],os.O_CREAT|os.O_WRONLY))\n"
    journal = f"{path}-journal"
    other = subprocess.Popen([sys.executable, "-c", f"{both} os.unlink(sys.argv[1])", journal])
    try:
        while not Path(journal).exists():
            pass
        for _ in range(2000):
            assert is_regular(path)
    finally:
        other.kill()
        other.wait()


def test_links_in_a_ring_are_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ring = tmp_path / "ring.stiff"
    ring.symlink_to(ring)
    for words in (["show"], ["train", "--resume"], ["spectrum"]):
        assert main([*words, str(ring)]) == 2
        assert "ring.stiff cannot be read: Too many levels" in capsys.readouterr().err


def test_a_folder_that_goes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "r.stiff"
    path.parent.mkdir()
    controls = Controls()
    training = iter(Recording(SMALL, path, controls))
    next(training)
    shutil.rmtree(path.parent)
    controls.stop()
    with pytest.raises(InputError, match=r"its folder .*folder is gone. Make the folder"):
        list(training)


def test_a_file_that_goes_is_told(tmp_path: Path) -> None:
    new = news(Position(tmp_path / "gone.stiff", 3, 0, None))
    assert new.state == "unreadable" and "gone.stiff cannot be read" in new.complaint


def test_a_training_that_had_only_begun_goes_on_alike(tmp_path: Path) -> None:
    path, whole = tmp_path / "run.stiff", tmp_path / "whole.stiff"
    train(SMALL, whole).close()
    begun = Recording(SMALL, path)
    begun._writer.give_up()  # as a process that is killed
    with open_run(path) as run:
        assert run.state == "interrupted" and run.checkpoint_epoch == 0
    list(Recording(SMALL, path, resume=True))
    with open_run(path) as run, open_run(whole) as other:
        for name, values in other.series().series.items():
            assert np.array_equal(run.series().series[name], values, equal_nan=True), name
        for name, array in other.parameters(5).items():
            assert np.array_equal(run.parameters(5)[name], array), name


def test_going_on_leaves_an_event_and_its_provenance(tmp_path: Path) -> None:
    path = tmp_path / "run.stiff"
    train(SMALL, path).close()
    began = open_run(path).provenance
    more = SMALL.with_settings({"training.epochs": 7})
    list(Recording(more, path, resume=True))
    with open_run(path) as run:
        assert [e["text"] for e in run.events] == ["training goes on from epoch 5"]
        [again] = run.provenance["resumed"]
        assert again["epoch"] == 5 and again["started"] >= began["started"]
        assert run.provenance | {"resumed": 0} == began | {"resumed": 0}
