"""What the authors wanted of speed, and what this machine reaches.

    python tests/benchmarks/goals.py [--full]

Steps side by side in one process, over a plain `torch.nn` step without penalty; how far each
proxy lies from LAPACK; what watching costs. About two minutes. `stiffgui bench` times presets.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import accuracy

from stiffgui import presets
from stiffgui.benchmarks import yardstick
from stiffgui.benchmarks.problems import CLIMATE, PROBLEMS, Problem
from stiffgui.benchmarks.report import TRIALS, machine, our_steps, plain_steps
from stiffgui.benchmarks.timing import Action, Timing, interleave
from stiffgui.figures.files import markdown_table
from stiffgui.regularizers import NoPenalty, Stiffness
from stiffgui.stiffness import Proxy, proxy
from stiffgui.training import Record, Trainer

WEIGHT = 1e-3  # of every penalty, as in the talk
HEADINGS = ("over torch.nn RES", "ratio", "goal", "ms a step", "error vs LAPACK")


@dataclass(frozen=True)
class Row:
    """A step of ours, `above`, over `steps` plain steps of `torch.nn`."""

    title: str
    above: str
    below: str
    goal: float | None = None
    steps: int = 1
    accuracy_of: tuple[Problem, Proxy] | None = None


def actions() -> dict[str, Callable[[], Action]]:
    """What is timed: name -> a function that prepares it. One call is one optimiser step."""
    made: dict[str, Callable[[], Action]] = {}
    for problem in PROBLEMS:
        made |= {
            f"{problem.name} RES": our_steps(problem, NoPenalty()),
            f"{problem.name} sketch": our_steps(problem, _stiffness("gelfand-sketch", power=8)),
            f"{problem.name} short": our_steps(problem, _stiffness("gelfand-sketch", power=4)),
            f"{problem.name} quarter": our_steps(problem, _quarter()),
            f"{problem.name} gelfand": our_steps(problem, _stiffness("gelfand")),
            f"{problem.name} radius": our_steps(problem, _stiffness("spectral-radius")),
            f"{problem.name} plain RES": plain_steps(problem),
            f"{problem.name} plain gelfand": plain_steps(problem, yardstick.gelfand, WEIGHT),
            f"{problem.name} plain radius": plain_steps(problem, yardstick.radius, WEIGHT),
        }
    made["climate sketch x25"] = our_steps(CLIMATE, _stiffness("gelfand-sketch", power=8), TRIALS)
    return made


def rows() -> list[Row]:
    """Every row of the table."""
    return [row for problem in PROBLEMS for row in _rows(problem)] + [
        Row("gelfand-sketch k = 8, 25 trials, climate", "climate sketch x25", *_many(CLIMATE))
    ]


def _rows(problem: Problem) -> list[Row]:
    p, plain = problem.name, f"{problem.name} plain RES"
    sketch, gelfand, radius = (
        (problem, proxy("gelfand-sketch", power=8)),
        (problem, proxy("gelfand")),
        (problem, proxy("spectral-radius")),
    )
    return [
        Row(f"RES, {p}", f"{p} RES", plain, 0.3),
        Row(f"gelfand-sketch k = 8, {p}", f"{p} sketch", plain, 1.2, accuracy_of=sketch),
        Row(f"gelfand-sketch k = 4, {p}", f"{p} short", plain),
        Row(f"gelfand-sketch k = 6, a quarter of the batch, {p}", f"{p} quarter", plain),
        Row(f"gelfand k = 2^10, {p}", f"{p} gelfand", plain, accuracy_of=gelfand),
        Row(f"exact spectral radius, {p}", f"{p} radius", plain, accuracy_of=radius),
        Row(f"torch.nn, batched autograd gelfand, {p}", f"{p} plain gelfand", plain),
        Row(f"torch.nn, eigvals with gradient, {p}", f"{p} plain radius", plain),
    ]


def _many(problem: Problem) -> tuple[str, None, int]:
    return f"{problem.name} plain RES", None, TRIALS


def watching(epochs: int) -> float:
    """Wall time over training time of Alpine02 at its default settings after epoch 100."""
    trainer = Trainer(
        presets["alpine02"].with_settings(
            {"training.device": "cpu", "training.epochs": 10 * epochs + 200}
        )
    )
    started, before = 0.0, 0.0
    for item in trainer:
        if isinstance(item, Record) and item.epoch == 100:
            started, before = time.perf_counter(), trainer.seconds
        if isinstance(item, Record) and item.epoch >= 100 + epochs:
            break
    return (time.perf_counter() - started) / (trainer.seconds - before)


def line(row: Row, timings: dict[str, Timing]) -> tuple[str, ...]:
    """A row as text, under HEADINGS."""
    ratio, spread = (v / row.steps for v in timings[row.above].over(timings[row.below]))
    error = "-" if row.accuracy_of is None else f"{accuracy.error(*row.accuracy_of):.1e}"
    return (
        row.title,
        f"{ratio:.3g} ± {spread:.1g}",
        goal_text(ratio, row.goal),
        f"{timings[row.above].median * 1e3:.3g}",
        error,
    )


def goal_text(ratio: float, goal: float | None) -> str:
    """The goal, and whether it is met."""
    return "-" if goal is None else f"<= {goal:g} {'met' if ratio <= goal else 'missed'}"


def _stiffness(name: str, **settings: int) -> Stiffness:
    return Stiffness(weight=WEIGHT, fraction=1.0, proxy=proxy(name, **settings))


def _quarter() -> Stiffness:
    """k = 6 on a quarter of the batch: an option that trades exactness for time."""
    return Stiffness(weight=WEIGHT, proxy=proxy("gelfand-sketch"), fraction=0.25)


def main() -> None:
    """Read the arguments, measure, print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--full", action="store_true", help="three times as many rounds")
    full = parser.parse_args().full
    prepared = {name: prepare() for name, prepare in actions().items()}
    rounds, slice_seconds = (15, 0.4) if full else (5, 0.3)
    timings = interleave(prepared, rounds, slice_seconds, lambda text: print(text, file=sys.stderr))
    lines = [line(row, timings) for row in rows()]
    share = watching(3000 if full else 1000)
    title = "watching: wall time / training time, Alpine"
    lines.append((title, f"{share:.3g}", goal_text(share, 1.1), "-", "-"))
    print(machine(), "", markdown_table(HEADINGS, lines), sep="\n")


if __name__ == "__main__":
    main()
