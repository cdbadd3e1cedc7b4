"""What this machine does, as plain values; `tables.py` makes text and Markdown of them.

Its rate of matrix products, a step of every preset beside it and beside plain `torch.nn`, and how
long presets and studies take here.
"""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stiffgui._presets import presets
from stiffgui.benchmarks import peer, yardstick
from stiffgui.benchmarks.problems import PROBLEMS, Problem, problem_of
from stiffgui.benchmarks.products import Size
from stiffgui.benchmarks.timing import Action, Timing, interleave
from stiffgui.experiment import Experiment
from stiffgui.kernels.threads import choose_threads
from stiffgui.regularizers import NoPenalty, Regularizer, Stiffness
from stiffgui.study.library import studies
from stiffgui.study.plan import plan, usual_workers
from stiffgui.training import Trainer, duration, operations
from stiffgui.training.decisions import Decisions, decide

Document = dict[str, Any]
TRIALS = 25
NOTE = (
    "A step is one batch; torch.nn is the same network without penalty, one trial, by "
    "torch.nn.Linear, autograd and torch.optim.Adam; climate on random data of its size; float32. "
    "Share: a step's matrix products over the rate of products of that size, by the same BLAS, of "
    "one thread or of all for the trials. How long things take is reckoned: measured steps, and "
    "watching by its operations."
)


def measure(*, full: bool = False, progress: Callable[[str], None] = lambda text: None) -> Document:
    """Measure every preset: about a minute, `full` three times as many rounds.

    Returns machine, date, note, timings (milliseconds of a step, or of a pass through the layers'
    products: median and every round), the rates of products, a row per preset, what presets and
    studies take, and the machine's operations a second of one thread (`training.duration`).
    `over_quinn` is None where QUiNN is not installed, or trains no such penalty; shares and times
    are where there is no count of products, and on torch's paths.
    """
    rounds, slice_seconds = (15, 0.4) if full else (5, 0.3)
    prepared = {name: prepare() for name, prepare in actions().items()}
    timings = interleave(prepared, rounds, slice_seconds, progress)
    quinn: dict[str, float] = {}
    if peer.is_installed():
        progress("QUiNN")
        quinn = {problem.preset: peer.quinn_step_seconds(problem) for problem in PROBLEMS}
    return document_of(timings, quinn)


def document_of(timings: Mapping[str, Timing], quinn: Mapping[str, float]) -> Document:
    """The document of `measure`, from what was timed of each of the `actions`."""
    rates = {name: _rates(name, timings) for name in presets}
    found = [one for one, _ in rates.values() if one is not None]
    rate = float(np.exp(np.mean(np.log(found))))
    return {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "note": NOTE,
        "milliseconds": milliseconds(timings),
        "operations_per_second": rate,
        "products": [_products(size, name, timings) for size, name in _sizes().items()],
        "rows": [_row(name, timings, quinn) for name in presets],
        "times": [_times(name, rates[name]) for name in presets],
        "studies": [_study(name, rates, rate) for name in studies],
    }


def actions() -> dict[str, Callable[[], Action]]:
    """What is timed: name -> a function that prepares it."""
    made = {f"{p.name} torch.nn": plain_steps(p) for p in PROBLEMS}
    for size in _sizes():
        for threads in _threads():
            made[_rate_name(size, threads)] = size.passes(threads)
    for name in presets:
        problem, penalty = problem_of(name), presets[name].regularizer
        made[name] = our_steps(problem, penalty)
        made[f"{name} x{TRIALS}"] = our_steps(problem, penalty, TRIALS)
    return made


def our_steps(problem: Problem, penalty: Regularizer, trials: int = 1) -> Callable[[], Action]:
    """Prepares our optimiser steps, an epoch at a time."""
    return lambda: Trainer(problem.experiment(penalty, trials)).run_epoch


def plain_steps(
    problem: Problem, penalty: yardstick.Penalty | None = None, weight: float = 0.0
) -> Callable[[], Action]:
    """Prepares optimiser steps of plain `torch.nn`."""

    def prepare() -> Action:
        steps = yardstick.steps(problem.experiment(NoPenalty()), penalty, weight)

        def step() -> int:
            next(steps)
            return 1

        return step

    return prepare


# ---------------------------------------------------------------------------- what follows from it


def _threads() -> tuple[int, ...]:
    """One, and as many as there are for many trials."""
    return tuple(sorted({1, choose_threads(0)}))


def _sizes() -> dict[Size, str]:
    """The sizes of products, and the first preset that has them."""
    found: dict[Size, str] = {}
    for name in presets:
        found.setdefault(Size.of(presets[name]), name)
    return found


def _rate_name(size: Size, threads: int) -> str:
    return f"{size.name}, {threads} thread{'s' if threads > 1 else ''}"


def _products(size: Size, name: str, timings: Mapping[str, Timing]) -> Document:
    most = _threads()[-1]
    return {
        "preset": name,
        "size": size.name,
        "flops_per_second": size.flops / timings[_rate_name(size, 1)].median,
        "threads": most,
        "flops_per_second_of_threads": size.flops / timings[_rate_name(size, most)].median,
    }


def _measured(name: str, trials: int) -> tuple[Experiment, Decisions, int]:
    """What was timed of a preset, settled, what it decides, and how many threads work on it."""
    experiment = problem_of(name).experiment(presets[name].regularizer, trials)
    decided = decide(experiment, "cpu")
    most = trials if trials > 1 else decided.parts
    return decided.settled(experiment), decided, min(_threads()[-1], most)


def _share(name: str, trials: int, timing: Timing, timings: Mapping[str, Timing]) -> float | None:
    """Flops of a step's products, in its time, over the rate of products."""
    experiment, decided, threads = _measured(name, trials)
    counted = operations.products(experiment) if decided.path == "compiled" else None
    if counted is None:
        return None
    size = Size.of(experiment)
    passes = timings[_rate_name(size, 1 if threads == 1 else _threads()[-1])]
    return passes.over(timing)[0] * 2 * trials * counted / size.flops


def _row(name: str, timings: Mapping[str, Timing], quinn: Mapping[str, float]) -> Document:
    one, many = timings[name], timings[f"{name} x{TRIALS}"]
    plain = timings[f"{problem_of(name).name} torch.nn"]
    over, spread = one.over(plain)
    choice = _measured(name, 1)[1].choice
    return {
        "preset": name,
        "path": choice.path,
        "steps": choice.sentence,
        "milliseconds": one.median * 1e3,
        "share": _share(name, 1, one, timings),
        "over_torch_nn": over,
        "spread": spread,
        "trials": TRIALS,
        "milliseconds_of_trials": many.median * 1e3,
        "share_of_trials": _share(name, TRIALS, many, timings),
        "trial_over_torch_nn": many.over(plain)[0] / TRIALS,
        "over_quinn": one.median / quinn[name] if name in quinn else None,
    }


Rates = tuple[float | None, float | None]


def _rates(name: str, timings: Mapping[str, Timing]) -> Rates:
    """Operations a second of one thread, with one trial and with many; None on torch's paths."""

    def of(trials: int, timing: Timing) -> float | None:
        experiment, decided, threads = _measured(name, trials)
        if decided.path != "compiled":
            return None
        turns = duration.turns(trials, decided.parts, threads)
        return turns * operations.step(experiment) / timing.median

    return of(1, timings[name]), of(TRIALS, timings[f"{name} x{TRIALS}"])


def _seconds(experiment: Experiment, rate: float) -> float:
    experiment = experiment.with_settings({"training.device": "cpu"})
    return duration.work(experiment, decide(experiment, "cpu"), _threads()[-1]) / rate


def _times(name: str, rates: Rates) -> Document:
    def of(trials: int, rate: float | None) -> float | None:
        experiment = presets[name].with_settings({"training.trials": trials})
        return None if rate is None else _seconds(experiment, rate)

    return {
        "preset": name,
        "epochs": presets[name].training.epochs,
        "seconds": of(1, rates[0]),
        "trials": TRIALS,
        "seconds_of_trials": of(TRIALS, rates[1]),
    }


def _study(name: str, rates: Mapping[str, Rates], rate: float) -> Document:
    """Each variant at the rate of the preset with such a network and penalty, if there is one."""
    study, total = studies[name], 0.0
    alike = {_alike(presets[preset]): many for preset, (_, many) in rates.items()}
    for chunk in plan(study):
        experiment = study.experiment_of(chunk.variant, chunk.first, chunk.count)
        total += _seconds(experiment, alike.get(_alike(experiment)) or rate)
    total /= usual_workers(study) or 1
    return {
        "study": name,
        "variants": len(study.all_variants),
        "trials": study.trials,
        "seconds": total,
    }


def _alike(experiment: Experiment) -> tuple[object, ...]:
    """What the rate depends on most: the sizes, and the kind of penalty."""
    penalty = experiment.regularizer
    proxy = type(penalty.proxy) if isinstance(penalty, Stiffness) else None
    architecture = experiment.architecture
    return architecture.width, architecture.depth, type(penalty), proxy


def milliseconds(timings: Mapping[str, Timing]) -> Document:
    """Median and every round of each."""
    return {
        name: {"median": t.median * 1e3, "rounds": (t.seconds * 1e3).tolist()}
        for name, t in timings.items()
    }


def machine() -> str:
    """Processor, cores and releases, in one line."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [r for r in info.read_text().splitlines() if r.startswith("model name")]
        name = models[0].partition(":")[2].strip() if models else name
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, Python "
        f"{platform.python_version()}, torch {torch.__version__}"
    )
