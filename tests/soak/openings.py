"""Files that are opened while they are written: none may be called damaged.

`python -m tests.soak.openings COUNT` trains one small run after another, from the first write to
the last, commits often, and opens the file so many times meanwhile, as `show` and the library do.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from stiffgui import open_run
from stiffgui.runs import recording, writer
from stiffgui.runs.recording import Recording
from stiffgui.session.run_facts import facts_of_file
from tests.soak.trials import CHECKPOINT, COMMIT, SMALL

EPOCHS, FACTS_EVERY = 300, 10


def trains(folder: Path) -> None:
    """One run after another, until it is killed."""
    recording.CHECKPOINT_SECONDS, writer.COMMIT_SECONDS = CHECKPOINT, COMMIT
    writer.SYNC_SECONDS = CHECKPOINT
    number = 0
    while True:
        number += 1
        list(
            Recording(SMALL.with_settings({"training.epochs": EPOCHS}), folder / f"{number}.stiff")
        )


def looked_at(path: Path, number: int, seen: int) -> tuple[list[str], int]:
    """What is wrong with a file, and its last epoch; `seen`: the one of before."""
    try:
        if number % FACTS_EVERY:
            with open_run(path) as run:
                epochs = run.series().epochs
            last = int(epochs[-1]) if len(epochs) else -1
            back = [f"{path.name}: epoch {last} after {seen}"] if last < seen else []
            return back, last
        facts = facts_of_file(path)
        said = facts.note if facts.state == "unreadable" else ""
    except ValueError as error:
        said = str(error)
    just_begun = not said or "is not a run file" in said
    return [] if just_begun else [f"{path.name}: {said}"], seen


def main(count: int) -> int:
    """Open so often, and tell; how often it went wrong."""
    told: dict[str, Any] = {"openings": 0, "files": 0, "wrong": []}
    began, seen = time.monotonic(), -1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        child = os.fork()
        if not child:
            trains(folder)
        while told["openings"] < count:
            newest = max((int(p.stem) for p in folder.glob("*.stiff")), default=0)
            if newest > told["files"]:
                told["files"], seen = newest, -1
                if newest > 2:
                    (folder / f"{newest - 2}.stiff").unlink()
            if newest:
                told["openings"] += 1
                problem, seen = looked_at(folder / f"{newest}.stiff", told["openings"], seen)
                told["wrong"] += problem
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    told["minutes"] = round((time.monotonic() - began) / 60, 1)
    print(json.dumps(told, indent=1))
    return len(told["wrong"])


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]))))
