"""The plane of a dominant eigenvalue, real or one of a complex pair: Rayleigh-Ritz in 2-D."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stiffgui._lazy import torch
from stiffgui.stiffness.base import tiny

if TYPE_CHECKING:
    from torch import Tensor


def orthonormal(rows: Tensor) -> Tensor:
    """One or two rows [..., p, w] orthonormalised (Gram-Schmidt, twice); vanishing rows stay 0."""
    smallest = tiny(rows) ** 0.5
    rows = rows / length(rows).clamp_min(smallest).unsqueeze(-1)
    if rows.shape[-2] == 1:
        return rows
    first, second = rows.unbind(-2)
    for _ in range(2):
        along = torch.linalg.vecdot(first, second)
        second = second - first * along.unsqueeze(-1)
        second = second / length(second).clamp_min(smallest).unsqueeze(-1)
    return torch.stack((first, second), -2)


def ritz_pair(
    rows: Tensor, images: Tensor, near: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """l [...], a unit vector and its image, complex [..., w], from the space of `rows`.

    rows [..., p, w], p = 1 or 2, are orthonormal, images what the matrix makes of them. Of two
    Ritz values that of the larger modulus, of a pair the upper one; with `near` [...] the one
    that lies nearer to it. Source: Stewart 1976, Numer. Math. 25, 123.
    """
    if rows.shape[-2] == 1:
        value = (images * rows).sum((-2, -1)) + 0j
        return value, rows.squeeze(-2) + 0j, images.squeeze(-2) + 0j
    small = images @ rows.transpose(-1, -2)  # image_i . row_j: its left eigenvectors
    a, b, c, d = small.flatten(-2).unbind(-1)
    middle, half = (a + d) / 2, (a - d) / 2
    root = (half.square() + b * c + 0j).sqrt()
    low, high = middle - root, middle + root
    if near is None:
        value = torch.where((root.imag == 0) & (middle < 0), low, high)
    else:
        value = torch.where((low - near).abs() < (high - near).abs(), low, high)
    first = torch.stack((c + 0j, value - a), -1)
    second = torch.stack((value - d, b + 0j), -1)
    weights = torch.where((length(first) > length(second)).unsqueeze(-1), first, second)
    size = length(weights).unsqueeze(-1)
    # Both vanish where the small matrix is a multiple of the identity: any vector does.
    default = torch.zeros_like(weights)
    default[..., 0] = 1
    weights = torch.where(size > 0, weights / size.clamp_min(tiny(size)), default)
    parts = torch.stack((weights.real, weights.imag), -2)
    vector, image = parts @ rows, parts @ images
    return (
        value,
        torch.complex(vector[..., 0, :], vector[..., 1, :]),
        torch.complex(image[..., 0, :], image[..., 1, :]),
    )


def length(vectors: Tensor) -> Tensor:
    """Euclidean norms of [..., w], real or complex: [...]."""
    norm: Tensor = torch.linalg.vector_norm(vectors, dim=-1)
    return norm
