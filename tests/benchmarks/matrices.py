"""How soon large matrices are seen: seconds until their leading eigenvalues are there, how large
the residuals of these are, and seconds until all is known.

    python tests/benchmarks/matrices.py [--width 4096] [--first-only]

On two cores the window has the other one: all this is computed by one.
"""

from __future__ import annotations

import argparse
import runpy
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.linalg
import torch
from threadpoolctl import threadpool_limits

from stiffgui.matrices.measuring import first_look, whole

EXAMPLE = Path(__file__).parents[2] / "examples" / "transformer.py"


def random(width: int) -> np.ndarray:
    """By the circular law in the unit disc; far from normal."""
    return np.random.default_rng(0).normal(size=(width, width)) / np.sqrt(width)


def decaying(width: int) -> np.ndarray:
    """A symmetric Toeplitz matrix of entries 0.9^|i - j|."""
    return np.asarray(scipy.linalg.toeplitz(0.9 ** np.arange(width)))


def laplacian(width: int) -> np.ndarray:
    """A symmetric Toeplitz matrix whose largest eigenvalues are 1e-6 apart."""
    return np.asarray(scipy.linalg.toeplitz(np.r_[2.0, -1.0, np.zeros(width - 2)]))


def grcar(width: int) -> np.ndarray:
    """So far from normal that its eigenvalues cannot be computed."""
    above = sum(np.diag(np.ones(width - k), k) for k in range(4))
    return np.asarray(above - np.diag(np.ones(width - 1), -1))


def attention(width: int) -> np.ndarray:
    """The output projection of an attention layer, as torch begins with it."""
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(width, 8, width, batch_first=True)
    return layer.linear1.weight.detach().double().numpy()


def example() -> dict[str, np.ndarray]:
    """The square weights of the example's transformer."""
    torch.manual_seed(0)
    model = runpy.run_path(str(EXAMPLE))["Sorter"]()
    weights = {name: p.detach().double().numpy() for name, p in model.named_parameters()}
    return {name: w for name, w in weights.items() if w.ndim == 2 and w.shape[0] == w.shape[1]}


def measure(name: str, matrix: np.ndarray, first_only: bool) -> None:
    """A line of the table."""
    begun = time.monotonic()
    layer, _ = first_look(matrix[None], 1.0)
    seconds, leading = time.monotonic() - begun, layer.leading
    told = "dense"
    if leading is not None:
        residual = float(np.nanmax(leading.residuals[0, :20]) / leading.singular[0, 0])
        told = f"{residual:.1e}"
    rest = ""
    if not first_only and leading is not None and not leading.whole:
        begun = time.monotonic()
        for _ in whole(matrix[None], 1.0):
            pass
        rest = f"{time.monotonic() - begun:.0f} s"
    print(f"| {name} | {len(matrix)} | {seconds:.2f} s | {told} | {rest} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--first-only", action="store_true")
    given = parser.parse_args()
    kinds: list[Callable[[int], np.ndarray]] = [random, decaying, laplacian, attention, grcar]
    print("| matrix | width | seen after | residual / norm | all after |\n|---|---|---|---|---|")
    with threadpool_limits(1):
        for name, matrix in example().items():
            measure(f"example: {name}", matrix, given.first_only)
        for kind in kinds:
            measure(kind.__name__, kind(given.width), given.first_only)


if __name__ == "__main__":
    main()
