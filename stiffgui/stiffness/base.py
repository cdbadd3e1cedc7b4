"""What a proxy is: a differentiable number for the stiffness of a matrix."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from stiffgui._lazy import torch
from stiffgui.errors import InputError
from stiffgui.settings import Settings
from stiffgui.stiffness.draws import drawn

if TYPE_CHECKING:
    from torch import Generator, Tensor


Buffers = TypeVar("Buffers")
IN_RANGE = 16  # exponents of largest entries up to which matrices are taken as they are


@dataclass
class BufferCache:
    """What a caller lends to `Proxy.penalty_gradient`, the same one at every step."""

    threads: int = 1
    _buffers: dict[Any, Any] = field(default_factory=dict)

    def keep(self, key: Any, make: Callable[[], Buffers]) -> Buffers:
        """What was made under this key, for its buffers; made now the first time."""
        if key not in self._buffers:
            self._buffers[key] = make()
        buffers: Buffers = self._buffers[key]
        return buffers


class PenaltyBatch(NamedTuple):
    """What a step gives to `Proxy.penalty_gradient`: J_n = diag(slopes_n) W_n of a batch.

    slopes [R, N, B, w], weight [R, N, w, w]; generators, one per trial, drive proxies that draw
    random vectors. The gradients grad_slopes and on_weight, of the same shapes, are overwritten.
    """

    slopes: Tensor
    weight: Tensor
    generators: list[Generator]
    grad_slopes: Tensor
    on_weight: Tensor
    buffers: BufferCache


class Proxy(Settings, ABC):
    """A differentiable stiffness proxy of a matrix J [..., w, w], value [...].

    The first line of a subclass's docstring is what the chooser shows; the rest states the
    formula, the cost, how exact it is and where it comes from. `waits`: whether the host waits for
    a device at every step, as it does for LAPACK.
    """

    waits: ClassVar[bool] = False

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

    def penalty_gradient(self, batch: PenaltyBatch) -> Tensor:
        """p_i = sum_n proxy(J_n(x_i)), [R, B]; the gradient of sum_i p_i^2 / 2 goes to the batch.

        This one is by autograd through `of_layers`; proxies for which that is slow have their own.
        """
        slopes, weight = (t.detach().requires_grad_() for t in (batch.slopes, batch.weight))
        with torch.enable_grad():
            value = self.of_layers(slopes, weight, batch.generators)
        penalties = value.detach().sum(1)
        upstream = penalties.unsqueeze(1).expand_as(value)
        gradients = torch.autograd.grad(value, (slopes, weight), upstream, materialize_grads=True)
        batch.grad_slopes.copy_(gradients[0])
        batch.on_weight.copy_(gradients[1])
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
    """Standard normal numbers [(R,) ...] with `like`'s dtype and device."""

    def normal(row: Tensor, generator: Generator | None) -> object:
        return row.normal_(generator=generator)

    return drawn(shape, (like.dtype, like.device), normal, generators)


def without_gaps(matrix: Tensor) -> Tensor:
    """The matrices [..., w, w] without a graph, those with an entry that is no finite number as 0.

    LAPACK refuses a whole batch for one such matrix, which is one of a trial that diverges.
    """
    matrix = matrix.detach()
    finite = torch.isfinite(matrix).all(-1).all(-1)
    return torch.where(finite[..., None, None], matrix, 0)


def in_range(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Matrices [..., w, w] whose powers are numbers, and what they were divided by, [...].

    That is 1 unless the largest entry lies beyond 2^+-16, and then a power of two, which is exact:
    a few products and squares of tiny or huge entries would vanish or overflow.
    """
    size = _power_of_two(matrix.detach().abs().amax((-2, -1)))
    return matrix / size[..., None, None], size


def layers_in_range(slopes: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The same of J = diag(d) W, as d' [R, N, B, w], W' [R, N, w, w] and [R, N, B]."""
    largest = weight.detach().abs().amax(-1)
    rows = _power_of_two(largest)
    slopes = slopes * rows.unsqueeze(2)
    size = _power_of_two((slopes.detach().abs() * (largest / rows).unsqueeze(2)).amax(-1))
    return slopes / size.unsqueeze(-1), weight / rows.unsqueeze(-1), size


def _power_of_two(size: Tensor) -> Tensor:
    """The one below numbers beyond 2^+-16; 1 for others, for 0 and for what is not finite."""
    mantissa, exponent = torch.frexp(size)
    far = (exponent.abs() > IN_RANGE) & (size > 0) & torch.isfinite(size)
    return torch.where(far, size / (2 * mantissa), 1)


def tiny(like: Tensor) -> float:
    """The smallest normal number of the dtype: keeps logarithms and roots of 0 finite."""
    return float(torch.finfo(like.dtype).tiny)
