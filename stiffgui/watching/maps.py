"""The map whose Jacobian a layer has, and that Jacobian, as a matrix or as products.

Letters for shapes: B samples, w width, c columns at a time.
"""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stiffgui.errors import InputError
from stiffgui.watching.blocks import in_a_line

Array = NDArray[np.float64]
AT_ONCE = 2**22  # numbers of the rows of Jacobians that are computed at once
SMALL = 128  # widths up to which Jacobians are formed whatever it takes
MOST_BYTES = 2**28  # of a layer's Jacobians
CUBED = 5e-9  # seconds of eigenvalues with their conditions, over w^3, of LAPACK on one core, about


@dataclass(frozen=True)
class LayerMap:
    """F at a point: `function` takes x [B, ...] and gives F(x), or with `residual` x + a F(x); a
    sample's output depends on that sample alone. J = dF/dx of each, [w, w], w numbers a sample."""

    name: str
    function: Callable[[Tensor], Tensor]
    x: Tensor
    step: float = 1.0
    residual: bool = True

    @property
    def precision(self) -> float:
        """Of its numbers, relative."""
        return float(torch.finfo(self.x.dtype).eps)

    @property
    def width(self) -> int:
        """w."""
        return self.x[0].numel()

    @property
    def shape(self) -> tuple[int, int]:
        """[B, w]."""
        return len(self.x), self.width

    def jacobians(self) -> Array:
        """J [B, w, w], in the precision of the model. Raises InputError when the block has no
        derivative."""
        samples, width = self.shape
        rows = np.concatenate([self._rows(c, self._some) for c in self._chunks(self._some)], axis=1)
        return self._less_identity(rows.reshape(samples, width, width))

    @property
    def _some(self) -> int:
        """c."""
        samples, width = self.shape
        return max(1, min(width, AT_ONCE // (samples * width)))

    def _chunks(self, size: int) -> range:
        return range(0, self.width, size)

    def _rows(self, first: int, size: int) -> Array:
        """Rows of d function/dx from the first on, [B, c, w]."""
        samples, width = self.shape
        count = min(size, width - first)
        unit = torch.zeros(count, samples, width, dtype=self.x.dtype, device=self.x.device)
        unit[torch.arange(count), :, first + torch.arange(count)] = 1
        pulled = self._derived(lambda: self._pull(unit.reshape(count, *self.x.shape)))
        return _numpy(pulled.reshape(count, samples, width)).swapaxes(0, 1)

    def _pull(self, cotangents: Tensor) -> Tensor:
        """u^T d function/dx of cotangents [c, B, ...]: all at once, and one after the other where a
        model's own functions do not allow that."""
        with torch.enable_grad():
            try:
                pull: Any = torch.func.vjp(self.function, self.x)[1]
                rows: Tensor = torch.func.vmap(lambda u: pull(u)[0])(cotangents)
                return rows
            except (RuntimeError, ValueError, NotImplementedError):
                x, y = self._graph()
                return torch.stack(
                    [torch.autograd.grad(y, x, u, retain_graph=True)[0] for u in cotangents]
                )

    def _graph(self) -> tuple[Tensor, Tensor]:
        x = self.x.detach().clone().requires_grad_()
        return x, self.function(x)

    def transposed(self, vectors: Array) -> Array:
        """J^T u of [B, w]."""
        u = self._tensor(vectors)
        pulled = self._derived(lambda: self._pull(u[None])[0])
        return self._less(_numpy(pulled), vectors)

    def times(self, vectors: Array) -> Array:
        """J v of [B, w]."""
        v = self._tensor(vectors)
        return self._less(_numpy(self._derived(lambda: self._push(v))), vectors)

    def _push(self, tangent: Tensor) -> Tensor:
        """d function/dx v: forward mode, or where a model's own functions have none, the
        derivative of u -> u^T d function/dx in v's direction."""
        try:
            _load_forward_mode()
            image: Tensor = torch.func.jvp(self.function, (self.x,), (tangent,))[1]
            return image
        except (RuntimeError, ValueError, NotImplementedError):
            with torch.enable_grad():
                x, y = self._graph()
                u = torch.zeros_like(y, requires_grad=True)
                (pulled,) = torch.autograd.grad(y, x, u, create_graph=True)
                return torch.autograd.grad(pulled, u, tangent)[0]

    def _derived(self, work: Callable[[], Tensor]) -> Tensor:
        try:
            return work()
        except (RuntimeError, ValueError, NotImplementedError) as error:
            raise InputError(
                f"{self.name} has no derivative by its input ({in_a_line(error)}): leave it out by "
                f"naming the others in blocks."
            ) from None

    def _tensor(self, vectors: Array) -> Tensor:
        given = torch.as_tensor(vectors, dtype=self.x.dtype, device=self.x.device)
        return given.reshape(self.x.shape)

    def _less(self, image: Array, vectors: Array) -> Array:
        flat = image.reshape(self.shape)
        return (flat - vectors) / self.step if self.residual else flat

    def _less_identity(self, whole: Array) -> Array:
        return (whole - np.eye(self.width)) / self.step if self.residual else whole

    def check(self) -> None:
        """Raise InputError where a sample's output depends on the others, or on chance."""
        first = self.some(slice(0, 1))
        alone, whole = first.function(first.x), self.function(self.x)
        size = float(whole.abs().max())
        apart = float((alone[0] - whole[0]).abs().max())
        if apart > 1e-3 * max(size, 1e-30) or not np.isfinite(size):
            raise InputError(
                f"{self.name} gives a sample alone another output than among others, or one that "
                f"is not finite: its first axis must count samples, and in evaluation mode it "
                f"must not draw random numbers."
            )

    def some(self, rows: slice) -> LayerMap:
        """The same layer at some samples."""
        at: Any = getattr(self.function, "at", None)
        function = at(rows) if at is not None else self.function
        return LayerMap(self.name, function, self.x[rows], self.step, self.residual)

    def worth_forming(self, seconds: float) -> bool:
        """Whether its Jacobians and their eigenvalues take so many seconds at most: of a few rows
        it is measured how long they take, of eigenvalues it is known."""
        samples, width = self.shape
        if width <= SMALL:
            return True
        eigenvalues = CUBED * samples * width**3
        if eigenvalues > seconds or 8 * samples * width**2 > MOST_BYTES:
            return False
        size = min(self._some, 8)
        self._rows(0, size)
        before = time.perf_counter()
        self._rows(0, size)
        rows = (time.perf_counter() - before) * width / size
        return rows + eigenvalues <= seconds


@cache
def _load_forward_mode() -> None:
    """What torch imports when it first needs it, with a warning that it has for itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        importlib.import_module("torch._decomp.decompositions_for_jvp")


def _numpy(tensor: Tensor) -> Array:
    return np.asarray(tensor.detach().cpu().double().numpy())
