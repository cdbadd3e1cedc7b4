"""|l_1| and sigma_1 alone, in float64 without a gradient: what watching needs of layers.

No other eigenvalue or singular value is computed. Every number is checked by its residuals, and
what does not pass goes to LAPACK. Matrices are first brought to entries of about 1 by powers of
two, which is exact: squares of tiny and huge entries would otherwise vanish or overflow. Import it
inside functions: it imports torch and numba (ADR 2).

Letters for shapes: K matrices, L layers, B samples, w width, m steps.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from stiffgui.stiffness.dominant import start_vectors
from stiffgui.stiffness.eigen import Array, dominant, eigen
from stiffgui.stiffness.kernels import dominant as kernel

# Estimated relative errors beyond which LAPACK decides: of |l_1| the product of both residuals
# and the condition (the true error was at most 8 times that), of sigma_1^2 its residual (which
# bounds the error; near convergence it is about the residual's square).
RADIUS, SINGULAR = 1e-9, 1e-6
SMALL = 64  # up to this width sigma_1^2 is |l_1| of J^T J by the same squarings
FIRST, FURTHER, MOST = 16, 8, 128  # Lanczos steps before the first check, the next, in all


def spectral_radii(matrices: Array) -> tuple[Array, Array]:
    """|l_1| of finite matrices [..., w, w], and the condition of that eigenvalue: [...] each.

    By squarings and a two-sided quotient (`dominant.dominant`, in float64). It agrees with
    LAPACK to 1e-8, or as far as the eigenvalue's own condition lets two ways agree.
    """
    width = matrices.shape[-1]
    flat = matrices.reshape(-1, width, width)
    exponents = _exponents(np.abs(flat).max((-2, -1)))
    flat = np.ascontiguousarray(flat * np.ldexp(1.0, -exponents)[:, None, None])
    radii, sensitive, vouched = _by_squarings(flat)
    if not vouched.all():
        radii[~vouched], sensitive[~vouched] = dominant(eigen(flat[~vouched]))
    shape, radii = matrices.shape[:-2], np.asarray(np.ldexp(radii, exponents))
    return radii.reshape(shape), sensitive.reshape(shape)


def singular_values(slopes: Array, weight: Array) -> Array:
    """sigma_1 of finite J = diag(d) W, to 1e-6: [L, B, w], [L, w, w] -> [L, B].

    Of narrow layers the root of |l_1| of J^T J, of wide ones by Lanczos, which forms no J.
    """
    width = slopes.shape[-1]
    slopes, weight, exponents = scaled(slopes, weight)
    if width > SMALL:
        values = np.stack([_by_lanczos(d, w) for d, w in zip(slopes, weight, strict=True)])
        return np.asarray(np.ldexp(values, exponents))
    flat = (slopes[..., None] * weight[:, None]).reshape(-1, width, width)
    squares, _, vouched = _by_squarings(flat.swapaxes(-1, -2) @ flat)
    values = np.sqrt(squares)
    if not vouched.all():
        values[~vouched] = _dense(flat[~vouched])
    return np.asarray(np.ldexp(values.reshape(slopes.shape[:-1]), exponents))


def scaled(slopes: Array, weight: Array) -> tuple[Array, Array, NDArray[np.int32]]:
    """d', W' and e [L, B] with diag(d) W = 2^e diag(d') W', the largest entries of W' and of
    diag(d') W' about 1."""
    rows = np.abs(weight).max(-1)
    of_rows = _exponents(rows)
    exponents = _exponents((np.abs(slopes) * rows[:, None]).max(-1))
    scaled = np.ldexp(slopes, of_rows[:, None] - exponents[..., None])
    return scaled, weight * np.ldexp(1.0, -of_rows)[..., None], exponents


def _exponents(sizes: Array) -> NDArray[np.int32]:
    """Of powers of two that bring numbers to about 1; such that these powers are normal numbers."""
    return np.asarray(np.frexp(sizes)[1].clip(-1021, 1021))


def _dense(matrices: Array) -> Array:
    return np.asarray(np.linalg.svd(matrices, compute_uv=False)[..., 0])


def _by_squarings(matrices: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """|l_1| of [K, w, w], its condition, and which of them are vouched for."""
    width = matrices.shape[-1]
    if width == 1:
        ones = np.ones(len(matrices))
        return np.abs(matrices[:, 0, 0]), ones, ones > 0
    tensor = torch.from_numpy(matrices)
    start = start_vectors(width, tensor.dtype, tensor.device)
    radii, left, right, trusted = (t.numpy() for t in kernel.dominant(tensor, start))
    # u^T J v = |l_1|, so that u^T v has the phase of the conjugate of l_1.
    u, v = left[:, 0] - 1j * left[:, 1], right[:, 0] + 1j * right[:, 1]
    phase = np.conj((u * v).sum(-1))
    size = np.abs(phase)
    value = (radii * phase / np.where(size > 0, size, 1))[:, None]
    image_v = right @ matrices.swapaxes(-1, -2)
    image_u = left @ matrices
    left_v = image_v[:, 0] + 1j * image_v[:, 1] - value * v
    off_v = np.linalg.norm(left_v, axis=-1)
    off_u = np.linalg.norm(image_u[:, 0] - 1j * image_u[:, 1] - value * u, axis=-1)
    # What is left of J v lies along the eigenvectors next to v: its quotient is next to l_1.
    image = np.stack((left_v.real, left_v.imag), 1) @ matrices.swapaxes(-1, -2)
    square = np.square(off_v)
    beside = (left_v.conj() * (image[:, 0] + 1j * image[:, 1])).sum(-1) / np.where(
        square > 0, square, 1
    )
    gap = np.minimum(np.abs(value[:, 0] - beside), radii)
    certain = np.maximum(off_u, np.linalg.norm(u, axis=-1) * off_v) <= RADIUS * radii
    lengths = np.linalg.norm(u, axis=-1) * np.linalg.norm(v, axis=-1)
    condition = lengths / np.where(size > 0, size, 1)
    return radii, condition, trusted & (certain | (off_v * off_u <= RADIUS * radii * gap))


def _by_lanczos(slopes: Array, weight: Array) -> Array:
    """sigma_1 of J = diag(d) W of one layer, all samples at once: [B, w], [w, w] -> [B].

    Lanczos on J^T J from a fixed random vector, orthogonalised twice against all before it.
    Source: Golub & Van Loan, Matrix Computations, 4th edition, sections 10.1 and 10.4.
    """
    samples, width = slopes.shape
    most, squares = min(MOST, width), np.square(slopes)
    rows = np.zeros((samples, most + 1, width))
    small = np.zeros((samples, most, most))  # J^T J in the basis of the rows
    start = np.random.default_rng(1).standard_normal(width)
    rows[:, 0] = start / np.linalg.norm(start)
    for m in range(most):
        before = rows[:, : m + 1]
        image = (squares * (rows[:, m] @ weight.T)) @ weight
        small[:, m, m] = (image * rows[:, m]).sum(-1)
        for _ in range(2):
            along = before @ image[:, :, None]
            image -= (along.swapaxes(-1, -2) @ before)[:, 0]
        length = np.linalg.norm(image, axis=-1)
        rows[:, m + 1] = image / np.where(length > 0, length, 1)[:, None]
        due = m + 1 >= FIRST and (m + 1 - FIRST) % FURTHER == 0
        if due or m + 1 == most:
            values, vectors = np.linalg.eigh(small[:, : m + 1, : m + 1])
            largest = values[:, -1].clip(min=0)
            settled = length * np.abs(vectors[:, -1, -1]) <= SINGULAR * largest
            if settled.all():
                break
        if m + 1 < most:
            small[:, m, m + 1] = small[:, m + 1, m] = length
    found = np.sqrt(largest)
    if not settled.all():
        found[~settled] = _dense(slopes[~settled][..., None] * weight)
    return np.asarray(found)
