"""What watching costs a training: its processor time with `watch` over that without, in turns.

    python tests/benchmarks/watching.py [--seconds 20] [--width 64] [--share 0.05]

Half a second for early epochs, and another for the last one, are beside the share (ADR 23).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from stiffgui import open_run, watch


class Block(nn.Module):
    """x + tanh of a linear map."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.tanh(self.linear(x))


def trained(width: int, epochs: int, out: Path | None, share: float) -> float:
    """Processor seconds of a training, measuring and writing included."""
    torch.manual_seed(0)
    blocks = (Block(width) for _ in range(8))
    model = nn.Sequential(nn.Linear(2, width), *blocks, nn.Linear(width, 1))
    x = torch.rand(256, 2)
    y, optimizer = x.prod(1, keepdim=True), torch.optim.Adam(model.parameters())

    def epoch() -> float:
        for rows in torch.randperm(256).split(32):
            loss = (model(x[rows]) - y[rows]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return float(loss.detach().sqrt())

    began = time.process_time()
    if out is None:
        for _ in range(epochs):
            epoch()
    else:
        with watch(model, x, out, share=share, force=True) as recorder:
            for number in range(epochs):
                recorder.record(number, train_error=epoch())
    return time.process_time() - began


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--seconds", type=float, default=20.0)
    words.add_argument("--width", type=int, default=64)
    words.add_argument("--share", type=float, default=0.05)
    words.add_argument("--turns", type=int, default=3)
    given = words.parse_args()
    epochs = max(1, round(10 * given.seconds / trained(given.width, 10, None, given.share)))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "a.stiff"
        for _ in range(given.turns):
            plain = trained(given.width, epochs, None, given.share)
            watched = trained(given.width, epochs, out, given.share)
            with open_run(out) as run:
                cost = run.provenance["watching"]
            print(
                f"{epochs} epochs: {plain:.2f} s, watched {watched:.2f} s, ratio "
                f"{watched / plain:.3f}; {cost['measurements']} measurements, "
                f"{cost['seconds'] / cost['training_seconds']:.1%} by its own account"
            )


if __name__ == "__main__":
    main()
