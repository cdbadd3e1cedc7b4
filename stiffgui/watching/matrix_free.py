"""What products with J alone tell of it: where matrices would be too large to be formed.

Sources: Lehoucq, Sorensen & Yang 1998, ARPACK Users' Guide (implicitly restarted Arnoldi);
Hutchinson 1990, Commun. Stat. Simul. 19, 433 (the Frobenius norm, as the trace of J^T J).

Letters for shapes: B samples, w width, k leading values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stiffgui.runs.foreign import Array, Leading
from stiffgui.stiffness.eigen import EPS

EIGENVALUES, SINGULAR = 6, 2  # k
BASIS = 40  # vectors of the Krylov space
RESTARTS = 30
MOST_RITZ = 150  # vectors of one that is not restarted
PROBES = 32  # random vectors of the Frobenius norm
SEED = 0


class Products(Protocol):
    """J of B samples as products; `some` are those of some of them."""

    @property
    def shape(self) -> tuple[int, int]:
        """[B, w]."""

    def times(self, vectors: Array) -> Array:
        """J v, [B, w]."""

    def transposed(self, vectors: Array) -> Array:
        """J^T u, [B, w]."""

    def some(self, rows: slice) -> Any:
        """Of some samples."""


@dataclass(frozen=True)
class _Found:
    """Values [k] and residuals [k]."""

    values: NDArray[Any]
    residuals: Array


def leading(products: Products, tolerance: float) -> Leading:
    """The leading eigenvalues and singular values, and the Frobenius norm.

    `tolerance`: relative, of ARPACK: what the precision of the products allows. Random vectors are
    the same at every call.
    """
    samples, _ = products.shape
    norms, errors = frobenius(products)
    known = np.isfinite(norms)  # else a model has diverged, and ARPACK knows no NaN
    each = [products.some(slice(b, b + 1)) for b in range(samples)]
    pairs = list(zip(each, known, strict=True))
    eigen = [eigenvalues(one, tolerance) if ok else _nothing(EIGENVALUES) for one, ok in pairs]
    singular = [singular_values(one, tolerance) if ok else _nothing(SINGULAR) for one, ok in pairs]
    return Leading(
        np.stack([found.values for found in eigen]),
        np.stack([found.residuals for found in eigen]),
        np.stack([found.values for found in singular]),
        np.stack([found.residuals for found in singular]),
        norms,
        errors,
    )


def eigenvalues(
    products: Products,
    tolerance: float,
    count: int = EIGENVALUES,
    basis: int = BASIS,
    restarts: int = RESTARTS,
) -> _Found:
    """Those of largest modulus of one sample's J, by descending modulus, and ||J v - l v||.

    Where ARPACK does not converge, as far from normal, they are Ritz values of a Krylov space
    without restarts, and the residual says how far off they are.
    """
    from scipy.sparse.linalg import ArpackError, eigs

    width = products.shape[1]
    times = _of_one(products.times)
    operator = _operator(width, times)
    size = min(basis, width - 1)
    try:
        values, vectors = eigs(
            operator, count + 1, v0=_start(width), ncv=size, tol=tolerance, maxiter=restarts
        )
        kept = _paired(values)  # half of a pair that is cut in two comes without its vector
        values, vectors = values[kept], vectors[:, kept]
    except ArpackError:
        values, vectors = _ritz(times, width, min(size, MOST_RITZ))
    return _with_residuals(times, values, vectors, count)


def _paired(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of the eigenvalues of a real matrix are real, or there with their conjugate."""
    apart = np.abs(values[:, None] - values.conj()).min(1)
    return np.asarray(apart <= 1e-6 * np.abs(values).max())


def _with_residuals(
    times: Callable[[Array], Array], values: NDArray[Any], vectors: NDArray[Any], count: int
) -> _Found:
    """So many of them by descending modulus, and ||J v - l v||."""
    order = np.argsort(-np.abs(values), kind="stable")[:count]
    values, vectors = values[order], vectors[:, order]
    residuals = [
        np.linalg.norm(times(v.real) + 1j * times(v.imag) - value * v) / np.linalg.norm(v)
        for value, v in zip(values, vectors.T, strict=True)
    ]
    return _Found(_filled(values, count, np.complex128), _filled(residuals, count, np.float64))


def _ritz(
    times: Callable[[Array], Array], width: int, size: int
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Ritz values [size] and vectors [w, size]."""
    basis, square = arnoldi(times, width, size)
    size = square.shape[1]
    values, vectors = np.linalg.eig(square[:size])
    return values.astype(np.complex128), basis[:, :size] @ vectors


def arnoldi(times: Callable[[Array], Array], width: int, size: int) -> tuple[Array, Array]:
    """A basis [w, size + 1] of the Krylov space, and the Hessenberg matrix [size + 1, size] with
    J basis[:, :size] = basis square; orthogonalised twice. Fewer where that space ends."""
    basis, square = np.zeros((width, size + 1)), np.zeros((size + 1, size))
    basis[:, 0] = _start(width) / np.linalg.norm(_start(width))
    for k in range(size):
        image = times(basis[:, k])
        for _ in range(2):
            along = basis[:, : k + 1].T @ image
            image, square[: k + 1, k] = (
                image - basis[:, : k + 1] @ along,
                square[: k + 1, k] + along,
            )
        square[k + 1, k] = np.linalg.norm(image)
        if square[k + 1, k] <= EPS * np.abs(square).max():  # an invariant space
            return basis[:, : k + 2], square[: k + 2, : k + 1]
        basis[:, k + 1] = image / square[k + 1, k]
    return basis, square


def singular_values(
    products: Products, tolerance: float, count: int = SINGULAR, restarts: int = RESTARTS
) -> _Found:
    """The largest ones of one sample's J, descending, and ||J^T u - s v|| with u = J v / s."""
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh

    width = products.shape[1]
    times, transposed = _of_one(products.times), _of_one(products.transposed)
    squared = _operator(width, lambda v: transposed(times(v)))
    try:
        _, vectors = eigsh(
            squared,
            count,
            v0=_start(width),
            ncv=min(BASIS, width - 1),
            tol=tolerance,
            maxiter=restarts,
        )
    except ArpackNoConvergence as error:
        vectors = error.eigenvectors
    found = []
    for v in vectors.T:
        image = times(v)
        size = float(np.linalg.norm(image))
        back = transposed(image / size) if size else np.zeros(width)
        found.append((size, float(np.linalg.norm(back - size * v))))
    found.sort(reverse=True)
    values, residuals = ([pair[at] for pair in found] for at in (0, 1))
    return _Found(_filled(values, count, np.float64), _filled(residuals, count, np.float64))


def frobenius(products: Products, probes: int = PROBES) -> tuple[Array, Array]:
    """||J||_F and its standard error, [B] each: E ||J z||^2 = ||J||_F^2 for random signs z."""
    random = np.random.default_rng(SEED)
    with np.errstate(over="ignore"):
        images = (products.times(random.choice((-1.0, 1.0), products.shape)) for _ in range(probes))
        squares = np.stack([np.square(image).sum(-1) for image in images])
    norms = np.sqrt(squares.mean(0))  # NaN or infinite of a model that has diverged
    errors = squares.std(0, ddof=1) / np.sqrt(probes) / (2 * np.where(norms > 0, norms, 1.0))
    return norms, errors


def _operator(width: int, times: Callable[[Array], Array]) -> Any:
    from scipy.sparse.linalg import LinearOperator

    return LinearOperator((width, width), matvec=times, dtype=np.float64)


def _of_one(product: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Of one vector [w]."""
    return lambda v: product(np.asarray(v, np.float64).reshape(1, -1))[0]


def _start(width: int) -> Array:
    return np.random.default_rng(SEED).normal(size=width)


def _nothing(count: int) -> _Found:
    return _Found(np.full(count, np.nan), np.full(count, np.nan))


def _filled(values: Any, count: int, kind: Any) -> NDArray[Any]:
    out = np.full(count, np.nan, kind)
    out[: len(values)] = values
    return out
