"""The spectrum of one layer Jacobian with everything the eigenvalue viewer shows of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stiffgui.stiffness.indices import EPS, INDICES, Array, Matrices


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of matrices [..., w, w], float64 LAPACK, by descending modulus.

    eigenvalues complex [..., w]; conditions [..., w], 1/|u^H v| of each eigenvalue;
    time_scales [..., w], 1/|Re l| (infinite where Re l = 0); departure [...], Henrici's (1962)
    departure from normality sqrt(||J||_F^2 - sum |l_i|^2); indices: every exact index [...].
    """

    eigenvalues: NDArray[np.complex128]
    conditions: Array
    time_scales: Array
    departure: Array
    indices: dict[str, Array]

    @property
    def abscissa(self) -> Array:
        """Spectral abscissa, max Re l: [...]."""
        return np.asarray(self.eigenvalues.real.max(-1))

    def unstable(self, step: float) -> NDArray[np.bool_]:
        """Which eigenvalues explicit Euler amplifies, |1 + a l| > 1: [..., w]."""
        return np.abs(1 + step * self.eigenvalues) > 1


def spectrum(jacobian: object) -> Spectrum:
    """The spectrum of J [..., w, w]; computed by numpy.linalg.eig in float64.

    Raises ValueError when J is not square or holds NaN or infinite entries.
    """
    matrix = np.asarray(jacobian, dtype=np.float64)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise ValueError(f"a spectrum needs square matrices, not an array of shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError("a spectrum needs finite matrices; this one holds NaN or infinity")
    values, right = np.linalg.eig(matrix)
    order = np.argsort(-np.abs(values), axis=-1, kind="stable")
    values = np.take_along_axis(values, order, -1).astype(np.complex128)
    right = np.take_along_axis(right, order[..., None, :], -1)
    matrices = Matrices(matrix, values)
    squares = np.square(matrix).sum((-2, -1)) - np.square(np.abs(values)).sum(-1)
    with np.errstate(divide="ignore"):
        time_scales = 1 / np.abs(values.real)
    return Spectrum(
        eigenvalues=values,
        conditions=_conditions(right),
        time_scales=time_scales,
        departure=np.sqrt(np.maximum(squares, 0)),
        indices={name: index.value(matrices) for name, index in INDICES.items()},
    )


def _conditions(right: NDArray[np.complexfloating]) -> Array:
    """1/|u^H v| from normalised right eigenvectors [..., w, w]; infinite when defective.

    The rows of V^-1 are u^H/(u^H v), so their norms are the condition numbers; beyond 1/eps
    the eigenvalue is defective to working precision and its condition reported as infinite.
    """
    flat = right.reshape(-1, *right.shape[-2:])
    rows = np.full(flat.shape[:2], np.inf)
    for k, vectors in enumerate(flat):
        try:
            rows[k] = np.linalg.norm(np.linalg.inv(vectors), axis=-1)
        except np.linalg.LinAlgError:
            continue
    rows = np.where(rows < 1 / EPS, rows, np.inf)
    return rows.reshape(right.shape[:-1])
