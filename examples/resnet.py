"""A convolutional ResNet learns handwritten digits, and is watched while it does.

    python examples/resnet.py [--epochs 30] [--out resnet.stiff]

Its last picture shows the spectral radius of every block, epoch by epoch.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from stiffgui import open_run, watch
from stiffgui.figures import export_figure, figure

CHANNELS, BLOCKS, HELD_BACK = 4, 4, 360


class Block(nn.Module):
    """x + F(x), F of two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
            nn.BatchNorm2d(CHANNELS),
            nn.ReLU(),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.branch(x)


def resnet() -> nn.Sequential:
    """Images [B, 1, 8, 8] to ten classes."""
    stem = nn.Conv2d(1, CHANNELS, 3, padding=1)
    blocks = (Block() for _ in range(BLOCKS))
    return nn.Sequential(stem, *blocks, nn.Flatten(), nn.Linear(64 * CHANNELS, 10))


def main(epochs: int = 30, out: Path = Path("resnet.stiff")) -> Path:
    """Train it; the picture that comes of it."""
    torch.manual_seed(0)
    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    y = torch.tensor(labels)
    train, test = slice(HELD_BACK, None), slice(HELD_BACK)
    model = resnet()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    with watch(model, x[train], out, samples=4, every=3, force=True) as recorder:
        for epoch in range(epochs):
            for rows in torch.randperm(len(x) - HELD_BACK).split(64):
                loss = nn.functional.cross_entropy(model(x[train][rows]), y[train][rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            with torch.no_grad():
                model.eval()
                right = (model(x[test]).argmax(1) == y[test]).float().mean()
                model.train()
            recorder.record(epoch, loss=loss, accuracy=right)
    picture = out.with_suffix(".png")
    with open_run(out) as run:
        export_figure(figure("layers"), [run], picture, "png", replace=True)
    return picture


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--epochs", type=int, default=30)
    words.add_argument("--out", type=Path, default=Path("resnet.stiff"))
    print(main(**vars(words.parse_args())))
