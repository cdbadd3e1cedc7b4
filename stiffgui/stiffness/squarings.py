"""Gelfand's formula through normalised squarings, and its backward pass by hand.

Import it inside functions: it imports torch (ADR 2).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from stiffgui.stiffness.base import PenaltyBatch, tiny

CACHE = 1_500_000  # bytes: the powers of a chunk of matrices stay in the processor's cache


class Squarings:
    """||J^k||_F^(1/k), k = 2^s, of up to K matrices, and its derivative; buffers are reused.

    A_j = P_j / ||P_j||_F, P_(j+1) = A_j^2. The value does not depend on the norms divided by, so
    they are constants: G_s = value/k P_s / ||P_s||_F^2, and
    G_j = (G_(j+1) A_j^T + A_j^T G_(j+1)) / ||P_j||_F: s products forward, 2 s backward. A power
    that vanishes gives the norm's floor and the gradient 0; so is a gradient that leaves the range
    of the numbers, which is that of a matrix defective to working precision (as in `tangent`).
    """

    def __init__(self, like: Tensor, matrices: int, squarings: int) -> None:
        shape = (matrices, like.shape[-1], like.shape[-1])
        self._powers = [like.new_empty(shape) for _ in range(squarings + 1)]
        self._slopes = [like.new_empty(shape) for _ in range(2)]

    def value(self, matrix: Tensor) -> Tensor:
        """Of [K, w, w]: [K]; K as many matrices as there is room for, or fewer."""
        count = self._count = len(matrix)
        # All powers are of J^T, so that the backward products need no transposed operand.
        self._powers[0][:count].copy_(matrix.mT)
        smallest = tiny(matrix) ** 0.5
        logarithm = matrix.new_zeros(count)
        self._scales, self._vanished = [], torch.zeros_like(logarithm, dtype=torch.bool)
        for step, whole in enumerate(self._powers):
            power = whole[:count]
            size = torch.linalg.vector_norm(power.flatten(1), dim=-1)
            self._vanished |= size <= smallest
            self._scales.append(size.clamp_min_(smallest)[:, None, None])
            power.div_(self._scales[-1])
            logarithm.add_(size.log(), alpha=0.5**step)
            if step + 1 < len(self._powers):
                torch.bmm(power, power, out=self._powers[step + 1][:count])
        self._value = logarithm.exp_()
        return self._value

    def gradient(self, upstream: Tensor) -> Tensor:
        """upstream [K] times the derivative of the last values: [K, w, w], until the next call."""
        count = self._count
        squarings = len(self._powers) - 1
        factor = (self._value * upstream).masked_fill_(self._vanished, 0) / 2**squarings
        slope, other = (s[:count] for s in self._slopes)
        torch.mul(self._powers[-1][:count].mT, factor[:, None, None] / self._scales[-1], out=slope)
        for whole, scale in zip(self._powers[-2::-1], self._scales[-2::-1], strict=True):
            power = whole[:count]
            torch.bmm(slope, power, out=other)
            other.baddbmm_(power, slope)
            other.div_(scale)
            slope, other = other, slope
        finite = torch.isfinite(slope.flatten(1).sum(1))  # a finite sum has finite terms
        return slope.masked_fill_(~finite[:, None, None], 0)


class MatrixGelfand(torch.autograd.Function):
    """Gelfand's formula of [K, w, w]: [K]. Not twice differentiable."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, squarings: int) -> Tensor:
        value = matrix.new_empty(len(matrix))
        chunk = _chunk(matrix, squarings)
        products = Squarings(matrix, min(chunk, len(matrix)), squarings)
        derivative = torch.empty_like(matrix) if ctx.needs_input_grad[0] else None
        for first in range(0, len(matrix), chunk):
            rows = slice(first, first + chunk)
            value[rows] = products.value(matrix[rows])
            if derivative is not None:
                derivative[rows] = products.gradient(torch.ones_like(value[rows]))
        if derivative is not None:
            ctx.save_for_backward(derivative)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        (derivative,) = ctx.saved_tensors
        return derivative * upstream[:, None, None], None


def gelfand(matrix: Tensor, squarings: int) -> Tensor:
    """||J^k||_F^(1/k), k = 2^s, of [..., w, w]: [...]."""
    flat = matrix.reshape(-1, *matrix.shape[-2:])
    value: Tensor = MatrixGelfand.apply(flat, squarings)  # type: ignore[no-untyped-call]
    return value.view(matrix.shape[:-2])


def penalty_gradient(batch: PenaltyBatch, squarings: int) -> Tensor:
    """As `Proxy.penalty_gradient`: all layers of a few samples of a trial at a time."""
    slopes, weight = batch.slopes, batch.weight
    trials, depth, samples, width = slopes.shape
    penalties = slopes.new_empty(trials, samples)
    some = max(1, _chunk(weight[0], squarings) // depth)
    count = depth * min(some, samples)
    products = batch.buffers.keep(
        ("gelfand", count, width, squarings), lambda: Squarings(weight, count, squarings)
    )
    batch.on_weight.zero_()
    for r in range(trials):
        for first in range(0, samples, some):
            part = slice(first, first + some)
            d = slopes[r, :, part]
            jacobian = d.unsqueeze(-1) * weight[r].unsqueeze(1)
            value = products.value(jacobian.flatten(0, 1)).view(d.shape[:2])
            penalties[r, part] = p = value.sum(0)
            gradient = products.gradient(p.expand_as(value).reshape(-1)).view_as(jacobian)
            # J = diag(d) W: the gradients of d [N, B, w] and W [N, w, w].
            batch.grad_slopes[r, :, part] = torch.einsum("mbij,mij->mbi", gradient, weight[r])
            batch.on_weight[r].add_(torch.einsum("mbij,mbi->mij", gradient, d))
    return penalties


def _chunk(matrix: Tensor, squarings: int) -> int:
    """How many matrices [..., w, w] have all their powers in the processor's cache."""
    return max(1, CACHE // (matrix[0].numel() * matrix.element_size() * (squarings + 3)))
