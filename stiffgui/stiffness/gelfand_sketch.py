"""Gelfand's formula on random vectors: the recommended penalty."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from stiffgui._lazy import torch
from stiffgui.settings import setting
from stiffgui.stiffness.base import Proxy, tiny

if TYPE_CHECKING:
    from torch import Generator, Tensor


class GelfandSketch(Proxy):
    """Gelfand's formula on random vectors: fast, smooth, the recommended penalty

    (sqrt(w) ||J^k r||)^(1/k) with random signs r_i = +-1/sqrt(w) drawn anew for every matrix and
    step. E ||J^k r||^2 = ||J^k||_F^2 / w exactly; the 1/k-th root damps the noise to about 1/(2k).
    Cost k matrix-vector products, O(k w^2): no Jacobian is formed, J v = slopes * (W v) for all
    trials, layers and samples at once. A small k smooths the maximum over eigenvalues, which
    is what makes it a better penalty than the exact radius. Source: this project (MATH.md);
    the idea of a trace estimate by random vectors is Hutchinson 1990.
    """

    kind: Literal["gelfand-sketch"] = "gelfand-sketch"
    power: int = setting(
        8, title="Power k", help="Number of matrix-vector products.", ge=1, le=1024
    )

    def value(self, jacobian: Tensor, generators: list[Generator] | None = None) -> Tensor:
        vector = self._draw(jacobian[..., 0], generators)
        return self._root(lambda v: (jacobian @ v.unsqueeze(-1)).squeeze(-1), vector)

    def of_layers(
        self, slopes: Tensor, weight: Tensor, generators: list[Generator] | None = None
    ) -> Tensor:
        from stiffgui.stiffness.sketch_products import layer_powers

        return layer_powers(slopes, weight, self._draw(slopes, generators), self.power)

    def _root(self, multiply: Callable[[Tensor], Tensor], vector: Tensor) -> Tensor:
        # Rescaling by constants (no gradient) cancels exactly against the logarithm.
        logarithm = 0.5 * torch.log(torch.tensor(vector.shape[-1], dtype=vector.dtype))
        smallest = tiny(vector) ** 0.5
        total = logarithm.to(vector.device).expand(vector.shape[:-1])
        for step in range(self.power):
            vector = multiply(vector)
            if step + 1 < self.power:
                size = vector.detach().norm(dim=-1).clamp_min(smallest)
                vector, total = vector / size.unsqueeze(-1), total + size.log()
        size = vector.square().sum(-1).clamp_min(tiny(vector)).sqrt()
        return ((total + size.log()) / self.power).exp()

    def penalty_gradient(
        self,
        slopes: Tensor,
        weight: Tensor,
        generators: list[Generator],
        on_slopes: Tensor,
        on_weight: Tensor,
        buffers: dict[Any, Any],
    ) -> Tensor:
        from stiffgui.stiffness.sketch_products import penalty_gradient

        return penalty_gradient(
            slopes, weight, self.power, generators, on_slopes, on_weight, buffers
        )

    @staticmethod
    def _draw(like: Tensor, generators: list[Generator] | None) -> Tensor:
        """r shaped as `like` [(R,) ..., w]; each trial draws from its own generator."""
        from stiffgui.stiffness.sketch_products import draw

        return draw(torch.empty_like(like, memory_format=torch.contiguous_format), generators)
