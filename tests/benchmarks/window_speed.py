"""How quick the window is: `python tests/benchmarks/window_speed.py [--epochs 600]`.

Prints when the window is usable after the command; while it trains a preset (alpine02), the
delays of a 10 ms heartbeat (50th and 99th percentile), how long each task of its polling takes,
and how many computed epochs a second move in the plane of the eigenvalues; the training time in
the window over that of `stiffgui train`; and, dragging through the epochs that the run stored, the
time from a drag until plane, layers and fit are painted. Needs a display (xvfb-run will do) and a
quiet machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_cache_path

BEAT = 0.010  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=600)
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--preset", default="alpine02")
    parser.add_argument("--usable", type=float, help=argparse.SUPPRESS)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        if words.usable is None:
            kept = str(user_cache_path("stiffgui", False))  # machine code, found from another home
            os.environ |= {"HOME": home, "XDG_CONFIG_HOME": home, "NUMBA_CACHE_DIR": kept}
            measure(Path(home), words.preset, words.epochs, words.trials)
        else:
            print(f"{usable(Path(home), words.usable):.2f}")


def measure(home: Path, preset: str, epochs: int, trials: int) -> None:
    """Everything, in this order: start-up in a process of its own, command line, window."""
    times = [start(home, number) for number in range(6)][1:]  # the first one writes the bytecode
    print(f"usable after              {min(times):.2f} s (of {', '.join(map(str, times))})")
    settings = {"training.epochs": epochs, "training.trials": trials}
    alone = command_line(home / "alone.stiff", preset, settings)
    delays, tasks, wall, inside, frames, drags = window(home, preset, settings)
    p50, p99 = np.percentile(delays, (50, 99)) * 1e3
    print(f"heartbeat delay           p50 {p50:.1f} ms, p99 {p99:.1f} ms, n = {len(delays)}")
    for name, spent in sorted(tasks.items(), key=lambda kv: -float(np.sum(kv[1]))):
        ms = np.array(spent) * 1e3
        print(
            f"  {name:24s}mean {ms.mean():.1f} ms, p99 {np.percentile(ms, 99):.1f} ms, "
            f"{ms.sum() / wall / 10:.1f} % of the time"
        )
    print(f"computed epochs painted   {frames / wall:.1f} a second")
    print(f"training in the window    {wall:.2f} s wall, {inside[0]:.2f} s of epochs")
    print(f"stiffgui train            {alone[0]:.2f} s wall, {alone[1]:.2f} s of epochs")
    print(
        f"window / command          {wall / alone[0]:.2f} wall, {inside[0] / alone[1]:.2f} epochs"
    )
    p50, p95 = np.percentile(drags, (50, 95)) * 1e3
    print(f"drag to paint             p50 {p50:.0f} ms, p95 {p95:.0f} ms, n = {len(drags)}")


def start(home: Path, number: int) -> float:
    """Seconds until the first start of a person is usable, with bytecode as an installed program
    has it."""
    command = [sys.executable, __file__, "--usable", repr(time.time())]
    own = {"XDG_CONFIG_HOME": str(home / str(number)), "PYTHONPYCACHEPREFIX": str(home / "code")}
    surroundings = os.environ | own
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, check=True, capture_output=True, env=surroundings)
    return float(done.stdout)


def command_line(path: Path, preset: str, settings: dict[str, int]) -> tuple[float, float]:
    """Wall seconds of `stiffgui train` beyond those of one epoch, and seconds of epochs."""

    def run(epochs: int) -> float:
        words = [f"--set={k}={v}" for k, v in (settings | {"training.epochs": epochs}).items()]
        command = [sys.executable, "-m", "stiffgui", "train", preset, *words]
        began = time.perf_counter()
        subprocess.run([*command, "--out", str(path), "--force"], check=True, capture_output=True)
        return time.perf_counter() - began

    least = min(run(1) for _ in range(2))
    return run(settings["training.epochs"]) - least, seconds_of(path)


def seconds_of(path: Path) -> float:
    """Training time that a run file tells."""
    from stiffgui.runs import open_run

    with open_run(path) as run:
        return float(run.series().seconds[-1])


def usable(home: Path, began: float) -> float:
    """Seconds from `began` until the painted window has answered an event."""
    from PySide6.QtCore import QTimer

    from stiffgui.gui.application import make_application, make_window

    application = make_application()
    window = make_window(application, home)
    window.show()
    answered: list[float] = []
    QTimer.singleShot(0, window.start_children)
    QTimer.singleShot(1, lambda: answered.append(time.time()))
    while not answered:
        application.processEvents()
    window.close()
    return answered[0] - began


def window(
    home: Path, preset: str, settings: dict[str, int]
) -> tuple[Any, dict[str, list[float]], float, tuple[float, float], int, list[float]]:
    """Delays of the heartbeat [s], seconds of each task, wall seconds, (epochs, cpu) seconds,
    moments of the plane that were computed, and seconds from each drag to its paint."""
    from PySide6.QtCore import Qt, QTimer

    from stiffgui.gui.application import make_application, make_window
    from stiffgui.gui.train.first_look import SEEN

    application = make_application()
    shell = make_window(application, home / "runs")
    shell.settings.setValue(SEEN, True)
    page = shell.train
    tasks: dict[str, list[float]] = defaultdict(list)
    for name, draw in page.drawing.tasks.items():
        page.drawing.tasks[name] = _clocked(draw, tasks[name])
    page.plane.show = _clocked(page.plane.show, tasks["moving"])  # type: ignore[method-assign]
    page.bench.take = _clocked(page.bench.take, tasks["take"])  # type: ignore[method-assign]
    shell.show()
    shell.start_children()
    warm: list[bool] = []
    page.bench.training.ready.connect(lambda: warm.append(True))
    while not warm:
        application.processEvents()
        time.sleep(BEAT)
    page.load_preset(preset)
    for key, value in settings.items():
        page.model.edit(key, value)
    beats: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: beats.append(time.perf_counter()))
    began, cpu = time.perf_counter(), time.process_time()
    page.run()
    timer.start(int(BEAT * 1e3))
    page.bench.training_changed.connect(lambda: page.bench.busy or application.exit())
    application.exec()
    wall, spent = time.perf_counter() - began, time.process_time() - cpu
    timer.stop()
    run = page.bench.shown
    assert run is not None and run.state == "finished", run
    painted, drags = page.plane.painted, _drags(application, page)
    shell.close()
    delays = np.maximum(np.diff(beats) - BEAT, 0)
    return delays, tasks, wall, (seconds_of(run.path), spent), painted, drags


def _drags(application: Any, page: Any) -> list[float]:
    """Seconds from a drag of the timeline to each stored epoch until that is painted."""
    seconds = []
    for epoch in page.timeline.slider.kept:

        def is_painted(epoch: int = epoch) -> bool:
            return page.eigenvalues.drawn_epoch == epoch and not page.drawing.waiting

        began = time.perf_counter()
        page.timeline.slider.setValue(epoch)
        _until(application, is_painted, 5.0)
        application.processEvents()
        seconds.append(time.perf_counter() - began)
    return seconds


def _until(application: Any, is_so: Callable[[], bool], seconds: float) -> None:
    end = time.perf_counter() + seconds
    while not is_so() and time.perf_counter() < end:
        application.processEvents()
        time.sleep(0.0005)


def _clocked(call: Callable[..., Any], into: list[float]) -> Callable[..., Any]:
    def run(*words: Any) -> Any:
        began = time.perf_counter()
        try:
            return call(*words)
        finally:
            into.append(time.perf_counter() - began)

    return run


if __name__ == "__main__":
    main()
