"""Activation functions s with their derivative s', which the layer Jacobians need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stiffgui._lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Activation:
    """`value(z)` is s(z); `slope(z, y)` is s'(z), given y = s(z) where that is cheaper."""

    help: str
    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor, Tensor], Tensor]


def _elu_slope(z: Tensor, y: Tensor) -> Tensor:
    return torch.where(z > 0, 1.0, y + 1)


def _gelu(z: Tensor) -> Tensor:
    return z * _normal_cdf(z)


def _gelu_slope(z: Tensor, y: Tensor) -> Tensor:
    density = (-0.5 * z * z).exp() * 0.3989422804014327  # 1/sqrt(2 pi)
    return _normal_cdf(z) + z * density


def _normal_cdf(z: Tensor) -> Tensor:
    return 0.5 * (1 + (z * 0.7071067811865476).erf())  # 1/sqrt(2)


ACTIVATIONS: dict[str, Activation] = {
    "tanh": Activation("saturating, the talk's choice", lambda z: z.tanh(), lambda z, y: 1 - y * y),
    "relu": Activation(
        "piecewise linear; s' is 0 or 1", lambda z: z.relu(), lambda z, y: (z > 0).to(z.dtype)
    ),
    "softplus": Activation(
        "smooth relu, log(1 + exp z)",
        lambda z: torch.nn.functional.softplus(z),
        lambda z, y: z.sigmoid(),
    ),
    "elu": Activation(
        "relu with an exponential tail, once differentiable",
        lambda z: torch.nn.functional.elu(z),
        _elu_slope,
    ),
    "gelu": Activation("z times the normal distribution function", _gelu, _gelu_slope),
    "sin": Activation("periodic", lambda z: z.sin(), lambda z, y: z.cos()),
    "identity": Activation(
        "linear layers, for theory and tests", lambda z: z, lambda z, y: torch.ones_like(z)
    ),
}
