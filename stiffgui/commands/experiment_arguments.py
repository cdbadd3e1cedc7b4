"""What the words of a command ask for: an experiment, changes of it, a file's name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiffgui._presets import from_short_text, is_short_text, of_table, presets
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.tasks.table import ENDINGS, Table

if TYPE_CHECKING:
    from stiffgui.runs import WarmStart


def read_experiment(source: str, settings: list[str], device: str | None) -> Experiment:
    """PRESET, FILE.toml, settings copied as text or a table (FILE.csv, or `table` with task.path),
    with `--set` applied."""
    changes = changes_of(settings, device)
    if source == "table" or Path(source).suffix.lower() in ENDINGS:
        return _of_table(source, changes)
    if source.endswith(".stiff"):
        raise InputError(
            f"{source} is a run: go on with --resume {source}, or begin with its networks with "
            f"--refine {source}."
        )
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


def changes_of(
    settings: list[str], device: str | None = None, example: str = "training.epochs=300"
) -> dict[str, Any]:
    """What `--set KEY=VALUE` and `--device` ask for, by key."""
    changes: dict[str, Any] = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise InputError(f"--set {text}: write --set KEY=VALUE, such as --set {example}.")
        changes[key.strip()] = value.strip()
    if device is not None:
        changes["training.device"] = device
    return changes


def resumed(
    path: Path, settings: list[str], device: str | None, table: Path | None = None
) -> Experiment:
    """The run's experiment with its live changes, and `--set` of live settings on top; its
    `table` may lie elsewhere now."""
    from stiffgui.runs import open_run

    with open_run(path) as run:
        experiment, reached = run.experiment_now, run.checkpoint_epoch
    live = {spec.key for spec in experiment.specs() if spec.live} | {"training.device"}
    changes = changes_of(settings, device)
    for key in changes:
        if key not in live:
            raise InputError(
                f"--set {key}: a run that is resumed can only change {', '.join(sorted(live))}.",
                key,
            )
    wanted = experiment.with_settings(changes)
    if "training.epochs" in changes and wanted.training.epochs < reached:
        raise InputError(
            f"--set training.epochs={wanted.training.epochs}: {path} is at epoch {reached} "
            f"already; give a larger number.",
            "training.epochs",
        )
    return wanted if table is None else _moved(wanted, path, table)


def _moved(experiment: Experiment, path: Path, table: Path) -> Experiment:
    task = experiment.task
    if not isinstance(task, Table):
        raise InputError(f"{path} has no table: leave out --table.")
    changes = {"task.path": str(table)}
    if task.outputs_path and not Path(task.outputs_path).exists():  # it has moved along
        changes["task.outputs_path"] = str(table.parent / Path(task.outputs_path).name)
    moved = experiment.with_settings(changes)
    if not task.same_numbers(moved.task):
        raise InputError(
            f"{table} is not the table of {path}: its columns or numbers differ. Give the one that "
            f"it was trained with, or train anew.",
            "task.path",
        )
    return moved


def refined(path: Path, settings: list[str], device: str | None) -> tuple[Experiment, WarmStart]:
    """The run's experiment with `--set` applied, and its last networks to begin with."""
    from stiffgui.runs import WarmStart, open_run

    with open_run(path) as run:
        old = run.experiment
        last = run.last_snapshot_epoch
    wanted = old.with_settings(changes_of(settings, device))
    if wanted.architecture.weights != old.architecture.weights:
        raise InputError(
            "--refine keeps the kind of weights: leave out --set architecture.weights.",
            "architecture.weights",
        )
    resized = old.architecture.weights.resized(
        wanted.architecture.depth, old.architecture.coefficients
    ).model_dump(mode="python")
    changes = {f"architecture.weights.{name}": value for name, value in resized.items()}
    return wanted.with_settings(changes), WarmStart(path, last)


def free_name(stem: str) -> Path:
    """The first of STEM.stiff, STEM-2.stiff, ... that does not exist here."""
    from stiffgui.runs.file_writer import free_beside

    path = Path(f"{stem}.stiff")
    return free_beside(path) if path.exists() else path


def taken(table: Table) -> str:
    """Which columns of a table are learnt."""
    inputs, outputs = (", ".join(names) for names in table.columns)
    return (
        f"{Path(table.path).name}: {_counted(table.inputs, 'input')} ({inputs}), "
        f"{_counted(table.outputs, 'output')} ({outputs}), {table.training_samples} rows to "
        f"train on, {table.validation_samples} to choose by and {table.test_samples} to test"
    )


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
