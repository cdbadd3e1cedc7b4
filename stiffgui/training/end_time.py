"""A random end time for every batch (STEER: Ghosh et al. 2020, NeurIPS 33)."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from stiffgui.resnet.architecture import Architecture
from stiffgui.resnet.network import ResidualNetwork
from stiffgui.training.graph import Batch
from stiffgui.training.step import Gradient
from stiffgui.training.step_by_autograd import AutogradGradient


class RandomEndTime:
    """Calls another gradient with the end time uniform in T (1 - jitter, 1 + jitter).

    The end times of an epoch follow from (seed, epoch): all trials share them, so that a trial is
    the same alone and in a batch. Between two calls the network has its own end time T.
    """

    def __init__(
        self,
        gradient: Gradient | AutogradGradient,
        network: ResidualNetwork,
        jitter: float,
        seed: int,
    ) -> None:
        self._gradient, self._network = gradient, network
        self._jitter, self._seed = jitter, seed
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """Draw the end times of this epoch."""
        self._random = np.random.default_rng([self._seed, 2**31, epoch])

    def __call__(self, *batch: *Batch) -> None:
        """As the gradient it calls."""
        own = self._network.architecture
        factor = 1 + self._jitter * self._random.uniform(-1, 1)
        self._use(own.model_copy(update={"horizon": own.horizon * factor}))
        try:
            self._gradient(*batch)
        finally:
            self._use(own)

    def forward(self, x: Tensor, outputs: int) -> Tensor:
        """y [R, B, o] of x [R, B, d] at the end time T."""
        return self._gradient.forward(x, outputs)

    def _use(self, architecture: Architecture) -> None:
        self._network.architecture = architecture
        self._gradient.use_step(architecture.step_size)
