"""Whole programs that are killed at random moments: studies, their workers, the window, its child.

`python -m tests.soak.programs STUDIES WORKERS WINDOWS CHILDREN` prints a JSON document: how many of
each were killed, how many had ended or not begun by then, and what was found wrong: a file that
does not open or go on, or numbers and weights that are not those of one that was left alone.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from stiffgui import open_run, open_study
from stiffgui.runs.opening import kind_of_file
from stiffgui.writer_lock import writer_of
from tests import study_files
from tests.soak.trials import numbers as run_numbers
from tests.soak.trials import unlike

EPOCHS = 2000
STUDY = study_files.tiny(training__epochs=EPOCHS)
SECONDS = 300.0  # for anything to happen
Program = list[str]


class Kind(NamedTuple):
    """A program that writes a file, the one that goes on with it, and which of it is killed."""

    begin: Callable[[Path], Program]
    go_on: Callable[[Path], Program]
    numbers: Callable[[Path], dict[str, Any]]
    child: bool = False  # one of its children instead of itself


def study_numbers(path: Path) -> dict[str, Any]:
    """The history of a study, and the weights with which its trainings end."""
    frame = study_files.numbers(path).select_dtypes("number")
    found: dict[str, Any] = {str(name): frame[name].to_numpy() for name in frame}
    with open_study(path) as results:
        for state in results.chunks:
            run = results.run_of_chunk(state.chunk.number)
            last = run.parameters(run.last_snapshot_epoch)
            found |= {f"{state.chunk.number} {k}": v for k, v in last.items()}
    return found


def stiffgui(*words: str | Path) -> Program:
    """A command in a terminal."""
    return [sys.executable, "-m", "stiffgui", *map(str, words)]


def study(path: Path) -> Program:
    """A study with two worker processes."""
    source = path.with_name("study.toml")
    source.write_text(STUDY.to_toml())
    return stiffgui("study", source, "--workers", "2", "--out", path)


def window(path: Path) -> Program:
    """The window, which trains the first preset."""
    told = ["--epochs", str(EPOCHS), "--out", str(path.parent)]
    return [sys.executable, "-m", "stiffgui.gui.headless", *told]


def resumed(command: str) -> Callable[[Path], Program]:
    """`stiffgui COMMAND --resume PATH`."""
    return lambda path: stiffgui(command, "--resume", path)


KINDS = {
    "studies": Kind(study, resumed("study"), study_numbers),
    "workers": Kind(study, resumed("study"), study_numbers, child=True),
    "windows": Kind(window, resumed("train"), run_numbers),
    "children": Kind(window, resumed("train"), run_numbers, child=True),
}


@contextlib.contextmanager
def started(command: Program) -> Iterator[psutil.Process]:
    """A program in a session of its own, of which nothing is left afterwards."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}
    quiet = subprocess.DEVNULL
    process = psutil.Popen(
        command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def written(folder: Path) -> Path | None:
    """The file that is being written there, once it is."""
    return next((p for p in folder.glob("*.stiff") if writer_of(p) is not None), None)


def ended(process: psutil.Process, path: Path) -> bool:
    """Whether nobody writes the file, or the program is gone."""
    writer = writer_of(path)
    return not process.is_running() or writer is None or not writer.alive


def wait_for(found: Callable[[], Any], what: str) -> Any:
    """What is found, once it is there. Raises TimeoutError."""
    end = time.monotonic() + SECONDS
    while not (thing := found()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {SECONDS:.0f} s")
        time.sleep(0.01)
    return thing


def run(command: Program) -> int:
    """Its exit code."""
    with started(command) as process:
        return int(process.wait(SECONDS))


class Programs:
    """All in a folder; `wrong` are sentences."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.wrong, self.drawn = folder, list[str](), random.Random(seed)
        self.count: collections.Counter[str] = collections.Counter()
        self._whole: dict[str, tuple[float, dict[str, Any]]] = {}

    def whole(self, kind: Kind) -> tuple[float, dict[str, Any]]:
        """How long one writes that is left alone, and its numbers."""
        key = kind.begin.__name__
        if key not in self._whole:
            folder = self.place("whole")
            with started(kind.begin(folder / "x.stiff")) as process:
                path = wait_for(lambda: written(folder), "the file")
                began = time.monotonic()
                wait_for(lambda: ended(process, path), "the end")
                self._whole[key] = time.monotonic() - began, kind.numbers(path)
        return self._whole[key]

    def place(self, name: str = "trial") -> Path:
        """A new folder."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def kill(self, name: str) -> None:
        """One, at a random moment after its file began; then let it go on."""
        kind = KINDS[name]
        seconds, whole = self.whole(kind)
        folder, moment = self.place(), self.drawn.uniform(0.0, seconds)
        told = f"{name}, killed {moment:.2f} s after the file began"
        self.count[name] += 1
        try:
            with started(kind.begin(folder / "x.stiff")) as process:
                path = wait_for(lambda: written(folder), "the file")
                time.sleep(moment)
                victims = process.children(recursive=True) if kind.child else [process]
                if not victims or ended(process, path):
                    self.count[f"{name} that had ended"] += 1
                    return
                self.drawn.choice(victims).kill()
                if not kind.child:
                    process.wait(SECONDS)
                wait_for(lambda: ended(process, path), "the file is let go of")
            self._look(told, kind, path, whole)
        except Exception as error:
            self.wrong.append(f"{told}: {type(error).__name__}: {error}")

    def _look(self, told: str, kind: Kind, path: Path, whole: dict[str, Any]) -> None:
        code = 0 if _finished(path) else run(kind.go_on(path))
        if code:
            self.wrong.append(f"{told}: it does not go on: {code}")
        elif bad := unlike(kind.numbers(path), whole):
            self.wrong.append(f"{told}: differs in {bad}")


def _finished(path: Path) -> bool:
    if kind_of_file(path) == "study":
        with open_study(path) as results:
            return results.finished
    with open_run(path) as found:
        return found.state == "finished"


def main(counts: dict[str, int], seed: int = 0) -> int:
    """Try all of them, and tell; how much was wrong."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        programs = Programs(Path(folder), seed)
        for name, count in counts.items():
            for _ in range(count):
                programs.kill(name)
            print(name, programs.wrong, file=sys.stderr, flush=True)
    told = {**programs.count, "minutes": round((time.monotonic() - began) / 60, 1)}
    print(json.dumps(told | {"wrong": programs.wrong}, indent=1))
    return len(programs.wrong)


if __name__ == "__main__":
    sys.exit(bool(main(dict(zip(KINDS, map(int, sys.argv[1:]), strict=True)))))
