"""The largest singular value as a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from stiffgui._lazy import torch
from stiffgui.stiffness.base import Proxy, without_gaps

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Singular(Proxy):
    """Largest singular value: the 2-norm, an upper bound of the spectral radius

    sigma_1 = ||J||_2 >= |l_1|. Cost O(w^3) a matrix (LAPACK gesdd); exact; the gradient
    u_1 v_1^T is a subgradient where sigma_1 is multiple. On a GPU the host waits for the SVD.
    Source: the talk.
    """

    kind: Literal["singular"] = "singular"
    waits: ClassVar[bool] = True

    def value(self, jacobian: Tensor, generators: list[Generator] | None = None) -> Tensor:
        with torch.no_grad():
            left, _, right = torch.linalg.svd(without_gaps(jacobian), full_matrices=False)
            u, v = left[..., :, 0], right[..., 0, :]
        # The Rayleigh quotient u^T J v with u, v held fixed has the exact value and gradient;
        # of a matrix that is not finite it is NaN.
        return torch.einsum("...i,...ij,...j->...", u, jacobian, v)
