"""Eigenvalues of the layers that somebody watches while a network trains: frames of a moving plane.

Nothing here is recorded, and no number of the training depends on it, so a clock may decide how
often and on how many samples: at most SHARE of the time goes into frames.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stiffgui.resnet.network import ResidualNetwork
from stiffgui.stiffness.matching import Trails
from stiffgui.training.controls import Watched
from stiffgui.training.records import Frame

if TYPE_CHECKING:
    from torch import Tensor

    from stiffgui.resnet.architecture import Architecture

SHARE = 0.04  # of the time, at most
PERIOD = 1 / 30  # seconds between two frames, at least
AIM = 1 / 20  # seconds between two frames for which samples are left out


class Frames:
    """What is watched, `Watched` or nothing, as frames that are due."""

    def __init__(self) -> None:
        self._due = 0.0
        self._each = 0.0  # seconds of a sample of a layer, in the last frame
        self._samples = 0  # in the last frame
        self._shown: Watched | None = None
        self._trails, self._last = Trails(), 0

    def is_due(self, watched: Watched | None) -> bool:
        """Whether it is time for the next frame; for the first of what is newly watched at once."""
        return watched is not None and (watched != self._shown or time.perf_counter() >= self._due)

    def take(
        self,
        watched: Watched,
        epoch: int,
        architecture: Architecture,
        parameters: dict[str, Tensor],
        probe: Tensor,
    ) -> Frame:
        """The eigenvalues now, of parameters [R, ...] at some of the probe samples [B, d].

        Layers and trials that the network does not have are left out.
        """
        began = time.thread_time()  # the clock on the wall would count what other processes take
        of_trial = slice(watched.trial, watched.trial + 1)
        one = {name: block[of_trial] for name, block in parameters.items()}
        layers = [n for n in watched.layers if 1 <= n <= architecture.depth]
        network = ResidualNetwork.exact(architecture, one)
        count = self._affordable(watched.samples, len(layers))
        follows = watched == self._shown and epoch > self._last
        if not (follows and self._samples <= count < 2 * self._samples):
            self._samples, follows = count, False  # where that changes: not with every frame
            self._trails = Trails()
        found = _eigenvalues(network, probe[: self._samples], layers)
        if found.size:
            found = np.take_along_axis(found, self._trails.places(found, epoch), -1)
        self._last = epoch
        self._shown, spent = watched, time.thread_time() - began
        self._each = spent / max(1, found.shape[0] * found.shape[1])
        period = 0.0 if watched.dense else PERIOD
        self._due = time.perf_counter() + max(period, spent * (1 / SHARE - 1))
        return Frame(epoch, watched.trial, tuple(layers), found, follows)

    def _affordable(self, most: int, layers: int) -> int:
        """As many samples as let the next frame come after AIM; all of what is newly watched."""
        if not self._each:
            return most
        return max(1, min(most, int(SHARE * AIM / (self._each * max(1, layers)))))


def _eigenvalues(
    network: ResidualNetwork, samples: Tensor, layers: list[int]
) -> NDArray[np.complex128]:
    """Of J_n(x) by LAPACK in float64: [L, B, w]."""
    passed = network.forward(samples.expand(1, *samples.shape), 1)
    which = [n - 1 for n in layers]
    slopes, weight = passed.slopes[0, which].numpy(), network.weight[0, which].numpy()
    jacobians = slopes[..., None] * weight[:, None]
    finite = np.isfinite(jacobians).all((-2, -1))
    values = np.linalg.eigvals(np.where(finite[..., None, None], jacobians, 0.0))
    return np.where(finite[..., None], values, np.nan).astype(np.complex128)
