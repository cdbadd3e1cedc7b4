"""What tables say of a run, be it in the window or a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiffgui._presets import presets
from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.runs.foreign import ForeignNetwork
from stiffgui.session.run_entry import RunEntry
from stiffgui.settings import kind_of

if TYPE_CHECKING:
    from stiffgui.runs import Run

FOREIGN, MATRICES = "other code", "matrices"  # instead of a task
WITH_COLUMNS = ("task.kind", "training.epochs")  # settings that a column of their own tells


@dataclass(frozen=True)
class RunFacts:
    """`medians` are those of `History.medians` that are known; `settings` is what differs, a text
    each; `epoch` and `total` are as they are told (`begins_at`). `entry`: the run, where it is in
    the window; `colour` is its number there."""

    path: Path
    state: str
    task: str = ""
    settings: tuple[str, ...] = ()
    epoch: int = 0
    total: int = 0
    seconds: float = nan
    medians: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    written: float = nan
    network: ForeignNetwork | None = None
    entry: RunEntry | None = None
    colour: int = 0
    drawn: bool = False
    shown: bool = False


def facts_of_entry(
    run: RunEntry, state: str, shown: bool, settings: tuple[str, ...] = ()
) -> RunFacts:
    """Of a run in the window."""
    history = run.history
    return RunFacts(
        path=run.path,
        state=state,
        task=_task(run),
        settings=settings,
        epoch=run.begins + run.epoch,
        total=run.begins + run.total if run.total else 0,
        seconds=float(history.seconds[-1]) if len(history.seconds) else nan,
        medians=_known(run.unwatched | history.medians()),
        note=run.note,
        network=run.network,
        entry=run,
        colour=run.colour,
        drawn=run.visible,
        shown=shown,
    )


def facts_of_file(path: Path) -> RunFacts:
    """Of a run file; one that cannot be read says so."""
    from stiffgui.runs import open_run

    written = path.stat().st_mtime
    try:
        with open_run(path) as run:
            last = run.last()
            found: dict[str, Any] = {}
            if not run.foreign:
                found["settings"] = differences([run.experiment], with_preset=True)[0]
                found["total"] = run.begins + run.experiment_now.training.epochs
            return RunFacts(
                path=path,
                state=run.state,
                task=_task(run),
                epoch=run.begins + last.epoch,
                seconds=last.seconds,
                medians=_known(last.medians),
                note=run.note,
                network=run.network,
                written=written,
                **found,
            )
    except InputError as error:
        return RunFacts(path, "unreadable", note=str(error), written=written)


def _task(run: RunEntry | Run) -> str:
    if run.foreign:
        return MATRICES if run.network is not None and run.network.matrices else FOREIGN
    return kind_of(type(run.experiment.task))


def _known(medians: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in medians.items() if value == value}


def differences(
    experiments: Sequence[Experiment], with_preset: bool = False
) -> list[tuple[str, ...]]:
    """The settings of each in which they differ from one another; `with_preset`, or where there
    are none, from the first preset."""
    flat = [experiment.flat() for experiment in experiments]
    plain = presets[next(iter(presets))].flat()
    found = _differing([*flat, plain] if with_preset else flat) or _differing([*flat, plain])
    short = {key: key.removesuffix(".kind").split(".", 1)[-1] for key in found}
    counts = Counter(short.values())
    names = {key: name if counts[name] == 1 else key for key, name in short.items()}
    return [
        tuple(f"{names[k]} = {_told(f[k])}" for k in found if f.get(k) is not None) for f in flat
    ]


def with_changes(settings: tuple[str, ...], run: RunEntry) -> tuple[str, ...]:
    """The settings of a run, those that were changed while it trained with what they are now."""
    own = () if run.foreign else run.events
    changed = {e.key: e.value for e in own if e.kind == "change" and e.key}
    for key, value in changed.items():
        if key in WITH_COLUMNS or value is None:
            continue
        name, before = key.split(".", 1)[-1], run.experiment.flat().get(key)
        starts = (f"{name} = ", f"{key} = ")
        settings = tuple(text for text in settings if not text.startswith(starts))
        settings += (f"{name} = {_told(before)} → {value:g}",)
    return settings


def _told(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _differing(flat: Sequence[Mapping[str, Any]]) -> list[str]:
    """Keys of which there are several values, those that tell most runs apart first; a setting
    that another task lacks is none of them."""
    keys = dict.fromkeys(key for each in flat for key in each if key not in WITH_COLUMNS)
    values = {key: [each.get(key) for each in flat] for key in keys}
    for key in values:
        if key.startswith("task."):
            values[key] = [value for value in values[key] if value is not None]
    counts = {key: len(set(map(str, each))) for key, each in values.items()}
    return sorted((key for key in keys if counts[key] > 1), key=lambda key: -counts[key])
