"""The spectral radius with its exact gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stiffgui._lazy import torch
from stiffgui.stiffness.base import PenaltyBatch, Proxy, tangent

if TYPE_CHECKING:
    from torch import Generator, Tensor


class SpectralRadius(Proxy):
    """Spectral radius, exact: the index to watch; poor as a penalty

    |l_1| and d|l_1| = Re(conj(l_1)/|l_1| u^H dJ v / (u^H v)), u and v the left and right
    eigenvectors. As a watched number: LAPACK geev in float64, matrix by matrix, O(w^3). As a
    penalty in float32: nine squarings of all Jacobians in one batch, without a graph, then
    two-sided Rayleigh quotients (`dominant`); matrices whose residuals do not vouch for the
    result go to LAPACK in float64. Off by 1e-6 (value) and 3e-4 (gradient) at the 99th percentile
    of training Jacobians; the gradient by 2e-3 at the 90th percentile, 3e-2 at most, where moduli
    are 1e-3 apart, by a third where they are 1e-4 apart. On a GPU no eig and no waiting: all
    matrices are squared in float64 (the gradient then off by at most 2e-3 where moduli are 3e-4
    apart, 1e-4 where J is nilpotent but for 1e-4), slow on GPUs with few float64 units; where
    that is not trusted either, up to 4 % of Jordan blocks perturbed by 1e-6, the value is off by
    1e-4 and the gradient is an estimate of a subgradient, or 0. Where several eigenvalues share the
    largest modulus, the gradient of one of them (a subgradient); 0 where l_1 = 0 or the matrix
    is defective to working precision. As a penalty it pushes one eigenvalue at a time while
    others pile up at the same modulus: prefer gelfand-sketch. Source: Magnus 1985,
    Econometric Theory 1, 179, theorem 2; the talk (as an index).
    """

    kind: Literal["spectral-radius"] = "spectral-radius"

    def value(self, jacobian: Tensor, generators: list[Generator] | None = None) -> Tensor:
        from stiffgui.stiffness.dominant import by_lapack, without_waiting

        shape = jacobian.shape
        with torch.no_grad():
            find = by_lapack if jacobian.device.type == "cpu" else without_waiting
            pair = find(jacobian.detach().double().reshape(-1, *shape[-2:]))
            gradient = (pair.left.transpose(-1, -2) @ pair.right).view(shape)
        return tangent(jacobian, pair.radius.view(shape[:-2]), gradient)

    def of_layers(
        self, slopes: Tensor, weight: Tensor, generators: list[Generator] | None = None
    ) -> Tensor:
        if slopes.dtype != torch.float32:
            return super().of_layers(slopes, weight, generators)
        from stiffgui.stiffness.dominant import dominant

        with torch.no_grad():
            jacobians = slopes.unsqueeze(-1) * weight.unsqueeze(2)
            pair = dominant(jacobians.flatten(0, 2))
            left, right = (v.view(*slopes.shape[:3], *v.shape[1:]) for v in (pair.left, pair.right))
        # <G, diag(d) W> = sum_pi left_pi d_i (W right_p)_i, whose value is |l_1| (Euler).
        images = right.flatten(2, 3) @ weight.transpose(-1, -2)
        quotient = (left * images.view_as(right)).sum(-2).mul(slopes).sum(-1)
        radius: Tensor = pair.radius.view(slopes.shape[:3]) + (quotient - quotient.detach())
        return radius

    def penalty_gradient(self, batch: PenaltyBatch) -> Tensor:
        slopes, weight = batch.slopes, batch.weight
        if slopes.dtype != torch.float32:
            return super().penalty_gradient(batch)
        from stiffgui.stiffness.dominant import dominant

        shape = (*slopes.shape[:3], 2, slopes.shape[3])
        pair = dominant(
            (slopes.unsqueeze(-1) * weight.unsqueeze(2)).flatten(0, 2), batch.buffers.threads
        )
        left, right = pair.left.view(shape), pair.right.view(shape)
        penalties = pair.radius.view(shape[:3]).sum(1)
        left = left * penalties[:, None, :, None, None]
        images = (right.flatten(2, 3) @ weight.mT).view(shape)
        torch.sum(left * images, -2, out=batch.grad_slopes)
        scaled = (left * slopes.unsqueeze(-2)).flatten(2, 3)
        torch.matmul(scaled.mT, right.flatten(2, 3), out=batch.on_weight)
        return penalties
