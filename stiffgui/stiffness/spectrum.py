"""The spectrum of one layer Jacobian with everything the eigenvalue viewer shows of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stiffgui.stiffness.eigen import Array, conditions
from stiffgui.stiffness.indices import INDICES
from stiffgui.stiffness.matrices import Matrices


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of matrices [..., w, w], float64 LAPACK, by descending modulus.

    eigenvalues complex [..., w]; conditions [..., w], 1/|u^H v| of each eigenvalue; errors
    [..., w], how far rounding may move it (`Matrices.errors`); time_scales [..., w], 1/|Re l|
    (infinite where Re l = 0); departure [...], Henrici's (1962) departure from normality
    sqrt(||J||_F^2 - sum |l_i|^2); indices: exact indices [...], see `spectrum`.
    """

    eigenvalues: NDArray[np.complex128]
    conditions: Array
    errors: Array
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


def spectrum(jacobian: object, step: float | None = None) -> Spectrum:
    """The spectrum of J [..., w, w]; computed by numpy.linalg.eig in float64.

    `indices` are those that every matrix has on its own account and that take no longer than its
    eigenvalues; those of a step of explicit Euler where the step size a is given.
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
    matrices = Matrices(matrix, (values, conditions(right)), step)
    squares = np.square(matrix).sum((-2, -1)) - np.square(np.abs(values)).sum(-1)
    with np.errstate(divide="ignore"):
        time_scales = 1 / np.abs(values.real)
    return Spectrum(
        eigenvalues=values,
        conditions=matrices.eigen[1],
        errors=matrices.errors,
        time_scales=time_scales,
        departure=np.sqrt(np.maximum(squares, 0)),
        indices={name: INDICES[name].value(matrices) for name in of_a_matrix(step is not None)},
    )


def of_a_matrix(with_step: bool) -> list[str]:
    """The exact indices that `spectrum` gives, without or with a step size."""
    return [
        name
        for name, index in INDICES.items()
        if index.needs not in ("layers", "pseudospectrum") and (with_step or not index.of_step)
    ]
