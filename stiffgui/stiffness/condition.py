"""The condition number as a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from stiffgui._lazy import torch
from stiffgui.stiffness.base import Proxy, tiny, without_gaps

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Condition(Proxy):
    """Logarithm of the condition number: how far the layer is from losing a direction

    log10(sigma_1 / max(sigma_w, eps sigma_1)). Cost O(w^3) a matrix. Exact; saturated layers
    reach sigma_w = 0, so the ratio is floored at the machine precision eps and reported as a
    logarithm; a floored matrix has a zero gradient. On a GPU the host waits for the SVD.
    Source: Josias & Brink 2022, Jacobian norm regularisation and conditioning in neural ODEs
    (as a penalty).
    """

    kind: Literal["condition"] = "condition"
    waits: ClassVar[bool] = True

    def value(self, jacobian: Tensor, generators: list[Generator] | None = None) -> Tensor:
        with torch.no_grad():
            left, _, right = torch.linalg.svd(without_gaps(jacobian), full_matrices=False)
        sigma = torch.einsum("...ik,...ij,...kj->...k", left, jacobian, right)
        largest, smallest = sigma[..., 0], sigma[..., -1]
        ratio = smallest / largest.clamp_min(tiny(sigma))
        return -ratio.clamp_min(torch.finfo(jacobian.dtype).eps).log10()
