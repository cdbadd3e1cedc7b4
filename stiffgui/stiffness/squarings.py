"""Gelfand's formula through normalised squarings, and its backward pass by hand.

Import it inside functions: it imports torch (ADR 2).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from stiffgui.stiffness.base import tiny

CACHE = 1_500_000  # bytes: the powers of a chunk of matrices stay in the processor's cache


def value_and_gradient(matrix: Tensor, squarings: int, gradient: Tensor | None) -> Tensor:
    """||J^k||_F^(1/k), k = 2^s, of [K, w, w]: [K]; fills `gradient` [K, w, w], its derivative.

    A_j = P_j / ||P_j||_F, P_(j+1) = A_j^2. The value does not depend on the norms divided by, so
    they are constants: G_s = value/k P_s / ||P_s||_F^2, and
    G_j = (G_(j+1) A_j^T + A_j^T G_(j+1)) / ||P_j||_F: s products forward, 2 s backward. A power
    that vanishes gives the norm's floor and the gradient 0.
    """
    value = matrix.new_empty(len(matrix))
    chunk = max(1, CACHE // (matrix[0].numel() * matrix.element_size() * (squarings + 3)))
    for start in range(0, len(matrix), chunk):
        part = slice(start, start + chunk)
        into = None if gradient is None else gradient[part]
        value[part] = _chunk(matrix[part], squarings, into)
    return value


def _chunk(matrix: Tensor, squarings: int, gradient: Tensor | None) -> Tensor:
    # All powers are of J^T, so that the backward products need no transposed operand.
    power, powers, sizes = matrix.transpose(-1, -2).contiguous(), [], []
    smallest = tiny(matrix) ** 0.5
    logarithm = torch.zeros_like(power[:, 0, 0])
    for step in range(squarings + 1):
        size = torch.linalg.vector_norm(power.flatten(1), dim=-1)
        scale = size.clamp_min(smallest)
        power.div_(scale[:, None, None])
        logarithm.add_(scale.log(), alpha=0.5**step)
        powers.append(power)
        sizes.append(size)
        if step < squarings:
            power = torch.bmm(power, power)
    value = logarithm.exp_()
    if gradient is not None:
        total = torch.stack(sizes)
        factor = value.masked_fill((total <= smallest).any(0), 0) / 2**squarings
        slope = powers[-1].transpose(-1, -2) * (factor / scale)[:, None, None]
        for power, size in zip(powers[-2::-1], sizes[-2::-1], strict=True):
            slope = torch.baddbmm(torch.bmm(slope, power), power, slope)
            slope.div_(size.clamp_min(smallest)[:, None, None])
        gradient.copy_(slope)
    return value


class LayerGelfand(torch.autograd.Function):
    """Gelfand's formula of J = diag(d) W: d [M, B, w], W [M, w, w] -> [M, B].

    The derivative is formed in the forward pass, chunk by chunk, while the powers are in cache.
    Not twice differentiable.
    """

    @staticmethod
    def forward(ctx: Any, slopes: Tensor, weight: Tensor, squarings: int) -> Tensor:
        jacobian = slopes.unsqueeze(-1) * weight.unsqueeze(1)
        keep = any(ctx.needs_input_grad[:2])
        gradient = torch.empty_like(jacobian) if keep else None
        flat = None if gradient is None else gradient.flatten(0, 1)
        value = value_and_gradient(jacobian.flatten(0, 1), squarings, flat)
        if gradient is not None:
            ctx.save_for_backward(slopes, weight, gradient)
        return value.view(slopes.shape[:-1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, None]:
        slopes, weight, gradient = ctx.saved_tensors
        return *of_factors(slopes, weight, gradient * upstream[..., None, None]), None


def of_factors(slopes: Tensor, weight: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of d [M, B, w] and W [M, w, w] from those of J = diag(d) W, [M, B, w, w]."""
    of_slopes = torch.einsum("mbij,mij->mbi", gradient, weight)
    return of_slopes, torch.einsum("mbij,mbi->mij", gradient, slopes)


def layer_gelfand(slopes: Tensor, weight: Tensor, squarings: int) -> Tensor:
    """Gelfand's formula of J = diag(d) W: d [R, N, B, w], W [R, N, w, w] -> [R, N, B]."""
    shape = slopes.shape
    value: Tensor = LayerGelfand.apply(  # type: ignore[no-untyped-call]
        slopes.reshape(-1, *shape[2:]), weight.reshape(-1, *weight.shape[2:]), squarings
    )
    return value.view(shape[:-1])
