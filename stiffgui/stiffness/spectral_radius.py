"""The spectral radius with its exact gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stiffgui._lazy import torch
from stiffgui.stiffness.base import Proxy, tangent, tiny

if TYPE_CHECKING:
    from torch import Generator, Tensor


class SpectralRadius(Proxy):
    """Spectral radius, exact: the index to watch; slow and poor as a penalty

    |l_1| and d|l_1| = Re(conj(l_1)/|l_1| u^H dJ v / (u^H v)), u and v the left and right
    eigenvectors. Cost O(w^3) a matrix (LAPACK geev in float64, matrix by matrix). Exact up to
    the eigenvalue's condition; where several eigenvalues share the largest modulus, the
    gradient of one of them (a subgradient); 0 where l_1 = 0 or the matrix is defective to
    working precision. As a penalty it pushes one eigenvalue at a time while others pile up at
    the same modulus: prefer gelfand-sketch. Source: Magnus 1985; the talk (as an index).
    """

    kind: Literal["spectral-radius"] = "spectral-radius"

    def value(self, jacobian: Tensor, generators: list[Generator] | None = None) -> Tensor:
        with torch.no_grad():
            gradient, radius = _gradient(jacobian.detach().double())
        return tangent(jacobian, radius, gradient)


def _gradient(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """d|l_1|/dJ [..., w, w] and |l_1| [...] of float64 matrices."""
    values, right = torch.linalg.eig(matrix)
    radius, index = values.abs().max(-1)
    dominant = values.gather(-1, index.unsqueeze(-1)).squeeze(-1)
    v = right.gather(-1, _columns(index, right)).squeeze(-1)
    # The row of V^-1 that belongs to l_1 is u^H / (u^H v).
    unit = torch.zeros_like(right[..., :1]).scatter(-2, index[..., None, None], 1)
    u, _ = torch.linalg.solve_ex(right.transpose(-1, -2), unit)
    phase = dominant.conj() / radius.clamp_min(tiny(radius))
    outer = u * v.unsqueeze(-2) * phase[..., None, None]
    return outer.real, radius


def _columns(index: Tensor, like: Tensor) -> Tensor:
    return index[..., None, None].expand(*like.shape[:-1], 1)
