"""Fifty steps of the fast path against a plain one, for every penalty: nothing traded silently."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pytest
import torch

from stiffgui import presets
from stiffgui.experiment import Experiment
from stiffgui.regularizers import L2, NoPenalty, Regularizer, Stiffness
from stiffgui.resnet.network import Pass, ResidualNetwork
from stiffgui.stiffness import PROXIES, proxy
from stiffgui.stiffness.base import Proxy
from stiffgui.training import Record, Trainer
from stiffgui.training.loss import batch_loss

OPTIONS: dict[str, Stiffness] = {
    "gelfand, 2 squarings": Stiffness(fraction=1.0, proxy=proxy("gelfand", squarings=2)),
    "sketch, 3 vectors": Stiffness(fraction=1.0, proxy=proxy("gelfand-sketch", vectors=3, power=4)),
    "power, one vector": Stiffness(
        fraction=1.0, proxy=proxy("power", variant="vector", iterations=5)
    ),
    "every third step": Stiffness(every=3, fraction=1.0),
    "a part of the batch": Stiffness(fraction=0.3),
    "both": Stiffness(every=4, fraction=0.5),
}
PENALTIES: dict[str, Regularizer] = {
    "none": NoPenalty(),
    "l2": L2(weight=0.1),
    **{name: Stiffness(weight=0.01, fraction=1.0, proxy=proxy(name)) for name in PROXIES},
    **{name: p.model_copy(update={"weight": 0.01}) for name, p in OPTIONS.items()},
}
# At k = 2^10 the gradient near a double eigenvalue changes by 1e9 times what J does, so that
# rounding parts two runs; single steps agree (test_proxies.py, test_same_work.py).
PENALTIES["gelfand"] = Stiffness(weight=0.01, fraction=1.0, proxy=proxy("gelfand", squarings=5))


class Plain(Stiffness):
    """The definition: Jacobians formed, the proxy's value differentiated by autograd."""

    def penalty(
        self, network: ResidualNetwork, run: Pass, generators: list[torch.Generator]
    ) -> torch.Tensor:
        slopes = run.slopes[:, :, : ceil(self.fraction * run.slopes.shape[2])]
        return Proxy.of_layers(self.proxy, slopes, network.weight, generators).sum(1)


def plain(regularizer: Regularizer) -> Regularizer:
    if not isinstance(regularizer, Stiffness):
        return regularizer
    return Plain.model_construct(**dict(regularizer))


def plain_training(experiment: Experiment, epochs: int) -> tuple[list[Any], dict[str, Any]]:
    """Autograd and torch.optim.Adam, in the trainer's order of batches: losses [R] a step."""
    trainer = Trainer(experiment)
    leaves = {k: v.detach().clone().requires_grad_() for k, v in trainer.network.parameters.items()}
    network = ResidualNetwork(experiment.architecture, leaves)
    optimiser = torch.optim.Adam(leaves.values(), lr=experiment.training.learning_rate)
    losses: list[Any] = []
    for epoch in range(epochs):
        x, y = trainer.steps.ordered(epoch)
        size = experiment.training.batch_size
        for x_batch, y_batch in zip(x.split(size, 1), y.split(size, 1), strict=True):
            optimiser.zero_grad()
            penalty, step = experiment.regularizer, len(losses)
            every = penalty.every if isinstance(penalty, Stiffness) else 1
            if step % every:
                penalty = NoPenalty()
            elif every > 1:
                penalty = penalty.model_copy(update={"weight": every * penalty.weight})
            loss = batch_loss(network, plain(penalty), x_batch, y_batch, trainer.steps.generators)[
                0
            ]
            loss.sum().backward()
            optimiser.step()
            losses.append(loss.detach().numpy())
    return losses, {k: v.detach().numpy() for k, v in leaves.items()}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", PENALTIES)
def test_fifty_steps_equal_plain_training(name: str) -> None:
    """Ten epochs of five batches in float64, the last batch short; two trials."""
    experiment = presets["alpine02"].with_settings(
        {
            "architecture.width": 4 if name == "analytic" else 8,
            "architecture.depth": 4,
            "task.train_samples": 93,
            "training.batch_size": 20,
            "training.trials": 2,
            "training.epochs": 10,
            "training.learning_rate": 1e-3,
            "training.precision": "float64",
            "watch.every": 1000,
        }
    )
    experiment = experiment.model_copy(update={"regularizer": PENALTIES[name]})
    losses, parameters = plain_training(experiment, 10)
    assert len(losses) == 50
    trainer = Trainer(experiment)
    taken: list[Any] = []
    for item in trainer:
        if isinstance(item, Record) and item.epoch:
            taken.extend(trainer.steps.losses()[:, 0])
    np.testing.assert_allclose(taken, losses, rtol=1e-6)
    assert len(np.unique(losses)) == 100
    for key, value in trainer.parameters().items():
        np.testing.assert_allclose(value, parameters[key], rtol=1e-4, atol=1e-7)
