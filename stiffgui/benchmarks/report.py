"""How long a step of every preset takes: as plain values, and as text and Markdown tables."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from stiffgui._presets import presets
from stiffgui.benchmarks import peer, yardstick
from stiffgui.benchmarks.problems import PROBLEMS, Problem, problem_of
from stiffgui.benchmarks.timing import Action, Timing, interleave
from stiffgui.regularizers import NoPenalty, Regularizer
from stiffgui.training import Trainer

Document = dict[str, Any]
TRIALS = 25
NOTE = (
    "a step is one batch; torch.nn is the same network without penalty, one trial, by "
    "torch.nn.Linear, autograd and torch.optim.Adam; climate on random data of its size; float32"
)
HEADINGS = (
    "preset",
    "1 trial, ms a step",
    "over torch.nn",
    f"{TRIALS} trials, ms a step",
    "a trial over torch.nn",
    "over QUiNN",
)


def measure(*, full: bool = False, progress: Callable[[str], None] = lambda text: None) -> Document:
    """Measure every preset: about a minute, `full` three times as many rounds.

    Returns machine, date, note, timings (milliseconds of a step: median and every round) and a
    row per preset. `over_quinn` is None where QUiNN is not installed, or trains no such penalty.
    """
    rounds, slice_seconds = (15, 0.4) if full else (5, 0.3)
    prepared = {name: prepare() for name, prepare in actions().items()}
    timings = interleave(prepared, rounds, slice_seconds, progress)
    quinn: dict[str, float] = {}
    if peer.is_installed():
        progress("QUiNN")
        quinn = {problem.preset: peer.quinn_step_seconds(problem) for problem in PROBLEMS}
    return {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "note": NOTE,
        "milliseconds": milliseconds(timings),
        "rows": [_row(name, timings, quinn) for name in presets],
    }


def actions() -> dict[str, Callable[[], Action]]:
    """What is timed: name -> a function that prepares it."""
    made = {f"{p.name} torch.nn": plain_steps(p) for p in PROBLEMS}
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


def _row(name: str, timings: dict[str, Timing], quinn: dict[str, float]) -> Document:
    one, many = timings[name], timings[f"{name} x{TRIALS}"]
    plain = timings[f"{problem_of(name).name} torch.nn"]
    over, spread = one.over(plain)
    return {
        "preset": name,
        "milliseconds": one.median * 1e3,
        "over_torch_nn": over,
        "spread": spread,
        "trials": TRIALS,
        "milliseconds_of_trials": many.median * 1e3,
        "trial_over_torch_nn": many.over(plain)[0] / TRIALS,
        "over_quinn": one.median / quinn[name] if name in quinn else None,
    }


def milliseconds(timings: dict[str, Timing]) -> Document:
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


def table(document: Document) -> list[tuple[str, ...]]:
    """The rows as text, under HEADINGS."""
    return [
        (
            row["preset"],
            _number(row["milliseconds"]),
            f"{row['over_torch_nn']:.3g} ± {row['spread']:.1g}",
            _number(row["milliseconds_of_trials"]),
            f"{row['trial_over_torch_nn']:.3g}",
            "-" if row["over_quinn"] is None else f"{row['over_quinn']:.3g}",
        )
        for row in document["rows"]
    ]


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def markdown(document: Document) -> str:
    """A Markdown table with machine and date above it."""
    return _head(document) + "\n" + markdown_table(HEADINGS, table(document))


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells as Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in (headings, *rows)]
    return "\n".join([lines[0], "|---" * len(headings) + "|", *lines[1:]]) + "\n"


def text(document: Document) -> str:
    """An aligned table for a terminal."""
    cells = [HEADINGS, *table(document)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(HEADINGS))]
    body = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in cells]
    return _head(document) + "\n".join(body) + "\n"


def _head(document: Document) -> str:
    return f"{document['machine']}; {document['date']}; {document['note']}.\n"
