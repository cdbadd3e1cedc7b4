"""`stiffgui train`: train into a run file, with progress."""

from __future__ import annotations

import json
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from stiffgui._presets import from_short_text, is_short_text, of_table, presets
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.tasks.table import ENDINGS, Table

if TYPE_CHECKING:
    from stiffgui.runs import Origin
    from stiffgui.training import Controls, Record

LINE_SECONDS = 5.0


def train(
    source: Annotated[str | None, typer.Argument(metavar="PRESET|FILE.toml|TABLE")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The run file to write.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Continue this run file.")] = None,
    refine: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN.stiff",
            help="Begin with this run's last networks, interpolated to architecture.depth.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document at the end.")] = False,
) -> int:
    """Train a preset, a TOML file or a table and write the run while training.

    A table is a CSV, Parquet, Excel, NPZ or NetCDF file whose columns x_* are inputs and y_*
    outputs, or as --set task.input_columns=... and task.output_columns=... say.
    """
    from stiffgui.runs import Recording
    from stiffgui.training import Controls, Event

    controls = Controls()
    origin = None
    if refine is not None:
        if source is not None or resume is not None:
            raise InputError(
                "--refine takes task and settings from the run: leave out PRESET and --resume."
            )
        experiment, origin = _refined(refine, settings or [], device)
        path = out if out is not None else _free_name(f"{refine.stem}-refined")
    else:
        experiment, path = _what_and_where(source, settings or [], out, device, resume)
    recording = Recording(
        experiment,
        path,
        controls,
        replace=force,
        resume=resume is not None,
        origin=origin,
        tell=_tell,
    )
    if isinstance(experiment.task, Table):
        _tell(_taken(experiment.task))
    progress = _Progress(recording.trainer)
    with _stop_on_interrupt(controls), progress:
        for item in recording:
            if isinstance(item, Event):
                progress.tell(item.text)
            else:
                progress.show(item)
    from stiffgui.commands.show import summary
    from stiffgui.runs import open_run

    with open_run(path) as run:
        facts = summary(run)
    if as_json:
        print(json.dumps(facts))
    else:
        print(f"{path}: {recording.ending} at epoch {facts['epoch']}", file=sys.stderr)
    if recording.ending == "stopped":
        _tell(f"go on with: stiffgui train --resume {path}")
        return 3
    if recording.ending == "diverged":
        raise InputError(
            f"{path}: every trial diverged, and its last good network is kept; set a smaller "
            f"training.learning_rate, or a smaller regularizer.weight, and train again.",
            "training.learning_rate",
        )
    return 0


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _taken(table: Table) -> str:
    """Which columns of a table are learnt."""
    inputs, outputs = (", ".join(names) for names in table.columns)
    return (
        f"{Path(table.path).name}: {table.inputs} inputs ({inputs}), {table.outputs} outputs "
        f"({outputs}), {table.training_samples} rows to train on and {table.test_samples} to test"
    )


def read_experiment(source: str, settings: list[str], device: str | None) -> Experiment:
    """PRESET, FILE.toml, settings copied as text or a table (FILE.csv, or `table` with task.path),
    with `--set` applied."""
    changes = changes_of(settings, device)
    if source == "table" or Path(source).suffix.lower() in ENDINGS:
        return _of_table(source, changes)
    if is_short_text(source):
        experiment = from_short_text(source)
    elif source.endswith(".toml") or "/" in source:
        experiment = Experiment.read(source)
    else:
        experiment = presets[source]
    return experiment.with_settings(changes)


def _of_table(source: str, changes: dict[str, Any]) -> Experiment:
    """The table's own settings come first: which columns there are depends on them."""
    own = {k.removeprefix("task."): v for k, v in changes.items() if k.startswith("task.")}
    path = own.pop("path", "") if source == "table" else source
    if not path:
        raise InputError(
            "name the table: stiffgui train FILE.csv, or stiffgui train table --set "
            "task.path=FILE.csv.",
            "task.path",
        )
    return of_table(path, own).with_settings(
        {key: value for key, value in changes.items() if not key.startswith("task.")}
    )


def _refined(path: Path, settings: list[str], device: str | None) -> tuple[Experiment, Origin]:
    """The run's experiment with `--set` applied, and its last networks to begin with."""
    from stiffgui.runs import Origin, open_run

    with open_run(path) as run:
        old = run.experiment
        last = run.nearest_epoch(2**62)
    wanted = old.with_settings(changes_of(settings, device))
    if wanted.architecture.weights != old.architecture.weights:
        raise InputError(
            "--refine keeps the kind of weights: leave out --set architecture.weights.",
            "architecture.weights",
        )
    kept = old.architecture.weights.resized(
        wanted.architecture.depth, old.architecture.coefficients
    ).model_dump(mode="python")
    changes = {f"architecture.weights.{name}": value for name, value in kept.items()}
    return wanted.with_settings(changes), Origin(path, last)


def changes_of(settings: list[str], device: str | None = None) -> dict[str, Any]:
    """What `--set KEY=VALUE` and `--device` ask for, by key."""
    changes: dict[str, Any] = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise InputError(
                f"--set {text}: write --set KEY=VALUE, such as --set training.epochs=300."
            )
        changes[key.strip()] = value.strip()
    if device is not None:
        changes["training.device"] = device
    return changes


def _what_and_where(
    source: str | None,
    settings: list[str],
    out: Path | None,
    device: str | None,
    resume: Path | None,
) -> tuple[Any, Path]:
    if resume is not None:
        if source is not None or out is not None:
            raise InputError("--resume continues a run file in place: leave out PRESET and --out.")
        return _resumed(resume, settings, device), resume
    if source is None:
        raise InputError("name a PRESET, FILE.toml or table; `stiffgui presets` lists the presets.")
    experiment = read_experiment(source, settings, device)
    return experiment, out if out is not None else _free_name(
        source.split()[0] if is_short_text(source) else Path(source).stem
    )


def _resumed(path: Path, settings: list[str], device: str | None) -> Any:
    """The run's experiment with its live changes, and `--set` of live settings on top."""
    from stiffgui.runs import open_run

    with open_run(path) as run:
        experiment = run.experiment_now
    live = {spec.key for spec in experiment.specs() if spec.live} | {"training.device"}
    asked = dict(text.partition("=")[::2] for text in settings)
    if device is not None:
        asked["training.device"] = device
    for key in asked:
        if key not in live:
            raise InputError(
                f"--set {key}: a run that is resumed can only change {', '.join(sorted(live))}.",
                key,
            )
    return experiment.with_settings(asked)


def _free_name(stem: str) -> Path:
    path, number = Path(f"{stem}.stiff"), 2
    while path.exists():
        path, number = Path(f"{stem}-{number}.stiff"), number + 1
    return path


@contextmanager
def _stop_on_interrupt(controls: Controls) -> Any:
    """Ctrl+C and SIGTERM end training after the present batch, with everything saved."""

    def stop(*_: object) -> None:
        controls.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Progress:
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

    def __enter__(self) -> _Progress:
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
            print(text, file=sys.stderr, flush=True)

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
            print(
                f"epoch {record.epoch}/{total}  {facts}  {left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )

    def _facts(self, record: Record, now: float) -> str:
        rate = (record.epoch - self._first) / max(now - self._started, 1e-9)
        train, test = (
            float(np.nanmedian(e)) if np.isfinite(e).any() else float("nan")
            for e in (record.train_error, record.test_error)
        )
        return f"train {train:.4g}  test {test:.4g}  {rate:.1f} epochs/s"
