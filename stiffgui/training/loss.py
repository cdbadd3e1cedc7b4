"""The loss of a batch: the quadratic mean of error and penalty (docs/mathematics.md, Loss)."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from stiffgui.regularizers import NoPenalty, Regularizer
from stiffgui.resnet.network import ResidualNetwork
from stiffgui.stiffness.base import tiny


def batch_loss(
    network: ResidualNetwork,
    regularizer: Regularizer,
    x: Tensor,
    y: Tensor,
    generators: list[Generator],
) -> tuple[Tensor, Tensor, Tensor]:
    """Loss, mean penalty and the penalty's share of the squared loss, each [R].

    loss = sqrt(mean_i |F(x_i) - y_i|^2 + weight mean_i p_i^2) for x [R, B, d], y [R, B, o]; only
    the loss carries a gradient. A vanishing loss has the gradient 0, not NaN.
    """
    run = network.forward(x, y.shape[-1], slopes=regularizer.needs_slopes)
    squared = (run.output - y).square().sum(-1).mean(1)
    penalties = regularizer.penalty(network, run, generators)
    if penalties is None or isinstance(regularizer, NoPenalty):
        nothing = torch.zeros_like(squared.detach())
        return squared.clamp_min(tiny(squared)).sqrt(), nothing, nothing
    added = regularizer.weight * penalties.square().mean(1)
    total = (squared + added).clamp_min(tiny(squared))
    share = (added / total).detach()
    return total.sqrt(), penalties.detach().mean(1), share
