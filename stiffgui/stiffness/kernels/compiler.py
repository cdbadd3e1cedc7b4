"""How kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import scipy.linalg.cython_blas  # noqa: F401 (the BLAS that numba calls, to be limited below)
from threadpoolctl import threadpool_limits

Kernel = TypeVar("Kernel", bound=Callable[..., object])

# A product of this size takes a microsecond: sharing one among threads only loses time.
threadpool_limits(1, user_api="blas")


def compiled(kernel: Kernel) -> Kernel:
    """Machine code at the first call, kept on disk from then on; the interpreter lock is free.

    Sums may be reordered; NaN and infinity keep their meaning. A kernel calls no other file's:
    numba would not notice that one has changed.
    """

    def compile_(keep: bool) -> Any:
        return numba.njit(
            nogil=True,
            cache=keep,
            error_model="numpy",
            fastmath={"reassoc", "contract", "arcp", "nsz"},
        )(kernel)

    try:
        return cast(Kernel, compile_(True))
    except RuntimeError:  # neither this folder nor the user's cache can be written to
        return cast(Kernel, compile_(False))
