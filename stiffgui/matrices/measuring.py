"""Measures matrices: small ones are kept as they are; of large ones first what leads, within
seconds, then all there is by LAPACK.

Letters for shapes: B samples, w width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.runs.foreign import Array, Leading, MeasuredLayer
from stiffgui.stiffness import pseudospectrum_of_factor, schur
from stiffgui.stiffness.eigen import EPS
from stiffgui.stiffness.pseudospectrum import SLOW
from stiffgui.watching.matrix_free import (
    arnoldi,
    eigenvalues,
    singular_values,
)

LARGE = 200  # widths beyond it are not kept
LEADING = 20  # eigenvalues that come first
TOLERANCE = 5e-7  # relative, of these
BASIS, RESTARTS = 300, 2  # of Arnoldi, so that a random matrix of width 4096 takes six seconds
NORM_TOLERANCE = 1e-3  # of the squared norm's vector: that of the norm is its square
PROJECTED = 100  # vectors of the Krylov space that a pseudospectrum is projected on
# What is computed of a large matrix, in order, and how many seconds it took a core at width 4096.
STAGES = {
    "eigenvalues": 31.0,
    "their conditions": 18.0,
    "singular values": 29.0,
    "logarithmic norms": 7.0,
    "norm of a step": 9.0,
    "pseudospectrum": 25.0,  # of widths beyond SLOW; else it is computed when it is looked at
}

Factor = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Products:
    """J of B samples as products with the matrices [B, w, w]."""

    matrices: Array

    @property
    def shape(self) -> tuple[int, int]:
        """[B, w]."""
        return len(self.matrices), self.matrices.shape[-1]

    def times(self, vectors: Array) -> Array:
        """J v, [B, w]."""
        return np.stack([m @ v for m, v in zip(self.matrices, vectors, strict=True)])

    def transposed(self, vectors: Array) -> Array:
        """J^T u, [B, w]."""
        return np.stack([u @ m for m, u in zip(self.matrices, vectors, strict=True)])

    def some(self, rows: slice) -> Products:
        """Of some samples."""
        return Products(self.matrices[rows])


def first_look(matrices: Array, step: float) -> tuple[MeasuredLayer, Factor]:
    """A layer of matrices [B, w, w] as it can be shown at once; of large ones LEADING eigenvalues
    with their residuals, sigma_1 and the norm, and what a pseudospectrum is projected on. Of
    symmetric ones all there is takes no longer."""
    width = matrices.shape[-1]
    if width <= LARGE:
        return MeasuredLayer(width, step, matrices, how="given"), {}
    if all(schur.is_symmetric(matrix) for matrix in matrices):
        *_, done = whole(matrices, step)
        assert not isinstance(done, str)
        return done
    products = Products(matrices)
    each = [_leading(products.some(slice(b, b + 1))) for b in range(len(matrices))]
    parts = {name: np.stack([one[name] for one in each]) for name in each[0]}
    layer = MeasuredLayer(width, step, leading=Leading(**parts), how="matrix-free")
    _, projected = arnoldi(matrices[0].__matmul__, width, PROJECTED)
    return layer, {"projected": projected}


def unseen(matrices: Array, step: float) -> MeasuredLayer:
    """A layer before its first look: of a large one nothing is known."""
    samples, width = matrices.shape[:2]
    if width <= LARGE:
        return first_look(matrices, step)[0]
    several, one = np.full((samples, LEADING), np.nan), np.full(samples, np.nan)
    values, singular = several.astype(np.complex128), one[:, None]
    leading = Leading(values, several, singular, singular, one, one)
    return MeasuredLayer(width, step, leading=leading, how="matrix-free")


def _leading(products: Products) -> dict[str, NDArray[Any]]:
    """The fields of `Leading` of one matrix."""
    (matrix,) = products.matrices
    found = eigenvalues(products, TOLERANCE, LEADING, BASIS, RESTARTS)
    singular = singular_values(products, NORM_TOLERANCE, 1, RESTARTS)
    return {
        "eigenvalues": found.values.astype(np.complex128),
        "residuals": found.residuals,
        "singular": singular.values,
        "singular_residuals": singular.residuals,
        "frobenius": np.asarray(np.linalg.norm(matrix)),
        "frobenius_errors": np.asarray(np.nan),  # it is exact
    }


def whole(matrices: Array, step: float) -> Iterator[str | tuple[MeasuredLayer, Factor]]:
    """All eigenvalues and singular values of a layer of large matrices: each of STAGES as it
    begins, then the layer, with the Schur form of its first matrix; of the largest ones then again,
    with its pseudospectrum."""
    each: list[dict[str, Any]] = []
    factor: Factor = {}
    for matrix in matrices:
        found: dict[str, Any] = {}
        yield "eigenvalues"
        form = schur.schur_form(matrix)
        factor = factor or {"schur": form}
        yield "their conditions"
        norm = np.linalg.norm(matrix)
        if form.ndim == 1:
            values, sensitive = form.astype(np.complex128), np.ones(len(form))
        else:
            triangle = schur.triangle(form)
            values, sensitive = triangle.diagonal(), schur.conditions(triangle)
            del triangle
        order = np.argsort(-np.abs(values), kind="stable")
        found["eigenvalues"], found["conditions"] = values[order], sensitive[order]
        found["residuals"] = found["conditions"] * EPS * norm
        yield "singular values"
        is_diagonal = form.ndim == 1
        found["singular"] = np.abs(values[order]) if is_diagonal else _singular(matrix)
        found["singular_residuals"] = np.zeros(len(matrix))
        found["frobenius"], found["frobenius_errors"] = np.asarray(norm), np.asarray(np.nan)
        yield "logarithmic norms"
        ends = form if is_diagonal else np.linalg.eigvalsh((matrix + matrix.T) / 2)
        found["log_norms"] = np.array([ends.min(), ends.max()])
        yield "norm of a step"
        found["step_norm"] = np.asarray(_step_norm(matrix, step, form))
        each.append(found)
    parts = {name: np.stack([one[name] for one in each]) for name in each[0]}
    width = matrices.shape[-1]
    layer = MeasuredLayer(width, step, leading=Leading(**parts), how="given")
    yield layer, factor
    if width > SLOW and factor["schur"].ndim == 2:
        yield "pseudospectrum"
        seen = pseudospectrum_of_factor(factor)
        yield layer, factor | {n: getattr(seen, n) for n in ("real", "imag", "smallest")}


def _singular(matrix: Array) -> Array:
    return np.asarray(np.linalg.svd(matrix, compute_uv=False))


def _step_norm(matrix: Array, step: float, form: Array) -> float:
    """||I + a J||_2."""
    if form.ndim == 1:
        return float(np.abs(1 + step * form).max())
    moved = np.eye(len(matrix)) + step * matrix
    return float(np.sqrt(np.linalg.eigvalsh(moved.T @ moved)[-1]))


def seconds_of(width: int, stage: str) -> float:
    """About how many seconds a stage takes."""
    if stage == "pseudospectrum" and width <= SLOW:
        return 0.0
    return STAGES[stage] * (width / 4096) ** 3
