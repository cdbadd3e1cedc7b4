"""A small transformer learns to sort digits, and is watched while it does.

    python examples/transformer.py [--epochs 60] [--out transformer.stiff]

A layer's Jacobian is that of a whole sequence, positions by features. Its last picture shows the
eigenvalues of every layer.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from stiffgui import open_run, watch
from stiffgui.figures import export_figure, figure

LENGTH, FEATURES, LAYERS = 6, 16, 4


class Sorter(nn.Module):
    """Digits [B, LENGTH] to logits of the digits in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.digits = nn.Embedding(10, FEATURES)
        self.places = nn.Parameter(0.1 * torch.randn(LENGTH, FEATURES))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(FEATURES, 2, 32, batch_first=True, norm_first=True)
            for _ in range(LAYERS)
        )
        self.out = nn.Linear(FEATURES, 10)

    def forward(self, digits: Tensor) -> Tensor:
        x = self.digits(digits) + self.places
        for layer in self.layers:
            x = layer(x)
        return self.out(x)


def main(epochs: int = 60, out: Path = Path("transformer.stiff")) -> Path:
    """Train it; the picture that comes of it."""
    torch.manual_seed(0)
    model = Sorter()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    probe = torch.randint(0, 10, (16, LENGTH))
    with watch(model, probe, out, every=10, force=True) as recorder:
        for epoch in range(epochs):
            for _ in range(20):
                digits = torch.randint(0, 10, (128, LENGTH))
                logits = model(digits)
                sorted_ = digits.sort(1).values
                loss = nn.functional.cross_entropy(logits.flatten(0, 1), sorted_.flatten())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            right = (logits.argmax(-1) == sorted_).float().mean()
            recorder.record(epoch, loss=loss, accuracy=right)
    picture = out.with_suffix(".png")
    with open_run(out) as run:
        export_figure(figure("spectrum", all_layers=True), [run], picture, "png", replace=True)
    return picture


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--epochs", type=int, default=60)
    words.add_argument("--out", type=Path, default=Path("transformer.stiff"))
    print(main(**vars(words.parse_args())))
