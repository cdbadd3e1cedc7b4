"""What a proxy is: a differentiable number for the stiffness of a matrix."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from stiffgui._lazy import torch
from stiffgui.errors import InputError
from stiffgui.settings import Settings

if TYPE_CHECKING:
    from torch import Generator, Tensor


Kept = TypeVar("Kept")


@dataclass
class BufferCache:
    """What a caller lends to `Proxy.penalty_gradient`, the same one at every step."""

    threads: int = 1
    _kept: dict[Any, Any] = field(default_factory=dict)

    def keep(self, key: Any, make: Callable[[], Kept]) -> Kept:
        """What was made under this key, for its buffers; made now the first time."""
        if key not in self._kept:
            self._kept[key] = make()
        kept: Kept = self._kept[key]
        return kept


class Proxy(Settings, ABC):
    """A differentiable stiffness proxy of a matrix J [..., w, w], value [...].

    The first line of a subclass's docstring is what the chooser shows; the rest states the
    formula, the cost, how exact it is and where it comes from.
    """

    @abstractmethod
    def value(self, jacobian: Tensor, generators: list[Generator] | None = None) -> Tensor:
        """The proxy of every matrix: [..., w, w] -> [...]."""

    def of_layers(
        self, slopes: Tensor, weight: Tensor, generators: list[Generator] | None = None
    ) -> Tensor:
        """The proxy of all J_n = diag(slopes_n) W_n: [R, N, B, w], [R, N, w, w] -> [R, N, B].

        `generators`, one per trial, drive proxies that draw random vectors.
        """
        return self.value(slopes.unsqueeze(-1) * weight.unsqueeze(2), generators)

    def penalty_gradient(
        self,
        slopes: Tensor,
        weight: Tensor,
        generators: list[Generator],
        grad_slopes: Tensor,
        on_weight: Tensor,
        place: BufferCache,
    ) -> Tensor:
        """p_i = sum_n proxy(J_n(x_i)), [R, B], and the gradient of sum_i p_i^2 / 2.

        `grad_slopes` [R, N, B, w] and `on_weight` [R, N, w, w] are overwritten with it. This one
        is by autograd through `of_layers`; proxies for which that is slow have their own.
        """
        leaves = (slopes.detach().requires_grad_(), weight.detach().requires_grad_())
        with torch.enable_grad():
            value = self.of_layers(leaves[0], leaves[1], generators)
        penalties = value.detach().sum(1)
        upstream = penalties.unsqueeze(1).expand_as(value)
        for into, found in zip(
            (grad_slopes, on_weight),
            torch.autograd.grad(value, leaves, upstream, materialize_grads=True),
            strict=True,
        ):
            into.copy_(found)
        return penalties

    def check(self, width: int) -> None:
        """Raise InputError (for `architecture.width`) where J may not be of this width."""

    def __call__(self, jacobian: Any) -> Any:
        """The proxy of tensors [..., w, w], or of numpy arrays or lists: then numpy comes out.

        Raises InputError for what is no square matrix of numbers.
        """
        if isinstance(jacobian, torch.Tensor):
            return self.value(jacobian)
        try:
            values = torch.as_tensor(np.asarray(jacobian))
            whole = not values.is_floating_point()
        except (TypeError, ValueError):
            raise InputError(
                f"matrices must be numbers [..., w, w], not {jacobian!r:.40}."
            ) from None
        if values.ndim < 2 or values.shape[-1] != values.shape[-2]:
            raise InputError(
                f"matrices must have the shape [..., w, w], not {tuple(values.shape)}."
            )
        with torch.no_grad():
            return np.asarray(self.value(values.double() if whole else values).numpy())


def tangent(jacobian: Tensor, value: Tensor, gradient: Tensor) -> Tensor:
    """A number with a known value and gradient: exactly `value`, differentiable in J.

    A gradient beyond 1/eps (float64) is that of a matrix which is defective to working
    precision; it is taken as 0.
    """
    size = gradient.norm(dim=(-2, -1), keepdim=True)
    usable = size < 1 / torch.finfo(torch.float64).eps
    slope = torch.where(usable, gradient, 0.0).to(jacobian.dtype)
    # J - J is 0, so no digits of the value are lost to cancellation.
    result: Tensor = (slope * (jacobian - jacobian.detach())).sum((-2, -1))
    return result + value.to(jacobian.dtype)


def draw(like: Tensor, shape: tuple[int, ...], generators: list[Generator] | None = None) -> Tensor:
    """Standard normal numbers [(R,) ...] with `like`'s dtype and device.

    With `generators` each trial draws from its own, so that it does not see the others.
    """
    if generators is None:
        return torch.randn(shape, dtype=like.dtype, device=like.device)
    numbers = torch.empty(shape, dtype=like.dtype, device=like.device)
    for row, generator in zip(numbers, generators, strict=True):
        row.normal_(generator=generator)
    return numbers


def tiny(like: Tensor) -> float:
    """The smallest normal number of the dtype: keeps logarithms and roots of 0 finite."""
    return float(torch.finfo(like.dtype).tiny)
