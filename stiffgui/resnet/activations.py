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
    """`value(z)` is s(z), `slope(z, y)` s'(z) and `curvature(z, y, d)` s''(z), y = s(z), d = s'(z).

    Those of tanh and identity follow from y alone; the training step relies on that for tanh.
    """

    help: str
    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor, Tensor], Tensor]
    curvature: Callable[[Tensor, Tensor, Tensor], Tensor]


def _elu_slope(z: Tensor, y: Tensor) -> Tensor:
    return torch.where(z > 0, 1.0, y + 1)


def _gelu(z: Tensor) -> Tensor:
    return z * _normal_cdf(z)


def _gelu_slope(z: Tensor, y: Tensor) -> Tensor:
    return _normal_cdf(z) + z * _normal_density(z)


def _normal_density(z: Tensor) -> Tensor:
    return (-0.5 * z * z).exp() * 0.3989422804014327  # 1/sqrt(2 pi)


def _normal_cdf(z: Tensor) -> Tensor:
    return 0.5 * (1 + (z * 0.7071067811865476).erf())  # 1/sqrt(2)


def _gelu_curvature(z: Tensor, y: Tensor, d: Tensor) -> Tensor:
    return _normal_density(z) * (2 - z * z)


ACTIVATIONS: dict[str, Activation] = {
    "tanh": Activation(
        "saturating, the talk's choice",
        lambda z: z.tanh(),
        lambda z, y: 1 - y * y,
        lambda z, y, d: (y * d).mul_(-2),
    ),
    "relu": Activation(
        "piecewise linear; s' is 0 or 1",
        lambda z: z.relu(),
        lambda z, y: (z > 0).to(z.dtype),
        lambda z, y, d: torch.zeros_like(z),
    ),
    "softplus": Activation(
        "smooth relu, log(1 + exp z)",
        lambda z: torch.nn.functional.softplus(z),
        lambda z, y: z.sigmoid(),
        lambda z, y, d: d * (1 - d),
    ),
    "elu": Activation(
        "relu with an exponential tail, once differentiable",
        lambda z: torch.nn.functional.elu(z),
        _elu_slope,
        lambda z, y, d: torch.where(z > 0, 0.0, y + 1),
    ),
    "gelu": Activation(
        "z times the normal distribution function", _gelu, _gelu_slope, _gelu_curvature
    ),
    "sin": Activation("periodic", lambda z: z.sin(), lambda z, y: z.cos(), lambda z, y, d: -y),
    "identity": Activation(
        "linear layers, for theory and tests",
        lambda z: z,
        lambda z, y: torch.ones_like(z),
        lambda z, y, d: torch.zeros_like(z),
    ),
}
