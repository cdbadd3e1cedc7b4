"""From stored coefficients to the layers' weights, and back for gradients.

Letters for shapes: R trials, N layers, K coefficients, w width.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from stiffgui.resnet.architecture import Architecture
from stiffgui.resnet.manual_pass import ManualPass

LAYERS = ("layers.weight", "layers.bias")


def basis(architecture: Architecture, like: Tensor, node: float = 0.0) -> Tensor:
    """Phi [N, K] at t = (n - 1 + node) T/N; K is taken from the coefficients `like` [R, K, ...]."""
    phi = architecture.weights.at_layers(architecture.depth, like.shape[1], node)
    return torch.as_tensor(phi, dtype=like.dtype, device=like.device)


def is_identity(architecture: Architecture) -> bool:
    """Whether coefficients are the layers' own weights, so that nothing has to be expanded."""
    return architecture.weights.kind == "per-layer"  # type: ignore[attr-defined, no-any-return]


def expand(phi: Tensor, coefficients: Tensor) -> Tensor:
    """sum_k Phi_nk C_k: [N, K], [R, K, ...] -> [R, N, ...]."""
    shape = (coefficients.shape[0], phi.shape[0], *coefficients.shape[2:])
    return (phi @ coefficients.flatten(2)).view(shape)


class ExpandedStack(ManualPass):
    """`ManualPass` for weights that are functions of time.

    Before a forward pass the layers' weights are made from the coefficients; after a backward
    pass their gradients [R, N, ...] are contracted with Phi^T. In between all is as with separate
    layers. `parameters` and `gradients` hold coefficients, with K in the place of N.
    """

    def __init__(
        self,
        architecture: Architecture,
        parameters: Mapping[str, Tensor],
        gradients: Mapping[str, Tensor],
        samples: int,
        outputs: int,
    ) -> None:
        self._phi = basis(architecture, parameters["layers.weight"])
        self._coefficients = [parameters[name] for name in LAYERS]
        self._contracted = [gradients[name] for name in LAYERS]
        self._expanded = [expand(self._phi, c).contiguous() for c in self._coefficients]
        self._layer_gradients = [torch.empty_like(e) for e in self._expanded]
        super().__init__(
            architecture,
            {**parameters, **dict(zip(LAYERS, self._expanded, strict=True))},
            {**gradients, **dict(zip(LAYERS, self._layer_gradients, strict=True))},
            samples,
            outputs,
        )

    def forward(self, x: Tensor) -> Tensor:
        for coefficients, layers in zip(self._coefficients, self._expanded, strict=True):
            torch.matmul(self._phi, coefficients.flatten(2), out=layers.flatten(2))
        return super().forward(x)

    def backward(
        self,
        x: Tensor,
        output: Tensor,
        joined: bool = False,
        states: Tensor | None = None,
        last: Tensor | None = None,
    ) -> None:
        super().backward(x, output, joined, states, last)
        for layers, gradient in zip(self._layer_gradients, self._contracted, strict=True):
            torch.matmul(self._phi.mT, layers.flatten(2), out=gradient.flatten(2))
