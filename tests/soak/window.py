"""Strangers' files, opened by the real window one after another: how long it is held up.

`python -m tests.soak.window COUNT [SEED]` opens so many of what `strangers` makes, pastes texts,
and counts what was said, faults, and pauses: how long the window's thread computed without looking
at what happens, which does not depend on what else the machine does.
"""

from __future__ import annotations

import collections
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

MOST_PAUSE = 0.2  # seconds
GIVEN_UP = 120.0


def main(count: int, seed: int) -> int:
    """Open so many, and tell; how much went wrong."""
    with tempfile.TemporaryDirectory() as name:
        for kind in ("CONFIG", "STATE", "DATA"):
            os.environ[f"XDG_{kind}_HOME"] = str(Path(name, kind))
        return opened(Path(name), count, seed)


def opened(folder: Path, count: int, seed: int) -> int:
    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QGuiApplication

    from stiffgui.gui.application import make_application, make_window
    from stiffgui.gui.faults import Faults
    from tests.soak.strangers import MAKERS, prepare

    (folder / "files").mkdir()
    prepare(folder / "files")
    sound = set((folder / "files").iterdir())
    application = make_application()
    window = make_window(application, folder / "runs")
    window.show()
    faults = Faults(window)
    faults.watch()
    window.start_children()
    wrong: list[str] = []
    pauses, told, last = [0.0], collections.Counter[str](), [time.thread_time()]

    def beat() -> None:
        now = time.thread_time()
        pauses.append(now - last[0])
        last[0] = now

    heart = QTimer(interval=0)
    heart.timeout.connect(beat)
    train = window.train

    def wait(seconds: float = 0.05) -> None:
        """Until nothing is read any more."""
        end, least = time.monotonic() + GIVEN_UP, time.monotonic() + seconds
        while train.reading.busy or time.monotonic() < least:
            application.processEvents()
            if time.monotonic() > end:
                wrong.append("something was never read")
                return

    def close_wizard() -> None:
        if train.importing.wizard is not None:
            train.importing.wizard.reject()

    wait(3.0)
    window.show_place("Study")  # what is built when it is first shown is built for sound files, too
    window.open_file(next(path for path in sound if path.suffix == ".xlsx"))
    wait()
    close_wizard()
    heart.start()
    for number in range(count):
        drawn = random.Random(1_000_003 * seed + number)
        path = drawn.choice(MAKERS)(folder / "files", drawn)
        pauses.clear()
        window.toasts.clear("Train")
        last[0] = time.thread_time()
        if path.suffix == ".pasted":
            text = path.read_bytes().decode("utf-8", "replace")
            QGuiApplication.clipboard().setText(text)
            window.acts["paste_settings"].trigger()
        else:
            window.open_file(path)
        wait()
        wizard = train.importing.wizard
        said = window.toasts.text() or (wizard.form.problem() if wizard is not None else "")
        told["said" if said else "taken"] += 1
        close_wizard()
        longest = max(pauses, default=0.0)
        if longest > MOST_PAUSE or faults.dialog is not None:
            wrong.append(f"{number} {path.suffix}: {longest:.2f} s {faults.known}")
            print(wrong[-1], file=sys.stderr, flush=True)
            if faults.dialog is not None:
                faults.dialog.reject()
        told[f"{path.suffix}"] += 1
        told["longest pause in ms"] = max(told["longest pause in ms"], round(1000 * longest))
        for left in set((folder / "files").iterdir()) - sound:
            left.rmdir() if left.is_dir() and not left.is_symlink() else left.unlink()
    heart.stop()
    faults.leave()
    print(json.dumps(told | {"wrong": wrong}, indent=1))
    sys.stdout.flush()
    os._exit(bool(wrong))  # what was opened is not asked about


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
