"""`stiffgui train`: train into a run file, with progress."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stiffgui._presets import is_short_text
from stiffgui.commands import completions
from stiffgui.commands.experiment_arguments import (
    free_name,
    read_experiment,
    refined,
    resumed,
    taken,
)
from stiffgui.commands.options import AsJson, Force, Settings
from stiffgui.commands.terminal import (
    Row,
    TerminalProgress,
    duration,
    say,
    stop_on_interrupt,
    tell,
    until_ready,
)
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.tasks.table import Table

if TYPE_CHECKING:
    from stiffgui.runs import Recording
    from stiffgui.training import Record, Trainer


def train(
    source: Annotated[
        str | None,
        typer.Argument(metavar="PRESET|FILE.toml|TABLE", autocompletion=completions.PRESETS),
    ] = None,
    settings: Settings = None,
    out: Annotated[Path | None, typer.Option(help="The run file to write.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Continue this run file.")] = None,
    table: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the table of a resumed run lies now."),
    ] = None,
    refine: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN.stiff",
            help="Begin with this run's last networks, interpolated to architecture.depth.",
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """Train a preset, a TOML file or a table and write the run while training.

    A table is a CSV, Parquet, Excel, NPZ or NetCDF file whose columns x_* are inputs and y_*
    outputs, or as --set task.input_columns=... and task.output_columns=... say.
    """
    from stiffgui.runs import Recording
    from stiffgui.runs.file_writer import refuse_existing
    from stiffgui.training import Controls

    if table is not None and resume is None:
        raise InputError("--table says where the table of a resumed run lies: give --resume, too.")
    controls = Controls()
    warm_start = None
    if refine is not None:
        if source is not None or resume is not None:
            raise InputError(
                "--refine takes task and settings from the run: leave out PRESET and --resume."
            )
        experiment, warm_start = refined(refine, settings or [], device)
        path = out if out is not None else free_name(f"{refine.stem}-refined")
    else:
        experiment, path = _what_and_where(source, settings or [], out, device, resume, table)
    if resume is None:
        refuse_existing(path, force)  # before anything takes long
    with stop_on_interrupt(controls):
        if not until_ready([experiment], controls):
            tell("stopped before it began; nothing was written.")
            return 3
        recording = Recording(
            experiment,
            path,
            controls,
            replace=force,
            resume=resume is not None,
            warm_start=warm_start,
            tell=tell,
        )
        if resume is not None and recording.trainer.epoch >= experiment.training.epochs:
            tell(
                f"{path} has trained its {experiment.training.epochs} epochs, so nothing was left "
                f"to do; for more add --set training.epochs={2 * experiment.training.epochs}"
            )
        _foretell(recording.trainer)
        _follow(recording)
    return _sum_up(recording.path, recording.ending, as_json)


def _foretell(trainer: Trainer) -> None:
    """What its data are, what it has decided, and how long it takes."""
    from stiffgui.runs.file_size import file_size, told
    from stiffgui.training.duration import sentences, unknown

    task = trainer.experiment.task
    if isinstance(task, Table):
        tell(taken(task))
    for note in task.notes:
        tell(note)
    said = sentences(trainer.experiment, trainer.decided, trainer.epoch)
    if "time" not in said and unknown(trainer.decided):
        said["time"] = unknown(trainer.decided)
    said["file"] = told(file_size(trainer.experiment, trainer.decided))
    for what, sentence in said.items():
        tell(f"{what}: {sentence}")


def _follow(recording: Recording) -> None:
    """Train to the end, with progress."""
    from stiffgui.training import Event, Record

    began, first = time.monotonic(), recording.trainer.epoch
    with TerminalProgress() as progress:
        for item in recording:
            if isinstance(item, Event):
                progress.tell(item.text)
            elif isinstance(item, Record):
                rate = (item.epoch - first) / max(time.monotonic() - began, 1e-9)
                progress.show(_row(item, rate, recording.trainer.experiment.training.epochs))


def _sum_up(path: Path, ending: str, as_json: bool) -> int:
    """Tell how it ended; the exit code. Raises InputError when every trial diverged."""
    from stiffgui.commands.show import summary
    from stiffgui.runs import open_run

    with open_run(path) as run:
        facts = summary(run)
    if as_json:
        say(json.dumps(facts))
    else:
        tell(f"{path}: {ending} at epoch {facts['epoch']}")
    if ending == "stopped":
        tell(f"go on with: stiffgui train --resume {path}")
        return 3
    if ending == "diverged":
        raise InputError(
            f"{path}: every trial diverged, and its last good network is kept; set a smaller "
            f"training.learning_rate, or a smaller regularizer.weight, and train again.",
            "training.learning_rate",
        )
    return 0


def _row(record: Record, rate: float, epochs: int) -> Iterator[Row]:
    """`rate` in epochs per second; a generator, as few records are shown."""
    from stiffgui.runs.history import quartiles
    from stiffgui.training.quantities import drawn_in

    errors = [
        f"{q.short} {float(quartiles(record.values[q.name][None])[1, 0]):.4g}"
        for q in drawn_in("errors")
        if q.name in record.values
    ]
    left = f"  {duration((epochs - record.epoch) / rate)} left" if rate > 0 else ""
    facts = "  ".join([*errors, f"{rate:.1f} epochs/s{left}"])
    yield Row(f"epoch {record.epoch}/{epochs}", record.epoch, epochs, facts)


def _what_and_where(
    source: str | None,
    settings: list[str],
    out: Path | None,
    device: str | None,
    resume: Path | None,
    table: Path | None,
) -> tuple[Experiment, Path]:
    if resume is not None:
        if source is not None or out is not None:
            raise InputError("--resume continues a run file in place: leave out PRESET and --out.")
        return resumed(resume, settings, device, table), resume
    if source is None:
        raise InputError("name a PRESET, FILE.toml or table; `stiffgui presets` lists the presets.")
    experiment = read_experiment(source, settings, device)
    return experiment, out if out is not None else free_name(
        source.split()[0] if is_short_text(source) else Path(source).stem
    )
