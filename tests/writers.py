"""Other processes that write a run file."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from stiffgui.writer_lock import lock_of, writer_of

RECORDS = """
import sys, time, numpy
from stiffgui.watching.recorder import Recorder
pause, epochs = float(sys.argv[2]), int(sys.argv[3])
with Recorder(sys.argv[1]) as recorder:
    for epoch in range(epochs):
        measured = {"jacobians": numpy.diag([-1.0, epoch])} if epoch % 50 == 0 else {}
        recorder.record(epoch, loss=float(epoch), **measured)
        if pause:
            time.sleep(pause)
"""


def recording(
    path: Path, pause: float = 0.01, epochs: int = 10**6
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """A loop of somebody's own, which records epochs."""
    return _writing(path, [sys.executable, "-c", RECORDS, str(path), str(pause), str(epochs)])


def training(path: Path, *words: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """`stiffgui train` in a terminal."""
    return in_terminal(path, "train", *words)


def in_terminal(path: Path, *words: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """A command of stiffgui that writes a file."""
    return _writing(path, [sys.executable, "-m", "stiffgui", *words, "--out", str(path)])


@contextmanager
def _writing(path: Path, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while writer_of(path) is None or not path.exists():
            assert process.poll() is None
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def elsewhere(path: Path) -> None:
    """Let the lock say that another host has it."""
    with closing(sqlite3.connect(lock_of(path))) as database:
        [text] = database.execute("SELECT facts FROM writer").fetchone()
        facts = json.loads(text) | {"host": "another"}
        database.execute("UPDATE writer SET facts = ?", (json.dumps(facts),))
        database.commit()
