"""Proxies compiled for the processor: loops over small matrices, by numba and scipy's BLAS.

A proxy of small matrices is thousands of products that take a microsecond each. As operations of
torch they take several, and what they leave has left the cache before it is used. Here all that
belongs to a matrix stays there (ADR 13). The torch code beside this folder computes the same on
other devices and for autograd.

Import kernels inside functions: they import numba and scipy (ADR 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def serve(tensor: Tensor) -> bool:
    """Whether the kernels may work on tensors like this one."""
    return tensor.device.type == "cpu"
