"""How far a proxy, as it is computed in training, lies from LAPACK in float64."""

from __future__ import annotations

import numpy as np
import torch

from stiffgui.benchmarks.problems import Problem
from stiffgui.regularizers import NoPenalty
from stiffgui.stiffness import Proxy
from stiffgui.training import Trainer


def error(problem: Problem, proxy: Proxy, epochs: int = 1) -> float:
    """Median over layers and samples of |proxy - |l_1|| / |l_1|, after some epochs of training.

    The proxy runs in float32 on slopes and weights; |l_1| is the largest modulus of numpy's
    float64 eigenvalues of the same matrices. A proxy that is meant to differ from |l_1| shows
    its bias here: gelfand-sketch with a small k most of all.
    """
    experiment = problem.experiment(NoPenalty())
    trainer = Trainer(experiment)
    for _ in range(epochs):
        trainer.run_epoch()
    x, _ = next(trainer.batches())
    with torch.no_grad():
        slopes = trainer.network.forward(x, problem.task.outputs).slopes
        weight = trainer.network.weight.detach()
        exact = _radius(slopes, weight)
        generators = [torch.Generator().manual_seed(0)]
        value = proxy.of_layers(slopes, weight, generators).double().numpy()
    return float(np.median(np.abs(value - exact) / exact))


def _radius(slopes: torch.Tensor, weight: torch.Tensor) -> np.ndarray:
    jacobians = (slopes.unsqueeze(-1) * weight.unsqueeze(2)).double().numpy()
    return np.asarray(np.abs(np.linalg.eigvals(jacobians)).max(-1))
