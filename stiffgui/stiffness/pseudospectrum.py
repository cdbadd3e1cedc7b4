"""How far a matrix is from having z as an eigenvalue: the smallest singular value of z I - J.

The eps-pseudospectrum is where it is below eps (Trefethen & Embree 2005, Spectra and
Pseudospectra, section 2). Around a normal matrix's eigenvalues its contours are circles of radius
eps; far wider ones say that eigenvalues alone do not tell how J acts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MARGIN = 0.35  # of the box around the eigenvalues, on each side
PERTURBATION = 0.01  # of ||J||_2: the eps of the pseudospectral abscissa
NEAR = 1e-6  # of ||J||_2: how far from a line rounding leaves the eigenvalues that are on it


@dataclass(frozen=True)
class Pseudospectrum:
    """smallest [q, p]: sigma_min(z I - J) at z = real [p] + i imag [q]."""

    real: Array
    imag: Array
    smallest: Array

    def levels(self, most: int = 5) -> list[float]:
        """At most so many half decades eps whose contours run inside the box, largest first."""
        edge = min(side.min() for side in (*self.smallest[[0, -1]], *self.smallest.T[[0, -1]]))
        if edge <= 0:
            return []
        top = int(np.floor(2 * np.log10(edge)))
        lowest = float(self.smallest.min())
        return [10 ** (k / 2) for k in range(top, top - most, -1) if 10 ** (k / 2) > lowest]


def pseudospectrum(jacobian: object, points: int = 56) -> Pseudospectrum:
    """On a grid around the eigenvalues of one real matrix J [w, w]; float64 LAPACK.

    Raises ValueError when J is not one finite square matrix.
    """
    matrix = np.asarray(jacobian, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise ValueError(f"a pseudospectrum needs one finite square matrix, not {matrix.shape}")
    values = np.linalg.eigvals(matrix)
    size = max(float(np.ptp(values.real)), 2 * float(values.imag.max()), 1e-3)
    spare = MARGIN * max(size, 0.3 * float(np.linalg.norm(matrix, 2)))
    real = np.linspace(values.real.min() - spare, values.real.max() + spare, points)
    top = float(values.imag.max()) + spare
    upper = np.linspace(top / points, top, points // 2)
    half = smallest_singular_values(matrix, real[None, :] + 1j * upper[:, None])
    # J is real: the lower half plane mirrors the upper one.
    return Pseudospectrum(
        real, np.concatenate([-upper[::-1], upper]), np.concatenate([half[::-1], half])
    )


def pseudospectral_abscissa(matrix: Array, perturbation: float = PERTURBATION) -> float:
    """The largest real part of an eigenvalue of J + E, over all ||E||_2 <= eps = `perturbation`
    ||J||_2, of one finite real J [w, w].

    By criss-cross searches along vertical and horizontal lines, each of which meets the boundary
    of the pseudospectrum at eigenvalues of a matrix [2 w, 2 w]: to 1e-8 ||J||_2. Source: Burke,
    Lewis & Overton 2003, IMA J. Numer. Anal. 23, 359.
    """
    size = float(np.linalg.norm(matrix, 2))
    if size == 0:
        return 0.0
    scaled, identity = matrix / size, perturbation * np.eye(len(matrix))
    values = np.linalg.eigvals(scaled)
    rightmost = values[values.real.argmax()]
    found, heights = float(rightmost.real), [abs(float(rightmost.imag))]
    for _ in range(30):  # three to five, by its quadratic convergence
        before = found
        found = max(found, *(_rightmost(scaled, identity, height) for height in heights))
        if found - before <= 1e-10:
            break
        heights = _crossed(scaled, identity, found)
        if not heights:
            break
    return found * size


def _rightmost(matrix: Array, identity: Array, height: float) -> float:
    """The largest x with sigma_min((x + i y) I - J) = eps, on the line at height y."""
    shifted = matrix - 1j * height * np.eye(len(matrix)) if height else matrix
    blocks = np.block([[shifted, identity], [identity, shifted.conj().T]])
    values = np.linalg.eigvals(blocks)
    return float(values.real[np.abs(values.imag) < NEAR].max(initial=-np.inf))


def _crossed(matrix: Array, identity: Array, x: float) -> list[float]:
    """The middles y >= 0 of the intervals of the line Re z = x inside the pseudospectrum."""
    shifted = matrix - x * np.eye(len(matrix))
    values = np.linalg.eigvals(np.block([[shifted, identity], [-identity, -shifted.T]]))
    ends = np.sort(values.imag[np.abs(values.real) < NEAR])
    middles = (ends[1:] + ends[:-1]) / 2
    middles = middles[middles >= 0]
    inside = smallest_singular_values(matrix, x + 1j * middles) < identity[0, 0]
    return [float(y) for y in middles[inside]]


def smallest_singular_values(matrix: Array, z: NDArray[np.complex128]) -> Array:
    """sigma_min(z I - J) for z of any shape."""
    shifts = z.reshape(-1, 1, 1) * np.eye(len(matrix)) - matrix
    return np.asarray(np.linalg.svd(shifts, compute_uv=False)[:, -1].reshape(z.shape))
