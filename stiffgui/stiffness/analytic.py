"""Eigenvalues of small matrices in closed form, and their largest modulus as a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from stiffgui._lazy import torch
from stiffgui.errors import InputError
from stiffgui.stiffness.base import Proxy, in_range, tiny

if TYPE_CHECKING:
    from torch import Generator, Tensor

LARGEST = 4  # there is no formula for larger matrices (Abel)
DAMPING = 1e-7  # of gradients, relative to the spread of the spectrum: see closed_form_eigenvalues


class Analytic(Proxy):
    """Spectral radius by formula: widths up to 4 only, exact

    |l_1| of `closed_form_eigenvalues`, the quadratic formula, Cardano's or Ferrari's. A few dozen
    elementwise operations whatever the batch, no LAPACK; computed in float64. Exact to rounding
    where l_1 is simple, to eps^(1/m) where it is m-fold. The gradient is exact where the
    eigenvalues are apart, that of one of them where moduli tie (a subgradient), and fades to 0
    where l_1 is multiple. Wider matrices are refused. Source: Cardano 1545.
    """

    kind: Literal["analytic"] = "analytic"

    def check(self, width: int) -> None:
        if width > LARGEST:
            raise InputError(
                f"analytic knows eigenvalues of matrices up to {LARGEST} x {LARGEST}: set "
                f"architecture.width to at most {LARGEST} instead of {width}, or choose another "
                f"proxy or index.",
                "architecture.width",
            )

    def value(self, jacobian: Tensor, generators: list[Generator] | None = None) -> Tensor:
        values = closed_form_eigenvalues(jacobian)
        largest = values.detach().abs().argmax(-1, keepdim=True)
        chosen = values.gather(-1, largest).squeeze(-1)
        result: Tensor = chosen.abs().to(jacobian.dtype)  # its gradient at 0 is 0
        return result


def closed_form_eigenvalues(jacobian: Any) -> Any:
    """The eigenvalues of [..., w, w], w <= 4, by formula: complex128 [..., w], in no order.

    Numpy in, numpy out; differentiable for tensors. The matrix is brought to trace 0 and norm 1,
    A = (J - tr(J)/w I)/size, its polynomial p found by Faddeev and LeVerrier's recursion, solved
    by formula and sharpened by two steps of Weierstrass's iteration. dl = tr(adj(tI - A) dJ)/p'(t);
    1/p' is damped (p'^* / (|p'|^2 + 1e-14)), so the gradient fades to 0, instead of
    growing without bound, where eigenvalues coincide. Raises InputError for w > 4.
    Source: Faddeev & Sominskii 1949; Weierstrass 1891.
    """
    if isinstance(jacobian, np.ndarray):
        return closed_form_eigenvalues(torch.as_tensor(jacobian)).numpy()
    width = jacobian.shape[-1]
    Analytic().check(width)
    with torch.no_grad():
        matrix, scale = in_range(jacobian.detach().double())
        one = torch.eye(width, dtype=matrix.dtype, device=matrix.device)
        middle = matrix.diagonal(dim1=-2, dim2=-1).mean(-1)
        centred = matrix - middle[..., None, None] * one
        size = torch.linalg.matrix_norm(centred).clamp_min(tiny(centred))
        centred = centred / size[..., None, None]
        coefficients, parts = _polynomial(centred, one)
        roots = _sharpened(_ROOTS[width](coefficients), coefficients)
        slopes = _adjugate(roots, parts)
        rate = slopes.diagonal(dim1=-2, dim2=-1).sum(-1)  # p'(t) = tr adj(tI - A)
        rate = rate.conj() / (rate.abs().square() + DAMPING**2)
        slopes = (slopes * rate[..., None, None]).transpose(-1, -2)
        values = (middle.unsqueeze(-1) + size.unsqueeze(-1) * roots) * scale.unsqueeze(-1)
    if not jacobian.requires_grad:
        return values
    # J - J is 0: the value stays as it is, the gradient is that of the formula.
    change = (jacobian - jacobian.detach()).to(slopes.dtype).unsqueeze(-3)
    return values + (slopes * change).sum((-2, -1))


def _polynomial(matrix: Tensor, one: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """c_1..c_w of p(t) = t^w + c_1 t^(w-1) + ..., and M_1..M_w with
    adj(tI - A) = sum_k t^(w-k) M_k."""
    parts, coefficients = [one.expand_as(matrix)], []
    for k in range(1, matrix.shape[-1] + 1):
        product = matrix @ parts[-1]
        coefficient = product.diagonal(dim1=-2, dim2=-1).sum(-1) / -k
        coefficients.append(coefficient)
        parts.append(product + coefficient[..., None, None] * one)
    return coefficients, parts[:-1]


def _adjugate(roots: Tensor, parts: list[Tensor]) -> Tensor:
    """adj(tI - A) at every root: [..., w] -> [..., w, w, w]."""
    t = roots[..., None, None]
    total = torch.zeros_like(t * parts[0].unsqueeze(-3))
    for part in parts:  # Horner
        total = total * t + part.unsqueeze(-3)
    return total


def _sharpened(roots: Tensor, coefficients: list[Tensor]) -> Tensor:
    """Two steps t_k -= p(t_k) / prod_j (t_k - t_j), each taken where it brings p nearer to 0."""
    others = ~torch.eye(roots.shape[-1], dtype=torch.bool, device=roots.device)
    before = _at(roots, coefficients)
    for _ in range(2):
        gaps = roots.unsqueeze(-1) - roots.unsqueeze(-2)
        product = torch.where(others, gaps, torch.ones_like(gaps)).prod(-1)
        better = roots - before / torch.where(product == 0, torch.ones_like(product), product)
        after = _at(better, coefficients)
        nearer = (after.abs() < before.abs()) & (product != 0)
        roots, before = torch.where(nearer, better, roots), torch.where(nearer, after, before)
    return roots


def _at(roots: Tensor, coefficients: list[Tensor]) -> Tensor:
    total = torch.ones_like(roots)
    for coefficient in coefficients:
        total = total * roots + coefficient.unsqueeze(-1)
    return total


def _linear(coefficients: list[Tensor]) -> Tensor:
    return -(coefficients[0] + 0j).unsqueeze(-1)


def _quadratic(coefficients: list[Tensor]) -> Tensor:
    root = (-coefficients[1] + 0j).sqrt()  # the trace is 0
    return torch.stack((root, -root), -1)


def _cardano(coefficients: list[Tensor]) -> Tensor:
    """t^3 + p t + q = 0 (the trace is 0)."""
    return _depressed_cubic(coefficients[1] + 0j, coefficients[2] + 0j)


def _depressed_cubic(p: Tensor, q: Tensor) -> Tensor:
    root = (q.square() / 4 + p.pow(3) / 27).sqrt()
    plus, minus = -q / 2 + root, -q / 2 - root
    cube = torch.where(plus.abs() > minus.abs(), plus, minus)  # no cancellation
    angles = torch.arange(3, dtype=p.real.dtype, device=p.device) * (2 * torch.pi / 3)
    turns = torch.polar(torch.ones_like(angles), angles)
    u = torch.polar(cube.abs().pow(1 / 3), cube.angle() / 3).unsqueeze(-1) * turns
    return u - p.unsqueeze(-1) / (3 * torch.where(u == 0, torch.ones_like(u), u))


def _ferrari(coefficients: list[Tensor]) -> Tensor:
    """t^4 + p t^2 + q t + r = 0 (the trace is 0), by m^3 + p m^2 + (p^2/4 - r) m = q^2/8."""
    p, q, r = (c + 0j for c in coefficients[1:])
    linear, constant = p.square() / 4 - r, -q.square() / 8
    third = p / 3
    depressed = linear - 3 * third.square()
    m = _depressed_cubic(depressed, 2 * third.pow(3) - third * linear + constant)
    m = m - third.unsqueeze(-1)
    m = m.gather(-1, m.abs().argmax(-1, keepdim=True)).squeeze(-1)  # q / sqrt(m) stays small
    s = (2 * m).sqrt()
    bend = 2 * q / torch.where(s == 0, torch.ones_like(s), s)
    first, second = (-(2 * (p + m) + bend)).sqrt(), (-(2 * (p + m) - bend)).sqrt()
    return torch.stack((s + first, s - first, -s + second, -s - second), -1) / 2


_ROOTS = {1: _linear, 2: _quadratic, 3: _cardano, 4: _ferrari}
