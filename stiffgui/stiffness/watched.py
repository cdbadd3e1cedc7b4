"""Proxies as watched indices: beside the exact ones, to see what a proxy misses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stiffgui._lazy import torch
from stiffgui.settings import kind_of
from stiffgui.stiffness.base import Proxy
from stiffgui.stiffness.eigen import Array
from stiffgui.stiffness.indices import Index
from stiffgui.stiffness.matrices import Matrices
from stiffgui.stiffness.power import Power

if TYPE_CHECKING:
    from torch import Tensor

CONVERGED = 1e-3  # residual of the power method up to which it counts as converged


def as_indices(proxies: Iterable[type[Proxy]]) -> dict[str, Index]:
    """Each proxy at its default settings as an index: float64, without gradient.

    Random vectors are the same at every measurement, for every trial and for every layer: a curve
    moves only when the network does, and a layer has the same value alone and among others.
    """
    indices = {}
    for chosen in proxies:
        measured = chosen()
        power = isinstance(measured, Power)
        indices[kind_of(chosen)] = Index(
            f"{kind_of(chosen).replace('-', ' ').capitalize()} (proxy)",
            f"proxy: {chosen.title()}",
            _on_matrices(measured.value),
            _unconverged if power else None,
            "not converged" if power else "",
            needs="proxy",
            unit="1/time",
        )
    return indices


def _on_matrices(measure: Callable[..., Tensor]) -> Callable[[Matrices], Array]:
    """Measures matrices [..., B, w, w], each stack of B samples with the same random vectors."""

    def value(matrices: Matrices) -> Array:
        jacobians = torch.as_tensor(matrices.jacobians)
        *shape, width, _ = jacobians.shape
        samples = shape[-1] if shape else 1
        stacks = jacobians.reshape(-1, samples, width, width)
        with torch.no_grad():
            return np.asarray(measure(stacks, _seeded(len(stacks))).numpy()).reshape(shape)

    return value


def residual(matrices: Matrices) -> Array:
    """Relative residual of the watched power method, of every matrix [...]: from 0 to 1."""
    return _on_matrices(Power().residual)(matrices)


def _unconverged(matrices: Matrices) -> NDArray[np.bool_]:
    return residual(matrices) > CONVERGED


def _seeded(count: int) -> list[Any]:
    return [torch.Generator().manual_seed(0) for _ in range(count)]
