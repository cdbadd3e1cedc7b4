"""What one Schur form tells of a matrix that is too large for the ways of small ones: eigenvalues,
their conditions, and the smallest singular value of z I - J at many z at once.

Sources: Lui 1997, SIAM J. Sci. Comput. 18, 565 (inverse Lanczos with a triangular factor);
Golub & Van Loan 2013, sections 7.2.2 and 7.6.4.

Letters for shapes: w width, m shifts z.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stiffgui.stiffness.eigen import EPS, Array

Triangle = NDArray[np.complex128]
BLOCK = 64  # rows that are solved one by one; what lies beside them is a matrix product
ACCURATE = 2e-3  # relative, of a smallest singular value
STEPS = 30  # of Lanczos, at most
SHIFTS = 256  # that are solved for together


def schur_form(matrix: Array) -> Array:
    """The real Schur form T [w, w] of a finite real J [w, w], 2 x 2 blocks on its diagonal for
    pairs; of a symmetric one its eigenvalues alone, [w]. By LAPACK."""
    from scipy.linalg.lapack import dgees

    if is_symmetric(matrix):
        return np.asarray(np.linalg.eigvalsh(matrix))
    work = int(dgees(lambda *_: False, matrix, compute_v=0, lwork=-1)[-2][0].real)
    form, *_, info = dgees(lambda *_: False, matrix, compute_v=0, lwork=work)
    if info:
        raise np.linalg.LinAlgError("the eigenvalues of this matrix did not converge")
    return np.asarray(np.triu(form, -1))


def is_symmetric(matrix: Array) -> bool:
    """Whether J = J^T to the last digit."""
    return bool((matrix == matrix.T).all())


def triangle(form: Array) -> Triangle:
    """The complex triangle that a real Schur form is similar to by rotations of its blocks."""
    out = form.astype(np.complex128)
    first = np.flatnonzero(np.diag(form, -1))
    second = first + 1
    centre, beside = (form[first, first] + form[second, second]) / 2, form[first, second]
    apart = (form[first, first] - form[second, second]) / 2
    value = centre + np.sqrt((apart**2 + beside * form[second, first]).astype(np.complex128))
    x, y = beside.astype(np.complex128), value - form[first, first]
    size = np.sqrt(np.abs(x) ** 2 + np.abs(y) ** 2)
    x, y = x / size, y / size  # an eigenvector of each block
    upper, lower = out[first], out[second]
    out[first] = x.conj()[:, None] * upper + y.conj()[:, None] * lower
    out[second] = -y[:, None] * upper + x[:, None] * lower
    left, right = out[:, first], out[:, second]
    out[:, first] = left * x + right * y
    out[:, second] = -left * y.conj() + right * x.conj()
    out[second, first] = 0
    return out


def conditions(form: Triangle) -> Array:
    """1/|u^H v| of the eigenvalues on the diagonal, [w]; infinite beyond 1/eps."""
    from scipy.linalg.lapack import ztrtri

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        vectors = _eigenvectors(form)
        inverse, info = ztrtri(vectors)
        found = np.linalg.norm(vectors, axis=0) * np.linalg.norm(np.triu(inverse), axis=1)
    known = np.isfinite(found) & (found < 1 / EPS) & (info == 0)
    return np.where(known, found, np.inf)


def _eigenvectors(form: Triangle) -> Triangle:
    """Right eigenvectors of T, an upper triangle with ones on its diagonal."""
    width, values = len(form), form.diagonal()
    least = EPS * max(float(np.abs(form).max()), np.finfo(float).tiny)
    out = np.eye(width, dtype=np.complex128)
    for end in range(width, 0, -BLOCK):
        begin = max(0, end - BLOCK)
        out[begin:end, end:] = form[begin:end, end:] @ out[end:, end:]
        for i in range(end - 1, begin - 1, -1):
            row = out[i, i + 1 :] * (np.arange(i + 1, width) >= end)
            row = row + form[i, i + 1 : end] @ out[i + 1 : end, i + 1 :]
            gap = values[i + 1 :] - values[i]
            out[i, i + 1 :] = row / np.where(np.abs(gap) < least, least, gap)
    return out


def smallest_by_triangle(form: Triangle, z: NDArray[np.complex128]) -> Array:
    """sigma_min(z I - T) for z of any shape, to ACCURATE: by Lanczos with the inverse of
    (z I - T)^H (z I - T), of many z at once."""
    flat = z.ravel()
    parts = [_smallest(form, flat[k : k + SHIFTS]) for k in range(0, len(flat), SHIFTS)]
    return np.concatenate(parts).reshape(z.shape)


def _smallest(form: Triangle, z: Triangle) -> Array:
    width, count = len(form), len(z)
    random = np.random.default_rng(0)
    now = random.normal(size=(width, 1)) + 1j * random.normal(size=(width, 1))
    now = np.repeat(now / np.linalg.norm(now), count, axis=1)
    before, beta = np.zeros_like(now), np.zeros(count)
    along: list[Array] = []
    beside: list[Array] = []
    largest = np.zeros(count)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(min(STEPS, width)):
            image = _solve_lower(form, z, _solve_upper(form, z, now)) - beta * before
            along.append(np.einsum("wm,wm->m", now.conj(), image).real)
            image -= along[-1] * now
            beta = np.linalg.norm(image, axis=0)
            last, largest = largest, _largest(along, beside)
            known = np.isfinite(largest)
            if (np.abs(largest - last)[known] <= ACCURATE * largest[known]).all():
                break
            beside.append(beta)
            before, now = now, image / np.where(beta > 0, beta, 1.0)
        return np.where(np.isfinite(largest) & (largest > 0), 1 / np.sqrt(largest), 0.0)


def _largest(along: list[Array], beside: list[Array]) -> Array:
    """The largest eigenvalue of each symmetric tridiagonal matrix, [m]; NaN where it overflowed."""
    size, count = len(along), len(along[0])
    square = np.zeros((count, size, size))
    places = np.arange(size)
    square[:, places, places] = np.stack(along, -1)
    if beside:
        square[:, places[1:], places[:-1]] = np.stack(beside, -1)  # the lower half is read
    known = np.isfinite(square).all((-2, -1))
    out = np.full(count, np.nan)
    if known.any():
        out[known] = np.linalg.eigvalsh(square[known])[:, -1]
    return out


def _solve_upper(form: Triangle, z: Triangle, right: Triangle) -> Triangle:
    """(z I - T)^-1 b of [w, m], each column with its own z."""
    out = np.empty_like(right)
    for end in range(len(form), 0, -BLOCK):
        begin = max(0, end - BLOCK)
        out[begin:end] = right[begin:end] + form[begin:end, end:] @ out[end:]
        for i in range(end - 1, begin - 1, -1):
            out[i] += form[i, i + 1 : end] @ out[i + 1 : end]
            out[i] /= _apart(z - form[i, i])
    return out


def _solve_lower(form: Triangle, z: Triangle, right: Triangle) -> Triangle:
    """(z I - T)^-H b of [w, m]."""
    out = np.empty_like(right)
    width = len(form)
    for begin in range(0, width, BLOCK):
        end = min(width, begin + BLOCK)
        out[begin:end] = right[begin:end] + form[:begin, begin:end].conj().T @ out[:begin]
        for i in range(begin, end):
            out[i] += form[begin:i, i].conj() @ out[begin:i]
            out[i] /= _apart((z - form[i, i]).conj())
    return out


def _apart(gaps: Triangle) -> Triangle:
    """Where z is an eigenvalue, next to it."""
    return np.where(gaps == 0, EPS, gaps)
