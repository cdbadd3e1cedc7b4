"""The Frobenius norm as a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stiffgui.stiffness.base import Proxy, tiny

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Frobenius(Proxy):
    """Frobenius norm: cheap, an upper bound that ignores directions

    ||J||_F = sqrt(sum |J_ij|^2) >= sigma_1 >= |l_1|. Cost O(w^2) a matrix; exact, smooth away
    from 0 (there its gradient is taken as 0). Source: the talk.
    """

    kind: Literal["frobenius"] = "frobenius"

    def value(self, jacobian: Tensor, generators: list[Generator] | None = None) -> Tensor:
        return norm(jacobian)

    def of_layers(
        self, slopes: Tensor, weight: Tensor, generators: list[Generator] | None = None
    ) -> Tensor:
        # ||diag(d) W||_F^2 = sum_i d_i^2 |W_i|^2: no Jacobian is formed.
        rows = weight.square().sum(-1).unsqueeze(-1)
        return (slopes.square() @ rows).squeeze(-1).clamp_min(tiny(slopes)).sqrt()


def norm(matrix: Tensor) -> Tensor:
    """||.||_F of [..., w, w] with a zero gradient, not NaN, at the zero matrix."""
    return matrix.square().sum((-2, -1)).clamp_min(tiny(matrix)).sqrt()
