"""The callback for Lightning, with the real package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from stiffgui import InputError, open_run

lightning = pytest.importorskip("lightning")
# The package's own, of other packages and of a machine without workers.
pytestmark = pytest.mark.filterwarnings("ignore")


class Block(nn.Module):
    """x + tanh of a linear map."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.tanh(self.linear(x))


class Module(lightning.LightningModule):
    """Two blocks that learn a product."""

    def __init__(self, fails_at: int = 100) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 4), Block(), Block(), nn.Linear(4, 1))
        self.fails_at = fails_at

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)

    def training_step(self, batch: Any, number: int) -> Tensor:
        if self.current_epoch == self.fails_at:
            raise KeyError("on purpose")
        loss = (self(batch) - batch.prod(1, keepdim=True)).square().mean()
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: Any, number: int) -> None:
        self.log("val_loss", (self(batch) - batch.prod(1, keepdim=True)).square().mean())

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters())


def fit(module: Module, folder: Path, **options: Any) -> Path:
    """Train it for three epochs."""
    from stiffgui.watching.lightning import Watch

    x, out = torch.rand(40, 2), folder / "a.stiff"
    loaders = (torch.utils.data.DataLoader(x, 20) for _ in range(2))
    trainer = lightning.Trainer(
        max_epochs=3,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[Watch(x, out, every=2, **options)],
    )
    trainer.fit(module, *loaders)
    return out


def test_a_training_of_lightning_is_watched(tmp_path: Path) -> None:
    torch.manual_seed(0)
    with open_run(fit(Module(), tmp_path)) as run:
        history = run.series()
        assert run.ending == "finished" and history.epochs.tolist() == [0, 1, 2]
        assert history.known("train_loss") and history.known("val_loss")
        assert history.index_epochs.tolist() == [0, 2]
        assert run.network is not None and run.network.names == ("net.1", "net.2")
        assert run.network.title == "Module"


def test_its_part_a_failure_and_a_bad_name(tmp_path: Path) -> None:
    with open_run(fit(Module(), tmp_path, model="net")) as run:
        assert run.network is not None and run.network.names == ("1", "2")
    with pytest.raises(InputError, match="no part called 'nothing'"):
        fit(Module(), tmp_path, model="nothing", force=True)
    with pytest.raises(KeyError, match="on purpose"):
        fit(Module(1), tmp_path, force=True)
    with open_run(tmp_path / "a.stiff") as run:
        assert run.ending == "stopped" and run.series().epochs.tolist() == [0]
