"""The sketch's products with all layer Jacobians, and their backward pass by hand.

Import it inside functions: it imports torch (ADR 2).
"""

from __future__ import annotations

from math import log
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from stiffgui.stiffness.base import tiny

RESCALE = 8  # products between two rescalings


class LayerPowers(torch.autograd.Function):
    """(sqrt(w) ||J^k r||)^(1/k), J = diag(d) W: d [M, B, w], W [M, w, w], r [M, B, w] -> [M, B].

    u_j = v_j W^T, v_(j+1) = d u_j from v_0 = r. The value s does not depend on constants by which
    d and v are scaled, so they carry no gradient: d is brought to J's own size once, and v
    rescaled every eighth product. Backward, with g_k = ds/dv_k = s v_k / (k ||v_k||^2) and
    h_j = d g_(j+1): g_j = h_j W, dd = sum_j g_(j+1) u_j, dW = sum_j h_j^T v_j. Every array is
    contiguous: 3 k batched products and 4 k elementwise ones in all.

    A power that vanishes (below the root of the smallest normal number, after scaling) gives
    that floor with the gradient 0. Not twice differentiable.
    """

    @staticmethod
    def forward(ctx: Any, slopes: Tensor, weight: Tensor, vector: Tensor, power: int) -> Tensor:
        keep = any(ctx.needs_input_grad[:2])
        transposed = weight.transpose(-1, -2).contiguous()
        smallest = tiny(slopes) ** 0.5
        product = torch.bmm(vector, transposed)
        scale = _length(product * slopes).clamp_min_(smallest)
        slopes = slopes / scale.unsqueeze(-1)
        logarithm = scale.log().mul_(power)
        steps: list[tuple[Tensor, Tensor, Tensor | None]] = []
        size = scale
        for step in range(power):
            before, vector, rescaled = vector, product * slopes, None
            if step + 1 == power or step % RESCALE == RESCALE - 1:
                size = _length(vector)
                divisor = size.clamp_min(smallest)
                logarithm += divisor.log()
                rescaled = divisor.unsqueeze(-1)
                vector.div_(rescaled)
            if keep:
                steps.append((before, product, rescaled))
            if step + 1 < power:
                product = torch.bmm(vector, transposed)
        value = logarithm.add_(0.5 * log(slopes.shape[-1])).div_(power).exp_()
        if keep:
            ctx.save_for_backward(slopes, weight, vector, value)
            ctx.steps, ctx.scale, ctx.zero = steps, scale.unsqueeze(-1), size < smallest
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, None, None]:
        slopes, weight, last, value = ctx.saved_tensors
        share = (upstream * value / len(ctx.steps)).masked_fill_(ctx.zero, 0)
        gradient = last * share.unsqueeze(-1)  # v_k is of length 1 by now
        slope_gradient = torch.zeros_like(slopes)
        weight_gradient = torch.zeros_like(weight)
        for step in range(len(ctx.steps) - 1, -1, -1):
            before, product, rescaled = ctx.steps[step]
            if rescaled is not None:
                gradient.div_(rescaled)
            slope_gradient.addcmul_(gradient, product)
            gradient.mul_(slopes)
            weight_gradient.baddbmm_(gradient.transpose(-1, -2), before)
            if step:
                gradient = torch.bmm(gradient, weight)
        return slope_gradient.div_(ctx.scale), weight_gradient, None, None


def layer_powers(slopes: Tensor, weight: Tensor, vectors: Tensor, power: int) -> Tensor:
    """The sketch of J = diag(d) W: d and r [R, N, B, w], W [R, N, w, w] -> [R, N, B]."""
    shape = slopes.shape
    value: Tensor = LayerPowers.apply(  # type: ignore[no-untyped-call]
        slopes.reshape(-1, *shape[2:]),
        weight.reshape(-1, *weight.shape[2:]),
        vectors.reshape(-1, *shape[2:]),
        power,
    )
    return value.view(shape[:-1])


def _length(vectors: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(vectors, dim=-1)
    return length
