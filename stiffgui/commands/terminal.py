"""What a command says on standard error while it works, and how Ctrl+C reaches it."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from stiffgui.plain_text import one_line, visible
from stiffgui.signals import endings

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from stiffgui.experiment import Experiment
    from stiffgui.runs import Run
    from stiffgui.training import Controls

LINE_SECONDS = 5.0
STANDARD_OUTPUT = Path("-")


def say(line: str) -> None:
    """A line on standard output."""
    print(one_line(line))


def write(text: str) -> None:
    """Lines on standard output."""
    print(visible(text), end="")


def tell(text: str) -> None:
    """A line on standard error, where there still is somebody who reads it."""
    with suppress(OSError):
        print(one_line(text), file=sys.stderr, flush=True)


def tell_nearest(run: Run, epoch: int) -> None:
    """Tell that another epoch is taken than the one that was asked for, where it is not kept."""
    nearest = run.nearest_epoch(epoch)
    if nearest != epoch:
        tell(f"nearest kept epoch: {nearest}")


@contextmanager
def target(out: Path) -> Iterator[Path]:
    """The file to write; for `-` one whose bytes then go to standard output."""
    if out != STANDARD_OUTPUT:
        yield out
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        yield path
        sys.stdout.buffer.write(path.read_bytes())


@contextmanager
def stop_on_interrupt(controls: Controls) -> Any:
    """Ctrl+C, SIGTERM and the end of the terminal end training after the present batch, with
    everything saved."""

    def stop(*_: object) -> None:
        controls.stop()

    before = {number: signal.signal(number, stop) for number in endings()}
    try:
        yield
    finally:
        if not controls.stopping:  # else it ends: pressed once more on the way, nothing happens
            for number, handler in before.items():
                signal.signal(number, handler)


@dataclass(frozen=True)
class Row:
    """One bar: its name, how much of it is done, and what is to be said beside it."""

    name: str
    done: float
    total: float
    facts: str
    running: bool = True


class TerminalProgress:
    """A bar per row on a terminal, a line per running row every few seconds otherwise."""

    def __init__(self) -> None:
        self._shown = time.monotonic()
        self._bars: Progress | None = None
        self._tasks: list[TaskID] = []
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TextColumn("{task.percentage:3.0f} %  {task.fields[facts]}", markup=False),
                console=Console(stderr=True),
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def tell(self, text: str) -> None:
        """A line above the bars."""
        if self._bars is not None:
            self._bars.console.print(one_line(text), markup=False, highlight=False)
        else:
            tell(text)

    def show(self, rows: Iterable[Row]) -> None:
        """How far everything is now, always the same rows; drawn when it is time."""
        if self._bars is not None:
            for number, row in enumerate(rows):
                if number == len(self._tasks):
                    self._tasks.append(self._bars.add_task("", facts=""))
                task = self._tasks[number]
                self._bars.update(
                    task,
                    description=one_line(row.name),
                    completed=row.done,
                    total=row.total,
                    facts=one_line(row.facts),
                )
        elif time.monotonic() - self._shown >= LINE_SECONDS:
            self._shown = time.monotonic()
            for row in rows:
                if row.running:
                    tell(f"{row.name}: {100 * row.done / max(1, row.total):.0f} %  {row.facts}")


def until_ready(experiments: Iterable[Experiment], controls: Controls) -> bool:
    """Wait for machine code, with progress, where these trainings need some that is missing;
    whether they may begin: not when the controls said stop.

    Raises InputError when a device does not exist.
    """
    from stiffgui.training.ready import complaint, needs, waiting

    lacking = needs(experiments)
    if lacking:
        tell("making machine code for this machine (once) …")
        with TerminalProgress() as progress:
            for readiness in waiting(lacking, lambda: controls.stopping):
                progress.show([Row("machine code", readiness.done, readiness.of, "")])
    elif complaint():
        tell(complaint())
    return not controls.stopping


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 5400:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
