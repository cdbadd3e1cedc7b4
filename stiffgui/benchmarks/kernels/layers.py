"""Matrix products of layers, and of Gelfand's formula, and nothing else.

Letters for shapes: N layers, w width, B samples.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from stiffgui.kernels.blas import times, times_transposed, transposed_times
from stiffgui.kernels.compiler import compiled

Array = NDArray[Any]


@compiled
def products(
    passes: int, weight: Array, states: Array, chain: Array, z: Array, g: Array, on_weight: Array
) -> None:
    """W x, W^T g and g x^T of every layer, so many times: [N, w, w], [N, w, B] twice; room [w, B]
    twice and [w, w]."""
    for _ in range(passes):
        for n in range(len(weight)):
            times(weight[n], states[n], z, 1.0, 0.0)
            transposed_times(weight[n], chain[n], g, 1.0, 0.0)
            times_transposed(chain[n], states[n], on_weight, 1.0, 0.0)


@compiled
def squares(passes: int, matrix: Array, other: Array, into: Array) -> None:
    """A B, B A and A A of one pair of matrices, so many times: [w, w] each."""
    for _ in range(passes):
        times(matrix, other, into, 1.0, 0.0)
        times(other, matrix, into, 1.0, 0.0)
        times(matrix, matrix, into, 1.0, 0.0)
