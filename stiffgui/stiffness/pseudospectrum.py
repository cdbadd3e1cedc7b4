"""How far a matrix is from having z as an eigenvalue: the smallest singular value of z I - J.

The eps-pseudospectrum is where it is below eps (Trefethen & Embree 2005, Spectra and
Pseudospectra, section 2). Around a normal matrix's eigenvalues its contours are circles of radius
eps; far wider ones say that eigenvalues alone do not tell how J acts.

Of large matrices it is taken of one Schur form (Lui 1997, SIAM J. Sci. Comput. 18, 565), or of the
projection on a Krylov space, which bounds it from above (Toh & Trefethen 1996, SIAM J. Sci. Comput.
17, 1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.stiffness.schur import smallest_by_triangle, triangle

Array = NDArray[np.float64]
Box = tuple[float, float, float, float]  # from and to, on the real and the imaginary axis
MARGIN = 0.35  # of the box around the eigenvalues, on each side
SLOW, POINTS, FEWER_POINTS = 1500, 28, 20  # on each side, of Schur forms up to and beyond a width
PERTURBATION = 0.01  # of ||J||_2: the eps of the pseudospectral abscissa
NEAR = 1e-6  # of ||J||_2: how far from a line rounding leaves the eigenvalues that are on it


@dataclass(frozen=True)
class Pseudospectrum:
    """smallest [q, p]: sigma_min(z I - J) at z = real [p] + i imag [q]. `part`: in a box that was
    asked for. `vectors`: of the Krylov space, where it is projected on one."""

    real: Array
    imag: Array
    smallest: Array
    part: bool = False
    vectors: int = 0

    def levels(self, most: int = 5) -> list[float]:
        """At most so many half decades eps whose contours run inside the box, largest first; of a
        part all that cross it."""
        edge = float(self.smallest.max()) if self.part else self._edge
        if edge <= 0:
            return []
        top = int(np.floor(2 * np.log10(edge)))
        lowest = float(self.smallest.min())
        return [10 ** (k / 2) for k in range(top, top - most, -1) if 10 ** (k / 2) > lowest]

    @property
    def _edge(self) -> float:
        sides = (*self.smallest[[0, -1]], *self.smallest.T[[0, -1]])
        return float(min(side.min() for side in sides))


def pseudospectrum(jacobian: object, points: int = 56, box: Box | None = None) -> Pseudospectrum:
    """On a grid around the eigenvalues of one real matrix J [w, w], or in a box; float64 LAPACK.

    Raises ValueError when J is not one finite square matrix.
    """
    matrix = np.asarray(jacobian, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise ValueError(f"a pseudospectrum needs one finite square matrix, not {matrix.shape}")
    values = np.linalg.eigvals(matrix).astype(np.complex128)
    around = box or _around(values, float(np.linalg.norm(matrix, 2)))
    return _on_grid(lambda z: smallest_singular_values(matrix, z), around, points, bool(box))


def pseudospectrum_of_factor(
    factor: Mapping[str, NDArray[Any]], box: Box | None = None
) -> Pseudospectrum:
    """As `pseudospectrum` of a large matrix, of its real `schur` form [w, w] or, of a symmetric
    one, its eigenvalues [w]; else of `projected`, Arnoldi's Hessenberg matrix [k + 1, k]. One that
    is there already, `smallest` on its grid, is taken as it is."""
    if box is None and "smallest" in factor:
        return Pseudospectrum(factor["real"], factor["imag"], factor["smallest"])
    if "schur" not in factor:
        hessenberg = factor["projected"]
        size = hessenberg.shape[1]
        values = np.linalg.eigvals(hessenberg[:size])
        around = box or _around(values, float(np.linalg.norm(hessenberg, 2)))
        found = _on_grid(lambda z: _of_projection(hessenberg, z), around, POINTS, bool(box))
        return Pseudospectrum(found.real, found.imag, found.smallest, found.part, size)
    form = factor["schur"]
    if form.ndim == 1:
        around = box or _around(form.astype(np.complex128), float(np.abs(form).max()))
        return _on_grid(lambda z: _distances(form, z), around, POINTS, bool(box))
    whole = triangle(form)
    points = POINTS if len(form) <= SLOW else FEWER_POINTS
    values = whole.diagonal()
    around = box or _around(values, float(np.abs(values).max()))
    return _on_grid(lambda z: smallest_by_triangle(whole, z), around, points, bool(box))


def _around(values: NDArray[np.complex128], norm: float) -> Box:
    """The box around eigenvalues of a matrix with that norm."""
    size = max(float(np.ptp(values.real)), 2 * float(values.imag.max()), 1e-3)
    spare = MARGIN * max(size, 0.3 * norm)
    top = float(values.imag.max()) + spare
    return float(values.real.min()) - spare, float(values.real.max()) + spare, -top, top


def _on_grid(
    smallest: Callable[[NDArray[np.complex128]], Array], box: Box, points: int, part: bool
) -> Pseudospectrum:
    left, right, low, high = box
    real = np.linspace(left, right, points)
    if low != -high:
        imag = np.linspace(low, high, points)
        return Pseudospectrum(real, imag, smallest(real[None, :] + 1j * imag[:, None]), part)
    upper = np.linspace(high / points, high, points // 2)
    half = smallest(real[None, :] + 1j * upper[:, None])
    # J is real: the lower half plane mirrors the upper one.
    return Pseudospectrum(
        real, np.concatenate([-upper[::-1], upper]), np.concatenate([half[::-1], half]), part
    )


def _of_projection(hessenberg: Array, z: NDArray[np.complex128]) -> Array:
    shifts = np.eye(*hessenberg.shape)
    rows = [np.linalg.svd(row[:, None, None] * shifts - hessenberg, compute_uv=False) for row in z]
    return np.stack([row[:, -1] for row in rows])


def _distances(values: Array, z: NDArray[np.complex128]) -> Array:
    """From z to the nearest of real numbers."""
    ordered = np.sort(values)
    right = np.clip(np.searchsorted(ordered, z.real), 1, len(ordered) - 1)
    near = np.stack([ordered[right - 1], ordered[right]])
    return np.asarray(np.abs(z - near).min(0))


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
