"""Training and test error of R networks."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stiffgui.resnet.network import ResidualNetwork

CHUNK_BYTES = 2**18  # of one layer's states: larger ones fall out of a core's cache


def root_mean_square_error(network: ResidualNetwork, x: Tensor, y: Tensor) -> NDArray[np.float64]:
    """RMSE over samples and outputs of each network, [R], in float64, at x [samples, d]."""
    trials, _, width, _ = network.weight.shape
    samples, outputs = y.shape
    chunk = max(16, CHUNK_BYTES // (trials * width * x.element_size()))
    total = x.new_zeros(trials).double()
    for x_chunk, y_chunk in zip(torch.split(x, chunk), torch.split(y, chunk), strict=True):
        output = network.predict(x_chunk.expand(trials, *x_chunk.shape), outputs)
        total += (output - y_chunk).double().square().sum((1, 2))
    return np.asarray((total / (samples * outputs)).sqrt().cpu().numpy())
