"""Products of matrices inside kernels: scipy's BLAS, into and on top of what is there.

numba's own `np.dot` calls the same BLAS; it can neither add to its result nor scale it, so that
every bias, step size and sum over parts would be a pass of its own over memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import get_cython_function_address, intrinsic
from numpy.typing import NDArray

from stiffgui.kernels.compiler import compiled, inner, limit_blas

Array = NDArray[Any]
ROUTINES = {types.float32: "sgemm", types.float64: "dgemm"}

for name in ROUTINES.values():
    address = get_cython_function_address("scipy.linalg.cython_blas", name)
    llvmlite.binding.add_symbol(f"stiffgui_{name}", address)
limit_blas()


def _gemm(  # type: ignore[no-untyped-def]
    typing_context, turn_a, turn_b, rows, columns, inner, alpha, a, a_row, b, b_row, beta, c, c_row
) -> tuple[Any, Callable[..., Any]]:
    """C = alpha op(A) op(B) + beta C, column by column, as BLAS has it: op transposes where turned.

    Sizes and distances between columns as integers, A, B and C as arrays.
    """
    number, whole = c.dtype, types.int64
    signature = types.void(
        types.boolean, types.boolean, whole, whole, whole,
        number, a, whole, b, whole, number, c, whole,
    )  # fmt: skip

    def call(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        tools: Any = cgutils
        kinds = "tt" + "iii" + "n" + "ai" + "ai" + "n" + "ai"
        narrow, byte = ir.IntType(32), ir.IntType(8)
        pointers = []
        for kind, value, kept in zip(kinds, values, signature.args, strict=True):
            if kind == "a":
                pointers.append(context.make_array(kept)(context, builder, value).data)
                continue
            if kind == "t":
                letters = (ir.Constant(byte, ord(letter)) for letter in "TN")
                value = builder.select(value, *letters)
            elif kind == "i":
                value = builder.trunc(value, narrow)
            pointers.append(tools.alloca_once_value(builder, value))
        routine = ir.FunctionType(ir.VoidType(), [p.type for p in pointers])
        name = f"stiffgui_{ROUTINES[number]}"
        builder.call(tools.get_or_insert_function(builder.module, routine, name), pointers)
        return context.get_dummy_value()

    return signature, call


_call: Any = intrinsic(_gemm)


@inner
def _distance(a: Array) -> int:
    """From a row to the next, in numbers."""
    return int(max(a.strides[0] // a.itemsize, max(1, a.shape[1])))


# Rows here are BLAS's columns: C = A B is C^T = B^T A^T there.


@compiled
def times(a: Array, b: Array, into: Array, alpha: float, beta: float) -> None:
    """into = alpha A B + beta into: [m, k], [k, n], [m, n]; the numbers of a row lie together."""
    if into.size:
        _call(
            False, False, b.shape[1], a.shape[0], a.shape[1], into.dtype.type(alpha),
            b, _distance(b), a, _distance(a), into.dtype.type(beta), into, _distance(into),
        )  # fmt: skip


@compiled
def times_transposed(a: Array, b: Array, into: Array, alpha: float, beta: float) -> None:
    """into = alpha A B^T + beta into: [m, k], [n, k], [m, n]."""
    if into.size:
        _call(
            True, False, b.shape[0], a.shape[0], a.shape[1], into.dtype.type(alpha),
            b, _distance(b), a, _distance(a), into.dtype.type(beta), into, _distance(into),
        )  # fmt: skip


@compiled
def transposed_times(a: Array, b: Array, into: Array, alpha: float, beta: float) -> None:
    """into = alpha A^T B + beta into: [k, m], [k, n], [m, n]."""
    if into.size:
        _call(
            False, True, b.shape[1], a.shape[1], a.shape[0], into.dtype.type(alpha),
            b, _distance(b), a, _distance(a), into.dtype.type(beta), into, _distance(into),
        )  # fmt: skip
