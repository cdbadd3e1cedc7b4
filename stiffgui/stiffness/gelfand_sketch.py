"""Gelfand's formula on random vectors: the recommended penalty."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Literal

from stiffgui._lazy import torch
from stiffgui.settings import setting
from stiffgui.stiffness.base import PenaltyBatch, Proxy, in_range, layers_in_range, tiny

if TYPE_CHECKING:
    from torch import Generator, Tensor


class GelfandSketch(Proxy):
    """Gelfand's formula on random vectors: fast, smooth, the recommended penalty

    (w mean_q ||J^k r_q||^2)^(1/(2k)) with random signs r_q = +-1/sqrt(w), drawn for every matrix
    and step. E ||J^k r||^2 = ||J^k||_F^2 / w exactly, whatever the number of vectors; the root
    damps the noise to about 1/(2k), and q vectors to 1/sqrt(q) of that. Cost q k matrix-vector
    products, O(q k w^2): no Jacobian is formed, J v = slopes * (W v) for all trials, layers and
    samples at once. A small k smooths the maximum over eigenvalues, which is what makes it a
    better penalty than the exact radius. As a number it is an estimate: it scatters, and lies
    above |l_1| by up to the factor (||J^k||_F / |l_1|^k)^(1/k). Source: this project; Hutchinson
    1990, Commun. Stat. Simul. Comput. 19, 433 (a trace by random signs, here of (J^k)^T J^k);
    Kuczyński & Woźniakowski 1992, SIAM J. Matrix Anal. Appl. 13, 1094 (what a few steps from a
    random start say of l_1).
    """

    kind: Literal["gelfand-sketch"] = "gelfand-sketch"
    power: int = setting(
        6, title="Power k", help="Number of matrix-vector products.", ge=1, le=1024
    )
    vectors: int = setting(
        1,
        title="Vectors q",
        help="Random vectors averaged for every matrix; each costs as much as the first.",
        ge=1,
        le=64,
    )

    def value(self, jacobian: Tensor, generators: list[Generator] | None = None) -> Tensor:
        shape = (*jacobian.shape[:-2], self.vectors, jacobian.shape[-1])
        rows = _signs(jacobian, shape, generators)
        matrix, scale = in_range(jacobian)
        transposed = matrix.transpose(-1, -2)
        # Rescaling by constants (no gradient) cancels exactly against the logarithm.
        smallest, total = tiny(rows) ** 0.5, 0.5 * log(shape[-1])
        for step in range(self.power):
            rows = rows @ transposed
            if step + 1 < self.power:
                size = rows.detach().norm(dim=-1).clamp_min(smallest)
                rows, total = rows / size.unsqueeze(-1), total + size.log()
        size = rows.square().sum(-1).clamp_min(tiny(rows)).sqrt()
        return self._mean(((total + size.log()) / self.power).exp()) * scale

    def of_layers(
        self, slopes: Tensor, weight: Tensor, generators: list[Generator] | None = None
    ) -> Tensor:
        from stiffgui.stiffness.sketch_products import layer_powers

        trials, layers, samples, width = slopes.shape
        slopes, weight, scale = layers_in_range(slopes, weight)
        if self.vectors > 1:  # a sample with q vectors is q samples
            wide = (trials, layers, samples, self.vectors, width)
            slopes = slopes.unsqueeze(3).expand(wide).flatten(2, 3)
        vectors = _signs(slopes, slopes.shape, generators)
        values = layer_powers(slopes, weight, vectors, self.power)
        return self._mean(values.view(trials, layers, samples, self.vectors)) * scale

    def penalty_gradient(self, batch: PenaltyBatch) -> Tensor:
        if self.vectors > 1:
            return super().penalty_gradient(batch)
        from stiffgui.stiffness.sketch_products import penalty_gradient

        return penalty_gradient(batch, self.power)

    def _mean(self, values: Tensor) -> Tensor:
        """(mean_q s_q^(2k))^(1/(2k)) of s_q = (w ||J^k r_q||^2)^(1/(2k)): [..., q] -> [...]."""
        if self.vectors == 1:
            return values.squeeze(-1)
        exponent = 2 * self.power
        powers = values.log() * exponent
        mean: Tensor = (powers.logsumexp(-1) - log(self.vectors)) / exponent
        return mean.exp()


def _signs(like: Tensor, shape: tuple[int, ...], generators: list[Generator] | None) -> Tensor:
    from stiffgui.stiffness.sketch_products import random_signs

    return random_signs(torch.empty(shape, dtype=like.dtype, device=like.device), generators)
