"""What is counted (`stiffgui/training/operations.py`) beside what it takes on this machine.

    python tests/benchmarks/operations.py [--seconds S] [--most OPERATIONS]

Steps, evaluations of errors, measurements of the usual indices and of one of every need alone, on
16 samples of four layers: operations as they are counted, microseconds of one processor's time
(the fastest call: other programs hardly matter), and their quotient, operations a nanosecond. Where
the declared factors hold, quotients of one machine are alike: products of large matrices in single
precision give the rate, 40 where the factors were declared. The groups come last. Two minutes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch

from stiffgui import Experiment, presets
from stiffgui.training import Trainer, operations

WIDTHS, INDEX_WIDTHS = (20, 50, 128, 256), (8, 20, 50, 64, 65, 128, 256, 512)
BATCHES = (20, 64, 256)
PENALTIES: dict[str, dict[str, Any]] = {
    "none": {"regularizer": "none"},
    "l2": {"regularizer": "l2"},
    "sketch": {"regularizer": "stiffness"},
    "gelfand": {"regularizer": "stiffness", "regularizer.proxy": "gelfand"},
}
# One index of every need, and proxies.
INDICES = {
    "frobenius": "norm",
    "singular": "largest",
    "spectral-radius": "radius",
    "condition": "singular-values",
    "mean-modulus": "eigenvalues",
    "gelfand-sketch": "proxy",
    "gelfand": "proxy",
}
SAMPLES, DEPTH, STEPS = 16, 4, 20  # of a measurement; of every network; of an epoch
Action = Callable[[], int]  # says how many it did
Row = tuple[str, str, float, Action]  # group, what, operations of one, one or more of them


def experiment(width: int, batch: int, **changes: Any) -> Experiment:
    """A small training on one thread."""
    return presets["alpine02"].with_settings(
        {
            "task.train_samples": STEPS * batch,
            "architecture.width": width,
            "architecture.depth": DEPTH,
            "training.batch_size": batch,
            "training.threads": 1,
            "watch.probe": SAMPLES,
            "watch.share": 1,
            **changes,
        }
    )


def rows(most: float) -> Iterator[Row]:
    """Everything that counts for at most so many operations a call."""
    a, b = torch.randn(2, 1024, 1024)
    yield "products", "product of 1024 x 1024, float32", 1024.0**3, once(lambda: a @ b)
    for width in WIDTHS:
        for batch in BATCHES:
            for name, changes in PENALTIES.items():
                asked = experiment(width, batch, **changes)
                counted, what = (
                    operations.step(asked),
                    f"step, {name}, width {width}, batch {batch}",
                )
                if STEPS * counted < most:
                    yield f"step, {name}", what, counted, Trainer(asked).run_epoch
    for width in WIDTHS:
        asked = experiment(width, 64)
        trainer, counted = Trainer(asked), operations.errors(asked)
        yield "errors", f"errors, width {width}", counted, once(partial(errors, trainer))
        counted, what = operations.indices(asked, SAMPLES), f"usual indices, width {width}"
        yield "usual indices", what, counted, once(trainer.indices)
    for name in INDICES:
        for width in INDEX_WIDTHS:
            watching = experiment(width, 256, **{"watch.indices": (name,)})
            counted = operations.indices(watching, SAMPLES)
            if counted < most:
                what = f"{name} ({INDICES[name]}), width {width}"
                yield name, what, counted, once(Trainer(watching).indices)


def errors(trainer: Trainer) -> object:
    """Of the training and the test set."""
    return trainer.training_error(), trainer.test_error()


def once(action: Callable[[], object]) -> Action:
    """A call of one."""

    def call() -> int:
        action()
        return 1

    return call


def fastest(action: Action, seconds: float) -> float:
    """Processor seconds of one, the least of several calls; one goes before, unmeasured."""
    action()
    least, until = np.inf, time.process_time() + seconds
    while True:
        started = time.process_time()
        count = action()
        now = time.process_time()
        least = min(least, (now - started) / count)
        if now > until:
            return least


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.4, help="of each row, at least")
    parser.add_argument("--most", type=float, default=4e10, help="operations of a call, at most")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(f"{'what':46s} {'operations':>12s} {'us':>12s} {'per ns':>8s}")
    groups: dict[str, list[float]] = {}
    for group, what, counted, action in rows(asked.most):
        took = fastest(action, asked.seconds)
        rate = counted / took / 1e9
        groups.setdefault(group, []).append(rate)
        print(f"{what:46s} {counted:12.4g} {took * 1e6:12.4g} {rate:8.3g}", flush=True)
    print("\noperations a nanosecond: median, least and most")
    for group, rates in groups.items():
        print(f"{group:24s} {np.median(rates):8.3g} {min(rates):8.3g} {max(rates):8.3g}")


if __name__ == "__main__":
    main()
