"""How long a training takes here, said before it begins: counted operations over one rate.

The rate is this machine's: operations (`operations.py`) a second of one thread in compiled loops,
kept for each type of numbers beside the machine code that it is of. `stiffgui bench` measures it,
a real training corrects it, and where there is none yet a fraction of a second does. For torch's
operations there is none: their time goes with the number of calls, not with operations.
"""

from __future__ import annotations

import contextlib
import time
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from stiffgui.training import operations
from stiffgui.training.decisions import Decisions
from stiffgui.training.ready import missing

if TYPE_CHECKING:
    from stiffgui.experiment import Experiment

BETWEEN = 8e6  # operations in whose time an epoch is drawn and ended
WRITTEN = 4e7  # operations in whose time a record is made and written
TRUSTED_SECONDS = 1.0  # a training that took less says little of the machine
WEIGHT = 0.25  # of a training's rate beside the known one: other sizes have other rates
UNITS = (("s", 1, 90), ("min", 60, 90), ("h", 3600, 48), ("days", 86400, float("inf")))


def about(seconds: float) -> str:
    """For a person: `about 12 s`, `about 3 min`; no more digits than an estimate has."""
    if seconds < 1:
        return "less than a second"
    unit, size, _ = next(unit for unit in UNITS if seconds < unit[1] * unit[2])
    count = f"{seconds / size:e}"
    digits = 1 if count[0] in "12" else 0  # 12, 25, 30, 40
    return f"about {float(f'{seconds / size:.{digits}e}'):g} {unit}"


def sentences(experiment: Experiment, decided: Decisions, begun: int = 0) -> dict[str, str]:
    """What is said before a training: what it decided, and the time where there is a figure."""
    left = seconds(experiment, decided, begun)
    return decided.sentences(experiment) | ({} if left is None else {"time": about(left)})


def unknown(decided: Decisions) -> str:
    """Why there is no figure; empty where there may be one."""
    return "" if decided.path == "compiled" else "not known beforehand where torch takes the steps"


def seconds(
    experiment: Experiment, decided: Decisions, begun: int = 0, threads: int | None = None
) -> float | None:
    """Of training it from epoch `begun` to its end, watching and writing included.

    threads: of the process, by default what it would choose. None where there is no figure: on
    torch's paths, and while machine code is not there. May take a fraction of a second the first
    time, see `rate_here`.
    """
    found = rate_here(experiment.training.precision) if decided.path == "compiled" else None
    if found is None:
        return None
    threads = threads_of(experiment) if threads is None else threads
    left = 1 - begun / experiment.training.epochs
    return left * work(experiment, decided, threads) / found


# ----------------------------------------------------------------------- how much there is to do


def work(experiment: Experiment, decided: Decisions, threads: int) -> float:
    """Operations of a whole training that come one after the other on so many threads: its steps,
    its evaluations of errors, its measurements of indices, its records."""
    settled, last = decided.settled(experiment), experiment.training.epochs
    cadence, trials = decided.cadence, experiment.training.trials
    errors = operations.errors(settled) * ceil(trials / threads) + WRITTEN
    indices = 0.0
    if experiment.watch.indices:
        each = operations.indices(settled, cadence.samples)
        indices = cadence.measurements(last) * each * trials / threads
    steps = last * _epoch(settled, decided.parts, threads)
    evaluations = cadence.evaluations(last, settled.watch.snapshots)
    return steps + evaluations * errors + indices


def turns(trials: int, parts: int, threads: int) -> float:
    """How often a trial's time an epoch takes: trials take turns, or the parts of a single one."""
    return ceil(trials / threads) if trials > 1 else ceil(parts / threads) / parts


def _epoch(settled: Experiment, parts: int, threads: int) -> float:
    trials = settled.training.trials
    return turns(trials, parts, threads) * operations.epoch(settled) + BETWEEN


def threads_of(experiment: Experiment) -> int:
    """How many threads there will be for its trials, as far as there are processors."""
    from stiffgui.kernels.threads import choose_threads, processors

    return min(choose_threads(experiment.training.threads), processors())


# ------------------------------------------------------------------------------ the machine's rate


def rate_here(numbers: str) -> float | None:
    """Operations a second of one thread with this type of numbers, measured if need be.

    None while there is no machine code, which would have to be made first, and where none is kept.
    """
    if _file(numbers) is None or missing([numbers]):
        return None
    found = known(numbers)
    if found is None:
        found = measure(numbers)
        keep(numbers, found)
    return found


def known(numbers: str) -> float | None:
    """The rate that is kept."""
    place = _file(numbers)
    with contextlib.suppress(OSError, ValueError):
        found = float(place.read_text("utf-8")) if place is not None else 0.0
        if 0 < found < float("inf"):
            return found
    return None


def keep(numbers: str, rate: float) -> None:
    """Keep a rate; a folder that cannot be written is no reason to fail."""
    place = _file(numbers)
    if place is not None:
        with contextlib.suppress(OSError):
            place.write_text(repr(rate), "utf-8")


def learn(settled: Experiment, decided: Decisions, epochs: int, seconds: float) -> None:
    """Correct the rate by what a real training took: its steps of so many epochs."""
    if decided.path != "compiled" or seconds < TRUSTED_SECONDS:
        return
    numbers = settled.training.precision
    new = epochs * _epoch(settled, decided.parts, threads_of(settled)) / seconds
    old = known(numbers) or new
    keep(numbers, old ** (1 - WEIGHT) * new**WEIGHT)


def measure(numbers: str, seconds: float = 0.15) -> float:
    """The rate of one thread, from steps of two sizes with a penalty, `seconds` of each."""
    from stiffgui._presets import presets
    from stiffgui.training.trainer import Trainer

    rates = []
    one = {"training.device": "cpu", "training.threads": 1, "training.precision": numbers}
    for wide in ({}, {"architecture.width": presets["climate"].architecture.width}):
        experiment = presets["alpine02-stiff"].with_settings(one | wide)
        trainer, epochs = Trainer(experiment), 0
        trainer.run_epoch()
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            trainer.run_epoch()
            epochs += 1
        taken = time.perf_counter() - began
        rates.append(epochs * operations.epoch(trainer.experiment) / taken)
    return sqrt(rates[0] * rates[1])


def _file(numbers: str) -> Path | None:
    from stiffgui.kernels.compiler import folder

    place = folder()
    return None if place is None else place / f"{numbers}.rate"
