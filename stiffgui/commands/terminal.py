"""What a command says on standard error while it works, and how Ctrl+C reaches it."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stiffgui.training import Controls, Record

LINE_SECONDS = 5.0


def tell(text: str) -> None:
    """A line on standard error."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def stop_on_interrupt(controls: Controls) -> Any:
    """Ctrl+C and SIGTERM end training after the present batch, with everything saved."""

    def stop(*_: object) -> None:
        controls.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class TrainingProgress:
    """A bar with rate and time left on a terminal, a line every few seconds otherwise."""

    def __init__(self, trainer: Any) -> None:
        self._trainer = trainer
        self._started, self._first = time.monotonic(), trainer.epoch
        self._said = self._started
        self._bar: Any = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("epoch {task.completed:.0f}/{task.total:.0f}"),
                BarColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[facts]}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("", total=1, facts="")

    def __enter__(self) -> TrainingProgress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text)
        else:
            tell(text)

    def show(self, record: Record) -> None:
        now = time.monotonic()
        total = self._trainer.experiment.training.epochs
        if self._bar is not None:
            self._bar.update(
                self._task, completed=record.epoch, total=total, facts=self._facts(record, now)
            )
        elif now - self._said >= LINE_SECONDS:
            self._said = now
            facts = self._facts(record, now)
            rate = (record.epoch - self._first) / max(now - self._started, 1e-9)
            left = (total - record.epoch) / rate if rate > 0 else float("inf")
            tell(f"epoch {record.epoch}/{total}  {facts}  {left:.0f} s left")

    def _facts(self, record: Record, now: float) -> str:
        from stiffgui.runs.history import quartiles
        from stiffgui.training.quantities import drawn_in

        rate = (record.epoch - self._first) / max(now - self._started, 1e-9)
        errors = [
            f"{q.short} {float(quartiles(record.values[q.name][None])[1, 0]):.4g}"
            for q in drawn_in("errors")
        ]
        return "  ".join([*errors, f"{rate:.1f} epochs/s"])
