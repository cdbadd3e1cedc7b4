"""The Frobenius norm as a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stiffgui._lazy import torch
from stiffgui.stiffness.base import Proxy, in_range, layers_in_range, tiny

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Frobenius(Proxy):
    """Frobenius norm: cheap, an upper bound that ignores directions

    ||J||_F = sqrt(sum |J_ij|^2) >= sigma_1 >= |l_1|. Cost O(w^2) a matrix; exact, smooth away
    from 0 (there its gradient is taken as 0). Source: the talk.
    """

    kind: Literal["frobenius"] = "frobenius"

    def value(self, jacobian: Tensor, generators: list[Generator] | None = None) -> Tensor:
        matrix, size = in_range(jacobian)
        return norm(matrix) * size

    def of_layers(
        self, slopes: Tensor, weight: Tensor, generators: list[Generator] | None = None
    ) -> Tensor:
        slopes, weight, size = layers_in_range(slopes, weight)
        return _root(of_factors(slopes, weight)) * size


def of_factors(slopes: Tensor, weight: Tensor) -> Tensor:
    """||diag(d) W||_F^2 = sum_i d_i^2 |W_i|^2 of layers, no Jacobian formed: [R, N, B]."""
    return (slopes.square() @ weight.square().sum(-1).unsqueeze(-1)).squeeze(-1)


def norm(matrix: Tensor) -> Tensor:
    """||.||_F of [..., w, w] with a zero gradient, not NaN, at the zero matrix."""
    return _root(matrix.square().sum((-2, -1)))


def _root(square: Tensor) -> Tensor:
    return torch.where(square == 0, 0, square.clamp_min(tiny(square)).sqrt())
