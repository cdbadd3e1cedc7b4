"""What is measured, and what it is compared with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from stiffgui.benchmarks import yardstick
from stiffgui.benchmarks.problems import ALPINE, CLIMATE, PROBLEMS, Problem
from stiffgui.benchmarks.timing import Action
from stiffgui.regularizers import NoPenalty, Regularizer, Stiffness
from stiffgui.stiffness import Proxy, proxy
from stiffgui.training import Record, Trainer

WEIGHT = 1e-3  # of every penalty, as in the talk
TRIALS = 25


@dataclass(frozen=True)
class Row:
    """A ratio of two timings and its goals. `source` is what the talk or a peer needs."""

    title: str
    above: str
    below: str
    source: str
    first_goal: float | None = None
    then_goal: float | None = None
    accuracy_of: tuple[Problem, Proxy] | None = None


def actions() -> dict[str, Callable[[], Action]]:
    """What is timed: name -> a function that prepares it. One call is one optimiser step."""
    made: dict[str, Callable[[], Action]] = {}
    for problem in PROBLEMS:
        made |= {
            f"{problem.name} RES": _ours(problem, NoPenalty()),
            f"{problem.name} RES x{TRIALS}": _ours(problem, NoPenalty(), TRIALS),
            f"{problem.name} sketch": _ours(problem, _stiffness("gelfand-sketch", power=8)),
            f"{problem.name} default": _ours(problem, _stiffness("gelfand-sketch")),
            f"{problem.name} short sketch": _ours(problem, _stiffness("gelfand-sketch", power=4)),
            f"{problem.name} quarter": _ours(problem, _quarter()),
            f"{problem.name} gelfand": _ours(problem, _stiffness("gelfand")),
            f"{problem.name} radius": _ours(problem, _stiffness("spectral-radius")),
            f"{problem.name} plain RES": _plain(problem, None),
            f"{problem.name} plain gelfand": _plain(problem, yardstick.gelfand),
            f"{problem.name} plain radius": _plain(problem, yardstick.radius),
        }
    made["climate sketch x25"] = _ours(CLIMATE, _stiffness("gelfand-sketch", power=8), TRIALS)
    return made


def rows() -> list[Row]:
    """Every row of the table."""
    sketch = proxy("gelfand-sketch", power=8)
    gelfand, radius = proxy("gelfand"), proxy("spectral-radius")
    a, c = ALPINE.name, CLIMATE.name
    k8, k10 = "gelfand-sketch k = 8 / RES", "gelfand k = 2^10 / RES"
    exact, plain = "exact spectral radius / RES", "our step / torch.nn + torch.optim.Adam"
    many = f"{TRIALS} trials / 1 trial, RES"
    return [
        Row(f"{k8}, {a}", f"{a} sketch", f"{a} RES", "12", 2.5, 1.5, (ALPINE, sketch)),
        Row(f"{k8}, {c}", f"{c} sketch", f"{c} RES", "103 (talk), 47", 2.5, 1.5, (CLIMATE, sketch)),
        Row(
            f"{k8}, {c}, {TRIALS} trials",
            f"{c} sketch x{TRIALS}",
            f"{c} RES x{TRIALS}",
            "-",
            5,
            2.5,
            (CLIMATE, sketch),
        ),
        Row(f"{k10}, {a}", f"{a} gelfand", f"{a} RES", "12", 8, 4, (ALPINE, gelfand)),
        Row(f"{k10}, {c}", f"{c} gelfand", f"{c} RES", "47", 25, 15, (CLIMATE, gelfand)),
        Row(f"{exact}, {a}", f"{a} radius", f"{a} RES", "50", 5, 3, (ALPINE, radius)),
        Row(f"{exact}, {c}", f"{c} radius", f"{c} RES", "140", 12, 8, (CLIMATE, radius)),
        Row(f"{many}, {a}", f"{a} RES x{TRIALS}", f"{a} RES", "25", 4, 3),
        Row(f"{many}, {c}", f"{c} RES x{TRIALS}", f"{c} RES", "25", 8, 5),
        Row(f"{plain}, {a}", f"{a} RES", f"{a} plain RES", "1", 0.5, 0.3),
        Row(f"{plain}, {c}", f"{c} RES", f"{c} plain RES", "1", 0.5, 0.3),
        *(
            Row(f"{what} / RES, {p}", f"{p} {timed}", f"{p} RES", "-")
            for p in (a, c)
            for timed, what in (
                ("default", "gelfand-sketch k = 6 (the default)"),
                ("short sketch", "gelfand-sketch k = 4"),
                ("quarter", "gelfand-sketch k = 6, a quarter of the batch"),
            )
        ),
        *(
            Row(f"{what} / torch.nn RES, {p}", f"{p} {timed}", f"{p} plain RES", "-", *goals)
            for p in (a, c)
            for timed, what, goals in (
                ("sketch", "gelfand-sketch k = 8", (1.2,)),
                ("gelfand", "gelfand k = 2^10", ()),
                ("radius", "exact spectral radius", ()),
            )
        ),
        *(
            Row(f"yardstick: {name} / RES, {p}", f"{p} plain {kind}", f"{p} plain RES", "-")
            for p in (a, c)
            for kind, name in (
                ("gelfand", "batched autograd gelfand"),
                ("radius", "eigvals with gradient"),
            )
        ),
    ]


def watching(epochs: int) -> float:
    """Wall time over training time of Alpine02 at its default settings after epoch 100."""
    from stiffgui._presets import presets

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


def _stiffness(name: str, **settings: int) -> Stiffness:
    return Stiffness(weight=WEIGHT, proxy=proxy(name, **settings))


def _quarter() -> Stiffness:
    """k = 6 on a quarter of the batch: an option that trades exactness for time."""
    return Stiffness(weight=WEIGHT, proxy=proxy("gelfand-sketch"), fraction=0.25)


def _ours(problem: Problem, regularizer: Regularizer, trials: int = 1) -> Callable[[], Action]:
    return lambda: Trainer(problem.experiment(regularizer, trials)).steps().__next__


def _plain(problem: Problem, penalty: yardstick.Penalty | None) -> Callable[[], Action]:
    return lambda: yardstick.steps(problem.experiment(NoPenalty()), penalty, WEIGHT).__next__
