"""The dominant eigenvalue of many matrices with both eigenvectors, by squarings.

Import it inside functions: it imports torch (ADR 2).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from stiffgui.stiffness import kernels
from stiffgui.stiffness.base import in_range, tiny
from stiffgui.stiffness.kernels.limits import ERROR, RESIDUAL
from stiffgui.stiffness.plane import length, orthonormal, ritz_pair

SQUARINGS = 9  # of J on a device, before the first check
FURTHER = 8  # before the second
AGREEMENT = 0.02  # with Gelfand's formula, where there is no LAPACK


class Dominant(NamedTuple):
    """|l_1| [K] and its gradient as two outer products, sum_p left_p right_p^T: [K, 2, w] each.

    `trusted` [K]: whether residuals and conditioning vouch for it.
    """

    radius: Tensor
    left: Tensor
    right: Tensor
    trusted: Tensor


def dominant(matrix: Tensor, threads: int = 1) -> Dominant:
    """|l_1| and d|l_1| of float32 or float64 matrices [K, w, w], without a graph.

    J^(2^s) acts twice on two fixed random vectors from either side; Rayleigh-Ritz on what they
    span gives l_1, real or one of a pair, and both eigenvectors u, v. The value is the two-sided
    quotient u^H J v / (u^H v), whose error is the product of the errors of u and v; where several
    eigenvalues share the largest modulus, the gradient of one of them. Not trusted are matrices
    whose residuals, eigenvalue condition or tiny radius forbid it: they are squared further, then
    in float64, and what still is not trusted goes to LAPACK. On a device `without_waiting` stands
    in. Source: Parlett 1974, Math. Comp. 28, 679 (two-sided quotient); Stewart 1976, Numer. Math.
    25, 123 (simultaneous iteration).
    """
    matrix, scale = in_range(matrix)
    found = _dominant(matrix, threads) if kernels.serve(matrix) else without_waiting(matrix)
    return found._replace(radius=found.radius * scale)


def _dominant(matrix: Tensor, threads: int) -> Dominant:
    width = matrix.shape[-1]
    if width == 1:
        return by_lapack(matrix)
    from stiffgui.stiffness.kernels import dominant as kernel

    start = start_vectors(width, matrix.dtype, matrix.device)

    def by_squarings(some: Tensor) -> Dominant:
        return Dominant(*kernel.dominant(some, start, threads))

    best = by_squarings(matrix)
    single = matrix.dtype == torch.float32
    for again in (by_squarings, by_lapack) if single else (by_lapack,):
        doubtful = (~best.trusted).nonzero().squeeze(-1)
        if not len(doubtful):
            break
        for whole, part in zip(best, again(matrix[doubtful].double()), strict=True):
            whole[doubtful] = part.to(whole.dtype)
    return best


def without_waiting(matrix: Tensor) -> Dominant:
    """The same where choosing the doubtful ones would make the host wait for the device.

    All in float64, since in float32 squarings lose what lies near l_1. Every matrix is squared
    `FURTHER` times more, and that result taken where the first is not trusted; then that of one
    vector: of a power that has come down to rank one, a second vector is noise, whose quotient may
    exceed |l_1|. What none vouches for is marked as such: where the quotient agrees with Gelfand's
    formula it stays, an estimate of a subgradient; elsewhere Gelfand's value with the gradient 0.
    """
    dtype, matrix = matrix.dtype, matrix.double()
    size = _size(matrix)
    power, growth, each = matrix, torch.zeros_like(size), []
    for k in range(1 + SQUARINGS + FURTHER):
        power = power @ power if k else power
        norm = _size(power)
        growth = growth + norm.log() * 0.5**k  # of J^(2^k); -inf where it vanishes
        power = power / norm.clamp_min(tiny(matrix))
        if k in (SQUARINGS, SQUARINGS + FURTHER):
            each.append(_from_power(matrix, power, size))
    first, second = each
    single = _from_power(matrix, power, size, 1)
    gelfand = growth.exp().flatten()
    largest = torch.cat((second.left, second.right), 1).abs().amax((1, 2))
    usable = (second.radius - gelfand).abs() < AGREEMENT * gelfand
    usable &= largest < 1 / ERROR  # NaN is not
    blank = torch.zeros_like(second.left)
    other = Dominant(gelfand, blank, blank, first.trusted)
    candidates = (
        (usable, second),
        (single.trusted, single),
        (second.trusted, second),
        (first.trusted, first),
    )
    for choose, better in candidates:
        other = Dominant(*(_where(choose, x, y) for x, y in zip(better, other, strict=True)))
    trusted = first.trusted | second.trusted | single.trusted
    radius, left, right = (values.to(dtype) for values in other[:3])
    return Dominant(radius, left, right, trusted)


def _where(choose: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    return torch.where(choose.view(-1, *[1] * (yes.ndim - 1)), yes, no)


def by_lapack(matrix: Tensor) -> Dominant:
    """The same by LAPACK geev in float64, matrix by matrix: [K, w, w].

    The gradient is 0 where l_1 = 0 or the matrix is defective to working precision; |l_1| of a
    matrix with an entry that is no finite number is NaN.
    """
    finite = torch.isfinite(matrix).all(-1).all(-1)
    exact = torch.where(finite[:, None, None], matrix, 0).double()
    values, right = torch.linalg.eig(exact)
    radius, index = values.abs().max(-1)
    radius = torch.where(finite, radius, torch.nan)
    chosen = torch.arange(len(matrix), device=matrix.device)
    v = right[chosen, :, index]
    # The row of V^-1 that belongs to l_1 is u^H / (u^H v).
    unit = torch.zeros_like(right[..., :1])
    unit[chosen, index] = 1
    u = torch.linalg.solve_ex(right.transpose(-1, -2), unit)[0].squeeze(-1)
    u = u * (values[chosen, index].conj() / radius.clamp_min(tiny(radius))).unsqueeze(-1)
    # A gradient beyond 1/eps is that of a defective matrix (|v| = 1).
    usable = torch.linalg.vector_norm(u, dim=-1) < 1 / torch.finfo(torch.float64).eps
    u = torch.where(usable.unsqueeze(-1), u, 0)
    left, rights = torch.stack((u.real, -u.imag), 1), torch.stack((v.real, v.imag), 1)
    dtype = matrix.dtype
    return Dominant(radius.to(dtype), left.to(dtype), rights.to(dtype), torch.ones_like(usable))


def _size(matrix: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(matrix.flatten(1), dim=-1)
    return norm[:, None, None]


def _from_power(matrix: Tensor, power: Tensor, size: Tensor, vectors: int = 2) -> Dominant:
    width = matrix.shape[-1]
    start = start_vectors(width, matrix.dtype, matrix.device)[:vectors]
    # Right vectors are rows that J^T multiplies, left ones rows that J does: one batch of both.
    rows, images = _planes(matrix, power, start.expand(len(matrix), -1, -1))
    half = len(matrix)
    value, v, image_v = ritz_pair(rows[:half], images[:half])
    _, u, image_u = ritz_pair(rows[half:], images[half:], value)
    overlap = (u * v).sum(-1)
    safe = torch.where(overlap == 0, 1, overlap)
    value = (u * image_v).sum(-1) / safe
    radius = value.abs()
    floor = radius.clamp_min(tiny(radius))
    residual_v = length(image_v - value.unsqueeze(-1) * v) / floor
    residual_u = length(image_u - value.unsqueeze(-1) * u) / floor
    condition = 1 / overlap.abs().clamp_min(tiny(radius))  # u and v are of length 1
    eps = torch.finfo(matrix.dtype).eps
    noise = eps * size.flatten() / floor
    error = condition * (residual_v * residual_u + noise)
    # An eigenvector is off by its residual over the distance to the partner of a pair.
    apart = (2 * value.imag.abs() / floor).clamp(max=1).masked_fill(value.imag == 0, 1)
    worse = torch.maximum(residual_v, residual_u)
    trusted = (worse < RESIDUAL * apart) & (error < ERROR)
    u = u * (value.conj() / floor / safe).unsqueeze(-1)
    return Dominant(
        radius, torch.stack((u.real, -u.imag), 1), torch.stack((v.real, v.imag), 1), trusted
    )


@cache
def start_vectors(width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """One or two fixed random rows, [p, w]; kept, since copying to a device waits for it."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(min(2, width), width, dtype=dtype, generator=generator).to(device)


def _planes(matrix: Tensor, power: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Two orthonormal rows that span the dominant space, and their images: [2 K, 2, w] each.

    The first K for right vectors (images x J^T), the others for left ones (images x J).
    """
    half = len(matrix)

    def apply(rows: Tensor, by: Tensor) -> Tensor:
        return torch.cat((rows[:half] @ by.transpose(-1, -2), rows[half:] @ by))

    rows = orthonormal(apply(start.repeat(2, 1, 1), power))
    rows = orthonormal(apply(apply(rows, power), matrix))
    images = apply(rows, matrix)
    return rows, images
