"""The power method as a proxy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from stiffgui._lazy import torch
from stiffgui.settings import setting
from stiffgui.stiffness.base import Proxy, draw, in_range, layers_in_range, tiny
from stiffgui.stiffness.plane import length, orthonormal, ritz_pair

if TYPE_CHECKING:
    from torch import Generator, Tensor

    Multiply = Callable[[Tensor], Tensor]

TWO_SIDED = 1e-2  # error of the two-sided quotient, estimated, up to which it is preferred


class Fingerprint(NamedTuple):
    """|l_1| = sum_p left_p^T J right_p with left, right [..., 2, w], and the residual [...]."""

    left: Tensor
    right: Tensor
    residual: Tensor


class Power(Proxy):
    """Power method: may not converge, and then says so (residual)

    v <- J v / |J v| from a random real start, and likewise u with J^T; |l_1| is the two-sided
    quotient |u^H J v / (u^H v)|, whose error is the product of the errors of u and v; where these
    are not small, |v^H J v| <= sigma_1. Cost 2 m matrix-vector products (m iterations), twice
    that for `subspace`, without a graph: no Jacobian is formed. Converges like |l_2/l_1|^m for one
    vector, which never does for a complex pair; in two dimensions like |l_3/l_1|^m, a pair
    included. The gradient is that of the quotient with u and v held fixed: exact when converged,
    finite always. `residual` |J v - (v^H J v) v| / |J v|, from 0 to 1, says how far to trust it.
    Source: von Mises & Pollaczek-Geiringer 1929, ZAMM 9, 152; Parlett 1974, Math. Comp. 28, 679
    (two-sided quotient); Stewart 1976, Numer. Math. 25, 123 (subspace).
    """

    kind: Literal["power"] = "power"
    iterations: int = setting(
        20, title="Iterations", help="Products with J, and with its transpose.", ge=1, le=10_000
    )
    variant: str = setting(
        "subspace",
        title="Variant",
        help="What is iterated.",
        choices={
            "vector": "one real vector: cannot converge to a complex pair",
            "subspace": "two vectors: converges to a complex pair too",
        },
    )

    def value(self, jacobian: Tensor, generators: list[Generator] | None = None) -> Tensor:
        pair = self._of_matrices(jacobian, generators)
        gradient = pair.left.transpose(-1, -2) @ pair.right
        result: Tensor = (gradient * jacobian).sum((-2, -1))
        return result

    def of_layers(
        self, slopes: Tensor, weight: Tensor, generators: list[Generator] | None = None
    ) -> Tensor:
        with torch.no_grad():
            d, w, _ = layers_in_range(slopes.detach(), weight.detach())
            d = d.unsqueeze(3)
            transposed = w.transpose(-1, -2)

            def right(rows: Tensor) -> Tensor:
                return d * (rows.flatten(2, 3) @ transposed).view_as(rows)

            def left(rows: Tensor) -> Tensor:
                return ((d * rows).flatten(2, 3) @ w).view_as(rows)

            pair = self._iterate(right, left, self._start(slopes.detach(), generators))
        images = (pair.right.flatten(2, 3) @ weight.transpose(-1, -2)).view_as(pair.right)
        result: Tensor = ((pair.left * images).sum(-2) * slopes).sum(-1)
        return result

    def residual(self, jacobian: Any, generators: list[Generator] | None = None) -> Any:
        """Relative residual of each matrix, [..., w, w] -> [...]; numpy in, numpy out."""
        if isinstance(jacobian, np.ndarray):
            return np.asarray(self.residual(torch.as_tensor(jacobian), generators).numpy())
        return self._of_matrices(jacobian, generators).residual

    def _of_matrices(self, jacobian: Tensor, generators: list[Generator] | None) -> Fingerprint:
        with torch.no_grad():
            matrix, _ = in_range(jacobian.detach())
            start = self._start(matrix[..., 0], generators)
            return self._iterate(
                lambda rows: rows @ matrix.transpose(-1, -2), lambda rows: rows @ matrix, start
            )

    def _start(self, like: Tensor, generators: list[Generator] | None) -> Tensor:
        """Orthonormal real rows [..., p, w] for matrices of which `like` is [..., w]."""
        *batch, width = like.shape
        count = min(2, width) if self.variant == "subspace" else 1
        return orthonormal(draw(like, (*batch, count, width), generators))

    def _iterate(self, right: Multiply, left: Multiply, start: Tensor) -> Fingerprint:
        v_rows = u_rows = start
        for step in range(1, self.iterations + 1):
            v_rows, u_rows = right(v_rows), left(u_rows)
            if step % 2 == 0 or step == self.iterations:
                v_rows, u_rows = orthonormal(v_rows), orthonormal(u_rows)
        value, v, image_v = ritz_pair(v_rows, right(v_rows))
        _, u, image_u = ritz_pair(u_rows, left(u_rows), value)
        overlap = (u * v).sum(-1)  # u is a right eigenvector of J^T: no conjugate
        bottom = torch.where(overlap == 0, torch.ones_like(overlap), overlap)
        residual, residual_u = (
            length(image - s.unsqueeze(-1) * x) / length(image).clamp_min(tiny(length(image)))
            for x, image in ((v, image_v), (u, image_u))
            for s in [(x.conj() * image).sum(-1)]
        )
        error = residual * residual_u / overlap.abs().clamp_min(tiny(residual))
        usable = (error < TWO_SIDED) & (overlap.abs() > TWO_SIDED)
        row = torch.where(usable.unsqueeze(-1), u / bottom.unsqueeze(-1), v.conj())
        quotient = (row * image_v).sum(-1)
        phase = torch.sgn(quotient).conj()  # 0 where the quotient is
        row = row * phase.unsqueeze(-1)
        parts = torch.stack((row.real, -row.imag), -2), torch.stack((v.real, v.imag), -2)
        return Fingerprint(*parts, residual)
