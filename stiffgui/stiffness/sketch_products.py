"""The sketch's products with all layer Jacobians, and their backward pass by hand.

Import it inside functions: it imports torch (ADR 2).
"""

from __future__ import annotations

from math import log
from typing import Any

import torch
from torch import Generator, Tensor
from torch.autograd.function import once_differentiable

from stiffgui.stiffness.base import PenaltyBatch, tiny
from stiffgui.stiffness.draws import drawn
from stiffgui.stiffness.plane import length

RESCALE = 8  # products between two rescalings


class Products:
    """(sqrt(w) ||J^k r||)^(1/k), J = diag(d) W, of M layers with B samples each.

    u_j = v_j W^T, v_(j+1) = d u_j from v_0 = r. The value s does not depend on constants by which
    d and v are scaled, so they carry no gradient: d is brought to J's own size once, and v
    rescaled every eighth product. Backward, with g_k = ds/dv_k = s v_k / (k ||v_k||^2) and
    h_j = d g_(j+1): g_j = h_j W, dd = sum_j g_(j+1) u_j, dW = sum_j h_j^T v_j. All v_j, and all
    h_j, lie side by side, so that the last sum is one product: 2 k batched products in all, and
    3 k elementwise ones.

    A power that vanishes (below the root of the smallest normal number, after scaling) gives
    that floor with the gradient 0. Buffers are reused by the next `forward`.
    """

    def __init__(self, like: Tensor, layers: int, samples: int, power: int) -> None:
        width = like.shape[-1]
        self.power = power
        self._v = like.new_empty(layers, power * samples, width)
        self._h = torch.empty_like(self._v)
        self._v_j, self._h_j = (torch.split(a, samples, 1) for a in (self._v, self._h))
        self._u = [like.new_empty(layers, samples, width) for _ in range(power)]
        self._slopes, self._last, self._gradient = (torch.empty_like(self._u[0]) for _ in "123")
        self._smallest = tiny(like) ** 0.5

    @property
    def start(self) -> Tensor:
        """r [M, B, w], to be filled before `forward`."""
        start: Tensor = self._v_j[0]
        return start

    def forward(self, slopes: Tensor, weight: Tensor) -> Tensor:
        """s [M, B] of d [M, B, w] and W [M, w, w]."""
        transposed, scaled, vector = weight.transpose(-1, -2), self._slopes, self._last
        torch.bmm(self._v_j[0], transposed, out=self._u[0])
        torch.mul(self._u[0], slopes, out=vector)
        self._scale = length(vector).clamp_min_(self._smallest)
        torch.div(slopes, self._scale.unsqueeze(-1), out=scaled)
        logarithm = self._scale.log().mul_(self.power)
        self._rescaled: dict[int, Tensor] = {}
        for j in range(self.power):
            if j:
                torch.bmm(self._v_j[j], transposed, out=self._u[j])
            vector = self._last if j + 1 == self.power else self._v_j[j + 1]
            torch.mul(self._u[j], scaled, out=vector)
            if j + 1 == self.power or j % RESCALE == RESCALE - 1:
                size = length(vector)
                divisor = size.clamp_min(self._smallest)
                logarithm += divisor.log()
                self._rescaled[j] = divisor.unsqueeze(-1)
                vector.div_(self._rescaled[j])
        self._zero = size < self._smallest
        logarithm.add_(0.5 * log(slopes.shape[-1]))
        self._value: Tensor = logarithm.div_(self.power).exp_()
        return self._value

    def backward(
        self, upstream: Tensor, weight: Tensor, grad_slopes: Tensor, on_weight: Tensor
    ) -> None:
        """Overwrite the gradients of sum(upstream s) with respect to d and W; upstream [M, B]."""
        scaled, gradient = self._slopes, self._gradient
        share = (upstream * self._value).div_(self.power).masked_fill_(self._zero, 0)
        torch.mul(self._last, share.unsqueeze(-1), out=gradient)  # v_k is of length 1 by now
        for j in range(self.power - 1, -1, -1):
            if j in self._rescaled:
                gradient.div_(self._rescaled[j])
            if j + 1 == self.power:
                torch.mul(gradient, self._u[j], out=grad_slopes)
            else:
                grad_slopes.addcmul_(gradient, self._u[j])
            torch.mul(gradient, scaled, out=self._h_j[j])
            if j:
                torch.bmm(self._h_j[j], weight, out=gradient)
        grad_slopes.div_(self._scale.unsqueeze(-1))
        torch.bmm(self._h.transpose(-1, -2), self._v, out=on_weight)


def penalty_gradient(batch: PenaltyBatch, power: int) -> Tensor:
    """As `Proxy.penalty_gradient`, into reused buffers."""
    slopes, generators = batch.slopes, batch.generators
    trials, depth, samples, _ = slopes.shape
    products = batch.buffers.keep(
        ("sketch", trials, samples, power),
        lambda: Products(slopes, trials * depth, samples, power),
    )
    random_signs(products.start.view(slopes.shape), generators)
    d, w = slopes.flatten(0, 1), batch.weight.flatten(0, 1)
    value = products.forward(d, w).view(trials, depth, samples)
    p = value.sum(1)
    upstream = p.unsqueeze(1).expand_as(value).reshape(-1, samples)
    products.backward(upstream, w, batch.grad_slopes.view_as(d), batch.on_weight.view_as(w))
    return p


_SIGNS: dict[tuple[torch.dtype, torch.device], Tensor] = {}


def random_bytes(signs: int, device: torch.device, generators: list[Generator] | None) -> Tensor:
    """Random bytes with a bit for every sign of a trial, a few more in the end, [R, bytes]; drawn
    as words of 64. One row without generators."""

    def words(row: Tensor, generator: Generator | None) -> object:
        return row.random_(-(2**63), None, generator=generator)

    shape = (1 if generators is None else len(generators), -(-signs // 64))
    return drawn(shape, (torch.int64, device), words, generators).view(torch.uint8)


def random_signs(into: Tensor, generators: list[Generator] | None = None) -> Tensor:
    """Fill [(R,) ..., w] with independent random signs / sqrt(w); a trial a generator.

    Eight signs for every random byte: a fifth of the time of normal numbers. E r r^T = I/w is all
    that the sketch needs.
    """
    key = (into.dtype, into.device)
    if key not in _SIGNS:
        bits = torch.arange(256, device=into.device).unsqueeze(1) >> torch.arange(
            8, device=into.device
        )
        _SIGNS[key] = (bits & 1).mul(2).sub(1).to(into.dtype)
    rows = [into] if generators is None else list(into)
    count = rows[0].numel()
    drawn_bytes = random_bytes(count, into.device, generators).to(torch.int32)
    for row, some in zip(rows, drawn_bytes, strict=True):
        signs = _SIGNS[key].index_select(0, some)
        torch.mul(signs.view(-1)[:count].view(row.shape), row.shape[-1] ** -0.5, out=row)
    return into


class LayerPowers(torch.autograd.Function):
    """`Products` for autograd: d [M, B, w], W [M, w, w], r [M, B, w] -> s [M, B].

    Not twice differentiable.
    """

    @staticmethod
    def forward(ctx: Any, slopes: Tensor, weight: Tensor, vector: Tensor, power: int) -> Tensor:
        products = Products(slopes, len(slopes), slopes.shape[1], power)
        products.start.copy_(vector)
        value = products.forward(slopes, weight).clone()
        ctx.save_for_backward(weight)
        ctx.products = products
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (weight,) = ctx.saved_tensors
        on_weight = torch.empty_like(weight, memory_format=torch.contiguous_format)
        grad_slopes = torch.empty_like(ctx.products._last)
        ctx.products.backward(upstream, weight, grad_slopes, on_weight)
        return grad_slopes, on_weight, None, None


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
