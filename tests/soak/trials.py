"""Trainings that are killed, whose writes fail, or whose power goes; what is left of them.

`python -m tests.soak KILLS RANDOM FAILURES LOSSES` preloads the shim, and prints a
JSON document: how many of each were tried, and what was found wrong. Each trial is a fork of this
process, which has everything imported.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from stiffgui import open_run, presets
from stiffgui.errors import InputError
from stiffgui.runs import recording as recording_module
from stiffgui.runs import writer as writer_module
from stiffgui.runs.recording import Recording
from stiffgui.training import Event
from tests.soak import shim

SMALL = presets["alpine02"].with_settings(
    {"training.epochs": 120, "training.trials": 2, "architecture.depth": 2, "watch.every": 10}
)
# Commits and checkpoints as of a long training, in a short one.
COMMIT, CHECKPOINT, SYNC = 0.004, 0.03, 0.03
POWER_SECONDS = (12.0, 30.0)  # of a training whose power goes, with settings as they are
# Writes fail once; of each hundred, 24 fail for a while with tries as often, one for as long as
# people's do, with tries as they are.
SOME_SECONDS, RETRY, PEOPLES_SECONDS = 0.5, 0.05, 20.0


def train(path: Path, resume: bool = False) -> list[Event]:
    """Train, or go on; what was said on the way."""
    return [i for i in Recording(SMALL, path, resume=resume) if isinstance(i, Event)]


def in_a_fork(work: Callable[[], Any]) -> int:
    """How a process ended that did the work: 0, 2 where it refused, 1 where it raised what else,
    or minus the signal's number."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException as error:
            code = 2 if isinstance(error, InputError) else 1
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def numbers(path: Path) -> dict[str, Any]:
    """Everything of a run that training computes: histories, indices and weights."""
    with open_run(path) as run:
        history = run.series()
        found: dict[str, Any] = {"epochs": history.epochs} | dict(history.series)
        found |= {f"index {k}": v for k, v in history.indices.items()}
        last = run.parameters(run.last_snapshot_epoch)
        return found | {f"weights {k}": v for k, v in last.items()}


def unlike(mine: dict[str, Any], whole: dict[str, Any]) -> list[str]:
    """What is not as of the undisturbed one, to the bit."""
    same = {
        k for k in whole.keys() & mine.keys() if np.array_equal(mine[k], whole[k], equal_nan=True)
    }
    return sorted((whole.keys() | mine.keys()) - same)


as_they_are = (
    recording_module.CHECKPOINT_SECONDS,
    writer_module.COMMIT_SECONDS,
    writer_module.SYNC_SECONDS,
    recording_module.RETRY_SECONDS,
)


class Trials:
    """All in a folder; `wrong` are sentences."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.wrong = folder, []
        self.count: dict[str, int] = {}
        recording_module.CHECKPOINT_SECONDS = CHECKPOINT
        recording_module.RETRY_SECONDS = RETRY
        writer_module.COMMIT_SECONDS = COMMIT
        writer_module.SYNC_SECONDS = SYNC
        self.whole_path = folder / "whole.stiff"
        told = folder / "writes"

        def work() -> None:  # this process forks, so it trains nothing itself
            shim.arm()
            began = time.monotonic()
            train(self.whole_path)
            told.write_text(f"{shim.written()} {time.monotonic() - began}")

        in_a_fork(work)
        writes, seconds = told.read_text().split()
        self.writes, self.seconds = int(writes), float(seconds)
        self.whole = numbers(self.whole_path)

    def place(self) -> Path:
        """A new file in a folder of its own."""
        folder = self.folder / "trial"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder / "run.stiff"

    def kill_at_write(self, number: int, torn: bool) -> None:
        path = self.place()

        def work() -> None:
            shim.arm(kill_at=number, torn=torn)
            train(path)

        self._killed(path, in_a_fork(work), f"killed at write {number}")

    def kill_at_random(self, seconds: float) -> None:
        path = self.place()

        def work() -> None:
            signal.setitimer(signal.ITIMER_REAL, seconds)  # SIGALRM is not handled: it kills
            train(path)

        self._killed(path, in_a_fork(work), f"killed after {1000 * seconds:.0f} ms")

    def _killed(self, path: Path, code: int, told: str) -> None:
        self.count["kills"] = self.count.get("kills", 0) + 1
        if code > 0:
            self.wrong.append(f"{told}: the training failed")
        if not path.exists() or (code < 0 and _begun(path) is False):
            self.count["not begun"] = self.count.get("not begun", 0) + 1
            return
        try:
            with open_run(path) as run:
                before = run.series()
                if code < 0 and run.state not in ("interrupted", "finished"):
                    self.wrong.append(f"{told}: its state is {run.state}")
            if code < 0 and in_a_fork(lambda: train(path, resume=True)) != 0:
                self.wrong.append(f"{told}: it does not go on")
            lost = [e for e in before.epochs if e not in numbers(path)["epochs"]]
            if lost or (bad := unlike(numbers(path), self.whole)):
                self.wrong.append(f"{told}: lost {lost}, differs in {bad if not lost else ''}")
        except Exception as error:
            self.wrong.append(f"{told}: {type(error).__name__}: {error}")

    def fail(self, number: int, seconds: float, full: bool) -> None:
        """One write fails, or all for a while."""
        path = self.place()
        told = f"write {number} failed" + (f" and all for {seconds} s" if seconds else "")
        self.count["failures"] = self.count.get("failures", 0) + 1

        def work() -> None:
            if seconds == PEOPLES_SECONDS:
                recording_module.RETRY_SECONDS = as_they_are[3]
            shim.arm(fail_at=number, seconds=seconds, full=full)
            train(path)

        code = in_a_fork(work)
        if code == 2 and not _trained(path):
            self.count["refused at the start"] = self.count.get("refused at the start", 0) + 1
            return
        try:
            if code or (bad := unlike(numbers(path), self.whole)):
                self.wrong.append(
                    f"{told}: ended with {code}" if code else f"{told}: differs in {bad}"
                )
        except Exception as error:
            self.wrong.append(f"{told}: {type(error).__name__}: {error}")

    def power(self, seconds: float) -> None:
        """The power goes: only what was synced is left. How much was lost is kept."""
        path, told = self.place(), f"power gone after {seconds:.2f} s"
        shadow = path.parent / "shadow"
        shadow.mkdir()
        self.count["losses"] = self.count.get("losses", 0) + 1
        long = SMALL.with_settings({"training.epochs": 10**6})

        def work() -> None:
            recording_module.CHECKPOINT_SECONDS, writer_module.COMMIT_SECONDS = as_they_are[:2]
            writer_module.SYNC_SECONDS = as_they_are[2]
            shim.arm(shadow=shadow)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            list(Recording(long, path))

        in_a_fork(work)
        left = shadow / path.name
        try:
            with open_run(path) as run:
                there = run.last().seconds
            with open_run(left) as run:
                lost = there - run.last().seconds
                run.saved_checkpoint()
            self.count["most milliseconds lost"] = max(
                self.count.get("most milliseconds lost", 0), round(1000 * lost)
            )
        except Exception as error:
            self.wrong.append(f"{told}: {type(error).__name__}: {error}")


def _begun(path: Path) -> bool:
    """Whether its first lines were committed."""
    try:
        open_run(path).close()
    except ValueError as error:
        return "is not a run file" not in str(error)
    return True


def _trained(path: Path) -> bool:
    """Whether it holds an epoch after the first."""
    if not path.exists() or not _begun(path):
        return False
    with open_run(path) as run:
        return run.last().epoch > 0


def main(kills: int, at_random: int, failures: int, losses: int, folder: Path) -> None:
    """Try all of them, and tell."""
    drawn, began = random.Random(0), time.monotonic()
    trials = Trials(folder)
    for number in range(kills):
        if number % 20 == 0:
            print(f"{number} of {kills}: {trials.wrong}", file=sys.stderr, flush=True)
        at = 1 + (number * trials.writes) // kills  # all over the training, each once
        trials.kill_at_write(at, torn=bool(number % 2))
    for _ in range(at_random):
        trials.kill_at_random(drawn.uniform(0.0, trials.seconds))
    # All over the training from the first minute on, so that what is broken off tells something.
    for done, number in enumerate(drawn.sample(range(failures), failures)):
        if done % 100 == 0:
            print(f"{done} of {failures} failures: {trials.wrong}", file=sys.stderr, flush=True)
        at = 1 + (number * trials.writes) // failures
        seconds = PEOPLES_SECONDS if number % 100 == 99 else SOME_SECONDS * (number % 4 == 3)
        trials.fail(at, seconds, full=bool(number % 2))
    for _ in range(losses):
        trials.power(drawn.uniform(*POWER_SECONDS))
    told = {"writes of a training": trials.writes, **trials.count}
    told |= {"minutes": round((time.monotonic() - began) / 60, 1), "wrong": trials.wrong}
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    *numbers_, place = sys.argv[1:]
    main(*(int(number) for number in numbers_), Path(place))  # type: ignore[arg-type]
