"""The continuous limit: x'(t) = s(W(t) x + b(t)), 0 <= t <= T.

Letters for shapes: R trials, B samples, w width.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from stiffgui.resnet.activations import ACTIVATIONS
from stiffgui.resnet.architecture import Architecture


class VectorField(torch.nn.Module):
    """F(t, x) of a network's coefficients, and its Jacobian; counts its evaluations.

    A module, because torchdiffeq's adjoint asks for parameters; it holds those it was given, so
    gradients reach whoever owns them.
    """

    def __init__(self, architecture: Architecture, parameters: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.architecture = architecture
        self.weights, self.horizon = architecture.weights, architecture.horizon
        self.activation = ACTIVATIONS[architecture.activation]
        self.weight, self.bias = parameters["layers.weight"], parameters["layers.bias"]
        self.evaluations = 0

    def phi(self, t: float) -> Tensor:
        """The basis functions at t: [K]."""
        time = np.array([min(max(t / self.horizon, 0.0), 1.0)])
        values = self.weights.basis(time, self.weight.shape[1])[0]
        return torch.as_tensor(values, dtype=self.weight.dtype)

    def at(self, t: float) -> tuple[Tensor, Tensor]:
        """W(t) [R, w, w] and b(t) [R, 1, w]."""
        phi, width = self.phi(t), self.bias.shape[-1]
        weight = (phi @ self.weight.flatten(2)).view(-1, width, width)
        return weight, (phi @ self.bias).unsqueeze(1)

    def forward(self, t: Tensor | float, x: Tensor) -> Tensor:
        """F(t, x) [R, B, w] of x [R, B, w]."""
        self.evaluations += 1
        weight, bias = self.at(float(t.detach() if isinstance(t, Tensor) else t))
        return self.activation.value(torch.baddbmm(bias, x, weight.mT))

    def jacobian(self, t: float, x: Tensor) -> Tensor:
        """diag(s') W(t) at x [R, B, w]: [R, B, w, w]."""
        return self.slope(t, x).unsqueeze(-1) * self.at(t)[0].unsqueeze(1)

    def slope(self, t: float, x: Tensor) -> Tensor:
        """s'(W(t) x + b(t)), [R, B, w]."""
        weight, bias = self.at(t)
        z = torch.baddbmm(bias, x, weight.mT)
        return self.activation.slope(z, self.activation.value(z))
