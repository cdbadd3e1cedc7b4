"""What every penalty reaches in how much time: the table of ADR 8.

    python tests/benchmarks/penalties.py [--epochs 300] [--trials 5] [--task alpine02]
                                         [--weight 1e-3] [--only NAME ...] [--lines FILE]

Trains the same networks (same starts, same batches) with one penalty after the other and prints
a Markdown table. `seconds` is processor time, so that other programs do not count; radius,
singular value and Frobenius norm are exact (LAPACK, float64), mean over 100 training samples,
summed over layers; everything is the median over the trials. With --lines each case is appended
to FILE as JSON as soon as it is done, and cases found there are not trained again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stiffgui import presets
from stiffgui.experiment import Experiment
from stiffgui.regularizers import L2, NoPenalty, Regularizer, Stiffness
from stiffgui.stiffness import PROXIES, layer_indices, network_index, proxy
from stiffgui.training import Record, Trainer

WATCHED = ("spectral-radius", "singular", "frobenius")


def cases(weight: float) -> dict[str, Regularizer]:
    """Name -> penalty, the fast ones first."""

    def stiff(name: str, every: int = 1, fraction: float = 1.0, **settings: Any) -> Stiffness:
        chosen = proxy(name, **settings)
        return Stiffness(weight=weight, proxy=chosen, every=every, fraction=fraction)

    found: dict[str, Regularizer] = {"none": NoPenalty(), "l2 (1e-5)": L2()}
    for k in (4, 8, 2, 3, 5, 6, 16):
        found[f"gelfand-sketch k={k}"] = stiff("gelfand-sketch", power=k)
    for q in (2, 4):
        found[f"gelfand-sketch k=4 q={q}"] = stiff("gelfand-sketch", power=4, vectors=q)
    for fraction in (0.5, 0.25, 0.05):
        name = f"gelfand-sketch k=4 fraction={fraction}"
        found[name] = stiff("gelfand-sketch", power=4, fraction=fraction)
    found["gelfand-sketch k=4 fraction=0.5 every=2"] = stiff("gelfand-sketch", 2, 0.5, power=4)
    for every in (2, 4, 16):
        found[f"gelfand-sketch k=4 every={every}"] = stiff("gelfand-sketch", every, power=4)
    found["frobenius"] = stiff("frobenius")
    if "power" in PROXIES:
        found["power"] = stiff("power")
    for s in (1, 2, 4):
        found[f"gelfand k=2^{s}"] = stiff("gelfand", squarings=s)
    found["spectral-radius"] = stiff("spectral-radius")
    found["gelfand k=2^10"] = stiff("gelfand", squarings=10)
    for name in ("singular", "condition", "mean-modulus"):
        found[name] = stiff(name)
    return found


def experiment(task: str, epochs: int, trials: int, penalty: Regularizer) -> Experiment:
    """The preset `task` with this penalty, one thread, nearly without measurements."""
    base = presets[task].with_settings(
        {
            "training.epochs": epochs,
            "training.trials": trials,
            "training.device": "cpu",
            "training.threads": 1,
            "watch.indices": "frobenius",
            "watch.probe": 1,
            "watch.every": 100_000,
            "watch.errors_every": 100_000,
        }
    )
    return base.model_copy(update={"regularizer": penalty})


def measure(settings: Experiment) -> dict[str, float]:
    """Train, then the figures of the table."""
    trainer = Trainer(settings)
    started = time.process_time()
    last = [item for item in trainer if isinstance(item, Record)][-1]
    seconds = time.process_time() - started
    with torch.no_grad():
        probe = trainer.steps.x[:100].expand(len(trainer.trials), -1, -1)
        jacobians = trainer.network.jacobians(probe).double().numpy()
    values, _ = layer_indices(jacobians, WATCHED)
    found = {name: float(np.median(network_index(v))) for name, v in values.items()}
    errors = {k: last.values[f"{k}_error"] for k in ("train", "test")}
    return found | {
        **{k: float(np.nanmedian(v)) for k, v in errors.items()},
        "test_low": float(np.nanmin(errors["test"])),
        "test_high": float(np.nanmax(errors["test"])),
        "diverged": float((~trainer.alive).sum()),
        "seconds": seconds,
        "milliseconds": 1e3 * seconds / trainer.step,
    }


def row(name: str, found: dict[str, float]) -> str:
    """A line of the table."""
    f = found
    diverged = f" ({f['diverged']:.0f} diverged)" if f["diverged"] else ""
    return (
        f"| {name}{diverged} | {f['spectral-radius']:.3g} | {f['singular']:.3g} "
        f"| {f['frobenius']:.3g} | {f['train']:.3g} | {f['test']:.3g} "
        f"({f['test_low']:.3g}-{f['test_high']:.3g}) "
        f"| {f['seconds']:.1f} | {f['milliseconds']:.2f} |"
    )


HEAD = (
    "| penalty | radius | singular | Frobenius | train RMSE | test RMSE (range) "
    "| seconds | ms/step |\n|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Read the arguments, train, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--task", default="alpine02", help="a preset: what is learnt, by what")
    parser.add_argument("--weight", type=float, default=1e-3)
    parser.add_argument("--only", nargs="*", help="cases of this name, or with this word in it")
    parser.add_argument("--lines", type=Path, help="results as JSON lines, to continue from")
    given = parser.parse_args()
    known: dict[str, dict[str, float]] = {}
    if given.lines and given.lines.exists():
        for line in given.lines.read_text("utf-8").splitlines():
            done = json.loads(line)
            known[done["name"]] = done["found"]
    print(HEAD, flush=True)
    for name, penalty in cases(given.weight).items():
        if given.only and not any(part == name or part in name.split() for part in given.only):
            continue
        if name not in known:
            known[name] = measure(experiment(given.task, given.epochs, given.trials, penalty))
            if given.lines:
                with given.lines.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps({"name": name, "found": known[name]}) + "\n")
        print(row(name, known[name]), flush=True)


if __name__ == "__main__":
    main()
