"""`make run` without a display: the same window offscreen trains the first preset and exports."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from pathlib import Path

from PySide6.QtCore import qInstallMessageHandler

from stiffgui.gui.application import make_application, make_window

FIGURES = ("errors", "stiffness", "layers", "spectrum", "fit", "summary")


def main() -> int:
    """Train, export every figure, and take a picture of the window, all into one folder."""
    multiprocessing.freeze_support()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("out"))
    words = parser.parse_args()
    out: Path = words.out
    out.mkdir(parents=True, exist_ok=True)
    qInstallMessageHandler(_without_hints)
    application = make_application()
    window = make_window(application, out)
    window.train.model.edit("training.epochs", words.epochs)
    window.show()
    window.start_children()
    window.train.run()
    while window.train.bench.busy:
        application.processEvents()
        time.sleep(0.01)
    paths = [out / f"{name}.png" for name in FIGURES]
    for path in paths:
        path.unlink(missing_ok=True)  # an earlier picture must not pass for this one
        window.train.export(path.stem, path)
    _wait_for(application, lambda: not window.train.exports.waiting)
    time_to_settle = time.monotonic() + 2
    while time.monotonic() < time_to_settle:
        application.processEvents()
        time.sleep(0.01)
    window.toasts.clear("Train")
    window.grab().save(str(out / "window.png"))
    run = window.train.bench.shown
    window.close()
    assert run is not None
    print(f"run file    {run.path} ({run.state} at epoch {run.epoch})")
    written = [path for path in paths if path.exists()]
    print(f"figures     {', '.join(str(p) for p in written)}")
    print(f"screenshot  {out / 'window.png'}")
    return 0 if run.state == "finished" and written == paths else 1


def _without_hints(_: object, __: object, text: str) -> None:
    """Qt's offscreen platform says at every window that it has no size hints."""
    if "propagateSizeHints" not in text:
        print(text, file=sys.stderr)


def _wait_for(application: object, done: object, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:  # type: ignore[operator]
        application.processEvents()  # type: ignore[attr-defined]
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main())
