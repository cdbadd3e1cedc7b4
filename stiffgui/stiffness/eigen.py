"""Eigenvalues with their conditions, by LAPACK.

Letters for shapes: w width.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Eigen = tuple[NDArray[np.complex128], Array]
EPS = float(np.finfo(np.float64).eps)


def eigen(matrices: Array) -> Eigen:
    """Eigenvalues [..., w] of matrices [..., w, w], as LAPACK orders them, and their conditions
    1/|u^H v|, [..., w]."""
    values, right = np.linalg.eig(matrices)
    return values.astype(np.complex128), conditions(right)


def dominant(found: Eigen) -> tuple[Array, Array]:
    """|l_1| and its condition, [...] each."""
    first = np.abs(found[0]).argmax(-1)[..., None]
    value, sensitive = (np.take_along_axis(each, first, -1)[..., 0] for each in found)
    return np.abs(value), np.asarray(sensitive.real)


def conditions(right: NDArray[np.complexfloating]) -> Array:
    """1/|u^H v| from normalised right eigenvectors [..., w, w]; infinite when defective.

    The rows of V^-1 are u^H/(u^H v), so their norms are the condition numbers; beyond 1/eps
    the eigenvalue is defective to working precision and its condition reported as infinite.
    """
    try:
        with np.errstate(over="ignore"):
            rows = np.linalg.norm(np.linalg.inv(right), axis=-1)
    except np.linalg.LinAlgError:  # one at least is singular
        if right.ndim == 2:
            return np.full(len(right), np.inf)
        each = [conditions(vectors) for vectors in right.reshape(-1, *right.shape[-2:])]
        rows = np.reshape(each, right.shape[:-1])
    return np.where(rows < 1 / EPS, rows, np.inf)
