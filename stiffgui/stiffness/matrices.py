"""Matrices and what LAPACK says of them, each number computed once: what indices are made of.

Letters for shapes: R trials, N layers, L some of them, B samples, w width.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stiffgui.stiffness.eigen import EPS, Array, Eigen, dominant, eigen


class Matrices:
    """A batch of matrices [..., w, w], by LAPACK; what is needed is computed once, when first
    asked for. `eigen`: eigenvalues and conditions [..., w], where they are known already; `step`:
    the step size a of the layers, where one is known."""

    def __init__(
        self, jacobians: Array, eigen: Eigen | None = None, step: float | None = None
    ) -> None:
        self._given, self._step = np.asarray(jacobians, dtype=np.float64), step
        if eigen is not None:
            self.__dict__["eigen"] = eigen

    @classmethod
    def known(cls, step: float, **facts: Any) -> Matrices:
        """Of matrices that are not at hand, with these properties: no other has a value."""
        found = cls.__new__(cls)
        found._step = step
        found.__dict__.update(facts)
        return found

    @property
    def jacobians(self) -> Array:
        """[..., w, w]."""
        return self._given

    @property
    def step(self) -> float:
        """a. Raises ValueError where it is not known."""
        if self._step is None:
            raise ValueError("this index needs the step size of the layers: give step=")
        return self._step

    @cached_property
    def eigen(self) -> Eigen:
        """Eigenvalues [..., w], as LAPACK orders them, and their conditions 1/|u^H v| [..., w]."""
        return eigen(self.jacobians)

    @property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """[..., w]."""
        return self.eigen[0]

    @property
    def errors(self) -> Array:
        """How far rounding may move each eigenvalue, to first order: its condition times
        eps ||J||_F, [..., w] (Golub & Van Loan, section 7.2.2)."""
        return _moved(self.eigen[1], self.norm[..., None])

    @property
    def decays(self) -> NDArray[np.bool_]:
        """Which eigenvalues decay, [..., w]: Re l < 0 by more than rounding may have moved l."""
        return np.asarray(self.eigenvalues.real < -self.errors)

    @cached_property
    def singular_values(self) -> Array:
        """[..., w], descending."""
        return _singular_values(self.jacobians)

    @cached_property
    def norm(self) -> Array:
        """||J||_F [...]."""
        exponents = np.frexp(np.abs(self.jacobians).max((-2, -1)))[1]  # squares stay numbers
        matrices = np.ldexp(self.jacobians, -exponents[..., None, None])
        return np.asarray(np.ldexp(np.linalg.norm(matrices, axis=(-2, -1)), exponents))

    @cached_property
    def largest(self) -> Array:
        """sigma_1 [...]."""
        return np.asarray(self.singular_values[..., 0])

    @property
    def radius(self) -> Array:
        """|l_1| [...]."""
        return self.dominant[0]

    @property
    def radius_error(self) -> Array:
        """How far rounding may move |l_1|, as `errors`: [...]."""
        return _moved(self.dominant[1], self.norm)

    @cached_property
    def dominant(self) -> tuple[Array, Array]:
        """|l_1| and its condition, [...] each."""
        return dominant(self.eigen)

    @cached_property
    def log_norms(self) -> Array:
        """Lower and upper logarithmic norm, the ends of the spectrum of (J + J^T)/2: [..., 2]."""
        symmetric = (self.jacobians + self.jacobians.swapaxes(-1, -2)) / 2
        return np.asarray(np.linalg.eigvalsh(symmetric)[..., [0, -1]])

    @cached_property
    def step_norm(self) -> Array:
        """||I + a J||_2 [...]."""
        width = self.jacobians.shape[-1]
        return _singular_values(np.eye(width) + self.step * self.jacobians)[..., 0]

    @cached_property
    def pseudo_abscissa(self) -> Array:
        """See `pseudospectrum.pseudospectral_abscissa`, [...]."""
        from stiffgui.stiffness.pseudospectrum import pseudospectral_abscissa

        *shape, width, _ = self.jacobians.shape
        flat = self.jacobians.reshape(-1, width, width)
        return np.array([pseudospectral_abscissa(matrix) for matrix in flat]).reshape(shape)

    @cached_property
    def growth(self) -> Array:
        """Of matrices [..., N, B, w, w] of layers 1..N: log sigma_i of the product of I + a J up
        to each layer, of the leading `propagator.LEADING` ones, [..., N, B, LEADING]."""
        from stiffgui.stiffness.propagator import growth

        return np.moveaxis(growth(self._layers(), self.step), 0, -3)

    def _layers(self) -> Iterable[Array]:
        """The matrices of one layer after another, [..., B, w, w] each."""
        return np.moveaxis(self.jacobians, -4, 0)


class LayerMatrices(Matrices):
    """J = diag(d) W of layers: d [L, B, w], W [L, w, w]. What does not need J does not form it.

    sigma_1 and |l_1| alone come from `largest.py`, as close to LAPACK's as is said there; where
    all singular values or eigenvalues are known, from these.
    """

    def __init__(self, slopes: Array, weight: Array, step: float | None = None) -> None:
        self._slopes, self._weight, self._step = slopes, weight, step

    @cached_property
    def jacobians(self) -> Array:
        """[L, B, w, w]."""
        return np.asarray(self._slopes[..., None] * self._weight[:, None])

    def _layers(self) -> Iterable[Array]:
        pairs = zip(self._slopes, self._weight, strict=True)
        return (slopes[..., None] * weight for slopes, weight in pairs)

    @cached_property
    def norm(self) -> Array:
        """sqrt(sum_i d_i^2 |W_i|^2), [L, B]."""
        from stiffgui.stiffness.largest import scaled

        slopes, weight, exponents = scaled(self._slopes, self._weight)
        rows = np.square(weight).sum(-1)[..., None]
        return np.asarray(np.ldexp(np.sqrt(np.square(slopes) @ rows)[..., 0], exponents))

    @cached_property
    def largest(self) -> Array:
        from stiffgui.stiffness.largest import singular_values

        if "singular_values" in self.__dict__:
            return super().largest
        return singular_values(self._slopes, self._weight)

    @cached_property
    def dominant(self) -> tuple[Array, Array]:
        from stiffgui.stiffness.largest import spectral_radii

        return super().dominant if "eigen" in self.__dict__ else spectral_radii(self.jacobians)


def _moved(sensitive: Array, norm: Array) -> Array:
    return np.asarray(np.where(norm > 0, sensitive, 1.0) * EPS * norm)


def _singular_values(matrices: Array) -> Array:
    return np.asarray(np.linalg.svd(matrices, compute_uv=False), dtype=np.float64)
